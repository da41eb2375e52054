"""The persons of an edition as one block of bytes: columns of codes, no id, in their order.

Only what an indicator or a trait reads, so that a sum can be counted from it again. `rules_of`
names how they were counted: under the same rules the block gives the counts that were frozen.
"""

import json
import sys
import zlib
from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256

from app.analytics.editions.content import FORMAT as COUNTS_FORMAT
from app.analytics.figures.families import FAMILIES
from app.analytics.figures.indicators import Indicator, Kind, reads
from app.analytics.figures.registry import column, outcomes_of
from app.analytics.figures.traits import LATTICE, PAIRS
from app.analytics.frame.coded import Coded, Column, column_of
from app.analytics.frame.grouped_rows import ColumnRows
from app.analytics.panel_row import Value

FORMAT = 1
COUNTING = 1  # another number where the same definitions are counted in another way
_LEVEL = 6


@dataclass(frozen=True, slots=True)
class KeptRows:
    """Persons as columns of codes; a variable of which nothing is known is not in it."""

    persons: int
    columns: Coded

    def rows(self) -> ColumnRows:
        """The same persons, to be counted."""
        found: dict[str, list[Value]] = {}
        for name, (meaning, digits) in self.columns.items():
            values = {digit: meaning.value(digit) for digit in set(digits)}
            found[name] = [values[digit] for digit in digits]
        return ColumnRows(found, range(self.persons))


@cache
def variables_kept(wave: int) -> tuple[str, ...]:
    """What the indicators and the traits of a wave read."""
    names = dict.fromkeys(LATTICE)
    for entry in _counted(wave):
        names.update(dict.fromkeys(reads(entry)))
    return tuple(names)


def coded_rows(rows: ColumnRows, wave: int) -> KeptRows:
    """Persons (panel_row.py) as they are kept."""
    found = {name: column_of(rows.column(name)) for name in variables_kept(wave)}
    return KeptRows(len(rows), {name: one for name, one in found.items() if one is not None})


def packed(kept: KeptRows) -> bytes:
    """The block, compressed; the same persons give the same bytes."""
    head = json.dumps(
        {
            "format": FORMAT,
            "persons": kept.persons,
            "columns": [
                [name, meaning.low, meaning.high, meaning.words, meaning.marks]
                for name, (meaning, _) in kept.columns.items()
            ],
        },
        separators=(",", ":"),
    ).encode()
    digits = [_little(digits).tobytes() for _, digits in kept.columns.values()]
    return zlib.compress(b"".join((len(head).to_bytes(4, "big"), head, *digits)), _LEVEL)


def unpacked(block: bytes) -> KeptRows:
    """What `packed` wrote.

    Raises:
        ValueError: of another format.
    """
    content = zlib.decompress(block)
    begins = 4 + int.from_bytes(content[:4], "big")
    head = json.loads(content[4:begins])
    if head["format"] != FORMAT:
        raise ValueError(f"rows of format {head['format']}")
    persons, columns = int(head["persons"]), {}
    for name, low, high, words, marks in head["columns"]:
        meaning = Column(low, high, tuple(words), tuple(marks))
        digits = array(meaning.number_type)
        ends = begins + persons * digits.itemsize
        digits.frombytes(content[begins:ends])
        columns[str(name)], begins = (meaning, _little(digits)), ends
    return KeptRows(persons, columns)


@cache
def rules_of(wave: int) -> str:
    """A short name of all that decides how the persons of a wave are counted; not of its words."""
    told = [_rule(entry) for entry in _counted(wave)]
    families = [sorted(family) for family in FAMILIES]
    traits: Mapping[str, object] = {name: sorted(map(str, t.values)) for name, t in LATTICE.items()}
    said = repr((COUNTING, COUNTS_FORMAT, told, families, traits, PAIRS))
    return sha256(said.encode()).hexdigest()[:32]


def _counted(wave: int) -> list[Indicator]:
    entries = outcomes_of(wave)
    return [*entries, *(column(entry) for entry in entries if entry.kind is Kind.CROSSING)]


def _rule(entry: Indicator) -> tuple[object, ...]:
    return (
        *(entry.id, entry.kind.value, entry.variable, entry.crossed_with, entry.event),
        [(one.id, sorted(map(repr, one.codes))) for one in entry.categories],
        [(one.variable, sorted(map(repr, one.codes))) for one in entry.among],
        sorted(map(repr, entry.excluded)),
    )


def _little(digits: "array[int]") -> "array[int]":
    """The same, with the bytes of a number in the order of the block."""
    if sys.byteorder == "big" and digits.itemsize > 1:
        digits = digits[:]
        digits.byteswap()
    return digits
