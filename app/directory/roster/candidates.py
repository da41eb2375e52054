"""A row as typed → a person as the directory would keep it, or why it cannot be taken.

Knows the file and the schools it may be about, not who is in the directory already.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from app.chronology.wave_plan import Cohort
from app.directory import cells
from app.directory.curp import Curp, NotACurp, read_curp
from app.directory.findings import Finding
from app.directory.headings import IDENTITY, ColumnMap, Field
from app.directory.keyed import MatchKeys
from app.directory.mails import MailDomains
from app.directory.people import (
    LONGEST_NAME,
    PersonName,
    clean,
    odd_in_a_name,
    search_form,
    split_full_name,
    split_surnames,
)
from app.directory.roster.contact_cells import CandidateContact, contacts_of
from app.directory.roster.encoding import looks_broken, repaired
from app.directory.roster.rows import RowCells

_YOUNGEST, _OLDEST = 13, 90  # years at which a birth date is believed
_FEW_CELLS = 3  # a signature or a date under the list
_TOTALS = frozenset({"total", "totales", "subtotal", "suma"})  # first word of a line


@dataclass(frozen=True, slots=True)
class School:
    """A school the file may name."""

    id: UUID
    cct: str
    name: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What every row of one file is read with."""

    columns: ColumnMap
    schools: Mapping[str, School]  # by CCT: those in the caller's scope
    keys: MatchKeys
    domains: MailDomains
    today: date
    school: School | None = None  # chosen by the caller; then the file may not say otherwise
    cohort: Cohort | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A person as a row describes it, clean."""

    row: int
    school: School
    cohort: Cohort
    name: PersonName
    name_hash: str
    curp: str | None = None
    curp_forms: tuple[str, ...] = ()  # keyed hashes, newest key first
    student_id: str | None = None
    birth_date: str | None = None
    sex: str | None = None
    shift: str | None = None
    track: str | None = None  # as the file says
    assumed_track: str = "1"  # where it does not
    grade_average: float | None = None
    left_on: date | None = None
    guardian_consent: bool | None = None
    group: str | None = None
    programme: str | None = None
    contacts: tuple[CandidateContact, ...] = ()
    answer: str = ""  # column EGRESÓ or CERTIFICADO, as typed
    reason: str = ""  # why somebody did not graduate, as typed
    findings: tuple[Finding, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that names nobody we can keep: rejected, or no person at all (a totals row)."""

    row: int
    finding: Finding
    person: bool = True


def read_candidate(reading: Reading, row: int, typed: Sequence[str]) -> Candidate | Refused:
    """One row: a candidate with its warnings, or the first reason to refuse it."""
    at = RowCells(row, typed, reading.columns)
    if other := _no_person(at):
        return other
    try:
        school, cohort = _place(reading, at)
        curp = _curp(at)
        name = _name(reading.columns, at, curp)
        _check_status(at)
    except RowFault as fault:
        return Refused(row, at.finding(fault.field, fault.code, fault.message))
    birth_date, sex = _birth_and_sex(reading, at, curp)
    track, assumed = _track(reading, at, school)
    return Candidate(
        row,
        school,
        cohort,
        name,
        reading.keys.name(name.search),
        curp.text if curp else None,
        reading.keys.curp_forms(curp.text) if curp else (),
        at.text(Field.STUDENT_ID)[:40] or None,
        birth_date,
        sex,
        _shift(at),
        track,
        assumed,
        _grade(at),
        _left_on(at, cohort),
        cells.read_yes_no(at.text(Field.GUARDIAN_CONSENT)),
        cells.group_name(at.text(Field.GROUP), at.text(Field.SEMESTER)) or None,
        (at.text(Field.PROGRAMME) or at.text(Field.SPECIALITY))[:200] or None,
        tuple(contacts_of(at, reading.domains, reading.keys)),
        at.typed(Field.GRADUATED),
        at.text(Field.REASON) or at.text(Field.STATUS),
        tuple(at.warnings),
    )


class RowFault(Exception):
    """Why a row is rejected; never leaves this module."""

    def __init__(self, of: Field | None, code: str, message: str) -> None:
        self.field, self.code, self.message = of, code, message
        super().__init__(code)


def _no_person(at: RowCells) -> Refused | None:
    first = search_form(next(filter(None, at.typed_cells), "")).removeprefix("gran ")
    if first.partition(" ")[0] in _TOTALS and not at.text(Field.CURP):
        return _passed_over(at, "roster.totals_row", "Es un renglón de totales; no se cargó.")
    if any(at.text(each) for each in IDENTITY):
        return None
    if first.startswith("promedio") or sum(map(bool, at.typed_cells)) <= _FEW_CELLS:
        return _passed_over(at, "roster.loose_row", "No trae datos de una persona; no se cargó.")
    return None


