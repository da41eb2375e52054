"""What an answer can be, and how it is read from plain data.

A typed missing stands beside a value, never in it: a number is never -98, a code never -1.
Codes 97, 98 and 99 are ordinary options of the lists that hold them.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum, IntEnum
from typing import TypeAlias

from app.questionnaires.expressions.evaluate import Known
from app.questionnaires.expressions.types import Kind
from app.questionnaires.items import Exit
from app.questionnaires.leaves import Leaf

LONGEST_RAW = 10_000  # characters looked at; far above any maximum, so that nothing is lost
MOST_RAW_MARKS = 200
_MONTH = re.compile(r"(?:19|20)[0-9]{2}-(?:0[1-9]|1[0-2])")
_CONTROL = {code: None for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\n\t"}


class MissingCode(IntEnum):
    """Why there is no value; stored beside the empty value."""

    NOT_APPLICABLE = -1  # skipped by routing, written by the system only
    REFUSED = -98
    DONT_KNOW = -99


class Unreadable(Enum):
    """Mark of data that cannot be an answer to its item."""

    UNREADABLE = "unreadable"


UNREADABLE = Unreadable.UNREADABLE
_NO_VALUE = (MissingCode, Unreadable)
EXITS = {Exit.REFUSED: MissingCode.REFUSED, Exit.DONT_KNOW: MissingCode.DONT_KNOW}

# A value, a reason for having none, or None: shown and left blank.
Answer: TypeAlias = Known | MissingCode | None
# By variable, preloaded ones included. What is not there has not been asked yet.
Answers: TypeAlias = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Stored:
    """An answer as a row keeps it: a JSON value, or none with its reason (-1, -98, -99)."""

    value: int | str | list[int] | None
    missing: int | None = None


def to_stored(answer: Answer) -> Stored:
    """The two columns of an answer."""
    if isinstance(answer, MissingCode):
        return Stored(None, answer.value)
    if isinstance(answer, tuple):
        return Stored(list(answer))
    return Stored(answer)


def from_stored(stored: Stored) -> Answer:
    """The answer that was stored."""
    if stored.missing is not None:
        return MissingCode(stored.missing)
    return tuple(stored.value) if isinstance(stored.value, list) else stored.value


def known(answer: Answer | Unreadable) -> Known | None:
    """What a condition sees: the value, or nothing."""
    return None if isinstance(answer, _NO_VALUE) else answer


def read_answer(leaf: Leaf, raw: object) -> Answer | Unreadable:
    """`raw` as an answer to `leaf`: right in form, not yet within bounds (validation.py).

    Accepts what JSON, YAML and Python hold: codes as numbers or digits, marks in any collection,
    months as text or dates. Empty text and empty collections are blanks.
    """
    if raw is None or isinstance(raw, MissingCode):
        return raw
    kind = leaf.kind
    if kind is Kind.CHOICE or kind is Kind.INTEGER:
        return _whole_number(raw)
    if kind is Kind.MULTIPLE:
        return _marks(leaf, raw)
    return _month(raw) if kind is Kind.MONTH else _text(raw)


def read_preloaded(kind: Kind, raw: object) -> Known | None:
    """A preloaded value; anything unfit reads as nothing."""
    if kind is Kind.TRUTH:
        return bool(raw) if isinstance(raw, bool | int) else None
    if isinstance(raw, date):
        return raw.isoformat()[:10]
    if isinstance(raw, str):
        return int(raw) if kind is Kind.CHOICE and _digits(raw) else raw or None
    return raw if isinstance(raw, int) and not isinstance(raw, bool) else None


def clean_text(text: str) -> str:
    """Text as it is kept: NFC, without NUL, control characters or halves of characters."""
    if text.isascii() and text.isprintable():  # nothing of that is in it
        return text.strip()
    whole = text.replace("\r\n", "\n").replace("\r", "\n").translate(_CONTROL)
    printable = whole.encode("utf-8", "ignore").decode("utf-8")  # drops lone surrogates
    return unicodedata.normalize("NFC", printable).strip()


def _whole_number(raw: object) -> int | Unreadable | None:
    if type(raw) is int:
        return raw
    if isinstance(raw, str):
        text = raw.strip()
        if not text:
            return None
        return int(text) if _digits(text) else UNREADABLE
    return raw if isinstance(raw, int) and not isinstance(raw, bool) else UNREADABLE


def _digits(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 9


def _marks(leaf: Leaf, raw: object) -> tuple[int, ...] | Unreadable | None:
    if isinstance(raw, str | bytes | Mapping) or not isinstance(raw, Iterable):
        return UNREADABLE
    found: set[int] = set()
    for count, mark in enumerate(raw):
        code = _whole_number(mark)
        if not isinstance(code, int) or count >= MOST_RAW_MARKS:
            return UNREADABLE
        found.add(code)
    order = {choice.code: place for place, choice in enumerate(leaf.choices)}
    return tuple(sorted(found, key=lambda code: (order.get(code, len(order)), code))) or None


def _month(raw: object) -> str | Unreadable | None:
    text = raw.isoformat()[:7] if isinstance(raw, date) else raw
    if not isinstance(text, str):
        return UNREADABLE
    text = text.strip()
    if not text:
        return None
    return text if _MONTH.fullmatch(text) else UNREADABLE


def _text(raw: object) -> str | Unreadable | None:
    if not isinstance(raw, str) or len(raw) > LONGEST_RAW:
        return UNREADABLE
    return clean_text(raw) or None
