"""What the sums of a wave withhold, worked out once for every set of editions in force.

It depends on every school of the deployment, because every sum is released together with the
others (holding.py). Where a columnar store is kept, it is worked out with it and read from there.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from threading import Lock
from uuid import UUID

from sqlmodel import Session, col, select

from app.analytics.editions.cores import on_two_cores
from app.analytics.editions.freezing import (
    DueEdition,
    EditionHead,
    draft_edition,
    in_force,
    is_over,
)
from app.analytics.editions.withheld import small_summands, summand_of_edition
from app.analytics.figures.joint import Query
from app.analytics.release.sum_parts import (
    Each,
    Summand,
    one_by_one,
    summand_of,
    withheld_of_sums,
)
from app.analytics.tables import EditionKind
from app.chronology.wave_plan import Cohort
from app.directory.tables import CohortRow
from app.fieldwork.tables import Wave
from app.units.tables import UnitAncestor

BATCH = 500
PLANS, SCHOOLS = 64, 2_000  # kept by a process
Withheld = Mapping[UUID, frozenset[Query]]  # by unit, where it withholds anything
Above = Mapping[UUID, frozenset[UUID]]  # the units above each school
_lock = Lock()
_plans: OrderedDict[object, Withheld] = OrderedDict()
_schools: OrderedDict[UUID, Summand] = OrderedDict()  # by edition, which never changes


def withheld_by_unit(
    session: Session, cohort: Cohort, questionnaire: int, *, now: datetime, kept_only: bool = False
) -> Withheld:
    """What the sums of each unit withhold of a questionnaire of a generation, for every reader.

    `kept_only`: without waves that are over and whose edition is not kept yet, as the store.
    """
    waves = _waves(session, cohort, questionnaire)
    heads = in_force(session, [wave.id for wave in waves])
    over = [w for w in waves if w.id not in heads and is_over(w.state, w.closes_at, now=now)]
    fresh = [] if kept_only else over
    answered = {w.school_id: heads[w.id] for w in waves if w.id in heads and heads[w.id].answered}
    above = units_above(session, [*answered, *(wave.school_id for wave in fresh)])
    key = (questionnaire, frozenset(h.id for h in answered.values()), frozenset(above.items()))
    if not fresh:
        with _lock:
            if key in _plans:
                _plans.move_to_end(key)
                return _plans[key]
    if kept_only:  # as many as there are: in little room, and none of them is remembered
        schools = small_summands(session, {one: head.id for one, head in answered.items()})
    else:
        schools = {one: kept_summand(session, head) for one, head in answered.items()}
    for wave in fresh:  # read as its edition will be
        due = DueEdition(wave.id, 1, EditionKind.CLOSE, None)
        tally = draft_edition(session, due).content.tally
        if tally.answered:
            schools[wave.school_id] = summand_of(tally)
    each = on_two_cores if kept_only else one_by_one  # readers leave the second to others
    found = withheld_of_schools(schools, above, questionnaire, each=each)
    if not fresh:
        with _lock:
            _plans[key] = found
            while len(_plans) > PLANS:
                _plans.popitem(last=False)
    return found


def withheld_of_unit(
    session: Session, unit_id: UUID, cohort: Cohort, questionnaire: int, *, now: datetime
) -> frozenset[Query]:
    """What the sums of one unit withhold."""
    found = withheld_by_unit(session, cohort, questionnaire, now=now)
    return found.get(unit_id, frozenset())


def withheld_of_schools(
    schools: Mapping[UUID, Summand], above: Above, questionnaire: int, *, each: Each = one_by_one
) -> Withheld:
    """The same of schools that are at hand, each with an answer."""
    order = sorted(schools)
    places: dict[UUID, set[int]] = {}
    for place, school_id in enumerate(order):
        for unit_id in above[school_id]:
            places.setdefault(unit_id, set()).add(place)
    of_unit = {unit: frozenset(found) for unit, found in places.items() if len(found) > 1}
    sums = sorted(set(of_unit.values()), key=sorted)
    found = withheld_of_sums([schools[one] for one in order], sums, questionnaire, each=each)
    by_places = dict(zip(sums, found, strict=True))
    return {unit: by_places[mine] for unit, mine in of_unit.items() if by_places[mine]}


def units_above(session: Session, school_ids: Iterable[UUID]) -> Above:
    """The units above each school, in either hierarchy; the school itself is none of them."""
    wanted = list(school_ids)
    found: dict[UUID, set[UUID]] = {school_id: set() for school_id in wanted}
    for start in range(0, len(wanted), BATCH):
        rows = session.exec(
            select(UnitAncestor.unit_id, UnitAncestor.ancestor_id).where(
                col(UnitAncestor.unit_id).in_(wanted[start : start + BATCH]),
                col(UnitAncestor.unit_id) != col(UnitAncestor.ancestor_id),
            )
        )
        for school_id, unit_id in rows:
            found[school_id].add(unit_id)
    return {school_id: frozenset(units) for school_id, units in found.items()}


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


def kept_summand(session: Session, head: EditionHead) -> Summand:
    """A school's edition as the sums above it must know it; worked out once by a process."""
    with _lock:
        if head.id in _schools:
            _schools.move_to_end(head.id)
            return _schools[head.id]
    found = summand_of_edition(session, head.id)
    with _lock:
        _schools[head.id] = found
        while len(_schools) > SCHOOLS:
            _schools.popitem(last=False)
    return found
