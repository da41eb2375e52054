"""How well a generation is followed: whose situation is known (R10), and who stays (R12).

Process figures, of the cases of the same moment (domain.md 3.8, rule 1). What is worked out of a
wave is kept beside its counts while no case that matters to it moves (decisions/0030).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, union_all, update
from sqlalchemy import select as select_columns  # SQLModel's stops at four
from sqlalchemy.orm import aliased
from sqlmodel import Session, and_, col, func, or_, select

from app.analytics.frame.datasets import CORE, SELF
from app.analytics.rates import share
from app.chronology.wave_plan import Cohort
from app.directory.tables import CohortRow
from app.fieldwork.counting_tables import CaseMove, WaveCount
from app.fieldwork.dispositions import Disposition
from app.fieldwork.tables import Case, Wave
from app.fieldwork.wave_counts import comes_after
from app.responses.rows import ANSWERED
from app.responses.tables import Answer, Response
from app.units.queries import at_or_below
from app.units.scope import Scope

KEPT = 50  # waves worked out at once
FEW = 200  # waves whose cases are read by name; of more, those of all of the unit are


@dataclass(frozen=True, slots=True)
class Followed:
    """Persons. `known` of `frame`: their situation, told by them or by somebody who was checked.

    `stayed` of `before`: who answered the questionnaire before this one answered this one too.
    """

    known: int
    frame: int
    stayed: int
    before: int

    @property
    def knowledge_rate(self) -> Fraction | None:
        """R10 (NACE); None where nobody is listed."""
        return share(self.known, self.frame)

    @property
    def retention(self) -> Fraction | None:
        """R12; None where nobody answered before, or nothing was asked before."""
        return share(self.stayed, self.before)


class _Numbers(NamedTuple):
    """Of some waves, in the order in which statements give them."""

    known: int = 0
    before: int = 0
    stayed: int = 0

    def plus(self, other: "_Numbers") -> "_Numbers":
        return _Numbers(*map(sum, zip(self, other, strict=True)))


def followed(
    session: Session,
    scope: Scope,
    unit_id: UUID,
    cohort: Cohort,
    questionnaire: int,
    frame: int,
) -> Followed:
    """Of one questionnaire of a generation over the schools of a unit.

    Args:
        session: one that reads at one moment.
        scope: of the reader.
        unit_id: of a school, or of an office of any size.
        cohort: the generation.
        questionnaire: 1, 2 or 3.
        frame: its cases that are or may be eligible, as counted at the same moment.
    """
    here = waves_of_unit(scope, unit_id, cohort, questionnaire)
    total, others = _Numbers(), _that_do_not_hold(session, here)
    if len(others) <= FEW:
        total, others = _kept(session, here, others)
    asked: ColumnElement[bool] = col(Wave.id).in_(others)
    if len(others) > FEW:
        total, asked = _Numbers(), here
    for numbers in _counted(session, questionnaire, asked).values() if others else ():
        total = total.plus(numbers)
    return Followed(total.known, frame, total.stayed, total.before)


def keep_followed(session: Session) -> int:
    """Work out some waves of which nothing is kept; how many they were."""
    waves = (
        session.connection()
        .execute(
            select_columns(col(WaveCount.wave_id), col(Wave.questionnaire))
            .join(Wave, col(Wave.id) == col(WaveCount.wave_id))
            .where(col(WaveCount.known).is_(None))
            .order_by(col(WaveCount.wave_id))
            .limit(KEPT)
            # Before the cases are read: whoever gathers a later move comes after us.
            .with_for_update(of=WaveCount)
        )
        .all()
    )
    for questionnaire in {number for _, number in waves}:
        mine = [wave_id for wave_id, number in waves if number == questionnaire]
        found = _counted(session, questionnaire, col(Wave.id).in_(mine))
        _keep(session, [(wave_id, found.get(wave_id, _Numbers())) for wave_id in mine])
    return len(waves)


def waves_of_unit(
    scope: Scope, unit_id: UUID, cohort: Cohort, questionnaire: int
) -> ColumnElement[bool]:
    """Condition on Wave: of this questionnaire and generation, below a unit and within reach."""
    mine = select(CohortRow.id).where(
        CohortRow.entered == cohort.entered,
        CohortRow.leaves == cohort.leaves,
        at_or_below(scope, unit_id, col(CohortRow.school_id)),
    )
    return and_(col(Wave.questionnaire) == questionnaire, col(Wave.cohort_id).in_(mine))


def nucleus_of(questionnaire: int) -> ColumnElement[bool]:
    """Answered by the person, with every question of the nucleus."""
    told = (
        select(Answer.response_id)
        .join(Response, col(Response.id) == col(Answer.response_id))
        .where(
            col(Response.case_id) == col(Case.id),
            col(Answer.variable) == name,
            col(Answer.value).is_not(None),
            col(Answer.missing).is_(None),
        )
        .exists()
        for name in CORE[questionnaire]
    )
    return and_(col(Case.disposition).in_(ANSWERED), *told)


def _that_do_not_hold(session: Session, here: ColumnElement[bool]) -> Sequence[UUID]:
    """Waves that were not worked out since a move that matters to them, gathered or not."""
    answered = col(CaseMove.disposition).in_(ANSWERED)
    earlier, later = aliased(Wave), aliased(Wave)
    emptied = select(WaveCount.wave_id).where(col(WaveCount.known).is_(None))
    stirred = select(CaseMove.wave_id).where(or_(answered, col(CaseMove.told)))
    after = (
        select(later.id)
        .select_from(CaseMove)
        .join(earlier, col(earlier.id) == col(CaseMove.wave_id))
        .join(later, comes_after(earlier, later))
        .where(answered)
    )
    few = union_all(emptied, stirred, after)
    return session.exec(select(Wave.id).where(col(Wave.id).in_(few), here)).all()


def _kept(
    session: Session, here: ColumnElement[bool], others: Sequence[UUID]
) -> tuple[_Numbers, Sequence[UUID]]:
    """What is kept of all but some waves, and these with those that never had a case."""
    counted = col(WaveCount.wave_id) == col(Wave.id)
    waves, rows, *sums = (
        session.connection()
        .execute(
            select_columns(
                func.count(),
                func.count(col(WaveCount.wave_id)),
                func.sum(col(WaveCount.known)),
                func.sum(col(WaveCount.answered_before)),
                func.sum(col(WaveCount.stayed)),
            )
            .select_from(Wave)
            .outerjoin(WaveCount, counted)
            .where(here, *([col(Wave.id).not_in(others)] if others else ()))
        )
        .one()
    )
    kept = _Numbers(*(total or 0 for total in sums))
    if waves == rows:
        return kept, others
    without = select(Wave.id).outerjoin(WaveCount, counted)
    missing = session.exec(without.where(here, col(WaveCount.wave_id).is_(None))).all()
    return kept, [*others, *missing]


def _counted(
    session: Session, questionnaire: int, here: ColumnElement[bool]
) -> dict[UUID, _Numbers]:
    """By wave, as its cases say; two queries. A wave without any is not there."""
    eligible = col(Case.disposition) != Disposition.NOT_ELIGIBLE
    told = or_(nucleus_of(questionnaire), and_(eligible, col(Case.source) != SELF))
    known = session.connection().execute(
        select_columns(col(Case.wave_id), func.count())
        .join(Wave, col(Wave.id) == col(Case.wave_id))
        .where(here, told)
        .group_by(col(Case.wave_id))
    )
    found = {wave_id: _Numbers(known=persons) for wave_id, persons in known}
    earlier, first = aliased(Case), aliased(Wave)
    again = session.connection().execute(
        select_columns(col(Wave.id), func.count(), func.count(col(Case.id)))
        .select_from(Wave)
        .join(first, comes_after(first, Wave))
        .join(earlier, col(earlier.wave_id) == col(first.id))
        .outerjoin(
            Case,
            and_(
                col(Case.wave_id) == col(Wave.id),
                col(Case.member_id) == col(earlier.member_id),
                col(Case.disposition).in_(ANSWERED),
            ),
        )
        .where(here, col(earlier.disposition).in_(ANSWERED))
        .group_by(col(Wave.id))
    )
    for wave_id, before, stayed in again:
        found[wave_id] = found.get(wave_id, _Numbers())._replace(before=before, stayed=stayed)
    return found


def _keep(session: Session, numbers: Sequence[tuple[UUID, _Numbers]]) -> None:
    session.connection().execute(
        _KEEP,
        [
            {"wave": wave_id, "k": found.known, "b": found.before, "s": found.stayed}
            for wave_id, found in numbers
        ],
    )


_COUNT = WaveCount.metadata.tables[WaveCount.__tablename__]
_KEEP = (
    update(_COUNT)
    .where(_COUNT.c.wave_id == bindparam("wave"))
    .values(known=bindparam("k"), answered_before=bindparam("b"), stayed=bindparam("s"))
)
