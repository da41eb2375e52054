"""One school and its lists, for the tests of the directory."""

from datetime import date, datetime
from uuid import UUID

from app.chronology.wave_plan import Cohort
from app.db.transactions import Database
from app.directory.curp import check_digit
from app.directory.keyed import match_keys
from app.directory.roster.apply import apply_roster
from app.directory.roster.candidates import School
from app.directory.roster.planning import ImportReport, Target, reading_of
from app.directory.roster.reading import open_roster
from app.units.scope import WHOLE
from app.units.tables import OrganisationUnit, UnitAncestor, UnitKind
from tests.conftest import DATA_KEYS

KEYS = match_keys(DATA_KEYS)
COHORT = Cohort(2023, 2026)
TODAY = date(2026, 3, 2)
CCT_A, CCT_B = "09DCT0001A", "09DCT0002B"
HEADINGS = "CURP,MATRICULA,NOMBRE(S),PRIMER APELLIDO,SEGUNDO APELLIDO,GRUPO,CARRERA,CORREO,CELULAR"


def a_curp(letters: str = "MUPJ", born: str = "080301", rest: str = "HDFXRSA") -> str:
    """A CURP with the right check digit."""
    first = letters + born + rest
    return first + check_digit(first)


JOSE, ANA = a_curp(), a_curp("LOCA", "081231", "MDFPRNA")
LIST_OF_TWO = (
    f"{HEADINGS}\n"
    f"{JOSE},001,José,Muñoz,Peña,6A,Programación,jose@gmail.com,5512345678\n"
    f"{ANA},002,Ana,López,de la Cruz,6A,Programación,ana@hotmail.com,5587654321\n"
)


def two_schools(db: Database) -> tuple[School, School]:
    """Plantel A, where Alicia works, and plantel B, Carla's."""
    made = []
    with db.unit_of_work() as session:
        for cct, name in ((CCT_A, "CETIS 1"), (CCT_B, "Colegio de Bachilleres 2")):
            unit = OrganisationUnit(
                code=cct, name=name, kind=UnitKind.SCHOOL, time_zone="America/Mexico_City"
            )
            session.add(unit)
            session.flush()
            session.add(UnitAncestor(unit_id=unit.id, ancestor_id=unit.id))
            made.append(School(unit.id, cct, name))
    return made[0], made[1]


def load(
    db: Database,
    text: str | bytes,
    now: datetime,
    school: School | None = None,
    cohort: Cohort | None = COHORT,
) -> ImportReport:
    """Import a list."""
    file = open_roster(text.encode() if isinstance(text, str) else text)
    with db.unit_of_work() as session:
        reading = reading_of(session, WHOLE, file, Target(school, cohort), KEYS, TODAY)
        return apply_roster(session, file, reading, now=now)


def numbers(report: ImportReport) -> tuple[int, int, int, int]:
    """Created, updated, unchanged, left out."""
    return report.created, report.updated, report.unchanged, len(report.rejected)


def codes(report: ImportReport) -> list[str]:
    return [each.code for each in (*report.rejected, *report.warnings)]


def only_member(report: ImportReport) -> UUID:
    (member,) = report.created_members
    return member
