"""Columns of codes while they grow: schools may bring new variables, and new meanings.

Persons are written to files of some hundred thousand as they come, and joined when all have come,
so that a nation never lies in memory.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from app.analytics.editions.rows import KeptRows
from app.analytics.editions.store import SCHOOL, Part
from app.analytics.frame.coded import Column, shift, table, together
from app.garbage import collection_paused

if TYPE_CHECKING:  # an extra
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

PACKED = 100_000  # persons in memory before they are written


class GrowingColumns:
    """Persons of one school after the other, in the order of the schools' numbers."""

    def __init__(self, folder: Path, variables: Sequence[str], before: Part | None) -> None:
        """`folder`: for the files; `before`: what its codes meant, they still mean."""
        old = {} if before is None else before.columns
        self.variables = variables
        self.meanings: dict[str, Column] = {name: old[name] for name in variables if name in old}
        self.persons = 0
        self._folder = folder
        self._run: _Run | None = None
        self._packs: list[_Pack] = []
        self._held: list[_Piece] = []

    def add(self, rows: KeptRows, place: int) -> None:
        """The persons of one school."""
        import numpy as np  # noqa: PLC0415 (an extra)

        self._end_of_run()
        found = {
            name: (meaning, np.frombuffer(digits, dtype=digits.typecode))
            for name, (meaning, digits) in rows.columns.items()
            if name in self.variables
        }
        self._hold(_Piece([(place, rows.persons)], rows.persons, found))

    def stay(self, before: Part, old_place: int, place: int) -> None:
        """The persons of a school as the part before has them; neighbours are taken together."""
        start, persons = before.starts[old_place], before.held(old_place)
        run = self._run
        if run is not None and (run.start + run.persons != start or run.persons >= PACKED):
            self._end_of_run()
        if self._run is None:
            self._run = _Run(before, start)
        self._run.places.append((place, persons))
        self._run.persons += persons

    def _end_of_run(self) -> None:
        import polars as pl  # noqa: PLC0415 (an extra)

        run, self._run = self._run, None
        if run is None or not run.persons:
            return
        names = [name for name in self.variables if name in run.before.columns]
        lazy = pl.scan_ipc(run.before.path).slice(run.start, run.persons)
        here = lazy.select(names).collect()
        found = {
            name: (run.before.columns[name], here.get_column(name).to_numpy()) for name in names
        }
        self._hold(_Piece(run.places, run.persons, found))

    def whole(self) -> "pl.LazyFrame":
        """All of them, to be written."""
        import polars as pl  # noqa: PLC0415 (an extra)

        self._end_of_run()
        self._pack()
        if not self._packs:
            return pl.LazyFrame({SCHOOL: []}, schema={SCHOOL: pl.UInt16})
        types = {name: type_of(self.meanings[name]) for name in self.meanings}
        return pl.concat([pack.read(self.meanings, types) for pack in self._packs])

    def _hold(self, piece: "_Piece") -> None:
        self._held.append(piece)
        self.persons += piece.persons
        if sum(one.persons for one in self._held) >= PACKED:
            self._pack()

    def _pack(self) -> None:
        """What came since the last time, in one file and one meaning."""
        import numpy as np  # noqa: PLC0415 (an extra)
        import polars as pl  # noqa: PLC0415 (an extra)

        held, self._held = self._held, []
        if not held:
            return
        schools = [place for one in held for place, _ in one.places]
        sizes = [persons for one in held for _, persons in one.places]
        series = [pl.Series(SCHOOL, np.repeat(np.array(schools, np.uint16), sizes))]
        meant: dict[str, Column] = {}
        for name in self.variables:
            here = [one.columns[name][0] for one in held if name in one.columns]
            if not here and name not in self.meanings:
                continue
            meaning = together(self.meanings.get(name), list(dict.fromkeys(here)))
            self.meanings[name] = meant[name] = meaning
            digits = np.concatenate([one.digits(name, meaning) for one in held])
            series.append(pl.Series(name, digits, dtype=type_of(meaning)))
        path = self._folder / f"{len(self._packs)}.arrow"
        pl.DataFrame(series).write_ipc(path, compression="uncompressed")
        self._packs.append(_Pack(path, meant))


@contextmanager
def growing_columns(
    home: Path, variables: Sequence[str], before: Part | None
) -> Iterator[GrowingColumns]:
    """Columns whose files go when they were read. What they are read of makes no cycles."""
    for left in home.glob("packs-*"):  # by a building that was ended
        for path in left.iterdir():
            path.unlink(missing_ok=True)
        left.rmdir()
    with TemporaryDirectory(prefix="packs-", dir=home) as folder, collection_paused():
        yield GrowingColumns(Path(folder), variables, before)


def type_of(column: Column) -> "type[pl.DataType]":
    """A byte where it holds every digit."""
    import polars as pl  # noqa: PLC0415 (an extra)

    return {"B": pl.UInt8, "H": pl.UInt16, "q": pl.Int64}[column.number_type]


@dataclass(slots=True)
class _Run:
    """Schools of the part before that come one after the other, there and here."""

    before: Part
    start: int
    places: list[tuple[int, int]] = field(default_factory=list)  # number here, and persons
    persons: int = 0


@dataclass(frozen=True, slots=True)
class _Piece:
    """Some persons who came together: how many of which school, and their digits."""

    places: Sequence[tuple[int, int]]
    persons: int
    columns: "Mapping[str, tuple[Column, NDArray[Any]]]"

    def digits(self, name: str, meaning: Column) -> "NDArray[Any]":
        """The digits of a variable in the meaning of all."""
        import numpy as np  # noqa: PLC0415 (an extra)

        if name not in self.columns:
            return np.zeros(self.persons, meaning.number_type)
        old, digits = self.columns[name]
        if old == meaning:
            return digits
        by = shift(old, meaning)
        if by is not None:
            wide = digits.astype(meaning.number_type)
            return wide + (wide > 0) * np.array(by, meaning.number_type) if by else wide
        if old.marks:
            return _other_marks(digits.astype(np.int64), old, meaning)
        moved: NDArray[Any] = np.array(table(old, meaning), meaning.number_type)[digits]
        return moved


def _other_marks(digits: "NDArray[np.int64]", old: Column, new: Column) -> "NDArray[Any]":
    """Each mark in the bit that it now has."""
    import numpy as np  # noqa: PLC0415 (an extra)

    codes, found = np.maximum(digits - 1, 0), np.zeros(len(digits), np.int64)
    for bit, mark in enumerate(old.marks):
        found |= (codes >> bit & 1) << new.marks.index(mark)
    return np.where(digits > 0, found + 1, 0).astype(new.number_type)


@dataclass(frozen=True, slots=True)
class _Pack:
    """A file of persons as columns of digits, and what they meant when they were written."""

    path: Path
    meant: Mapping[str, Column]

    def read(
        self, meanings: Mapping[str, Column], types: "Mapping[str, type[pl.DataType]]"
    ) -> "pl.LazyFrame":
        """Its persons in the meanings of all packs: they only grew."""
        import polars as pl  # noqa: PLC0415 (an extra)

        columns = [pl.col(SCHOOL)]
        for name, kind in types.items():
            meant = self.meant.get(name)
            if meant is None:
                columns.append(pl.lit(0, kind).alias(name))
                continue
            by = meant.low - meanings[name].low
            moved = pl.when(pl.col(name) == 0).then(0).otherwise(pl.col(name).cast(pl.Int64) + by)
            columns.append((moved.alias(name) if by else pl.col(name)).cast(kind))
        return pl.scan_ipc(self.path).select(columns)
