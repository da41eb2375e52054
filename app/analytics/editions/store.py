"""The columnar store: the persons of the editions in force, a file for each questionnaire.

A big office adds up thousands of schools. Their editions are as many documents; here are the same
persons as columns of small codes, without ids, that Polars scans (decisions/0018). A part is the
file of one questionnaire of a generation. It is written beside the old one and takes its place in
one step, with the moment it was made; whoever reads meanwhile keeps the old file. Small schools
need no store and no Polars.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property, lru_cache
from importlib.util import find_spec
from itertools import accumulate
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from app.analytics.editions.content import read_back
from app.analytics.figures.indicators import ManyRows
from app.analytics.frame.coded import Column
from app.analytics.frame.tallies import Tally
from app.analytics.nonresponse import Balance, Group
from app.analytics.panel_row import Row, Value
from app.analytics.released import Context, IndicatorRow
from app.chronology.wave_plan import Cohort
from app.errors import AppError

if TYPE_CHECKING:  # an extra: a small school does not install it
    import polars as pl

FORMAT = 3
STORED_FROM = 50  # schools of a deployment from which a store is kept, and read by its offices
SCHOOL = "_school"
MANIFEST = "manifest.json"
FEW = 2_000  # persons that are sooner walked than grouped
MOST_CELLS = 1 << 20  # of a table that is counted by key; a larger one is grouped
_current: list[Path] = []


class StoreNotInstalled(AppError):
    """Somebody asked for the store where its engine is not installed."""

    code = "store.not_installed"
    status = 503
    plantilla = (
        "Falta el motor del almacén columnar. Las cifras se siguen calculando sin él; si una "
        "oficina tiene muchos planteles, instale el paquete «analytics»."
    )


@dataclass(frozen=True, slots=True)
class StoredWave:
    """What a part holds of one wave. `edition_id`: None where it has no edition yet.

    `apart`: the edition's own text, where the persons of today no longer give its counts (somebody
    was erased): it is added to the columns as it was frozen.
    """

    wave_id: UUID
    school_id: UUID
    edition_id: UUID | None
    answered: int = 0
    frame: int = 0
    frozen_at: datetime | None = None
    balance: Balance = field(default_factory=dict)
    apart: str = ""


@dataclass(frozen=True, slots=True)
class Below:
    """What the sum of a unit is made of, and how evenly its groups had answered.

    `waiting`: schools below it that are not in it.
    """

    places: tuple[int, ...]
    waiting: int
    balance: Balance
    # What was released of its counts, which are the part's: by reader (figure_sources.py).
    kept: dict[Context, tuple[IndicatorRow, ...]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)  # by identity: counts are kept with it
class Part:
    """One questionnaire of a generation. `waves` in the order of the numbers in `_school`.

    `of_unit`: of which of them the sum of each unit is made, and `withheld`: what it withholds, by
    the cut of that number (cuts.py). Behind all waves, apart, come editions that a sum is still
    made of and that are no longer those of their wave.
    """

    cohort: Cohort
    questionnaire: int
    made_at: datetime
    path: Path
    waves: tuple[StoredWave, ...]
    columns: Mapping[str, Column]
    cut: int
    cut_at: datetime
    of_unit: Mapping[UUID, tuple[int, ...]] = field(default_factory=dict)
    withheld: Mapping[UUID, frozenset[tuple[str, str]]] = field(default_factory=dict)
    below: dict[UUID, Below] = field(default_factory=dict)  # of each unit asked for so far

    @cached_property
    def starts(self) -> Sequence[int]:
        """Where the persons of each school begin."""
        return list(accumulate((self.held(n) for n in range(len(self.waves))), initial=0))

    @cached_property
    def places(self) -> Mapping[UUID, int]:
        """The number of each school."""
        found: dict[UUID, int] = {}
        for place, wave in enumerate(self.waves):
            found.setdefault(wave.school_id, place)
        return found

    def rows(self, places: Sequence[int]) -> Collection[Row]:
        """The persons of some schools, by their numbers, ascending; few of them are walked."""
        persons = sum(self.held(place) for place in places)
        if persons <= FEW:
            return _few(self, tuple(places))
        return StoredRows(self, None if len(places) == len(self.waves) else tuple(places))

    def held(self, place: int) -> int:
        """Persons of a school in the columns."""
        wave = self.waves[place]
        return 0 if wave.apart else wave.answered

    def apart(self, places: Sequence[int]) -> list[Tally]:
        """The counts of waves that are kept as they were frozen."""
        texts = [self.waves[place].apart for place in places]
        return [read_back(text).tally for text in texts if text]


def installed() -> bool:
    """Whether the engine is there (extra `analytics`)."""
    return find_spec("polars") is not None


def use_store(folder: Path | None) -> None:
    """Where this process finds the store, which may not exist; None: it reads none."""
    _current[:] = [] if folder is None else [folder]


def store_folder() -> Path | None:
    """Where this process finds the store."""
    return _current[0] if _current else None


def stored_part(cohort: Cohort, questionnaire: int) -> Part | None:
    """The part, if this deployment keeps one and the engine is installed."""
    if not _current or not installed():
        return None
    return stored_part_in(_current[0], cohort, questionnaire)


def stored_part_in(folder: Path, cohort: Cohort, questionnaire: int) -> Part | None:
    """The part as it is on disk now; None where none was ever written in this format."""
    path = folder / _name(cohort, questionnaire) / MANIFEST
    try:
        stamp = path.stat().st_mtime_ns
    except FileNotFoundError:
        return None
    return _read_part(path, stamp)


def write_part(folder: Path, part: Part, frame: "pl.LazyFrame") -> Part:
    """Write a part beside the one that is there, and take its place in one step.

    The persons pass through memory a batch at a time.

    Args:
        folder: of the store.
        part: its `path` is chosen here.
        frame: `_school` ascending, and a column of codes for each of `part.columns`.
    """
    home = home_of(folder, part.cohort, part.questionnaire)
    data = home / f"{uuid4().hex}.arrow"
    frame.sink_ipc(data, compression="uncompressed")  # scanned where it lies, never unpacked
    written = replace(part, path=data, below={})
    draft = home / f"{data.stem}.json"
    draft.write_text(json.dumps(_document(written), ensure_ascii=True), "utf-8")
    draft.replace(home / MANIFEST)
    for old in home.glob("*.arrow"):
        if old != data:
            old.unlink(missing_ok=True)  # whoever scans it still has it open
    return written


def home_of(folder: Path, cohort: Cohort, questionnaire: int) -> Path:
    """Where the files of a part are; made if need be."""
    home = folder / _name(cohort, questionnaire)
    home.mkdir(parents=True, exist_ok=True)
    return home


class StoredRows(ManyRows):
    """The persons of a part, or of some of its schools, and of one value of some variables."""

    def __init__(
        self,
        part: Part,
        places: tuple[int, ...] | None,
        where: tuple[tuple[str, int | None], ...] = (),
    ) -> None:
        self.part, self.places, self.where = part, places, where

    def grouped(self, names: Sequence[str]) -> Iterator[tuple[Row, int]]:
        """Each combination of the variables that occurs, and its persons."""
        known = tuple(name for name in dict.fromkeys(names) if name in self.part.columns)
        fixed = [name for name, _ in self.where]
        for codes, persons in _counted(self.part, self.places, (*known, *fixed)).items():
            if all(codes[len(known) + i] == code for i, (_, code) in enumerate(self.where)):
                values = zip(known, codes, strict=False)
                yield {name: self._value(name, code) for name, code in values}, persons

    def split(self, name: str) -> Mapping[Value, ManyRows]:
        """The rows of each value of a variable."""
        if name not in self.part.columns:
            return {None: self}
        counted = _counted(self.part, self.places, (name, *(one for one, _ in self.where)))
        fixed = tuple(code for _, code in self.where)
        codes = {codes[0] for codes in counted if codes[1:] == fixed}
        return {
            self._value(name, code): StoredRows(self.part, self.places, (*self.where, (name, code)))
            for code in codes
        }

    def __len__(self) -> int:
        return sum(persons for _, persons in self.grouped(()))

    def __iter__(self) -> Iterator[Row]:
        for row, persons in self.grouped(tuple(self.part.columns)):
            for _ in range(persons):
                yield row

    def __contains__(self, row: object) -> bool:
        return any(found == row for found in self)

    def _value(self, name: str, code: int | None) -> Value:
        column = self.part.columns[name]
        return column.value(0 if code is None else code - column.low + 1)


@lru_cache(maxsize=8)
def _read_part(path: Path, stamp: int) -> Part | None:  # noqa: ARG001 (a new stamp is a new part)
    return _part(json.loads(path.read_text("utf-8")), path.parent)


@lru_cache(maxsize=256)
def _few(part: Part, places: tuple[int, ...]) -> tuple[Row, ...]:
    """The rows of some schools: they lie together, in the order of their numbers."""
    import polars as pl  # noqa: PLC0415 (an extra)

    lazy, starts = pl.scan_ipc(part.path), part.starts
    names = tuple(part.columns)
    meanings = [part.columns[name] for name in names]
    rows: list[Row] = []
    for place in places:
        here = lazy.slice(starts[place], part.held(place)).select(names).collect()
        for digits in here.iter_rows():
            values = (m.value(digit) for m, digit in zip(meanings, digits, strict=True))
            rows.append(dict(zip(names, values, strict=True)))
    return tuple(rows)


@lru_cache(maxsize=4096)
def _counted(
    part: Part, places: tuple[int, ...] | None, names: tuple[str, ...]
) -> Mapping[tuple[int | None, ...], int]:
    """Persons by codes of some columns: one scan, kept while the part is."""
    import polars as pl  # noqa: PLC0415 (an extra)

    lazy = pl.scan_ipc(part.path)
    if places is not None:
        lazy = lazy.filter(pl.col(SCHOOL).is_in(list(places)))
    if not names:
        return {(): int(lazy.select(pl.len()).collect().item())}
    digits = [(part.columns[name].low, part.columns[name].size) for name in names]
    cells = prod(size for _, size in digits)
    if cells > MOST_CELLS:
        found = lazy.group_by(list(names)).len().collect()
        lows = [low for low, _ in digits]
        return {
            tuple(None if n == 0 else n + low - 1 for n, low in zip(row, lows, strict=False)): row[
                -1
            ]
            for row in found.iter_rows()
        }
    kind = pl.UInt16 if cells < 1 << 16 else pl.UInt32
    key = pl.col(names[0]).cast(kind)
    for name, (_, size) in zip(names[1:], digits[1:], strict=True):
        key = key * pl.lit(size, kind) + pl.col(name)
    return _by_key(lazy.select(key.cast(kind).alias("key")).collect().to_series(), digits)


def _by_key(
    keys: "pl.Series", digits: Sequence[tuple[int, int]]
) -> Mapping[tuple[int | None, ...], int]:
    """The codes that each key is made of."""
    import numpy as np  # noqa: PLC0415 (comes with the extra)

    persons = np.bincount(keys.to_numpy())
    found: dict[tuple[int | None, ...], int] = {}
    for key in np.flatnonzero(persons):
        rest, codes = int(key), []
        for low, size in reversed(digits):
            rest, digit = divmod(rest, size)
            codes.append(None if digit == 0 else digit + low - 1)
        found[tuple(reversed(codes))] = int(persons[key])
    return found


def _name(cohort: Cohort, questionnaire: int) -> str:
    return f"{cohort.entered}-{cohort.leaves}-{questionnaire}"


def _document(part: Part) -> dict[str, object]:
    return {
        "format": FORMAT,
        "entered": part.cohort.entered,
        "leaves": part.cohort.leaves,
        "questionnaire": part.questionnaire,
        "made_at": part.made_at.isoformat(),
        "data": part.path.name,
        "waves": [
            [
                str(wave.wave_id),
                str(wave.school_id),
                None if wave.edition_id is None else str(wave.edition_id),
                wave.answered,
                wave.frame,
                None if wave.frozen_at is None else wave.frozen_at.isoformat(),
                {t: [[g.value, g.frame, g.answered] for g in gs] for t, gs in wave.balance.items()},
                wave.apart,
            ]
            for wave in part.waves
        ],
        "columns": {
            name: [column.low, column.high, list(column.words), list(column.marks)]
            for name, column in part.columns.items()
        },
        "cut": part.cut,
        "cut_at": part.cut_at.isoformat(),
        "of_unit": {str(unit): list(places) for unit, places in part.of_unit.items()},
        "withheld": {str(unit): sorted(gone) for unit, gone in part.withheld.items()},
    }


def _part(found: dict[str, Any], home: Path) -> Part | None:
    if found["format"] != FORMAT:
        return None  # it is built again
    return Part(
        cohort=Cohort(found["entered"], found["leaves"]),
        questionnaire=found["questionnaire"],
        made_at=datetime.fromisoformat(found["made_at"]),
        path=home / found["data"],
        waves=tuple(_wave(line) for line in found["waves"]),
        columns={
            name: Column(low, high, tuple(words), tuple(marks))
            for name, (low, high, words, marks) in found["columns"].items()
        },
        cut=int(found["cut"]),
        cut_at=datetime.fromisoformat(found["cut_at"]),
        of_unit={UUID(unit): tuple(places) for unit, places in found["of_unit"].items()},
        withheld={
            UUID(unit): frozenset((name, category) for name, category in gone)
            for unit, gone in found["withheld"].items()
        },
    )


def _wave(line: list[Any]) -> StoredWave:
    wave_id, school_id, edition_id, answered, frame, frozen_at, balance, apart = line
    return StoredWave(
        UUID(str(wave_id)),
        UUID(str(school_id)),
        None if edition_id is None else UUID(str(edition_id)),
        int(answered),
        int(frame),
        None if frozen_at is None else datetime.fromisoformat(str(frozen_at)),
        {t: tuple(Group(v, n, r) for v, n, r in groups) for t, groups in balance.items()},
        str(apart),
    )
