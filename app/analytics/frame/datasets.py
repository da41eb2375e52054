"""The analysis frame: who counts in a wave of a unit, and a row for each person who answered.

Earlier waves of the same persons are linked; no text stays in a row.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from uuid import UUID

from sqlmodel import Session, col, func, select

from app.analytics.frame.cases_read import (
    COMPARED,
    CaseRead,
    Told,
    WavePlace,
    cases_of,
    places_below,
    told_in,
)
from app.analytics.frame.grouped_rows import ColumnRows, in_columns
from app.analytics.frame.kept_frames import KeptFrames
from app.analytics.nonresponse import Balance
from app.analytics.outcomes import Answers
from app.analytics.panel_row import Row, panel_row
from app.analytics.rates import Dispositions
from app.analytics.released import Context, IndicatorRow, Weighted
from app.chronology.wave_plan import Cohort
from app.fieldwork.dispositions import Disposition, Outcome, outcome
from app.fieldwork.tables import Case, CaseEvent
from app.responses.rows import response_stamps
from app.units.catalogues import catalogues
from app.units.scope import Scope

CORE: Mapping[int, tuple[str, ...]] = {  # without these the outcome is unknown
    1: ("plan_egreso",),
    2: ("estudia", "trabaja"),
    3: ("estudia", "trabaja"),
}
SELF = "self"  # of case.source; anything else is a third party that was checked
_NEVER_KEPT = tuple(f"{before}{name}" for before in ("", "q1_", "q2_") for name in COMPARED)


@dataclass(slots=True)
class FiguresOfFrame:
    """What was worked out of a frame: it does not change while the frame is the same."""

    figures: dict[Context, tuple[IndicatorRow, ...]] = field(default_factory=dict)
    weighted: tuple[Balance, Weighted | None] | None = None  # with the balance they were raked to


@dataclass(frozen=True, slots=True)
class AnalysisFrame:
    """The persons of one questionnaire of a generation, over the schools of a unit.

    `rows`: one for each complete or partial case, in the order in which they were finished
    (a partial one: started). `listed` is a denominator: who could be eligible now.
    """

    questionnaire: int
    rows: ColumnRows
    groups: Dispositions
    late: int  # joined after the frame was frozen
    self_reported: int  # answered the core themselves
    verified: int  # known through a third party
    schools: int  # with at least one answer
    wave_ids: tuple[UUID, ...]
    kept: FiguresOfFrame = field(default_factory=FiguresOfFrame, compare=False, repr=False)

    @property
    def listed(self) -> int:
        """Cases that are or may be eligible: the denominator of RR1 and RR2."""
        return self.groups.eligible + self.groups.UO


def analysis_frame(
    session: Session, scope: Scope, unit_id: UUID, cohort: Cohort, questionnaire: int
) -> AnalysisFrame:
    """The frame and the rows of a wave; a constant number of queries.

    A wave outside the scope does not exist; `wave_ids` is empty where there is none at all.
    """
    places = places_below(session, scope, unit_id, cohort, questionnaire)
    here = _asked(places, questionnaire)
    cases = cases_of(session, here)
    return _frame(questionnaire, places, cases, told_in(session, places, here))


def live_frame(
    session: Session, scope: Scope, unit_id: UUID, cohort: Cohort, questionnaire: int
) -> AnalysisFrame:
    """`analysis_frame`, without reading again what has not changed since somebody asked last.

    What is kept is known by all that it was made of: the cases as they are now, and how often
    each response was saved. Every accepted answer adds a row to `answer_revision`, in the same
    transaction, and none goes while its response is there.
    """
    places = places_below(session, scope, unit_id, cohort, questionnaire)
    here = _asked(places, questionnaire)
    cases = cases_of(session, here)
    waves = [place.wave_id for place in places]
    # Before the answers: what is saved in between is then read again, never the other way round.
    stamps = response_stamps(session, waves, answered_in=here)
    known_by = (questionnaire, places, cases, stamps, catalogues(session))
    kept = _kept.get(known_by)
    if kept is None:
        kept = _frame(questionnaire, places, cases, told_in(session, places, here))
        _kept.put(known_by, kept, size=len(kept.rows))
    return kept


def frames_of_schools(
    session: Session, places: Sequence[WavePlace], questionnaire: int
) -> dict[UUID, AnalysisFrame]:
    """The frame of each school of some waves of one generation, by its id; two queries."""
    here = _asked(places, questionnaire)
    cases, told = cases_of(session, here), told_in(session, places, here)
    school_of = {place.wave_id: place.school_id for place in places}
    mine: dict[UUID, list[CaseRead]] = {place.school_id: [] for place in places}
    for case in cases:
        mine[school_of[case.wave_id]].append(case)
    return {
        school_id: _frame(
            questionnaire,
            [place for place in places if place.school_id == school_id],
            found,
            told,
        )
        for school_id, found in mine.items()
    }


def frame_at_opening(session: Session, frame: AnalysisFrame) -> int:
    """Cases of the frozen frame, without those that school control had denied by then.

    A denominator, as `listed` is: late persons, and denials that came later, leave it alone.
    """
    denied = session.exec(
        select(func.count(func.distinct(col(CaseEvent.case_id))))
        .join(Case, col(Case.id) == col(CaseEvent.case_id))
        .where(
            col(Case.wave_id).in_(frame.wave_ids),
            col(Case.late_reason).is_(None),
            col(CaseEvent.disposition) == Disposition.NOT_ELIGIBLE,
            col(CaseEvent.at) <= col(Case.added_at),
        )
    ).one()
    return frame.listed + frame.groups.NE - frame.late - denied


_kept: KeptFrames[AnalysisFrame] = KeptFrames()


def _asked(places: Collection[WavePlace], questionnaire: int) -> list[UUID]:
    return [place.wave_id for place in places if place.questionnaire == questionnaire]


def _frame(
    questionnaire: int,
    places: Collection[WavePlace],
    cases: Sequence[CaseRead],
    told: Mapping[UUID, Mapping[int, Told]],
) -> AnalysisFrame:
    place_of = {place.wave_id: place for place in places}
    answered = sorted(
        (
            (mine[questionnaire].at.timestamp(), case)
            for case in cases
            if (mine := told.get(case.member_id)) is not None and questionnaire in mine
        ),
        key=itemgetter(0),
    )
    rows = {
        case.member_id: _row(questionnaire, case, place_of[case.wave_id], told[case.member_id])
        for _, case in answered
    }
    core = CORE[questionnaire]
    # The person's own word takes the place of what others told.
    known = {
        member_id
        for member_id, row in rows.items()
        if all(row.get(name) is not None for name in core)
    }
    return AnalysisFrame(
        questionnaire=questionnaire,
        rows=in_columns(rows.values()),
        groups=_groups(cases),
        late=sum(case.late for case in cases),
        self_reported=len(known),
        verified=sum(
            case.source != SELF
            and case.disposition is not Disposition.NOT_ELIGIBLE
            and case.member_id not in known
            for case in cases
        ),
        schools=len({place_of[case.wave_id].school_id for _, case in answered}),
        wave_ids=tuple(_asked(places, questionnaire)),
    )


def _row(questionnaire: int, case: CaseRead, place: WavePlace, told: Mapping[int, Told]) -> Row:
    roster: Answers = {
        "sexo": case.sex,
        "turno": _code(case.shift),
        "tipo_bachillerato": _code(case.track),
        "municipio_plantel": place.municipality,
    }
    row = panel_row(
        questionnaire,
        {number: one.answers for number, one in told.items()},
        roster,
        graduated=case.left_on,
        interviewed={number: one.day for number, one in told.items()},
    )
    for name in _NEVER_KEPT:
        row.pop(name, None)
    return row


def _groups(cases: Sequence[CaseRead]) -> Dispositions:
    counts = dict.fromkeys((group.value for group in Outcome), 0)
    for case in cases:
        counts[outcome(case.disposition, eligibility_confirmed=case.confirmed).value] += 1
    return Dispositions(**counts)


def _code(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() else None
