"""Values as codes: what a column of small whole numbers stands for, and how two of them agree.

A digit of a column is `code - low + 1`, and 0 where the value is not known.
"""

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.analytics.panel_row import Value

NUMBER_TYPES = ((1 << 8, "B"), (1 << 16, "H"), (1 << 63, "q"))  # digits, and who holds them


@dataclass(frozen=True, slots=True)
class Column:
    """How a column of codes is read: the number, the word, or the marks that it stands for."""

    low: int
    high: int
    words: tuple[str, ...] = ()
    marks: tuple[int, ...] = ()

    @property
    def size(self) -> int:
        """Digits: the codes, and not known."""
        return self.high - self.low + 2

    @property
    def number_type(self) -> str:
        """The smallest type of the module `array` that holds every digit."""
        return next(letter for size, letter in NUMBER_TYPES if self.size <= size)

    def value(self, digit: int) -> Value:
        """What a digit stands for."""
        code = digit + self.low - 1
        if digit == 0:
            return None
        if self.words:
            return self.words[code]
        if self.marks:
            return frozenset(m for bit, m in enumerate(self.marks) if code >> bit & 1) or None
        return code

    def digit(self, value: Value) -> int:
        """The digit of a value.

        Raises:
            ValueError: one that the column does not know.
        """
        if value is None:
            return 0
        if self.marks:
            known = value if isinstance(value, frozenset) else frozenset()
            return sum(1 << self.marks.index(mark) for mark in known) - self.low + 1 if known else 0
        if self.words:
            return self.words.index(str(value)) - self.low + 1
        if not isinstance(value, int) or not self.low <= value <= self.high:
            raise ValueError(f"{value!r} is no code of this column")
        return value - self.low + 1


def column_of(values: Sequence[Value]) -> "tuple[Column, array[int]] | None":
    """What the values of a column mean, and their digits; None where none is known."""
    distinct = set(values)
    known = [value for value in distinct if value is not None]
    if not known:
        return None
    meaning = _meaning(known)
    digits = {value: meaning.digit(value) for value in distinct}
    return meaning, array(meaning.number_type, map(digits.__getitem__, values))


def together(before: Column | None, found: Sequence[Column]) -> Column:
    """One meaning for all of them; what `before` meant, its codes still mean."""
    every = [*([] if before is None else [before]), *found]
    if any(one.marks for one in every):
        marks = () if before is None else before.marks
        marks = (*marks, *sorted({m for one in found for m in one.marks} - set(marks)))
        return Column(0, (1 << len(marks)) - 1, marks=marks)
    if any(one.words for one in every):
        words = () if before is None else before.words
        more = {word for one in found for word in _words(one)}
        words = (*words, *sorted(more - set(words)))
        return Column(0, len(words) - 1, words=words)
    return Column(min(one.low for one in every), max(one.high for one in every))


def shift(old: Column, new: Column) -> int | None:
    """What to add to each known digit so that it means the same; None where one sum is not it."""
    if old.words == new.words[: len(old.words)] and old.marks == new.marks[: len(old.marks)]:
        alike = bool(old.words) == bool(new.words) and bool(old.marks) == bool(new.marks)
        return old.low - new.low if alike else None
    return None


def table(old: Column, new: Column) -> Sequence[int]:
    """The new digit of each old one."""
    return [new.digit(old.value(digit)) for digit in range(old.size)]


def _meaning(known: Sequence[Value]) -> Column:
    if any(isinstance(value, frozenset) for value in known):
        marks = sorted({m for value in known if isinstance(value, frozenset) for m in value})
        return Column(0, (1 << len(marks)) - 1, marks=tuple(marks))
    if any(isinstance(value, str) for value in known):
        words = sorted({str(value) for value in known})
        return Column(0, len(words) - 1, words=tuple(words))
    numbers = [value for value in known if isinstance(value, int)]
    return Column(min(numbers), max(numbers))


def _words(column: Column) -> Sequence[str]:
    return column.words or [str(code) for code in range(column.low, column.high + 1)]


Coded = Mapping[
    str, "tuple[Column, array[int]]"
]  # by variable: what it means, and a digit a person