def _passed_over(at: RowCells, code: str, message: str) -> Refused:
    return Refused(at.row, at.finding(None, code, message), person=False)


def _place(reading: Reading, at: RowCells) -> tuple[School, Cohort]:
    return _school(reading, at), _cohort(reading, at)


def _school(reading: Reading, at: RowCells) -> School:
    cct = at.text(Field.CCT).upper().replace(" ", "")
    if reading.school:
        if cct and cct != reading.school.cct:
            raise RowFault(
                Field.CCT,
                "roster.other_school",
                f"El renglón es del plantel «{cct}» y la carga es de {reading.school.cct}. "
                "Quítelo o cárguelo en su plantel.",
            )
        return reading.school
    if not cct:
        raise RowFault(
            Field.CCT,
            "roster.no_school",
            "Falta la CCT del plantel. Escríbala o elija el plantel al cargar el archivo.",
        )
    if cct not in reading.schools:
        raise RowFault(
            Field.CCT,
            "roster.unknown_school",
            f"No encontramos el plantel «{cct}» entre los suyos. Revise la CCT.",
        )
    return reading.schools[cct]


def _cohort(reading: Reading, at: RowCells) -> Cohort:
    typed = at.text(Field.COHORT)
    said, year = cells.read_cohort(typed), cells.read_year(typed)
    if reading.cohort:
        chosen = reading.cohort
        if (said and said != chosen) or (year and year not in {chosen.entered, chosen.leaves}):
            raise RowFault(
                Field.COHORT,
                "roster.other_cohort",
                f"El renglón es de la generación «{typed}» y la carga es de {chosen}. "
                "Quítelo o cárguelo en su generación.",
            )
        return chosen
    if said is None:
        raise RowFault(
            Field.COHORT,
            "roster.no_cohort",
            f"La generación «{typed}» no se entiende. " * bool(typed)
            + "Escríbala con sus dos años, por ejemplo 2023-2026, o elíjala al cargar el archivo.",
        )
    return said


def _curp(at: RowCells) -> Curp | None:
    typed = at.text(Field.CURP)
    if not typed:
        return None
    try:
        curp = read_curp(typed)
    except NotACurp as error:
        at.warn(
            Field.CURP,
            "roster.curp",
            f"La CURP «{typed[:30]}» {error.fault}. Se cargó a la persona sin CURP; "
            "corríjala y cargue otra vez el archivo.",
        )
        return None
    if curp.unusual_sex:
        at.warn(Field.CURP, "roster.curp_sex", "La CURP dice sexo X. Se aceptó; revísela.")
    return curp


def _name(columns: ColumnMap, at: RowCells, curp: Curp | None) -> PersonName:
    name = _typed_name(columns, at, curp)
    if name is None or not name.given or not name.surname_1:
        raise RowFault(
            Field.GIVEN if columns.has(Field.GIVEN) else Field.FULL,
            "roster.no_name",
            "Falta el nombre o el primer apellido. Escriba los dos.",
        )
    if max(len(name.given), len(name.surname_1), len(name.surname_2 or "")) > LONGEST_NAME:
        raise RowFault(
            Field.FULL, "roster.long_name", f"El nombre pasa de {LONGEST_NAME} letras. Revíselo."
        )
    _warn_of_odd_name(at, name)
    return name


def _typed_name(columns: ColumnMap, at: RowCells, curp: Curp | None) -> PersonName | None:
    given = clean(at.text(Field.GIVEN))
    if columns.has(Field.SURNAME_1):
        return PersonName(given, at.text(Field.SURNAME_1), at.text(Field.SURNAME_2) or None)
    if columns.has(Field.SURNAMES):
        return PersonName(given, *split_surnames(at.text(Field.SURNAMES)))
    whole = at.text(Field.FULL) or given
    first = columns.surnames_first
    name = split_full_name(whole, surnames_first=first, curp=curp.text if curp else None)
    if name and first is None and curp is None and "," not in whole:
        at.warn(
            Field.FULL,
            "roster.name_order",
            f"Se tomó «{name.surname_1}» como primer apellido y «{name.given}» como nombre. "
            "Si no es así, use columnas separadas.",
        )
    return name


