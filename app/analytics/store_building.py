"""Rebuild the columnar store from the responses: only what an edition changed is read again.

The persons of a wave are those of its edition in force. Where their counts are no longer those
that were frozen (somebody was erased since), the edition's own counts are kept beside them, and
no row of the wave (decisions/0023).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from sqlmodel import Session, col, select

from app.analytics.cases_read import places_of_schools
from app.analytics.datasets import AnalysisFrame, frames_of_schools
from app.analytics.edition_content import EditionContent, written
from app.analytics.editions import EditionHead, edition_contents, in_force
from app.analytics.grouped_rows import ColumnRows
from app.analytics.panel_row import Value
from app.analytics.released_sums import withheld_by_unit
from app.analytics.store import (
    SCHOOL,
    Column,
    Part,
    StoredWave,
    stored_part_in,
    write_part,
)
from app.analytics.tallies import tally_of
from app.chronology.wave_plan import Cohort
from app.directory.tables import CohortRow
from app.fieldwork.tables import Case, CaseEvent, Wave
from app.responses.rows import ANSWERED

if TYPE_CHECKING:
    import polars as pl


TOGETHER = 20  # schools whose answers are in memory at once: some ten megabytes
PACKED = 20_000  # persons whose values are held before they become codes


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild did: parts written, waves read again, persons in the parts written."""

    parts: int
    waves_read: int
    persons: int


class _Columns:
    """Columns of codes while they grow: schools may bring new variables, and new meanings.

    A column of Python values takes ten times the room of its codes, so that they are packed as
    they come.
    """

    def __init__(self, meanings: Mapping[str, Column]) -> None:
        self.meanings = dict(meanings)
        self.packs: list[_Pack] = []
        self._places: list[int] = []
        self._values: dict[str, list[Value]] = {}

    def add(self, rows: ColumnRows, place: int) -> None:
        """The persons of one school."""
        for name in rows.variables:
            self._values.setdefault(name, [None] * len(self._places))
        for name, column in self._values.items():
            column.extend(rows.column(name))
        self._places.extend([place] * len(rows))
        if len(self._places) >= PACKED:
            self.pack()

    def pack(self) -> None:
        """What was added since the last time, in codes."""
        import polars as pl  # noqa: PLC0415 (an extra)

        series, meant = [pl.Series(SCHOOL, self._places, dtype=pl.UInt16)], {}
        for name, values in self._values.items():
            codes, found = _coded(values, self.meanings.get(name))
            digits = [0 if code is None else code - found.low + 1 for code in codes]
            series.append(pl.Series(name, digits, dtype=_smallest(found)))
            self.meanings[name] = meant[name] = found
        self.packs.append(_Pack(pl.LazyFrame(series), meant))
        self._places, self._values = [], {}


@dataclass(frozen=True, slots=True)
class _Pack:
    """Persons as columns of digits, and what the digits meant when they were written."""

    frame: "pl.LazyFrame"
    meant: Mapping[str, Column]


