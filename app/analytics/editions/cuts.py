"""Cuts: of which editions the sums of schools are made, kept for good (release/cuts.py).

A cut is taken when the last edition of every wave that is over was frozen, and some came since the
one before. Readers of sums read the newest; none of them plans anything. Source: domain.md 3.8,
rule 1; decisions/0031.
"""

import json
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from threading import Lock
from uuid import UUID, uuid4

from sqlalchemy import func
from sqlalchemy import select as select_columns  # SQLModel's stops at four
from sqlmodel import Session, col, select

from app.analytics.editions.freezing import in_force, is_over
from app.analytics.editions.tables import SumCut
from app.analytics.editions.withheld import small_summands, summand_of_edition
from app.analytics.figures.joint import Query
from app.analytics.release.cuts import Cut, Entry, next_cut, withheld_in
from app.analytics.release.sum_parts import Each, Summand, one_by_one
from app.analytics.release.told_before import ToldSum
from app.analytics.tables import EditionKind, ResultEdition
from app.chronology.wave_plan import Cohort
from app.directory.tables import CohortRow
from app.fieldwork.inserting import insert_missing
from app.fieldwork.tables import Wave
from app.units.tables import UnitAncestor

BATCH = 500
CUTS, SCHOOLS = 64, 2_000  # kept by a process
_lock = Lock()
_cuts: OrderedDict[UUID, "KeptCut"] = OrderedDict()  # by id: none ever changes
_schools: OrderedDict[UUID, Summand] = OrderedDict()  # by edition, which never changes


@dataclass(frozen=True, slots=True)
class UnitSum:
    """Of which editions the sum of a unit is made, and what it withholds."""

    editions: frozenset[UUID]
    withheld: frozenset[Query]
    cut_at: datetime


@dataclass(frozen=True, slots=True)
class KeptCut:
    """A cut of a questionnaire of a generation. `basis`: a short name of what it was taken of."""

    number: int
    taken_at: datetime
    basis: str
    questionnaire: int
    cut: Cut

    def of_unit(self, unit_id: UUID) -> UnitSum | None:
        """What a unit is told; None where none of its schools has closed and was answered."""
        if unit_id not in self.cut.of_unit:
            return None
        told = self.cut.told[self.cut.of_unit[unit_id]]
        editions = frozenset(self.cut.entries[place].edition for place in told.places)
        return UnitSum(editions, withheld_in(self.cut, told, self.questionnaire), self.taken_at)

    def told_within(self, place_of: Mapping[UUID, int]) -> Iterator[ToldSum]:
        """Every sum that was ever told of several of these editions, and of no other."""
        here = [place_of.get(entry.edition) for entry in self.cut.entries]
        for one in self.cut.told:
            places = frozenset(p for place in one.places if (p := here[place]) is not None)
            if len(places) == len(one.places) > 1:
                yield ToldSum(places, withheld_in(self.cut, one, self.questionnaire))

    @property
    def editions(self) -> Mapping[UUID, UUID]:
        """Every edition that the sum of a unit is made of now, and its school."""
        numbers = set(self.cut.of_unit.values())
        places = frozenset[int]().union(*(self.cut.told[number].places for number in numbers))
        entries = [self.cut.entries[place] for place in sorted(places)]
        return {one.edition: one.school for one in entries}


@dataclass(frozen=True, slots=True)
class CutDraft:
    """A cut that is planned but not kept yet."""

    cohort: Cohort
    questionnaire: int
    number: int
    basis: str
    cut: Cut


def newest_cut(session: Session, cohort: Cohort, questionnaire: int) -> KeptCut | None:
    """The cut that readers outside a school read; None before the first."""
    identifier = session.exec(
        select(SumCut.id)
        .where(
            SumCut.entered == cohort.entered,
            SumCut.leaves == cohort.leaves,
            SumCut.questionnaire == questionnaire,
        )
        .order_by(col(SumCut.number).desc())
        .limit(1)
    ).first()
    if identifier is None:
        return None
    with _lock:
        if identifier in _cuts:
            _cuts.move_to_end(identifier)
            return _cuts[identifier]
    row = session.get_one(SumCut, identifier)
    found = KeptCut(row.number, row.taken_at, row.basis, questionnaire, _read(row.content))
    with _lock:
        _cuts[identifier] = found
        while len(_cuts) > CUTS:
            _cuts.popitem(last=False)
    return found


