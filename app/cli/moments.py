"""`--now`: an instant as an operator types it."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

from app.clock import Clock
from app.errors import AppError

CENTRE = "America/Mexico_City"
# In every zone of Mexico the same date then, and messages may leave.
WITHOUT_HOUR = time(12)

# Years of an instant somebody means: outside them the calendar itself has no next year.
EARLIEST, LATEST = 1970, 2200

HELP = (
    "Fecha y hora ISO 8601; sin zona, la del centro de México; sin hora, el mediodía. "
    "Si no se dice, ahora."
)


class MomentRefused(AppError):
    """--now is not an ISO 8601 date or instant, or of a year nobody means."""

    code = "moment.refused"
    status = 400
    plantilla = "No se entiende la fecha «{text}». Escríbala así: 2026-10-01T09:00-06:00."


def clock_at(text: str | None, otherwise: Clock) -> Clock:
    """A clock that stands at `text`, or the given one.

    Raises:
        MomentRefused: not a date nor an instant.
    """
    if text is None:
        return otherwise
    moment = read_moment(text)
    return lambda: moment


def read_moment(text: str) -> datetime:
    """The instant of `text`.

    Raises:
        MomentRefused: not a date nor an instant.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise MomentRefused(text=text) from error
    if not EARLIEST <= moment.year <= LATEST:
        raise MomentRefused(text=text)
    if len(text.strip()) <= len("2026-10-01"):
        moment = datetime.combine(moment.date(), WITHOUT_HOUR)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=ZoneInfo(CENTRE))
