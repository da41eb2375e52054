"""How many cases stand where, by wave: summed for any unit without reading a case.

What the worker has gathered (`wave_count`) and what moved since (`case_move`) are added in one
statement, so that a count is always that of the cases of the same moment (decisions/0022).
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    Subquery,
    and_,
    case,
    delete,
    func,
    insert,
    literal,
    literal_column,
    null,
    or_,
    union_all,
    update,
)
from sqlalchemy import select as select_columns  # SQLModel's stops at four
from sqlalchemy.orm import Mapped, aliased
from sqlmodel import Session, col, select

from app.fieldwork.counting_tables import CaseMove, WaveCount
from app.fieldwork.dispositions import Disposition, Outcome, outcome
from app.fieldwork.inserting import insert_missing
from app.fieldwork.tables import Case, Wave

GATHERED = 5_000  # moves taken at once
Query: TypeAlias = "Select[*tuple[Any, ...]]"
Shape = Callable[[Query], Query]  # adds the joins and conditions of a question
Key = ColumnElement[Any] | Mapped[Any]
_COUNT = WaveCount.metadata.tables[WaveCount.__tablename__]
_COLUMNS = {group: _COUNT.c[group.name.lower()] for group in Outcome}
_FOLLOWED = ("known", "answered_before", "stayed")  # analytics/followed.py
_ANSWERED = (Disposition.COMPLETE, Disposition.PARTIAL)
_KEPT = tuple(func.sum(column) for column in _COLUMNS.values())
_STATE = (col(CaseMove.disposition), col(CaseMove.eligibility_confirmed))
_MOVED = (func.sum(col(CaseMove.cases)), *(literal_column("0") for _ in _KEPT[1:]))
_MOVE_OF_WAVE = col(CaseMove.wave_id) == col(Wave.id)
_COUNT_OF_WAVE = col(WaveCount.wave_id) == col(Wave.id)
_STATES = [(disposition, confirmed) for disposition in Disposition for confirmed in (True, False)]
# A state of each group, to put a count right by a move.
_SOME_STATE = {
    outcome(disposition, eligibility_confirmed=confirmed): (disposition, confirmed)
    for disposition, confirmed in reversed(_STATES)
}


def counts_by(
    session: Session, keys: Sequence[Key], shape: Shape
) -> dict[tuple[Any, ...], Counter[Outcome]]:
    """Cases by group for each value of some columns of the waves; one statement.

    Args:
        session: any.
        keys: of the wave or of what `shape` joins to it; none: the only key is ().
        shape: joins and conditions; the statement selects from `Wave`.
    """
    # The moves come by state and are put into groups here: as SQL that would be a long
    # expression, built anew at every page.
    moved: Query = select_columns(*keys, *_STATE, *_MOVED)
    kept: Query = select_columns(*keys, null(), null(), *_KEPT)
    both = union_all(
        shape(moved.select_from(Wave).join(CaseMove, _MOVE_OF_WAVE)).group_by(*keys, *_STATE),
        shape(kept.select_from(Wave).join(WaveCount, _COUNT_OF_WAVE)).group_by(*keys),
    )
    found: dict[tuple[Any, ...], Counter[Outcome]] = defaultdict(Counter)
    for row in session.connection().execute(both):
        key, (state, confirmed, *sums) = tuple(row[: len(keys)]), row[len(keys) :]
        groups = Outcome if state is None else [outcome(state, eligibility_confirmed=confirmed)]
        for group, cases in zip(groups, sums, strict=False):
            if cases:
                found[key][group] += int(cases)
    return dict(found)


def waves_by(
    session: Session, keys: Sequence[Key], shape: Shape, totals: Sequence[ColumnElement[Any]]
) -> dict[tuple[Any, ...], tuple[tuple[Any, ...], Counter[Outcome]]]:
    """Totals over the waves of each value of some columns, with their cases by group.

    As `counts_by`, in one look at each wave; a value without cases is there too.
    """
    kept: Query = select_columns(*keys, *totals, *_KEPT)
    joined = kept.select_from(Wave).outerjoin(WaveCount, _COUNT_OF_WAVE)
    rows = session.connection().execute(shape(joined).group_by(*keys)).all()
    moved: Query = select_columns(*keys, *_STATE, func.sum(col(CaseMove.cases)))
    moves = session.connection().execute(
        shape(moved.select_from(Wave).join(CaseMove, _MOVE_OF_WAVE)).group_by(*keys, *_STATE)
    )
    found: dict[tuple[Any, ...], tuple[tuple[Any, ...], Counter[Outcome]]] = {}
    for row in rows:
        key, rest = tuple(row[: len(keys)]), tuple(row[len(keys) :])
        groups = zip(Outcome, rest[len(totals) :], strict=True)
        counts = Counter({group: int(cases) for group, cases in groups if cases})
        found[key] = rest[: len(totals)], counts
    for row in moves:
        *at, state, confirmed, cases = row
        found[tuple(at)][1][outcome(state, eligibility_confirmed=confirmed)] += int(cases)
    return found


def sums_by_school(*conditions: ColumnElement[bool]) -> Subquery:
    """Waves under some conditions, cases that count and answered ones, of each school.

    Columns: school_id, waves, fielded, answered (None where a wave has no case). A school without
    such a wave is not there.
    """
    counted = [group for group in Outcome if group is not Outcome.NOT_ELIGIBLE]
    answered = (Outcome.COMPLETE, Outcome.PARTIAL)
    kept: Query = select_columns(
        col(Wave.school_id).label("school_id"),
        literal(1).label("waves"),
        sum((_COLUMNS[group] for group in counted), start=literal(0)).label("fielded"),
        sum((_COLUMNS[group] for group in answered), start=literal(0)).label("answered"),
    ).join(WaveCount, col(WaveCount.wave_id) == col(Wave.id), isouter=True)
    moved: Query = select_columns(
        col(Wave.school_id),
        literal(0),
        sum((_moved_into(group) for group in counted), start=literal(0)),
        sum((_moved_into(group) for group in answered), start=literal(0)),
    ).join(CaseMove, col(CaseMove.wave_id) == col(Wave.id))
    both = union_all(kept.where(*conditions), moved.where(*conditions)).subquery()
    return (
        select_columns(
            both.c.school_id,
            func.sum(both.c.waves).label("waves"),
            func.sum(both.c.fielded).label("fielded"),
            func.sum(both.c.answered).label("answered"),
        )
        .group_by(both.c.school_id)
        .subquery()
    )


def gather(session: Session) -> int:
    """Add the moves that are there to their waves; how many they were.

    Any number of workers: a move is taken by one of them.
    """
    some = select_columns(col(CaseMove.id)).order_by(col(CaseMove.id)).limit(GATHERED).subquery()
    taken = session.connection().execute(
        delete(CaseMove)
        .where(col(CaseMove.id).in_(select_columns(some.c.id)))
        .returning(
            col(CaseMove.wave_id),
            col(CaseMove.disposition),
            col(CaseMove.eligibility_confirmed),
            col(CaseMove.told),
            col(CaseMove.cases),
        )
    )
    moves = taken.all()
    counts: dict[UUID, Counter[Outcome]] = defaultdict(Counter)
    for wave_id, disposition, confirmed, _, cases in moves:
        counts[wave_id][outcome(disposition, eligibility_confirmed=confirmed)] += cases
    answered = {move.wave_id for move in moves if move.disposition in _ANSWERED}
    told = {move.wave_id for move in moves if move.told}
    follow = {*answered, *told, *_waves_after(session, answered)}
    for wave_id in sorted(counts.keys() | follow):  # in one order: two workers never wait
        if wave_id in counts:
            insert_missing(session, WaveCount, _nobody(wave_id), key=["wave_id"])
        grown = _added(counts.get(wave_id, {}))
        # What was worked out of it holds no longer.
        grown |= {"days": None} if wave_id in answered else {}
        grown |= dict.fromkeys(_FOLLOWED) if wave_id in follow else {}
        if grown:
            session.connection().execute(
                update(WaveCount).where(col(WaveCount.wave_id) == wave_id).values(grown)
            )
    return len(moves)


def put_right(session: Session) -> int:
    """Compare every wave with its cases, and correct it by moves; how many waves were wrong.

    None should ever be. One statement reads both, so that answers that come meanwhile count once.
    """
    told: Query = select_columns(
        col(WaveCount.wave_id),
        *(column.label(column.key) for column in _COLUMNS.values()),
    )
    moved: Query = select_columns(col(CaseMove.wave_id), *(_moved_into(group) for group in Outcome))
    are: Query = select_columns(
        col(Case.wave_id), *(case((_is_in(Case, group), -1), else_=0) for group in Outcome)
    )
    every = union_all(told, moved, are).subquery()
    sums = [func.sum(column) for column in list(every.c)[1:]]
    wrong = session.connection().execute(
        select_columns(every.c.wave_id, *sums)
        .group_by(every.c.wave_id)
        .having(or_(*(total != 0 for total in sums)))
    )
    moves = []
    waves = 0
    for wave_id, *differences in wrong:
        waves += 1
        for group, difference in zip(Outcome, differences, strict=True):
            if difference:
                disposition, confirmed = _SOME_STATE[group]
                moves.append(
                    {
                        "wave_id": wave_id,
                        "disposition": disposition,
                        "eligibility_confirmed": confirmed,
                        "cases": -int(difference),
                    }
                )
    if moves:
        session.connection().execute(insert(CaseMove), moves)
    return waves


def comes_after(earlier: type[Wave], later: type[Wave]) -> ColumnElement[bool]:
    """Condition: asked of the same generation of a school, with the number that follows."""
    return and_(
        col(later.cohort_id) == col(earlier.cohort_id),
        col(later.questionnaire) == col(earlier.questionnaire) + 1,
    )


def _waves_after(session: Session, waves: AbstractSet[UUID]) -> Sequence[UUID]:
    """In which the same persons are asked again: who stayed there is known anew."""
    earlier, later = aliased(Wave), aliased(Wave)
    return session.exec(
        select(later.id)
        .join(earlier, comes_after(earlier, later))
        .where(col(earlier.id).in_(waves))
    ).all()


def _nobody(wave_id: UUID) -> dict[str, object]:
    return {"wave_id": wave_id, **{column.key: 0 for column in _COLUMNS.values()}}


def _added(counts: Mapping[Outcome, int]) -> dict[str, object]:
    return {
        str(_COLUMNS[group].key): _COLUMNS[group] + cases
        for group, cases in counts.items()
        if cases
    }


def _moved_into(group: Outcome) -> ColumnElement[int]:
    return case((_is_in(CaseMove, group), col(CaseMove.cases)), else_=literal(0))


def _is_in(table: type[Case | CaseMove], group: Outcome) -> ColumnElement[bool]:
    """`dispositions.outcome`, as SQL."""
    disposition, confirmed = col(table.disposition), col(table.eligibility_confirmed)
    return or_(
        *(
            and_(disposition == state, confirmed.is_(sure))
            for state, sure in _STATES
            if outcome(state, eligibility_confirmed=sure) is group
        )
    )
