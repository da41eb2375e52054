"""Who is worth looking for next, and why, in one line.

Pure: what is known of each person comes as a value. Messages of the platform and attempts of
the staff are counted together, so that nobody is looked for more than the plan allows.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import IntEnum

from app.fieldwork.dispositions import Disposition
from app.fieldwork.wanted import IN_SPANISH, Unwanted
from app.fieldwork.worklist.results import Channel

REST = 2  # whole days without another attempt after one
DUE_BEFORE = timedelta(minutes=10)  # an appointment is shown a little before its hour
UNFINISHED = frozenset({Disposition.STARTED, Disposition.BREAK_OFF})

CHANNEL_WORDS = {
    Channel.WHATSAPP: "WhatsApp",
    Channel.CALL: "una llamada",
    Channel.SMS: "un SMS",
    Channel.EMAIL: "un correo",
    Channel.IN_PERSON: "en persona",
}


class Turn(IntEnum):
    """Whose turn it is, first to last."""

    ASKED_WHAT_HAPPENED = 0
    APPOINTMENT = 1
    UNFINISHED = 2
    NEVER = 3
    NEW_CHANNEL = 4
    AGAIN = 5
    RESTING = 6
    APPOINTMENT_LATER = 7
    NO_ROUTE = 8
    ENOUGH = 9
    DOUBTED = 10
    NOT_WANTED = 11


@dataclass(frozen=True, slots=True)
class Prospect:
    """Somebody who has not answered, as the list knows them.

    `routes`: channels by which they can be reached, best first; `tried`: those used already,
    by staff or by the platform; `appointment`: the next one; `barrier`: why nothing is sent.
    """

    disposition: Disposition
    contacts: int
    last_on: date | None
    routes: tuple[Channel, ...]
    tried: frozenset[Channel] = frozenset()
    unsaid: bool = False  # an attempt waits for what happened
    appointment: datetime | None = None
    doubted: bool = False
    barrier: Unwanted | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody stands in the list: the turn, then the longest wait first."""

    turn: Turn
    waited: int  # days since the last contact
    why: str
    best: Channel | None
    open_to_contact: bool

    @property
    def order(self) -> tuple[int, int]:
        return (self.turn, -self.waited)


def place_of(prospect: Prospect, *, now: datetime, today: date, most: int) -> Place:
    """The place of one person; `today` is the school's civil date, `most` the plan's limit."""
    waited = 0 if prospect.last_on is None else (today - prospect.last_on).days
    turn = _turn(prospect, waited, now=now, most=most)
    return Place(
        turn=turn,
        waited=waited,
        why=_why(turn, prospect, waited, most),
        best=_best(prospect) if turn < Turn.NO_ROUTE else None,
        open_to_contact=turn < Turn.NO_ROUTE
        and (prospect.contacts < most or turn is Turn.APPOINTMENT),
    )


def _turn(prospect: Prospect, waited: int, *, now: datetime, most: int) -> Turn:
    if prospect.barrier is not None:
        return Turn.NOT_WANTED
    if prospect.doubted:
        return Turn.DOUBTED
    if prospect.unsaid:
        return Turn.ASKED_WHAT_HAPPENED
    if prospect.appointment is not None and now >= prospect.appointment - DUE_BEFORE:
        return Turn.APPOINTMENT
    if prospect.contacts >= most:
        return Turn.ENOUGH
    return _by_history(prospect, waited)


def _by_history(prospect: Prospect, waited: int) -> Turn:
    if prospect.appointment is not None:
        return Turn.APPOINTMENT_LATER
    if not prospect.routes:
        return Turn.NO_ROUTE
    if prospect.last_on is not None and waited < REST:
        return Turn.RESTING
    if prospect.disposition in UNFINISHED:
        return Turn.UNFINISHED
    if prospect.last_on is None:
        return Turn.NEVER
    return Turn.NEW_CHANNEL if _untried(prospect) else Turn.AGAIN


def _untried(prospect: Prospect) -> tuple[Channel, ...]:
    return tuple(channel for channel in prospect.routes if channel not in prospect.tried)


def _best(prospect: Prospect) -> Channel | None:
    """A channel that was never tried before one that did not work."""
    return next(iter((*_untried(prospect), *prospect.routes)), None)


def _why(turn: Turn, prospect: Prospect, waited: int, most: int) -> str:
    best = _best(prospect)
    return _WORDS[turn].format(
        since=_since(waited, prospect),
        ago=_days_ago(waited),
        try_it="" if best is None else f" Pruebe {CHANNEL_WORDS[best]}.",
        most=most,
        barrier=IN_SPANISH[prospect.barrier] if prospect.barrier else "",
    )


def _since(waited: int, prospect: Prospect) -> str:
    return "" if prospect.last_on is None else f" Último contacto: {_days_ago(waited)}."


def _days_ago(days: int) -> str:
    if days <= 0:
        return "hoy"
    return "ayer" if days == 1 else f"hace {days} días"


_WORDS = {
    Turn.ASKED_WHAT_HAPPENED: "Falta que diga qué pasó la última vez.",
    Turn.APPOINTMENT: "Quedaron en hablar a esta hora.",
    Turn.UNFINISHED: "Empezó y le falta terminar.{since}",
    Turn.NEVER: "Nadie le ha escrito ni llamado.{try_it}",
    Turn.NEW_CHANNEL: "No ha respondido.{since}{try_it}",
    Turn.AGAIN: "Ya se probó todo lo que hay.{since}",
    Turn.RESTING: "Dele tiempo: se le buscó {ago}.",
    Turn.APPOINTMENT_LATER: "Tiene una cita: espere a ese día.",
    Turn.NO_ROUTE: "No hay teléfono ni correo que sirva. Pregunte en su grupo.",
    Turn.ENOUGH: "Ya se le buscó {most} veces: no insista. Si habla con la persona, anótelo.",
    Turn.DOUBTED: "Se avisó que no debe contar: falta que la escuela lo confirme.",
    Turn.NOT_WANTED: "{barrier}.",
}
