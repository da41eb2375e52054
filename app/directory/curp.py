"""What a CURP says, and whether it can be one.

Source: the rules of RENAPO as collected in the project's field notes: 18 characters; digit
in position 17 for births before 2000, letter from then on; check digit modulo 10.
"""

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

_SHAPE = re.compile(r"[A-Z]{4}[0-9]{6}[A-Z]{6}[0-9A-Z][0-9]")
_ALPHABET = "0123456789ABCDEFGHIJKLMNÑOPQRSTUVWXYZ"
_VALUE = {letter: value for value, letter in enumerate(_ALPHABET)}
STATES = frozenset(
    [
        "AS",
        "BC",
        "BS",
        "CC",
        "CH",
        "CL",
        "CM",
        "CS",
        "DF",
        "DG",
        "GR",
        "GT",
        "HG",
        "JC",
        "MC",
        "MN",
        "MS",
        "NE",
        "NL",
        "NT",
        "OC",
        "PL",
        "QR",
        "QT",
        "SL",
        "SP",
        "SR",
        "TC",
        "TL",
        "TS",
        "VZ",
        "YN",
        "ZS",
    ]
)


class CurpFault(StrEnum):
    """Why a text is no CURP; the value completes "La CURP …"."""

    LENGTH = "no tiene 18 caracteres"
    SHAPE = "no tiene el orden de letras y números de una CURP"
    SEX = "no dice H, M o X en la posición 11"
    STATE = "no trae una clave de estado conocida en las posiciones 12 y 13"
    BIRTH = "no trae una fecha posible en las posiciones 5 a 10"
    CHECK = "no coincide con su último dígito; revise si una letra o número está cambiado"


class NotACurp(ValueError):
    """The text cannot be a CURP."""

    def __init__(self, fault: CurpFault) -> None:
        self.fault = fault
        super().__init__(fault.name)


@dataclass(frozen=True, slots=True)
class Curp:
    """A CURP that passed every check, with what it tells."""

    text: str
    birth_date: date
    sex: str  # H, M, X
    state: str  # two letters; NE: born abroad

    @property
    def unusual_sex(self) -> bool:
        """X is recent practice: accepted, with a warning."""
        return self.sex == "X"


def read_curp(text: str) -> Curp:
    """The CURP in `text`, in any case, with or without spaces and hyphens.

    Raises:
        NotACurp: with the first fault found.
    """
    letters = re.sub(r"[\s\-]", "", text).upper()
    if len(letters) != 18:
        raise NotACurp(CurpFault.LENGTH)
    if not _SHAPE.fullmatch(letters):
        raise NotACurp(CurpFault.SHAPE)
    if letters[10] not in "HMX":
        raise NotACurp(CurpFault.SEX)
    if letters[11:13] not in STATES:
        raise NotACurp(CurpFault.STATE)
    birth_date = _birth_date(letters)
    if check_digit(letters[:17]) != letters[17]:
        raise NotACurp(CurpFault.CHECK)
    return Curp(letters, birth_date, letters[10], letters[11:13])


def check_digit(first_17: str) -> str:
    """Digit 18: ten minus the sum of value × (18 - i), i from 0 to 16, modulo ten."""
    total = sum(_VALUE[letter] * (18 - place) for place, letter in enumerate(first_17))
    return str(-total % 10)


def _birth_date(letters: str) -> date:
    century = 1900 if letters[16].isdigit() else 2000
    try:
        return date(century + int(letters[4:6]), int(letters[6:8]), int(letters[8:10]))
    except ValueError as error:
        raise NotACurp(CurpFault.BIRTH) from error
