"""The Monday summary for one member of staff: figures of the waves in the field, and no names."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from uuid import UUID

from sqlmodel import Session, col, select

from app.chronology.calendar import civil_date
from app.chronology.contact_plan import Step, planned_steps
from app.chronology.wave_plan import FieldPeriod
from app.fieldwork.dispositions import Disposition
from app.fieldwork.letters import in_words
from app.fieldwork.percents import as_percent
from app.fieldwork.plans import Plans, plans_of
from app.fieldwork.queries import WaveHeader, wave_header
from app.fieldwork.stationery import PostOffice
from app.fieldwork.tables import Case, Wave, WaveState
from app.fieldwork.wave_people import groups_waiting
from app.messaging.compose import Person, compose, letterhead
from app.messaging.delivery import ClaimedMessage, PlannedMessage, Rendered
from app.messaging.templates import parse_template
from app.units.queries import in_scope
from app.units.scope import Scope
from app.units.tables import OrganisationUnit

KIND = "digest/"
MOST_WAVES = 12  # told one by one; those furthest behind first
WEEK = timedelta(days=7)
_STEPS = {
    Step.INVITATION: "la invitación",
    Step.REMINDER_1: "el primer recordatorio",
    Step.REMINDER_2: "el segundo recordatorio",
    Step.REMINDER_3: "el tercer recordatorio",
    Step.LAST_CALL: "el último aviso",
}
_TAIL = """\
Lo recibe porque lo pidió. Para verlo todo, o para dejar de recibirlo, entre a Mi cuenta:
{{cuenta}}
"""


@dataclass(frozen=True, slots=True)
class _Line:
    """One wave of the summary."""

    header: WaveHeader
    waiting: tuple[tuple[str, int], ...]
    unreachable: int
    coming: tuple[tuple[Step, date], ...]


def is_digest(kind: str) -> bool:
    """Whether a message of this kind is a summary: it is about an account and not about a case."""
    return kind.startswith(KIND)


def planned_digest(
    account_id: UUID, email: str, monday: date, *, mail_domain: str, now: datetime, until: datetime
) -> PlannedMessage:
    """The summary of one Monday for one account; the key makes it one."""
    return PlannedMessage(
        dedupe_key=f"{KIND}{account_id}/{monday.isoformat()}",
        context_id=account_id,
        kind=f"{KIND}{monday.isoformat()}",
        mail_domain=mail_domain,
        not_before=now,
        not_after=until,
        recipient=email,
    )


def write_digest(
    session: Session, office: PostOffice, scope: Scope, message: ClaimedMessage, *, now: datetime
) -> Rendered:
    """The summary as it will be sent, with the figures of this moment.

    Raises:
        ValueError: its address cannot be used.
    """
    if message.recipient is None:
        raise ValueError("a summary names its reader")
    lines = _lines(session, scope, now=now)
    subject, body = _subject(lines), _body(lines)
    plain = body.replace("{{", "{").replace("}}", "}")
    links = frozenset({"cuenta"})
    template = parse_template(subject, f"{plain}\n\n{_TAIL}", fields=frozenset(), links=links)
    head = letterhead(
        from_name="Trayecto",
        from_address=office.mail_from,
        reply_to=None,
        list_id=f"resumen.{office.mail_domain}",
    )
    content = compose(
        head,
        template,
        Person(message.recipient, "", message.message_id, None),
        {"cuenta": f"{office.base_url}/panel/cuenta"},
        now=now,
    )
    return Rendered(message.recipient, office.envelope_sender(message.id), content)


def _lines(session: Session, scope: Scope, *, now: datetime) -> Sequence[_Line]:
    rows = session.exec(
        select(Wave)
        .join(OrganisationUnit, col(OrganisationUnit.id) == col(Wave.school_id))
        .where(
            Wave.state == WaveState.OPEN,
            col(Wave.closes_at) > now,
            in_scope(scope, col(Wave.school_id)),
        )
        .order_by(OrganisationUnit.name, col(Wave.questionnaire), col(Wave.id))
    ).all()
    plans = plans_of(session, {wave.school_id for wave in rows})
    headers = [wave_header(session, scope, wave.id) for wave in rows]
    return sorted(
        (_line(session, scope, header, plans, now=now) for header in headers),
        key=lambda line: line.header.counts.rate or Fraction(0),
    )


def _line(
    session: Session, scope: Scope, header: WaveHeader, plans: Plans, *, now: datetime
) -> _Line:
    today = civil_date(now, header.zone)
    plan = plans.of(header.school_id, header.questionnaire)
    period = FieldPeriod(header.questionnaire, header.opens, header.closes)
    unreachable = session.exec(
        select(col(Case.id)).where(
            Case.wave_id == header.id, Case.disposition == Disposition.UNDELIVERABLE
        )
    ).all()
    return _Line(
        header=header,
        waiting=tuple(
            (group.name or "sin grupo", group.waiting)
            for group in groups_waiting(session, scope, header.id)
            if group.waiting
        ),
        unreachable=len(unreachable),
        coming=tuple(
            (one.step, one.day)
            for one in planned_steps(plan, period)
            if today <= one.day < today + WEEK
        ),
    )


def _subject(lines: Sequence[_Line]) -> str:
    if not lines:
        return "Resumen de la semana: nada en campo"
    answered = sum(line.header.counts.answered for line in lines)
    base = sum(line.header.counts.frame for line in lines)
    return f"Resumen de la semana: {_rate(answered, base)}"


def _body(lines: Sequence[_Line]) -> str:
    if not lines:
        return (
            "Esta semana no hay ningún cuestionario abierto en sus planteles. El siguiente abre "
            "solo en su fecha."
        )
    told = [_told(line) for line in lines[:MOST_WAVES]]
    more = len(lines) - MOST_WAVES
    if more > 0:
        told.append(f"Y {more:,} levantamientos más, que van mejor que estos.")
    return "\n\n".join(("Así van los cuestionarios abiertos, sin nombres.", *told))


def _told(line: _Line) -> str:
    header = line.header
    rate = _rate(header.counts.answered, header.counts.frame)
    last = in_words(header.closes - timedelta(days=1))
    said = [
        f"{header.school}. Cuestionario {header.questionnaire}, generación {header.cohort}",
        f"Respuestas: {rate}. Cierra el {last}.",
    ]
    if line.waiting:
        groups = ", ".join(f"{name} {count:,}" for name, count in line.waiting)
        said.append(f"Faltan por grupo: {groups}.")
    if line.unreachable:
        people = "1 persona" if line.unreachable == 1 else f"{line.unreachable:,} personas"
        said.append(f"Sin un correo que sirva: {people}.")
    if header.paused_at is not None:
        said.append(f"Los mensajes están en pausa. Motivo: {header.paused_reason}.")
    elif line.coming:
        steps = "; ".join(f"{_STEPS[step]}, el {in_words(day)}" for step, day in line.coming)
        said.append(f"Esta semana sale {steps}.")
    else:
        said.append("Esta semana no sale ningún mensaje.")
    return "\n".join(said)


def _rate(part: int, base: int) -> str:
    return f"{as_percent(Fraction(part, base))} ({part:,} de {base:,})" if base else "nadie"