def rebuild_part(
    session: Session, folder: Path, cohort: Cohort, questionnaire: int, *, now: datetime
) -> Rebuilt:
    """Bring one part up to the editions in force; nothing is written where none is new."""
    waves = _waves(session, cohort, questionnaire)
    heads = in_force(session, [wave_id for wave_id, _ in waves])
    before = stored_part_in(folder, cohort, questionnaire)
    kept = {} if before is None else {wave.wave_id: wave for wave in before.waves}
    wanted = {
        wave_id: None if (head := heads.get(wave_id)) is None else head.id for wave_id, _ in waves
    }
    left = set() if before is None else _left_since(session, before)
    same = before is not None and wanted == {w.wave_id: w.edition_id for w in before.waves}
    if same and not left:
        return Rebuilt(0, 0, 0)
    found: list[StoredWave] = []
    new = _Columns({} if before is None else before.columns)
    stays = {}
    changed = [
        (wave_id, school_id)
        for wave_id, school_id in waves
        if (head := heads.get(wave_id)) is not None
        and (wave_id in left or (old := kept.get(wave_id)) is None or old.edition_id != head.id)
    ]
    read = _read_schools(session, cohort, questionnaire, changed, heads)
    for place, (wave_id, school_id) in enumerate(waves):
        head, old = heads.get(wave_id), kept.get(wave_id)
        if head is None:
            found.append(StoredWave(wave_id, school_id, None))
        elif (
            before is not None
            and old is not None
            and old.edition_id == head.id
            and wave_id not in left
        ):
            found.append(old)
            stays[before.places[school_id]] = place
        else:
            stored, rows = next(read)
            found.append(stored)
            new.add(rows, place)
    frame = _frame_of(new, before, stays)
    withheld = withheld_by_unit(session, cohort, questionnaire, now=now, kept_only=True)
    part = Part(cohort, questionnaire, now, folder, tuple(found), new.meanings, withheld)
    write_part(folder, part, frame)
    return Rebuilt(1, len(changed), frame.height)


def _left_since(session: Session, part: Part) -> set[UUID]:
    """Waves whose rows still have somebody who has taken the answers back since they were written.

    Those kept as counts (`apart`) have no row of anybody.
    """
    answered = (
        select(CaseEvent.id)
        .where(col(CaseEvent.case_id) == col(Case.id), col(CaseEvent.disposition).in_(ANSWERED))
        .exists()
    )
    moved = session.exec(
        select(Case.wave_id)
        .join(Wave, col(Wave.id) == col(Case.wave_id))
        .join(CohortRow, col(CohortRow.id) == col(Wave.cohort_id))
        .where(
            CohortRow.entered == part.cohort.entered,
            CohortRow.leaves == part.cohort.leaves,
            Wave.questionnaire == part.questionnaire,
            col(Case.moved_at) > part.made_at,
            col(Case.disposition).not_in(ANSWERED),
            answered,
        )
        .distinct()
    )
    return set(moved) & {wave.wave_id for wave in part.waves if wave.edition_id and not wave.apart}


def parts_to_build(session: Session) -> list[tuple[Cohort, int]]:
    """Every questionnaire of a generation that was opened somewhere."""
    rows = session.exec(
        select(CohortRow.entered, CohortRow.leaves, Wave.questionnaire)
        .join(Wave, col(Wave.cohort_id) == col(CohortRow.id))
        .distinct()
    )
    return sorted((Cohort(entered, leaves), number) for entered, leaves, number in rows)


def _waves(session: Session, cohort: Cohort, questionnaire: int) -> list[tuple[UUID, UUID]]:
    rows = session.exec(
        select(Wave.id, Wave.school_id)
        .join(CohortRow, col(CohortRow.id) == col(Wave.cohort_id))
        .where(
            col(CohortRow.entered) == cohort.entered,
            col(CohortRow.leaves) == cohort.leaves,
            col(Wave.questionnaire) == questionnaire,
        )
        .order_by(col(Wave.school_id), col(Wave.id))
    )
    return list(rows.all())


def _read_schools(
    session: Session,
    cohort: Cohort,
    questionnaire: int,
    waves: Sequence[tuple[UUID, UUID]],
    heads: Mapping[UUID, EditionHead],
) -> Iterator[tuple[StoredWave, ColumnRows]]:
    """The persons of their editions, in the order of the schools; some of them read at once."""
    for start in range(0, len(waves), TOGETHER):
        some = waves[start : start + TOGETHER]
        schools = [school_id for _, school_id in some]
        places = places_of_schools(session, schools, cohort, questionnaire)
        frames = frames_of_schools(session, places, questionnaire)
        contents = edition_contents(session, [heads[wave_id].id for wave_id, _ in some])
        for wave_id, school_id in some:
            head = heads[wave_id]
            yield _in_columns(school_id, frames[school_id], head, contents[head.id])


