"""Rebuild the columnar store from the responses: only what an edition changed is read again.

The persons of a wave are those of the edition that sums are made of (cuts.py). Where their counts
are no longer those that were frozen (somebody was erased since), the edition's own counts are kept
beside them, and no row of the wave (decisions/0023).
"""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from uuid import UUID

from sqlmodel import Session, col, select

from app.analytics.editions.content import EditionContent, balance_in, read_back, written
from app.analytics.editions.cuts import KeptCut, newest_cut
from app.analytics.editions.freezing import EditionHead, heads_of
from app.analytics.editions.kept import kept_blocks
from app.analytics.editions.rows import KeptRows, coded_rows, variables_kept
from app.analytics.editions.store import Part, StoredWave, home_of, stored_part_in, write_part
from app.analytics.editions.store_columns import growing_columns
from app.analytics.editions.texts import edition_texts
from app.analytics.frame.cases_read import places_of_schools
from app.analytics.frame.coded import Column
from app.analytics.frame.datasets import frames_of_schools
from app.analytics.frame.grouped_rows import ColumnRows
from app.analytics.frame.tallies import tally_of
from app.chronology.wave_plan import Cohort
from app.directory.tables import CohortRow
from app.fieldwork.tables import Case, CaseEvent, Wave
from app.responses.rows import ANSWERED

TOGETHER = 20  # schools that are read at once: ten megabytes, where it is from their answers


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild did: parts written, waves read again, persons in the parts written."""

    parts: int
    waves_read: int
    persons: int


def rebuild_part(
    session: Session, folder: Path, cohort: Cohort, questionnaire: int, *, now: datetime
) -> Rebuilt:
    """Bring one part up to the newest cut; nothing is written where that is not newer."""
    cut = newest_cut(session, cohort, questionnaire)
    if cut is None:
        return Rebuilt(0, 0, 0)
    waves = _waves(session, cohort, questionnaire)
    heads, superseded = _in_use(session, waves, cut)
    before = stored_part_in(folder, cohort, questionnaire)
    left = set() if before is None else _left_since(session, before)
    if before is not None and before.cut == cut.number and not left:
        return Rebuilt(0, 0, 0)
    places = {} if before is None else {w.edition_id: n for n, w in enumerate(before.waves)}
    changed = [
        (wave_id, school_id)
        for wave_id, school_id in waves
        if (head := heads.get(wave_id)) is not None and (wave_id in left or head.id not in places)
    ]
    wanted_rows = {wave_id for wave_id, _ in changed}
    read = _read_waves(session, cohort, questionnaire, changed, heads, left)
    stored: list[StoredWave] = []
    home, variables = home_of(folder, cohort, questionnaire), variables_kept(questionnaire)
    with growing_columns(home, variables, before) as columns:
        for place, (wave_id, school_id) in enumerate(waves):
            if wave_id in wanted_rows:
                one, rows = next(read)
                columns.add(rows, place)
            elif before is not None and wave_id in heads:
                old = places[heads[wave_id].id]
                one = before.waves[old]
                columns.stay(before, old, place)
            else:
                one = StoredWave(wave_id, school_id, None)
            stored.append(one)
        stored += _apart(session, superseded)
        part = _part(cut, cohort, questionnaire, now, folder, stored, columns.meanings)
        write_part(folder, part, columns.whole())
    return Rebuilt(1, len(changed), columns.persons)


def _in_use(
    session: Session, waves: Sequence[tuple[UUID, UUID]], cut: KeptCut
) -> tuple[dict[UUID, EditionHead], dict[UUID, list[EditionHead]]]:
    """The editions that sums are made of: the newest of each wave; by school, any others."""
    used, school_of = cut.editions, dict(waves)
    newest: dict[UUID, EditionHead] = {}
    others: dict[UUID, list[EditionHead]] = {}
    for head in sorted(
        heads_of(session, [wave_id for wave_id, _ in waves]), key=lambda head: -head.number
    ):
        if head.id in used:
            if head.wave_id in newest:
                others.setdefault(school_of[head.wave_id], []).append(head)
            newest.setdefault(head.wave_id, head)
    return newest, others


def _apart(session: Session, superseded: Mapping[UUID, Sequence[EditionHead]]) -> list[StoredWave]:
    """Editions whose wave has a newer one, as they were frozen."""
    texts = edition_texts(session, [head.id for some in superseded.values() for head in some])
    return [
        _stored(school_id, head, texts[head.id], same=False)
        for school_id, some in superseded.items()
        for head in some
    ]


def _part(  # noqa: PLR0913, PLR0917 (what a part is made of)
    cut: KeptCut,
    cohort: Cohort,
    questionnaire: int,
    now: datetime,
    folder: Path,
    stored: Sequence[StoredWave],
    columns: Mapping[str, Column],
) -> Part:
    place_of = {wave.edition_id: place for place, wave in enumerate(stored)}
    sums = {unit: told for unit in cut.cut.of_unit if (told := cut.of_unit(unit)) is not None}
    return Part(
        cohort,
        questionnaire,
        now,
        folder,
        tuple(stored),
        columns,
        cut.number,
        cut.taken_at,
        {unit: tuple(sorted(place_of[e] for e in told.editions)) for unit, told in sums.items()},
        {unit: told.withheld for unit, told in sums.items() if told.withheld},
    )


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


def _read_waves(
    session: Session,
    cohort: Cohort,
    questionnaire: int,
    waves: Sequence[tuple[UUID, UUID]],
    heads: Mapping[UUID, EditionHead],
    left: AbstractSet[UUID],
) -> Iterator[tuple[StoredWave, KeptRows]]:
    """The persons of their editions, in the order of the schools; some of them read at once.

    As they were kept with the edition; else from the answers as they are today.
    """
    for start in range(0, len(waves), TOGETHER):
        some = waves[start : start + TOGETHER]
        ids = [heads[wave_id].id for wave_id, _ in some]
        texts = edition_texts(session, ids)
        blocks = kept_blocks(session, ids, questionnaire)
        there = {w for w, _ in some if heads[w].id in blocks and w not in left}
        afresh = [school_id for wave_id, school_id in some if wave_id not in there]
        places = places_of_schools(session, afresh, cohort, questionnaire) if afresh else ()
        frames = frames_of_schools(session, places, questionnaire) if afresh else {}
        for wave_id, school_id in some:
            head = heads[wave_id]
            text, block = texts[head.id], blocks.get(head.id)
            if wave_id not in there or block is None:
                rows = frames[school_id].rows.first(head.answered)
                kept = coded_rows(rows, questionnaire)
                same = _counts_the_same(rows, text, questionnaire)
            else:
                kept = block.kept
                same = block.same_rules or _counts_the_same(kept.rows(), text, questionnaire)
            yield _stored(school_id, head, text, same=same), kept if same else KeptRows(0, {})


def _counts_the_same(rows: ColumnRows, text: str, questionnaire: int) -> bool:
    """Whether persons give the counts that were frozen."""
    frozen = read_back(text)
    tally = replace(tally_of(rows, questionnaire), gone=frozen.tally.gone)
    if frozen.tally.pairs is None:  # of before they were kept
        tally = replace(tally, pairs=None)
    return written(EditionContent(tally, frozen.frame, frozen.balance)) == text


def _stored(school_id: UUID, head: EditionHead, text: str, *, same: bool) -> StoredWave:
    return StoredWave(
        wave_id=head.wave_id,
        school_id=school_id,
        edition_id=head.id,
        answered=head.answered,
        frame=head.frame,
        frozen_at=head.frozen_at,
        balance=balance_in(text),
        apart="" if same else text,
    )