def _warn_of_odd_name(at: RowCells, name: PersonName) -> None:
    whole = name.full
    held = next((each for each in (Field.GIVEN, Field.FULL) if at.text(each)), Field.FULL)
    if looks_broken(whole):
        meant = repaired(whole)
        hint = f" ¿Quiso decir «{meant}»?" if meant else ""
        at.warn(
            held,
            "roster.mojibake",
            f"El nombre «{whole}» trae letras dañadas.{hint} Guarde el archivo como UTF-8 o .xlsx.",
        )
    elif odd := odd_in_a_name(whole):
        at.warn(
            held, "roster.odd_name", f"El nombre «{whole}» trae «{odd}». Revise que sea correcto."
        )


def _check_status(at: RowCells) -> None:
    if search_form(at.text(Field.STATUS)).startswith(("baja", "desert")):
        raise RowFault(
            Field.STATUS,
            "roster.dropped_out",
            f"El estatus dice «{at.text(Field.STATUS)}», así que no se cargó. "
            "Si sigue inscrito, corrija el estatus.",
        )


def _birth_and_sex(
    reading: Reading, at: RowCells, curp: Curp | None
) -> tuple[str | None, str | None]:
    typed = at.text(Field.BIRTH)
    birth = cells.read_date(typed) if typed else None
    if typed and (birth is None or not _believable(birth, reading.today)):
        at.warn(
            Field.BIRTH,
            "roster.birth_date",
            f"La fecha de nacimiento «{typed}» no se entiende. Escríbala como 31/12/2008.",
        )
        birth = None
    if curp and birth and birth != curp.birth_date:
        at.warn(
            Field.BIRTH,
            "roster.birth_differs",
            f"La fecha de nacimiento «{typed}» no es la de la CURP "
            f"({curp.birth_date:%d/%m/%Y}). Revise cuál es la buena.",
        )
    said = at.text(Field.SEX)
    sex = cells.read_sex(said)
    if said and sex is None:
        at.warn(Field.SEX, "roster.sex", f"El sexo «{said}» no se entiende. Escriba H, M o X.")
    if curp and sex and sex != curp.sex:
        at.warn(Field.SEX, "roster.sex_differs", f"El sexo «{said}» no es el de la CURP. Revíselo.")
    chosen = birth or (curp.birth_date if curp else None)
    return (chosen.isoformat() if chosen else None), sex or (curp.sex if curp else None)


def _believable(birth: date, today: date) -> bool:
    return _YOUNGEST <= today.year - birth.year <= _OLDEST


def _shift(at: RowCells) -> str | None:
    typed = at.text(Field.SHIFT)
    shift = cells.read_shift(typed) if typed else None
    if typed and shift is None:
        at.warn(
            Field.SHIFT,
            "roster.shift",
            f"El turno «{typed}» no se entiende. Escriba Matutino, Vespertino, Nocturno o Mixto.",
        )
    return shift


def _track(reading: Reading, at: RowCells, school: School) -> tuple[str | None, str]:
    typed = at.text(Field.TRACK)
    track = cells.read_track(typed) if typed else None
    if typed and track is None:
        at.warn(
            Field.TRACK,
            "roster.track",
            f"El tipo de bachillerato «{typed}» no se entiende. "
            "Escriba General, Tecnológico o Profesional técnico.",
        )
    technical = at.text(Field.PROGRAMME) and reading.columns.has(Field.PROGRAMME)
    return track, cells.track_of_school(school.name) or ("2" if technical else "1")


def _grade(at: RowCells) -> float | None:
    typed = at.text(Field.GRADE)
    grade = cells.read_grade(typed) if typed else None
    if typed and grade is None:
        at.warn(
            Field.GRADE,
            "roster.grade",
            f"El promedio «{typed}» no se entiende. Escríbalo de 0 a 10, por ejemplo 8.5.",
        )
    return grade


def _left_on(at: RowCells, cohort: Cohort) -> date | None:
    typed = at.text(Field.LEFT_ON)
    if not typed or cells.read_year(typed):
        return None
    day = cells.read_date(typed)
    if day is None or abs(day.year - cohort.leaves) > 2:
        at.warn(
            Field.LEFT_ON,
            "roster.left_on",
            f"La fecha de egreso «{typed}» no va con la generación {cohort}. No se usó; revísela.",
        )
        return None
    return day


def all_findings(candidates: Sequence[Candidate]) -> Iterator[Finding]:
    """Warnings of many rows, in order."""
    for each in candidates:
        yield from each.findings
