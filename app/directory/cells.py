"""What a typed cell of a school list means: dates, generations, yes and no, shifts.

Each reader gives None where it cannot tell; the caller says so to a person.
"""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache

from app.chronology.wave_plan import Cohort
from app.directory.people import clean, search_form

_BLANKS = frozenset(
    [
        "n a",
        "na",
        "nd",
        "n d",
        "s n",
        "s c",
        "sin correo",
        "sin telefono",
        "sin celular",
        "sin curp",
        "sin dato",
        "no tiene",
        "ninguno",
        "ninguna",
        "no aplica",
        "null",
        "none",
        "x",
        "xx",
        "xxx",
        "pendiente",
        "no cuenta",
        "vacio",
    ]
)
_LONGEST_BLANK = 16  # characters of the longest of them, with its signs
_MONTHS = {
    name: number
    for number, names in enumerate(
        [
            "enero ene",
            "febrero feb",
            "marzo mar",
            "abril abr",
            "mayo may",
            "junio jun",
            "julio jul",
            "agosto ago",
            "septiembre setiembre sep sept",
            "octubre oct",
            "noviembre nov",
            "diciembre dic",
        ],
        start=1,
    )
    for name in names.split()
}
_YES = frozenset(
    [
        "si",
        "s",
        "yes",
        "y",
        "x",
        "1",
        "true",
        "verdadero",
        "egreso",
        "egresado",
        "egresada",
        "certificado",
        "certificada",
        "concluyo",
        "acredito",
        "aprobado",
        "aprobada",
        "termino",
        "titulado",
        "regular",
    ]
)
_NO = frozenset(
    ["no", "n", "0", "false", "falso", "baja", "reprobado", "reprobada", "desertor", "desercion"]
) | {"no egreso", "no egresado", "no egresada", "no certificado", "no concluyo", "no acredito",
     "baja temporal", "baja definitiva", "no termino"}  # fmt: skip
_SHIFTS: Mapping[str, str] = {
    **dict.fromkeys(("1", "m", "mat", "matutino", "manana", "tm"), "1"),
    **dict.fromkeys(("2", "v", "vesp", "vespertino", "tarde", "tv"), "2"),
    **dict.fromkeys(("3", "n", "noc", "nocturno", "noche"), "3"),
    **dict.fromkeys(("4", "d", "discontinuo", "mixto", "discontinuo mixto", "sabatino"), "4"),
}
_FIRST_EXCEL_DAY = date(1899, 12, 30)  # serial numbers of Excel, dates after February 1900


def is_blank(text: str) -> bool:
    """Empty, or one of the words people type where they have nothing to type."""
    if len(text) > _LONGEST_BLANK:
        return not text.strip()
    plain = search_form(text)
    return not plain or plain in _BLANKS


def read_date(text: str) -> date | None:
    """A day as Mexican offices write it; day before month, ISO, or a serial number of Excel."""
    plain = clean(text)
    iso = re.fullmatch(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ].*)?", plain, re.ASCII)
    if iso:
        return _day(*(int(piece) for piece in iso.groups()))
    usual = re.fullmatch(r"(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{2}|\d{4})(?: .*)?", plain, re.ASCII)
    if usual:
        first, second, year = (int(piece) for piece in usual.groups())
        if second > 12 >= first:  # month first: only that reading exists
            first, second = second, first
        return _day(_whole_year(year), second, first)
    words = re.fullmatch(
        r"(\d{1,2}) (?:de )?([a-z]+) (?:de |del )?(\d{2}|\d{4})", search_form(plain)
    )
    if words and words[2] in _MONTHS:
        return _day(_whole_year(int(words[3])), _MONTHS[words[2]], int(words[1]))
    if re.fullmatch(r"[1-6]\d{4}", plain, re.ASCII):
        return _FIRST_EXCEL_DAY + timedelta(days=int(plain))
    return None


def is_serial_date(text: str) -> bool:
    """Whether a date came as the bare number of a spreadsheet."""
    return re.fullmatch(r"[1-6]\d{4}", clean(text), re.ASCII) is not None


