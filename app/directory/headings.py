"""Which column of a school list is what: by its heading, or else by its values."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.directory.cells import is_blank, read_date, read_shift, read_yes_no
from app.directory.findings import Finding
from app.directory.people import clean

CCT = re.compile(r"(?:0[1-9]|[12][0-9]|3[0-2])[A-Z]{3}[0-9]{4}[A-Z]")


class Field(StrEnum):
    """What a column can hold; values are those of data/encabezados_roster.csv."""

    CURP = "curp"
    STUDENT_ID = "matricula"
    GIVEN = "nombre"
    GIVEN_OR_FULL = "nombre_o_completo"  # resolved before anybody sees it
    FULL = "nombre_completo"
    SURNAME_1 = "apellido_1"
    SURNAME_2 = "apellido_2"
    SURNAMES = "apellidos"
    SEX = "sexo"
    BIRTH = "fecha_nacimiento"
    AGE = "edad"
    PROGRAMME = "carrera"
    SPECIALITY = "especialidad"
    GROUP = "grupo"
    SEMESTER = "semestre"
    SHIFT = "turno"
    MAIL = "correo"
    SCHOOL_MAIL = "correo_institucional"
    MOBILE = "celular"
    PHONE = "telefono"
    GUARDIAN = "tutor"
    GUARDIAN_PHONE = "tutor_telefono"
    GUARDIAN_MAIL = "tutor_correo"
    CCT = "cct"
    SCHOOL_NAME = "plantel"
    COHORT = "generacion"
    SCHOOL_YEAR = "ciclo"
    GRADE = "promedio"
    STATUS = "estatus"
    GRADUATED = "egreso_confirmado"
    LEFT_ON = "fecha_egreso"
    ENTERED_ON = "fecha_ingreso"
    ADDRESS = "domicilio"
    TOWN = "colonia"
    POSTCODE = "codigo_postal"
    MUNICIPALITY = "municipio"
    STATE = "entidad"
    BIRTH_STATE = "entidad_nacimiento"
    STATE_OR_STATUS = "estado_ambiguo"  # resolved before anybody sees it
    SOCIAL_SECURITY = "nss"
    LIST_NUMBER = "numero_lista"
    NOTES = "observaciones"
    TRACK = "tipo_bachillerato"
    GUARDIAN_CONSENT = "autorizacion_tutor"
    REASON = "motivo"


# What the directory keeps or decides by; every other field is read past (data minimisation).
USED = frozenset(
    {Field.CURP, Field.STUDENT_ID, Field.GIVEN, Field.FULL, Field.SURNAME_1, Field.SURNAME_2,
     Field.SURNAMES, Field.SEX, Field.BIRTH, Field.PROGRAMME, Field.SPECIALITY, Field.GROUP,
     Field.SEMESTER, Field.SHIFT, Field.MAIL, Field.SCHOOL_MAIL, Field.MOBILE, Field.PHONE,
     Field.CCT, Field.COHORT, Field.GRADE, Field.STATUS, Field.GRADUATED, Field.LEFT_ON,
     Field.TRACK, Field.GUARDIAN_CONSENT, Field.REASON}
)  # fmt: skip
NAMES = frozenset({Field.GIVEN, Field.FULL, Field.SURNAME_1, Field.SURNAME_2, Field.SURNAMES})
IDENTITY = NAMES | {Field.CURP, Field.STUDENT_ID}
MANY = frozenset({Field.MAIL, Field.SCHOOL_MAIL, Field.MOBILE, Field.PHONE})  # may repeat


@dataclass(frozen=True, slots=True)
class KnownHeading:
    """One line of the list of headings."""

    field: Field
    ambiguous: bool
    ignored: bool


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """Columns of one file. Index 0 is column A."""

    titles: tuple[str, ...]  # as written
    fields: Mapping[int, Field]
    surnames_first: bool | None  # what the heading of a whole name says of its order

    def title(self, field: Field) -> str:
        """The heading of the first column that holds `field`; empty when none does."""
        return next((self.titles[at] for at, held in self.fields.items() if held is field), "")

    def has(self, *fields: Field) -> bool:
        return any(field in self.fields.values() for field in fields)


def read_headings(rows: Iterable[Mapping[str, str]]) -> dict[str, KnownHeading]:
    """The list of headings by normal form."""
    return {
        row["encabezado_normalizado"]: KnownHeading(
            Field(row["campo"]), row["ambiguo"] == "si", row["accion"] == "ignorar"
        )
        for row in rows
    }


def normal_heading(text: str) -> str:
    """Upper case, accents and ñ folded, (S) → S, dotted initials joined, signs → space."""
    upper = clean(text).upper()
    if upper == "#":
        return upper
    folded = "".join(
        letter
        for letter in unicodedata.normalize("NFD", upper)
        if not unicodedata.combining(letter)
    ).replace("(S)", "S")
    joined = re.sub(
        r"\b(?:[A-Z]\.){2,}[A-Z]?", lambda found: found.group().replace(".", ""), folded
    )
    return " ".join(re.sub(r"[^A-Z0-9]", " ", joined).split())


def headings_found(cells: Sequence[str], known: Mapping[str, KnownHeading]) -> int:
    """How much a row looks like headings: known ones; 0 without any that names a person."""
    found = [known[name] for cell in cells if (name := normal_heading(cell)) in known]
    persons = IDENTITY | {Field.GIVEN_OR_FULL}
    return len(found) if any(each.field in persons for each in found) else 0


def map_columns(
    titles: Sequence[str],
    known: Mapping[str, KnownHeading],
    samples: Mapping[int, Sequence[str]],
    *,
    row: int,
    by_hand: Mapping[int, Field | None],
) -> tuple[ColumnMap, tuple[Finding, ...]]:
    """Columns of a heading row, and what was not understood about it.

    `samples`: values under each heading. `by_hand` rules over everything; None: not used.
    """
    names = [normal_heading(title) for title in titles]
    certain = {known[n].field for n in names if n in known and not known[n].ambiguous}
    fields: dict[int, Field] = {}
    findings: list[Finding] = []
    for at, name in enumerate(names):
        if at in by_hand:
            chosen = by_hand[at]
        elif not name:
            continue
        elif name not in known:
            findings.append(_unknown(row, titles[at]))
            continue
        else:
            values = [value for value in samples.get(at, ()) if not is_blank(value)]
            chosen = _decided(name, known[name], values, certain)
        if chosen is None or chosen not in USED:
            continue
        if chosen in fields.values() and chosen not in MANY:
            findings.append(_repeated(row, titles[at]))
            continue
        fields[at] = chosen
    return ColumnMap(tuple(titles), fields, _order(names, fields)), tuple(findings)


def _decided(
    name: str, heading: KnownHeading, values: Sequence[str], certain: set[Field]
) -> Field | None:
    if heading.ignored or name == "TITULADO":  # a degree is not a school certificate
        return None
    if heading.field is Field.GIVEN_OR_FULL:
        surnames = {Field.SURNAME_1, Field.SURNAMES}
        return Field.GIVEN if certain & surnames else Field.FULL
    if heading.field is Field.STATE_OR_STATUS:
        return Field.STATUS if _mostly(values, lambda v: read_yes_no(v) is not None) else None
    by_values = _by_values(name, heading.field, values)
    if heading.ambiguous and by_values in certain:
        return None  # an unmistakable column holds it
    return by_values


def _by_values(name: str, field: Field, values: Sequence[str]) -> Field | None:
    """Headings that mean one thing or another, settled by what stands under them."""
    chosen: Field | None = field
    if name in {"EGRESO", "TERMINO"}:
        chosen = Field.LEFT_ON if _mostly(values, _is_date) else Field.GRADUATED
    elif name == "EGRESADO":
        said = _mostly(values, lambda value: read_yes_no(value) is not None)
        chosen = Field.GRADUATED if said else Field.FULL
    elif name == "NACIMIENTO":
        chosen = Field.BIRTH if _mostly(values, _is_date) else None
    elif name == "CENTRO DE TRABAJO":
        chosen = Field.CCT if _mostly(values, lambda v: bool(CCT.fullmatch(v.strip()))) else None
    elif name == "SECCION":
        shift = _mostly(values, lambda v: len(v) > 1 and read_shift(v) is not None)
        chosen = Field.SHIFT if shift else Field.GROUP
    elif name in {"CONTROL", "REGISTRO"}:
        numbers = _mostly(values, lambda v: any(c.isdigit() for c in v))
        chosen = Field.STUDENT_ID if numbers else None
    return chosen


def _is_date(value: str) -> bool:
    return read_date(value) is not None


def _mostly(values: Sequence[str], is_so: Callable[[str], bool]) -> bool:
    return bool(values) and 2 * sum(map(is_so, values)) > len(values)


def _order(names: Sequence[str], fields: Mapping[int, Field]) -> bool | None:
    full = next((names[at] for at, field in fields.items() if field is Field.FULL), "")
    if full.startswith("APELLIDO"):
        return True
    return False if full == "NOMBRE Y APELLIDOS" else None


def _unknown(row: int, title: str) -> Finding:
    return Finding(
        row,
        clean(title),
        "roster.unknown_heading",
        f"No conocemos la columna «{clean(title)}» y no se usó. "
        "Si la necesita, dígale a qué dato corresponde.",
    )


def _repeated(row: int, title: str) -> Finding:
    return Finding(
        row,
        clean(title),
        "roster.repeated_heading",
        f"Otra columna ya trae el mismo dato que «{clean(title)}»; se usó la primera.",
    )