def fielded(session: Session) -> list[tuple[Cohort, int]]:
    """Every questionnaire of a generation that was opened somewhere."""
    rows = session.exec(
        select(CohortRow.entered, CohortRow.leaves, Wave.questionnaire)
        .join(Wave, col(Wave.cohort_id) == col(CohortRow.id))
        .distinct()
    )
    return sorted((Cohort(entered, leaves), number) for entered, leaves, number in rows)


def newly_closed(session: Session) -> list[tuple[Cohort, int]]:
    """Those of which an edition of a close came, or was accepted, since the last cut."""
    taken = {
        (entered, leaves, number): at
        for entered, leaves, number, at in session.exec(
            select(
                SumCut.entered, SumCut.leaves, SumCut.questionnaire, func.max(SumCut.taken_at)
            ).group_by(col(SumCut.entered), col(SumCut.leaves), col(SumCut.questionnaire))
        )
    }
    rows = session.connection().execute(
        select_columns(
            col(CohortRow.entered),
            col(CohortRow.leaves),
            col(Wave.questionnaire),
            func.max(col(ResultEdition.frozen_at)),
            func.max(col(ResultEdition.accepted_at)),
        )
        .join(Wave, col(Wave.id) == col(ResultEdition.wave_id))
        .join(CohortRow, col(CohortRow.id) == col(Wave.cohort_id))
        .where(col(ResultEdition.kind) != EditionKind.STEP, col(ResultEdition.answered) > 0)
        .group_by(col(CohortRow.entered), col(CohortRow.leaves), col(Wave.questionnaire))
    )
    return sorted(
        (Cohort(entered, leaves), number)
        for entered, leaves, number, frozen, accepted in rows
        if (at := taken.get((entered, leaves, number))) is None
        or max(frozen, accepted or frozen) >= at
    )


def editions_to_cut(
    session: Session, cohort: Cohort, questionnaire: int, *, now: datetime
) -> list[UUID]:
    """Those of which the next cut must know what they withhold."""
    entries = _entries(session, cohort, questionnaire, now=now)
    before = newest_cut(session, cohort, questionnaire)
    last = () if before is None else before.cut.entries
    return sorted({one.edition for one in (*last, *entries)})


def draft_cut(
    session: Session,
    cohort: Cohort,
    questionnaire: int,
    *,
    now: datetime,
    each: Each = one_by_one,
) -> CutDraft | None:
    """The next cut of a questionnaire of a generation; None where nothing came. Reads only.

    Nor while a wave that is over waits for its last edition: what closes on one day comes together.
    """
    entries = _entries(session, cohort, questionnaire, now=now)
    if not entries:
        return None
    before = newest_cut(session, cohort, questionnaire)
    basis = _basis(entries)
    if before is not None and before.basis == basis:
        return None
    last = Cut() if before is None else before.cut
    editions = {one.edition for one in (*last.entries, *entries)}
    summands = small_summands(session, sorted(editions))
    cut = next_cut(last, entries, summands, questionnaire, each=each)
    number = 1 if before is None else before.number + 1
    return CutDraft(cohort, questionnaire, number, basis, cut)


def keep_cut(session: Session, draft: CutDraft, *, now: datetime) -> bool:
    """Keep it, unless a rival kept that number first."""
    values = {
        "id": uuid4(),
        "entered": draft.cohort.entered,
        "leaves": draft.cohort.leaves,
        "questionnaire": draft.questionnaire,
        "number": draft.number,
        "taken_at": now,
        "basis": draft.basis,
        "content": _written(draft.cut),
    }
    key = ["entered", "leaves", "questionnaire", "number"]
    return insert_missing(session, SumCut, values, key=key)