def _in_columns(
    school_id: UUID, frame: AnalysisFrame, head: EditionHead, frozen: EditionContent
) -> tuple[StoredWave, ColumnRows]:
    """The persons of an edition, or its counts where they are no longer the same."""
    rows = frame.rows.first(head.answered)
    text = written(frozen)
    tally = tally_of(rows, frame.questionnaire)
    if frozen.tally.pairs is None:  # of before they were kept
        tally = replace(tally, pairs=None)
    now = EditionContent(tally, frozen.frame, frozen.balance)
    same = written(now) == text
    stored = StoredWave(
        wave_id=head.wave_id,
        school_id=school_id,
        edition_id=head.id,
        answered=head.answered,
        frame=head.frame,
        frozen_at=head.frozen_at,
        balance=frozen.balance,
        apart="" if same else text,
    )
    return stored, rows if same else rows.first(0)


def _frame_of(new: _Columns, before: Part | None, stays: Mapping[int, int]) -> "pl.DataFrame":
    """What stays of the part before and the new rows, in the same digits, by school."""
    import polars as pl  # noqa: PLC0415 (an extra)

    new.pack()
    packs = list(new.packs)
    if before is not None and stays:
        moved = pl.col(SCHOOL).replace_strict(
            list(stays), list(stays.values()), return_dtype=pl.UInt16
        )
        old = pl.scan_ipc(before.path).filter(pl.col(SCHOOL).is_in(list(stays)))
        packs.append(_Pack(old.with_columns(moved), before.columns))
    types = {name: _smallest(meaning) for name, meaning in new.meanings.items()}
    parts = []
    for pack in packs:
        columns = [pl.col(SCHOOL)]
        for name, kind in types.items():
            meant = pack.meant.get(name)
            if meant is None:
                columns.append(pl.lit(0, kind).alias(name))
                continue
            shift = meant.low - new.meanings[name].low
            shifted = (
                pl.when(pl.col(name) == 0).then(0).otherwise(pl.col(name).cast(pl.Int64) + shift)
            )
            columns.append((shifted.alias(name) if shift else pl.col(name)).cast(kind))
        parts.append(pack.frame.select(columns))
    whole = pl.concat(parts)
    if len(packs) > len(new.packs):  # the new ones come in the order of their schools
        whole = whole.sort(SCHOOL, maintain_order=True)
    return whole.collect()


def _coded(values: Sequence[Value], before: Column | None) -> tuple[list[int | None], Column]:
    """Codes of a column; what it meant before, its codes still mean."""
    known = [value for value in values if value is not None]
    words = before.words if before else ()
    marks = before.marks if before else ()
    if marks or any(isinstance(value, frozenset) for value in known):
        seen = {m for v in known if isinstance(v, frozenset) for m in v}
        marks = (*marks, *sorted(seen - set(marks)))
        bit = {mark: 1 << place for place, mark in enumerate(marks)}
        codes = [sum(bit[m] for m in v) if isinstance(v, frozenset) else None for v in values]
        return codes, Column(0, (1 << len(marks)) - 1, marks=marks)
    if words or any(isinstance(value, str) for value in known):
        words = (*words, *sorted({str(value) for value in known} - set(words)))
        place_of = {word: place for place, word in enumerate(words)}
        coded = [None if v is None else place_of[str(v)] for v in values]
        return coded, Column(0, len(words) - 1, words=words)
    numbers = [value if isinstance(value, int) else None for value in values]
    present = [number for number in numbers if number is not None]
    present += [before.low, before.high] if before else []
    return numbers, Column(min(present, default=0), max(present, default=0))


def _smallest(column: Column) -> "type[pl.DataType]":
    """A byte where it holds every digit."""
    import polars as pl  # noqa: PLC0415 (an extra)

    if column.size <= 1 << 8:
        return pl.UInt8
    return pl.UInt16 if column.size <= 1 << 16 else pl.Int64
