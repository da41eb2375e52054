"""What an operator names on the command line: a unit by its code, a generation by its years."""

from sqlmodel import Session

from app.chronology.wave_plan import Cohort, parse_cohort
from app.errors import AppError, NotFound
from app.units.queries import unit_by_code
from app.units.scope import WHOLE
from app.units.tables import OrganisationUnit


class GenerationUnclear(AppError):
    """--generation is not two years."""

    code = "asked.generation_unclear"
    status = 400
    plantilla = "No se entiende la generación «{text}». Escríbala así: 2013-2016."


class UnitUnknown(AppError):
    """--unit names no unit."""

    code = "asked.unit_unknown"
    status = 404
    plantilla = "No hay una unidad con la clave «{asked}». Véalas con «trayecto units list»."


def asked_cohort(text: str) -> Cohort:
    """The generation meant by `text`.

    Raises:
        GenerationUnclear: not two years, the first before the second.
    """
    try:
        return parse_cohort(text)
    except ValueError as error:
        raise GenerationUnclear(text=text) from error


def asked_unit(session: Session, code: str) -> OrganisationUnit:
    """The unit with this code; the operator's console sees all.

    Raises:
        UnitUnknown: there is none.
    """
    try:
        return unit_by_code(session, WHOLE, code)
    except NotFound as error:
        raise UnitUnknown(asked=code) from error
