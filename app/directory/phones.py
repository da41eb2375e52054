"""Telephone numbers as the directory keeps them: E.164.

Ten digits are Mexican; old prefixes (044, 045, 01, +52 1) are taken off. Any other country
is written with its + and code.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

import phonenumbers
from phonenumbers import NumberParseException

from app.directory.people import clean

_EXTENSION = re.compile(r"(?i)\s*(?:ext|extensi[oó]n|x)\.?\s*\d{1,6}\s*$")
_SEVERAL = re.compile(r"\s*[/;,|]\s*|\s+(?:y|o|e)\s+", re.IGNORECASE)
_SCIENTIFIC = re.compile(r"\d(?:\.\d+)?[eE]\+?\d+")
# Dialling habits before 3 August 2019, and the 1 that mobiles had after +52.
_OLD_PREFIX = re.compile(r"(?:00)?(?:52)?1?(?:044|045|01)?")


class PhoneFault(StrEnum):
    """Why a text is no number; the value completes "El teléfono …"."""

    FEW_DIGITS = "tiene menos de 10 dígitos"
    MANY_DIGITS = "tiene dígitos de más"
    LETTERS = "trae letras o signos que no son de un teléfono"
    SCIENTIFIC = "está en notación científica; dé formato de texto a la columna"
    PLACEHOLDER = "es un número de relleno"
    IMPOSSIBLE = "no existe en ningún plan de numeración"


class NotAPhone(ValueError):
    """The text cannot be a telephone number."""

    def __init__(self, fault: PhoneFault) -> None:
        self.fault = fault
        super().__init__(fault.name)


@dataclass(frozen=True, slots=True)
class Phone:
    """A number that can be dialled. `assigned`: its series is in the published plan."""

    e164: str
    assigned: bool

    @property
    def last_2(self) -> str:
        """The two last digits, to recognise the number without showing it."""
        return self.e164[-2:]


def split_phones(text: str) -> list[str]:
    """The numbers of a cell that holds several: "55 1234 5678 / 5587654321"."""
    return [piece for piece in _SEVERAL.split(clean(text)) if piece]


def read_phone(text: str) -> Phone:
    """The number in `text`.

    Raises:
        NotAPhone: it cannot be dialled from anywhere.
    """
    shown = _EXTENSION.sub("", clean(text))
    if _SCIENTIFIC.fullmatch(shown.replace(" ", "")):
        raise NotAPhone(PhoneFault.SCIENTIFIC)
    digits = re.sub(r"[\s().\-–/]", "", shown)  # noqa: RUF001  # a dash people type
    if not re.fullmatch(r"\+?[0-9]+", digits, re.ASCII):
        raise NotAPhone(PhoneFault.LETTERS)
    international = _international(digits)
    if len(set(international[-10:])) == 1:
        raise NotAPhone(PhoneFault.PLACEHOLDER)
    if international.startswith("+52"):
        if international[3] in "01":
            raise NotAPhone(PhoneFault.IMPOSSIBLE)
        number = phonenumbers.PhoneNumber(country_code=52, national_number=int(international[3:]))
        return Phone(international, phonenumbers.is_valid_number(number))
    try:
        number = phonenumbers.parse(international)
    except NumberParseException as error:
        raise NotAPhone(PhoneFault.IMPOSSIBLE) from error
    if not phonenumbers.is_possible_number(number):
        raise NotAPhone(PhoneFault.IMPOSSIBLE)
    # No formatting of the library: it would hide digits that it dropped.
    return Phone(international, phonenumbers.is_valid_number(number))


def _international(digits: str) -> str:
    if digits.startswith("+") and not digits.startswith("+52"):
        return digits
    bare = digits.removeprefix("+")
    if bare.startswith("00") and not bare.startswith("0052") and len(bare) > 11:
        return "+" + bare[2:]
    prefix = _OLD_PREFIX.fullmatch(bare[:-10]) if len(bare) > 10 else None
    if len(bare) < 10:
        raise NotAPhone(PhoneFault.FEW_DIGITS)
    if len(bare) > 10 and prefix is None:
        raise NotAPhone(PhoneFault.MANY_DIGITS)
    return "+52" + bare[-10:]