def kept_summand(session: Session, edition_id: UUID) -> Summand:
    """A school's edition as the sums above it must know it; worked out once by a process."""
    with _lock:
        if edition_id in _schools:
            _schools.move_to_end(edition_id)
            return _schools[edition_id]
    found = summand_of_edition(session, edition_id)
    with _lock:
        _schools[edition_id] = found
        while len(_schools) > SCHOOLS:
            _schools.popitem(last=False)
    return found


def _entries(
    session: Session, cohort: Cohort, questionnaire: int, *, now: datetime
) -> dict[Entry, frozenset[UUID]]:
    """The editions in force of waves that are over, with the units above their schools."""
    waves = [
        wave
        for wave in _waves(session, cohort, questionnaire)
        if is_over(wave.state, wave.closes_at, now=now)
    ]
    heads = in_force(session, [wave.id for wave in waves])
    if any(wave.id not in heads or heads[wave.id].kind is EditionKind.STEP for wave in waves):
        return {}
    answered = [wave for wave in waves if heads[wave.id].answered]
    above = _units_above(session, [wave.school_id for wave in answered])
    return {Entry(heads[w.id].id, w.school_id): above[w.school_id] for w in answered}


def _waves(session: Session, cohort: Cohort, questionnaire: int) -> Sequence[Wave]:
    return session.exec(
        select(Wave)
        .join(CohortRow, col(CohortRow.id) == col(Wave.cohort_id))
        .where(
            CohortRow.entered == cohort.entered,
            CohortRow.leaves == cohort.leaves,
            Wave.questionnaire == questionnaire,
        )
        .order_by(col(Wave.id))
    ).all()


def _units_above(session: Session, school_ids: Sequence[UUID]) -> dict[UUID, frozenset[UUID]]:
    """The units above each school, in either hierarchy; the school itself is none of them."""
    found: dict[UUID, set[UUID]] = {school_id: set() for school_id in school_ids}
    for start in range(0, len(school_ids), BATCH):
        rows = session.exec(
            select(UnitAncestor.unit_id, UnitAncestor.ancestor_id).where(
                col(UnitAncestor.unit_id).in_(school_ids[start : start + BATCH]),
                col(UnitAncestor.unit_id) != col(UnitAncestor.ancestor_id),
            )
        )
        for school_id, unit_id in rows:
            found[school_id].add(unit_id)
    return {school_id: frozenset(units) for school_id, units in found.items()}


def _basis(entries: Mapping[Entry, Iterable[UUID]]) -> str:
    lines = sorted(f"{one.edition} {sorted(map(str, above))}" for one, above in entries.items())
    return sha256("\n".join(lines).encode()).hexdigest()


def _written(cut: Cut) -> str:
    queries = sorted({query for one in cut.told for query in one.withheld})
    number_of = {query: number for number, query in enumerate(queries)}
    document = {
        "known": sorted(cut.known),
        "entries": [[str(one.edition), str(one.school)] for one in cut.entries],
        "queries": queries,
        "told": [
            [sorted(one.places), sorted(number_of[query] for query in one.withheld)]
            for one in cut.told
        ],
        "units": {str(unit): number for unit, number in cut.of_unit.items()},
    }
    return json.dumps(document, separators=(",", ":"))


def _read(text: str) -> Cut:
    found = json.loads(text)
    queries: list[Query] = [(name, cell) for name, cell in found["queries"]]
    return Cut(
        entries=tuple(Entry(UUID(edition), UUID(school)) for edition, school in found["entries"]),
        told=tuple(
            ToldSum(frozenset(places), frozenset(queries[number] for number in withheld))
            for places, withheld in found["told"]
        ),
        of_unit={UUID(unit): number for unit, number in found["units"].items()},
        known=frozenset(found["known"]),
    )
