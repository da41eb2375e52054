"""Which calendar a generation of a school follows: decided by the month in which it leaves.

The SEP calendar serves exits in June and July; calendar B is our proposal for those of
December and January (domain.md 3), and staff choose it by saying the month.
"""

from uuid import UUID

from sqlmodel import Session, col, select, update

from app.chronology.wave_plan import Cohort, proposed_calendar
from app.directory.tables import CalendarName, CohortRow
from app.errors import AppError
from app.fieldwork.tables import Wave


class CalendarFixed(AppError):
    """A wave of the generation has been opened: its calendar tells of the past."""

    code = "calendar.fixed"
    status = 409
    plantilla = (
        "La generación {cohort} ya tiene un cuestionario aplicado, así que su calendario no "
        "cambia. Si hace falta, mueva solo la fecha de un cuestionario."
    )


class CohortUnknown(AppError):
    """The school has no such generation in its directory."""

    code = "calendar.cohort_unknown"
    status = 404
    plantilla = "El plantel no tiene la generación {cohort} en su directorio. Cargue su lista."


def choose_exit(session: Session, school_id: UUID, cohort: Cohort, *, month: int) -> CalendarName:
    """Set the month in which a generation leaves, and with it the calendar it follows.

    Raises:
        CohortUnknown: no roster of that generation was loaded.
        CalendarFixed: one of its waves was opened already.
        ValueError: no such month.
    """
    calendar = CalendarName(proposed_calendar(month))
    row = session.exec(
        select(CohortRow.id).where(
            CohortRow.school_id == school_id,
            CohortRow.entered == cohort.entered,
            CohortRow.leaves == cohort.leaves,
        )
    ).first()
    if row is None:
        raise CohortUnknown(cohort=str(cohort))
    if session.exec(select(Wave.id).where(Wave.cohort_id == row).limit(1)).first() is not None:
        raise CalendarFixed(cohort=str(cohort))
    session.exec(
        update(CohortRow)
        .where(col(CohortRow.id) == row)
        .values(exit_month=month, calendar=calendar)
    )
    return calendar