@lru_cache(maxsize=256)  # one object for one generation, however many rows
def read_cohort(text: str) -> Cohort | None:
    """From "2023-2026", "2023 - 2026", "23-26", "2023 a 2026"; never from a single year."""
    plain = re.sub(r"[‐-―−/_]", "-", clean(text))  # noqa: RUF001  # dashes people type
    found = re.fullmatch(
        r"(?i)(?:gen(?:eraci[oó]n)?\.?\s*)?(\d{4}|\d{2})\s*(?:-|a|al)\s*(\d{4}|\d{2})", plain
    )
    if found is None:
        return None
    entered, leaves = (_whole_year(int(year)) for year in found.groups())
    if not (1990 <= entered < leaves <= entered + 8):
        return None
    return Cohort(entered, leaves)


def read_year(text: str) -> int | None:
    """A single year, 1990 to 2099."""
    plain = clean(text)
    return int(plain) if re.fullmatch(r"(?:199|20\d)\d", plain, re.ASCII) else None


def read_yes_no(text: str) -> bool | None:
    """Sí or no by the words of school lists; None for anything else."""
    plain = search_form(text)
    return True if plain in _YES else False if plain in _NO else None


def read_shift(text: str) -> str | None:
    """Code of a turno (units.Shift) by name, abbreviation or code."""
    plain = search_form(text).removeprefix("turno ")
    return _SHIFTS.get(plain)


def read_sex(text: str) -> str | None:
    """H, M or X. A single M is Mujer, as in the CURP; "Masculino" is H."""
    plain = search_form(text)
    if plain in {"h", "hombre", "masculino", "masc", "varon", "niño", "nino"}:
        return "H"
    if plain in {"m", "mujer", "femenino", "fem", "f", "femenina"}:
        return "M"
    return "X" if plain in {"x", "no binario", "no binaria", "nb"} else None


def read_track(text: str) -> str | None:
    """Tipo de bachillerato: "1" general, "2" technological, "3" professional technician."""
    plain = search_form(text)
    if plain in {"1", "2", "3"}:
        return plain
    for sign, code in (("profesional tecnico", "3"), ("tecnico bachiller", "3"), ("tecnolog", "2"),
                       ("bivalente", "2"), ("general", "1"), ("propedeut", "1")):  # fmt: skip
        if sign in plain:
            return code
    return None


def track_of_school(name: str) -> str | None:
    """What a school's name says of its type; None where it says nothing."""
    plain = f" {search_form(name)} "
    for sign, code in ((" conalep", "3"), (" cbti", "2"), (" ceti", "2"), (" cbta", "2"),
                       (" cecyt", "2"), (" tecnologic", "2"), (" cobach", "1"), (" emsad", "1"),
                       (" colegio de bachilleres", "1"), (" telebachillerato", "1"),
                       (" bachillerato general", "1"), (" preparatoria", "1")):  # fmt: skip
        if sign in plain:
            return code
    return None


def read_grade(text: str) -> float | None:
    """An average from 0 to 10; from 0 to 100 it is divided by ten."""
    plain = clean(text).replace(",", ".")
    if not re.fullmatch(r"\d{1,3}(?:\.\d+)?", plain, re.ASCII):
        return None
    grade = float(plain)
    if grade > 100:
        return None
    return round(grade / 10 if grade > 10 else grade, 2)


def group_name(group: str, semester: str = "") -> str:
    """One writing for one group: "6A", "6° a", "A" in semester 6 → "6.º A"."""
    plain = clean(group).upper().removeprefix("GRUPO ").strip()
    found = re.fullmatch(r"(\d{1,2})\s*[.°ºOA]{0,2}\s*[-\"']?\s*([A-Z]{1,2})[\"']?", plain)
    if found:
        return f"{int(found[1])}.º {found[2]}"
    digits = re.match(r"\d{1,2}", clean(semester))
    if digits and re.fullmatch(r"[A-Z]{1,2}", plain):
        return f"{int(digits.group())}.º {plain}"
    return plain[:60]


def _whole_year(year: int) -> int:
    return year if year > 99 else 2000 + year if year <= 50 else 1900 + year


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
