"""A test message: what people would get, sent to a member of staff's own address.

It travels the same way as every message (outbox, worker, mail server), so that whoever sees
it arrive knows that all of them work. It says that it is a test and carries no personal link.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session

from app.chronology.contact_plan import Step
from app.fieldwork.stationery import PostOffice, Stationery
from app.fieldwork.texts import FIELDS, LINKS, MINUTES, TextKey, text_of
from app.messaging.compose import Person, compose
from app.messaging.delivery import ClaimedMessage, PlannedMessage, Rendered
from app.messaging.outbox import enqueue
from app.messaging.queries import MessageRow, messages_about
from app.messaging.states import OutboxState
from app.messaging.templates import parse_template
from app.units.tables import OrganisationUnit

KEPT_FOR = timedelta(days=1)  # a test that could not leave by then means nothing any more
_KIND = "test/"
_MARK = "[Prueba] "
_OPENING = """\
ESTO ES UNA PRUEBA. La pidió usted desde Trayecto y llegó solo a su correo.
Así verá el mensaje quien lo reciba; lo que está entre corchetes cambia con cada persona. Los \
enlaces de la prueba no son personales: con ellos no se puede responder.
"""


@dataclass(frozen=True, slots=True)
class Trial:
    """Whose test: the unit whose sender is tried, the questionnaire, and the own address."""

    unit_id: UUID
    questionnaire: int  # 1, 2, 3
    staff_id: UUID
    address: str


def queue_trial(session: Session, trial: Trial, *, mail_domain: str, now: datetime) -> bool:
    """Queue a test message; at most one a minute for each person and questionnaire.

    Raises:
        ValueError: no such questionnaire.
    """
    if trial.questionnaire not in MINUTES:
        raise ValueError(f"there is no questionnaire {trial.questionnaire}")
    kind = f"{_KIND}{trial.questionnaire}"
    planned = PlannedMessage(
        dedupe_key=f"{kind}/{trial.unit_id}/{trial.staff_id}/{now:%Y-%m-%dT%H:%M}",
        context_id=trial.unit_id,
        kind=kind,
        mail_domain=mail_domain,
        not_before=now,
        not_after=now + KEPT_FOR,
        recipient=trial.address,
        unit_id=trial.unit_id,
    )
    return bool(enqueue(session, [planned], now=now))


def is_trial(kind: str) -> bool:
    """Whether a message of this kind is a test: it is about a unit and not about a case."""
    return kind.startswith(_KIND)


def write_trial(
    session: Session,
    office: PostOffice,
    paper: Stationery,
    message: ClaimedMessage,
    *,
    now: datetime,
) -> Rendered:
    """The test message as it will be sent.

    Raises:
        ValueError: it names no unit, or its address cannot be used.
    """
    if message.unit_id is None or message.recipient is None:
        raise ValueError("a test message names its unit and its reader")
    school = session.get_one(OrganisationUnit, message.unit_id)
    questionnaire = int(message.kind.removeprefix(_KIND))
    key = TextKey(questionnaire, Step.INVITATION)
    text = paper.texts.get(key) or text_of(questionnaire, key.step)
    # A footer is not a template: what looks like a field in it is only braces.
    footer = paper.footer.replace("{{", "{").replace("}}", "}")
    template = parse_template(
        _MARK + text.subject,
        f"{_OPENING}\n{text.body.rstrip()}\n\n{footer}\n",
        fields=FIELDS,
        links=LINKS,
    )
    values = {
        "nombre": "[nombre]",
        "escuela": school.name,
        "generacion": "[generación]",
        "minutos": str(MINUTES[questionnaire]),
        "cierra": "[último día]",
        "sitio": office.base_url.split("://", 1)[-1],
        "remitente": paper.signed,
        "liga": f"{office.base_url}/verifica",
        "baja": f"{office.base_url}/baja/prueba",
    }
    person = Person(message.recipient, "", message.message_id, f"{office.base_url}/baja/prueba")
    content = compose(paper.head, template, person, values, now=now)
    return Rendered(message.recipient, office.envelope_sender(message.id), content)


def trials_of(session: Session, unit_id: UUID) -> list[MessageRow]:
    """The test messages of a unit, newest first."""
    found = [row for row in messages_about(session, [unit_id]) if is_trial(row.kind)]
    return sorted(found, key=lambda row: row.not_before, reverse=True)


def trial_arrived(session: Session, unit_id: UUID) -> bool:
    """Whether the mail server has taken a test message of this unit."""
    return any(row.state is OutboxState.SENT for row in trials_of(session, unit_id))
