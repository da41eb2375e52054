"""The only door out of analytics: figures with their base, their words and their definition.

Process figures (sent, answered, rate) are live for whoever may see them (domain.md 3.8, 1).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction

from sqlmodel import Session

from app.analytics.asking import AudienceNotYours, division_of
from app.analytics.editions.publishing import EditionsUsed
from app.analytics.figure_sources import (
    Source,
    WaveOfUnit,
    frozen_source,
    live_frame_of,
    live_source,
    of_everybody,
)
from app.analytics.figures.traits import Trait
from app.analytics.frame.balance import balance_of
from app.analytics.frame.datasets import AnalysisFrame, frame_at_opening
from app.analytics.nonresponse import PLAN, Verdict, verdict
from app.analytics.pooling import Pool, Pooled, pool_of
from app.analytics.rates import Dispositions, OutcomeRates, knowledge_rate, outcome_rates
from app.analytics.release.crossed_release import CrossedRow, release_divided
from app.analytics.release.outcome_release import release_counted, withhold_wave
from app.analytics.release.pools import is_small
from app.analytics.release.told_part import told_in_part
from app.analytics.released import (
    OFFICE_SCHOOLS,
    Audience,
    Context,
    IndicatorRow,
    Reason,
    Weighted,
)
from app.analytics.response_rates import RatesReport, wave_rates
from app.fieldwork.queries import OutcomeCounts, unit_outcome_counts
from app.units.scope import Scope
from app.units.tables import OrganisationUnit, UnitKind

__all__ = (
    "SMALL_FRAME",
    "FrameReport",
    "IndicatorsReport",
    "WaveOfUnit",
    "audience_of",
    "indicators_report",
    "rates_report",
    "verdict_report",
)


@dataclass(frozen=True, slots=True)
class FrameReport:
    """Every rate over the frame, exact. Counts are persons; rates None where undefined.

    `frame` and `frame_at_opening` are both denominators: `late` persons were added after the
    opening, each with a reason, and denials that came later left `frame` alone.
    """

    counts: Dispositions
    rates: OutcomeRates
    knowledge_rate: Fraction | None
    self_reported: int
    verified: int
    frame: int
    frame_at_opening: int
    late: int
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class IndicatorsReport:
    """The outcomes of a wave as one audience may see them.

    `figures` are of everybody; `crossed` of each value of `by`, and then `figures` is empty.
    `verdict`: whether they may be presented, of the same persons as the figures.
    `process` is live for everybody; outcomes are live at the own school only, and for readers
    outside it those of `editions` (None at the own school).
    """

    audience: Audience
    by: Trait | None
    figures: tuple[IndicatorRow, ...]
    crossed: tuple[CrossedRow, ...]
    counts: OutcomeCounts  # of `process`
    process: RatesReport
    editions: EditionsUsed | None
    verdict: Verdict
    weighted: Weighted | None  # beside the figures, at the own school only
    pool: Pool | None  # where the generation is too small alone: what `pooled` is made of
    pooled: tuple[IndicatorRow, ...]  # the figures of the pool, for the same reader
    small: bool  # so few that even the own school reads what an office may
    in_part: tuple[IndicatorRow, ...] = ()  # what the sum withholds, of the schools that tell it


# Persons of a generation. Below it one answer points at somebody whom everybody at the school
# knows, so that its own staff too read only what an office may (domain.md 3.8, "Consequence").
SMALL_FRAME = 23


def rates_report(session: Session, scope: Scope, asked: WaveOfUnit) -> FrameReport:
    """Rates of a questionnaire of a generation over all schools of a unit.

    Source: domain.md 3.1, R1 to R10.

    Raises:
        NothingFielded: no such wave was opened within the scope.
    """
    frame = live_frame_of(session, scope, asked)
    balance = balance_of(session, frame.wave_ids, asked.questionnaire)
    opening = frame_at_opening(session, frame)
    return _process(frame, verdict(balance), opening)


def indicators_report(  # noqa: PLR0913 (each is a choice of the reader)
    session: Session,
    scope: Scope,
    asked: WaveOfUnit,
    *,
    by: str | None = None,
    within: tuple[str, str] | None = None,
    only: str | None = None,
    audience: Audience | None = None,
    now: datetime,
) -> IndicatorsReport:
    """Outcomes of a questionnaire of a generation, for the caller or for a stricter audience.

    Live for the own school; for everybody else from the editions in force (editions.py).
    Source: domain.md 3.2 to 3.6 for the figures, 3.8 for what may be told.

    Args:
        session: a reading one.
        scope: where the caller may see outcomes.
        asked: of a unit of the scope.
        by: a variable of the lattice (`LATTICE`).
        within: with `by`, only those who share a value of another: its name and the value.
        only: with `by`, one indicator: a big office waits for no other.
        audience: None is the caller's own.
        now: for a wave that is over and whose last edition is not kept yet.

    Raises:
        NothingFielded, TraitNotOffered, PairNotOffered, PairNotKept, AudienceNotYours.
        EditionAltered: an edition is not what was frozen.
    """
    reader = _reader(scope, asked.unit, audience)
    asked_by = division_of(by, within)
    trait = None if asked_by is None else asked_by.by
    source = (
        live_source(session, scope, asked)
        if reader is Audience.OWN
        else frozen_source(session, scope, asked, now=now)
    )
    small = reader is Audience.OWN and source.frame < SMALL_FRAME
    context = Context(
        audience=Audience.OFFICE if small else reader,
        schools=source.schools,
        crossed=trait is not None,
        frame=source.frame,
        answered=source.answered,
        withheld=source.withheld,
    )
    school = asked.unit.kind is UnitKind.SCHOOL
    few = source.schools < OFFICE_SCHOOLS and is_small(source.answered)
    alone = reader is Audience.OWN or not few
    number = asked.questionnaire
    crossed: Sequence[CrossedRow] = ()
    if asked_by is not None and alone:
        crossed = release_divided(source.counted, asked_by, context, only=only)
    figures: Sequence[IndicatorRow] = ()
    if trait is None:
        figures = of_everybody(source, context) if alone else withhold_wave(number, _why(source))
    pooled = (
        pool_of(session, asked.unit, asked.cohort, number, now=now)
        if trait is None and school and (small or not alone)  # nobody reads a pool divided
        else None
    )
    counts = _counts(session, scope, asked)
    return IndicatorsReport(
        audience=reader,
        by=trait,
        figures=tuple(figures),
        crossed=tuple(crossed),
        counts=counts,
        process=wave_rates(counts),
        editions=source.editions,
        verdict=verdict(source.balance),
        pool=None if pooled is None else pooled.pool,
        pooled=() if pooled is None else tuple(_of_pool(pooled, reader)),
        weighted=None if small or reader is not Audience.OWN else source.weighted,
        small=small,
        in_part=_in_part(source, figures, number) if reader is Audience.OFFICE else (),
    )


def _why(source: Source) -> Reason:
    """Why nothing is told of a unit: nothing was frozen of it, or it is too small."""
    if source.editions is None or source.editions.schools or not source.editions.waiting:
        return Reason.SMALL
    return Reason.IN_FIELD if source.editions.waiting > 1 else Reason.NO_EDITION


def _in_part(
    source: Source, figures: Iterable[IndicatorRow], wave: int
) -> tuple[IndicatorRow, ...]:
    """Indicators of which a sum tells nothing, of those schools that tell them."""
    told = {row.id for row in figures if row.value is not None}
    names = {row.id for row in figures if row.reason is Reason.PARTS} - told
    return tuple(told_in_part(source.parts, names, wave)) if names else ()


def verdict_report(session: Session, scope: Scope, asked: WaveOfUnit, *, now: datetime) -> Verdict:
    """Whether results may be presented; the groups behind it are for the own school only.

    Not even there the plans of so few that each is somebody's answer.

    Raises:
        NothingFielded: no such wave was opened within the scope.
    """
    if audience_of(scope, asked.unit) is Audience.OWN:
        frame = live_frame_of(session, scope, asked)
        found = verdict(balance_of(session, frame.wave_ids, asked.questionnaire))
        if frame.listed >= SMALL_FRAME:
            return found
        return replace(found, traits=tuple(one for one in found.traits if one.trait != PLAN))
    found = verdict(frozen_source(session, scope, asked, now=now).balance)
    return replace(found, traits=(), worst=None)


def audience_of(scope: Scope, unit: OrganisationUnit) -> Audience:
    """As who the caller reads a unit: its own school, or an office above (domain.md 3.8).

    The operator of the deployment stands above every school.
    """
    own = unit.kind is UnitKind.SCHOOL and unit.id in scope.whole_units
    return Audience.OWN if own else Audience.OFFICE


def _of_pool(pooled: Pooled, reader: Audience) -> list[IndicatorRow]:
    """As an office reads one school: a school could take its own part off the sum of a zone."""
    context = Context(
        audience=Audience.PUBLIC if reader is Audience.PUBLIC else Audience.OFFICE,
        frame=pooled.pool.frame,
        answered=pooled.pool.answered,
        withheld=pooled.withheld,
    )
    return release_counted(pooled.tally, context)


def _counts(session: Session, scope: Scope, asked: WaveOfUnit) -> OutcomeCounts:
    return unit_outcome_counts(session, scope, asked.unit.id, asked.cohort, asked.questionnaire)


_STRICTER = (Audience.OWN, Audience.OFFICE, Audience.PUBLIC)


def _reader(scope: Scope, unit: OrganisationUnit, asked: Audience | None) -> Audience:
    """The audience asked for, if it is not wider than the caller's."""
    theirs = audience_of(scope, unit)
    if asked is None:
        return theirs
    if scope.unlimited:  # the operator may look as anybody, but an office is no school
        return asked if unit.kind is UnitKind.SCHOOL else max(asked, Audience.OFFICE, key=_rank)
    if _rank(asked) < _rank(theirs):
        raise AudienceNotYours(asked=asked.value)
    return asked


def _rank(audience: Audience) -> int:
    return _STRICTER.index(audience)


def _process(frame: AnalysisFrame, found: Verdict, opening: int) -> FrameReport:
    return FrameReport(
        counts=frame.groups,
        rates=outcome_rates(frame.groups),
        knowledge_rate=knowledge_rate(frame.self_reported, frame.verified, frame.listed),
        self_reported=frame.self_reported,
        verified=frame.verified,
        frame=frame.listed,
        frame_at_opening=opening,
        late=frame.late,
        verdict=found,
    )
