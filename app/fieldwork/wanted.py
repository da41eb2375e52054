"""Whether a message to a person is still wanted: the last question before each send.

Pure: what is known about the case comes as a value, the answer is a reason or None.
Order matters only for what staff read: the strongest reason is said.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from app.fieldwork.dispositions import Disposition
from app.fieldwork.eligibility import is_minor

# Whoever has begun is still reminded; whoever has answered, refused or does not count is not.
AWAITED = frozenset(
    {
        Disposition.PLANNED,
        Disposition.INVITED,
        Disposition.UNDELIVERABLE,
        Disposition.STARTED,
        Disposition.BREAK_OFF,
    }
)


class Unwanted(StrEnum):
    """Why a message does not leave. Stored with the message; staff read it in Spanish."""

    WINDOW_OVER = "window_over"
    ANSWERED = "answered"
    REFUSED = "refused"
    NOT_ELIGIBLE = "not_eligible"
    SETTLED = "settled"  # another outcome: death, incapacity
    OPTED_OUT = "opted_out"
    NO_FOLLOW_UP = "no_follow_up"  # said in an earlier wave that we should not write again
    LINK_REVOKED = "link_revoked"
    MINOR = "minor_without_consent"
    NO_ADDRESS = "no_address"
    PAUSED = "paused"


IN_SPANISH = {
    Unwanted.WINDOW_OVER: "El levantamiento ya cerró",
    Unwanted.ANSWERED: "Ya respondió",
    Unwanted.REFUSED: "No quiso responder",
    Unwanted.NOT_ELIGIBLE: "No forma parte de los egresados",
    Unwanted.SETTLED: "El caso ya tiene otro resultado",
    Unwanted.OPTED_OUT: "Pidió no recibir mensajes",
    Unwanted.NO_FOLLOW_UP: "Pidió que no le escribamos para los siguientes cuestionarios",
    Unwanted.LINK_REVOKED: "Su enlace está revocado",
    Unwanted.MINOR: "Es menor de edad y falta la autorización de su tutor",
    Unwanted.NO_ADDRESS: "No tiene un correo que sirva",
    Unwanted.PAUSED: "Los mensajes de este levantamiento están en pausa",
}

_BY_DISPOSITION = {
    Disposition.PARTIAL: Unwanted.ANSWERED,
    Disposition.COMPLETE: Unwanted.ANSWERED,
    Disposition.REFUSED: Unwanted.REFUSED,
    Disposition.NOT_ELIGIBLE: Unwanted.NOT_ELIGIBLE,
    Disposition.OTHER: Unwanted.SETTLED,
    Disposition.NON_CONTACT: Unwanted.WINDOW_OVER,
}


@dataclass(frozen=True, slots=True)
class Addressee:
    """What decides whether one person of a wave may be written to now."""

    disposition: Disposition
    closes_at: datetime
    open: bool
    paused: bool
    link_revoked: bool
    opted_out: bool
    follow_up_refused: bool
    birth_date: date | None
    guardian_consent: bool | None
    has_address: bool


def why_unwanted(person: Addressee, *, now: datetime, today: date) -> Unwanted | None:
    """The reason not to write to `person`, or None. `today` is the school's civil date."""
    if not person.open or now >= person.closes_at:
        return Unwanted.WINDOW_OVER
    if person.disposition not in AWAITED:
        return _BY_DISPOSITION[person.disposition]
    if person.opted_out:
        return Unwanted.OPTED_OUT
    if person.follow_up_refused:
        return Unwanted.NO_FOLLOW_UP
    if person.link_revoked:
        return Unwanted.LINK_REVOKED
    return _about_the_address(person, today)


def _about_the_address(person: Addressee, today: date) -> Unwanted | None:
    if needs_guardian(person.birth_date, consent=person.guardian_consent, today=today):
        return Unwanted.MINOR
    if not person.has_address:
        return Unwanted.NO_ADDRESS
    return Unwanted.PAUSED if person.paused else None


def needs_guardian(birth_date: date | None, *, consent: bool | None, today: date) -> bool:
    """Whether a person is a minor for whom the school has recorded no authorisation.

    An unknown birth date blocks nobody: most rosters of graduates have none.
    """
    return not consent and birth_date is not None and is_minor(birth_date, today)
