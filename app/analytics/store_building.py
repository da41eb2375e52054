"""Rebuild the columnar store from the responses: only what an edition changed is read again.

The persons of a wave are those of its edition in force. Where their counts are no longer those
that were frozen (somebody was erased since), the edition's own counts are kept beside them.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from sqlmodel import Session, col, select

from app.analytics.datasets import analysis_frame
from app.analytics.edition_content import EditionContent, written
from app.analytics.editions import EditionHead, edition_content, in_force
from app.analytics.panel_row import Row, Value
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
from app.fieldwork.tables import Wave
from app.units.scope import WHOLE

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild did: parts written, waves read again, persons in the parts written."""

    parts: int
    waves_read: int
    persons: int


@dataclass(slots=True)
class _Columns:
    """Columns while they grow: rows may bring new variables."""

    places: list[int] = field(default_factory=list)
    values: dict[str, list[Value]] = field(default_factory=dict)

    def add(self, rows: Collection[Row], place: int) -> None:
        """The persons of one school."""
        for row in rows:
            for name in row:
                self.values.setdefault(name, [None] * len(self.places))
            for name, column in self.values.items():
                column.append(row.get(name))
            self.places.append(place)


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
    if before is not None and wanted == {w.wave_id: w.edition_id for w in before.waves}:
        return Rebuilt(0, 0, 0)
    found: list[StoredWave] = []
    new, stays = _Columns(), {}
    read = 0
    for place, (wave_id, school_id) in enumerate(waves):
        head, old = heads.get(wave_id), kept.get(wave_id)
        if head is None:
            found.append(StoredWave(wave_id, school_id, None))
        elif before is not None and old is not None and old.edition_id == head.id:
            found.append(old)
            stays[before.places[school_id]] = place
        else:
            stored, rows = _read_wave(session, cohort, questionnaire, school_id, head)
            found.append(stored)
            new.add(rows, place)
            read += 1
    meanings, frame = _frame_of(new, before, stays)
    withheld = withheld_by_unit(session, cohort, questionnaire, now=now, kept_only=True)
    part = Part(cohort, questionnaire, now, folder, tuple(found), meanings, withheld)
    write_part(folder, part, frame)
    return Rebuilt(1, read, frame.height)


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


def _read_wave(
    session: Session, cohort: Cohort, questionnaire: int, school_id: UUID, head: EditionHead
) -> tuple[StoredWave, Collection[Row]]:
    """The persons of an edition, or its counts where they are no longer the same."""
    frame = analysis_frame(session, WHOLE, school_id, cohort, questionnaire)
    rows = frame.rows.first(head.answered)
    frozen = edition_content(session, head.id)
    text = written(frozen)
    tally = tally_of(rows, questionnaire)
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
    return stored, rows if same else ()


def _frame_of(
    new: _Columns, before: Part | None, stays: Mapping[int, int]
) -> tuple[Mapping[str, Column], "pl.DataFrame"]:
    """What stays of the part before, column by column, and the new rows in the same codes."""
    import polars as pl  # noqa: PLC0415 (an extra)

    meanings = {} if before is None else dict(before.columns)
    series = [pl.Series(SCHOOL, new.places, dtype=pl.UInt16)]
    for name, values in new.values.items():
        codes, meanings[name] = _coded(values, meanings.get(name))
        low = meanings[name].low
        digits = [0 if code is None else code - low + 1 for code in codes]
        series.append(pl.Series(name, digits, dtype=pl.Int64))
    parts = [pl.LazyFrame(series)]
    if before is not None and stays:
        moved = pl.col(SCHOOL).replace_strict(
            list(stays), list(stays.values()), return_dtype=pl.UInt16
        )
        old = pl.scan_ipc(before.path).filter(pl.col(SCHOOL).is_in(list(stays)))
        shifted = [
            pl.when(pl.col(name) == 0)
            .then(0)
            .otherwise(pl.col(name).cast(pl.Int64) + shift)
            .alias(name)
            for name, column in before.columns.items()
            if (shift := column.low - meanings[name].low)
        ]
        parts.append(old.with_columns(moved, *shifted))
    types = {name: _smallest(meaning) for name, meaning in meanings.items()}
    whole = pl.concat(parts, how="diagonal_relaxed").fill_null(0).sort(SCHOOL, maintain_order=True)
    kinds = [pl.col(name).cast(kind) for name, kind in types.items()]
    return meanings, whole.with_columns(kinds).collect()


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
