"""Where the figures of a unit start: the live answers of a school, or the editions in force.

What was worked out of the same persons is not worked out again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlmodel import Session

from app.analytics.asking import NothingFielded
from app.analytics.editions.cuts import UnitSum, kept_summand, newest_cut
from app.analytics.editions.publishing import (
    EditionsUsed,
    Publication,
    Published,
    count_waves,
    editions_used,
    published,
    published_as,
)
from app.analytics.editions.store import Below, stored_part
from app.analytics.frame.balance import balance_of
from app.analytics.frame.datasets import AnalysisFrame, live_frame
from app.analytics.frame.kept_frames import KeptFrames
from app.analytics.frame.tallies import Counted, CountedRows, CountedTogether, Tally, add_tallies
from app.analytics.nonresponse import Balance, add_balances
from app.analytics.release.outcome_release import release_counted
from app.analytics.release.sum_parts import summand_of
from app.analytics.release.told_part import School
from app.analytics.released import (
    OFFICE_SCHOOLS,
    Context,
    IndicatorRow,
    Weighted,
)
from app.analytics.sensitivity import weighted_figures
from app.chronology.wave_plan import Cohort
from app.units.queries import schools_below
from app.units.scope import Scope
from app.units.tables import OrganisationUnit, UnitKind

READ_APART = 50  # schools of a sum whose editions are read for what is told in part (told_part.py)


@dataclass(frozen=True, slots=True)
class WaveOfUnit:
    """One questionnaire of a generation, over all schools of a unit (a school: itself)."""

    unit: OrganisationUnit
    cohort: Cohort
    questionnaire: int


@dataclass(frozen=True, slots=True)
class Source:
    """The counts that a release starts from."""

    counted: Counted
    answered: int
    frame: int
    schools: int
    balance: Balance
    editions: EditionsUsed | None = None
    weighted: Weighted | None = None
    withheld: frozenset[tuple[str, str]] = frozenset()  # of a sum of schools (Context)
    parts: Sequence[School] = ()  # the schools of a sum that withholds anything
    kept: dict[Context, tuple[IndicatorRow, ...]] | None = None  # released of these counts before


@dataclass(frozen=True, slots=True)
class _Sum:
    """Kept editions added up, and the figures that were released of them."""

    tally: Tally
    balance: Balance
    kept: dict[Context, tuple[IndicatorRow, ...]] = field(default_factory=dict)


_sums: KeptFrames[_Sum] = KeptFrames(room=32)


def live_source(session: Session, scope: Scope, asked: WaveOfUnit) -> Source:
    frame = live_frame_of(session, scope, asked)
    number = asked.questionnaire
    balance = balance_of(session, frame.wave_ids, number)
    return Source(
        counted=CountedRows(frame.rows, number),
        answered=len(frame.rows),
        frame=frame.listed,
        schools=frame.schools,
        balance=balance,
        weighted=_weighted(frame, balance),
        kept=frame.kept.figures,
    )


def _weighted(frame: AnalysisFrame, balance: Balance) -> Weighted | None:
    """Weighed once while the persons who answered and the balance of all are the same."""
    kept = frame.kept.weighted
    if kept is None or kept[0] != balance:
        kept = balance, weighted_figures(frame.rows, frame.questionnaire, balance)
        frame.kept.weighted = kept
    return kept[1]


def frozen_source(session: Session, scope: Scope, asked: WaveOfUnit, *, now: datetime) -> Source:
    stored = _stored(session, scope, asked)
    if stored is not None:
        return stored
    found, told = _published(session, scope, asked, now=now)
    if not found.editions and not found.waiting:
        raise _nothing(asked)
    added = _added(found, asked.questionnaire)
    source = Source(
        added.tally,
        added.tally.answered,
        found.frame,
        found.schools,
        added.balance,
        editions_used(found),
        kept=added.kept,
    )
    if told is None:
        return source
    parts = [_school(session, one) for one in found.editions] if told.withheld else []
    return replace(
        source,
        withheld=told.withheld,
        parts=parts,
        editions=replace(editions_used(found), cut_at=told.cut_at),
    )


def _published(
    session: Session, scope: Scope, asked: WaveOfUnit, *, now: datetime
) -> tuple[Publication, UnitSum | None]:
    """The edition in force of a school; of a unit with more of them, those its sum is made of."""
    wave = asked.unit.id, asked.cohort, asked.questionnaire
    if asked.unit.kind is UnitKind.SCHOOL:
        return published(session, scope, *wave, now=now), None
    waves = count_waves(session, scope, *wave)
    if waves == 1:
        return published(session, scope, *wave, now=now), None
    cut = newest_cut(session, asked.cohort, asked.questionnaire)
    told = None if cut is None else cut.of_unit(asked.unit.id)
    editions = () if told is None else sorted(told.editions)
    found = published_as(session, scope, asked.unit.id, editions)
    if len(found) < len(editions):
        return Publication((), waves), None  # it is of schools that are not theirs
    return Publication(found, waves - len(found)), told


def _added(found: Publication, questionnaire: int) -> _Sum:
    """Together, once while they are the same editions; one that is not kept yet may change."""
    ids = [one.head.id for one in found.editions if one.head is not None]
    known_by = (questionnaire, *ids) if len(ids) == len(found.editions) else None
    added = None if known_by is None else _sums.get(known_by)
    if added is None:
        tally = add_tallies([one.content.tally for one in found.editions], questionnaire)
        added = _Sum(tally, add_balances(one.content.balance for one in found.editions))
        if known_by is not None:
            _sums.put(known_by, added)
    return added


def _school(session: Session, edition: Published) -> School:
    head, content = edition.head, edition.content
    summand = summand_of(content.tally) if head is None else kept_summand(session, head.id)
    return School(summand, content.frame)


def _stored(session: Session, scope: Scope, asked: WaveOfUnit) -> Source | None:
    """An office's figures out of the columnar store, if one is kept, as of when it was made.

    All of them: what one sum withholds was decided with the others, of the same editions.
    """
    part = stored_part(asked.cohort, asked.questionnaire)
    if part is None or asked.unit.kind is UnitKind.SCHOOL:
        return None
    if asked.unit.id not in part.below:
        schools = schools_below(session, scope, asked.unit.id)
        fielded = {school.id for school in schools if school.id in part.places}
        here = part.of_unit.get(asked.unit.id, ())
        balance = add_balances(part.waves[place].balance for place in here)
        part.below[asked.unit.id] = Below(here, len(fielded) - len(here), balance)
    below = part.below[asked.unit.id]
    if len(below.places) < OFFICE_SCHOOLS:
        return None  # few editions are read as they are
    waves = [part.waves[place] for place in below.places]
    counted: Counted = CountedRows(part.rows(below.places), asked.questionnaire)
    if apart := part.apart(below.places):
        counted = CountedTogether([counted, *apart], asked.questionnaire)
    used = EditionsUsed(
        schools=sum(wave.answered > 0 for wave in waves),
        waiting=below.waiting,
        number=None,
        kind=None,
        frozen_at=max((w.frozen_at for w in waves if w.frozen_at is not None), default=None),
        accepted_at=None,
        reason=None,
        answered=sum(wave.answered for wave in waves),
        frame=sum(wave.frame for wave in waves),
        cut_at=part.cut_at,
    )
    withheld = part.withheld.get(asked.unit.id, frozenset())
    few = waves if withheld and len(waves) <= READ_APART else []
    return Source(
        counted,
        used.answered,
        used.frame,
        used.schools,
        below.balance,
        used,
        withheld=withheld,
        parts=[
            School(kept_summand(session, wave.edition_id), wave.frame)
            for wave in few
            if wave.edition_id is not None
        ],
        kept=below.kept,
    )


def live_frame_of(session: Session, scope: Scope, asked: WaveOfUnit) -> AnalysisFrame:
    frame = live_frame(session, scope, asked.unit.id, asked.cohort, asked.questionnaire)
    if not frame.wave_ids:
        raise _nothing(asked)
    return frame


def _nothing(asked: WaveOfUnit) -> NothingFielded:
    return NothingFielded(
        unit=asked.unit.name, cohort=asked.cohort, questionnaire=asked.questionnaire
    )


def of_everybody(source: Source, context: Context) -> Sequence[IndicatorRow]:
    """The figures of all together, counted once while the persons are the same."""
    if source.kept is None:
        return release_counted(source.counted, context)
    if context not in source.kept:
        source.kept[context] = tuple(release_counted(source.counted, context))
    return source.kept[context]
