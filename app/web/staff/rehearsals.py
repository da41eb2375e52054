"""The rehearsal: what will be opened, sent and closed in the coming days, without doing it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.fieldwork.capacity import SendingLimits, advice_in_words
from app.fieldwork.channels import written_channels
from app.fieldwork.fitting import held_waves, limits_of
from app.fieldwork.prospects import people_ahead, rehearsal
from app.fieldwork.rehearsal import RehearsedDay, RehearsedWave
from app.fieldwork.relaying import relays_of
from app.staff.roles import Permission
from app.units import queries as units
from app.units.tables import OrganisationUnit, UnitKind
from app.web.render import Page, render, say_date
from app.web.staff.shell import Crumb, Shell, shell
from app.web.staff.wave_lists import Choice
from app.web.wiring import Caller, Db, Now, Permits, Site, SiteHere

router = APIRouter()
Postman = Annotated[Caller, Depends(Permits(Permission.SEE_MESSAGES))]
DAYS = (14, 31, 62)  # the first unless the address says otherwise
MOST_PEOPLE = 5_000  # of a rehearsal on a page: some seconds
WAVES_NAMED = 6  # of a day; the rest are counted
DOMAINS_NAMED = 5


@dataclass(frozen=True, slots=True)
class DayRow:
    """One day on which something happens."""

    day: str
    opened: str
    closed: str
    due: str
    leaving: str
    waiting: str
    domains: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class HeldLine:
    """A wave whose messages do not fit, and what would help."""

    name: str
    advice: str
    url: str | None
    what: str


@dataclass(frozen=True, slots=True)
class RehearsalPage(Page):
    """The coming days of a unit."""

    template: ClassVar[str] = "staff/rehearsal.html"
    title: str
    shell: Shell
    trail: tuple[Crumb, ...]
    choices: tuple[Choice, ...]
    limits: str
    too_many: str
    held: tuple[HeldLine, ...]
    days: tuple[DayRow, ...]
    total: str
    plan_url: str | None


@router.get("/panel/unidades/{unit_code}/ensayo")
def rehearsal_page(
    unit_code: str, request: Request, caller: Postman, db: Db, now: Now, site: SiteHere
) -> Response:
    """The coming days; `?dias=` says how many."""
    asked = request.query_params.get("dias", "")
    days = int(asked) if asked in {str(number) for number in DAYS} else DAYS[0]
    with db.reading() as session:
        unit = units.unit_by_code(session, caller.scope, unit_code)
        page = _page(session, caller, unit, days, site, now=now)
    return render(page)


def _page(
    session: Session,
    caller: Caller,
    unit: OrganisationUnit,
    days: int,
    site: Site,
    *,
    now: datetime,
) -> RehearsalPage:
    limits = limits_of(session, site.settings, now=now)
    channels = written_channels(site.settings)
    url = f"/panel/unidades/{unit.code}"
    people = people_ahead(session, now=now, days=days, unit_id=unit.id)
    report: Sequence[RehearsedDay] = ()
    if people <= MOST_PEOPLE:
        report = rehearsal(
            session,
            now=now,
            days=days,
            limits=limits,
            unit_id=unit.id,
            channels=channels,
            relays=relays_of(site.settings),
        )
    named = unit.kind is not UnitKind.SCHOOL
    held = [
        HeldLine(
            f"{one.school}, Cuestionario {one.questionnaire}",
            one.advice,
            f"/panel/olas/{one.wave_id}",
            "Ya no alcanza:" if one.late else "No cabe:",
        )
        for one in held_waves(session, caller.scope, unit.id)
    ]
    held += [
        HeldLine(_name(one.wave, named=named), advice_in_words(one.advice), None, "No cabe:")
        for day in report
        for one in day.refused
        if one.wave.wave_id is None
    ]
    total = sum(day.messages.total() for day in report)
    return RehearsalPage(
        title="Ensayo de los próximos días",
        shell=shell(caller, at="/panel/unidades"),
        trail=(Crumb(unit.name, url), Crumb("Ensayo")),
        choices=tuple(
            Choice(f"{number} días", f"{url}/ensayo?dias={number}", number == days)
            for number in DAYS
        ),
        limits=_limits(limits),
        too_many=""
        if people <= MOST_PEOPLE
        else f"Son {people:,} personas y esta página lee a lo más {MOST_PEOPLE:,}. Abra el ensayo "
        "de una zona o de un plantel; quien opera el sistema puede pedirlo completo con "
        f"«trayecto calendar --unit {unit.code}».",
        held=tuple(held),
        days=tuple(_row(day, named=named) for day in report if _eventful(day)),
        total=f"{total:,}",
        plan_url=f"{url}/plan" if caller.actor.may(Permission.MANAGE_INSTITUTION) else None,
    )


def _eventful(day: RehearsedDay) -> bool:
    return bool(day.opened or day.closed or day.messages or day.waiting)


def _row(day: RehearsedDay, *, named: bool) -> DayRow:
    return DayRow(
        day=say_date(day.day, "EEE d 'de' MMM"),
        opened=_names(day.opened, named=named),
        closed=_names(day.closed, named=named),
        due=f"{day.messages.total():,}",
        leaving=f"{day.leaving.total():,}",
        waiting=f"{day.waiting:,}" if day.waiting else "",
        domains=_domains(day),
    )


def _domains(day: RehearsedDay) -> tuple[tuple[str, str], ...]:
    most = day.messages.most_common()
    named = [(domain, f"{count:,}") for domain, count in most[:DOMAINS_NAMED]]
    rest = sum(count for _, count in most[DOMAINS_NAMED:])
    return (*named, ("otros", f"{rest:,}")) if rest else tuple(named)


def _names(waves: Sequence[RehearsedWave], *, named: bool) -> str:
    shown = "; ".join(_name(wave, named=named) for wave in waves[:WAVES_NAMED])
    more = len(waves) - WAVES_NAMED
    return f"{shown} y {more:,} más" if more > 0 else shown


def _name(wave: RehearsedWave, *, named: bool) -> str:
    where = f"{wave.school}: " if named else ""
    return f"{where}Cuestionario {wave.period.wave} de {wave.cohort}"


def _limits(limits: SendingLimits) -> str:
    said = []
    if limits.daily is not None:
        said.append(f"{limits.daily:,} correos al día en total")
    if limits.rate is not None:
        said.append(f"{limits.rate:,} por minuto a cada proveedor de correo")
        said += [f"{rate:,} por minuto a {domain}" for domain, rate in limits.slower.items()]
    if limits.sent_before is not None:
        allowed = limits.daily_after(())
        said.append(f"{allowed:,} hoy, porque la cuenta es nueva y cada día puede más")
    if not said:
        return "La cuenta de envío no tiene límites puestos: todo sale en su día."
    return f"Límites de la cuenta de envío, que es de todos los planteles: {'; '.join(said)}."
