"""Schools with answered waves, for the tests of figures: everything through the real tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, update

from app.chronology.wave_plan import Cohort
from app.db.transactions import Database
from app.directory.tables import PanelMember
from app.fieldwork.dispositions import Disposition
from app.fieldwork.tables import Case, CaseEvent, Wave, WaveState
from app.questionnaires.library import source_file
from app.questionnaires.publication import publish
from app.responses.tables import Answer, Response
from app.units.tables import OrganisationUnit
from app.worker.cuts import take_cuts
from app.worker.deployment import Deployment
from app.worker.editions import freeze_editions
from tests.fieldwork.field import Person, a_member, a_school, case_of
from tests.fieldwork.field import School as FieldSchool
from tests.web.respondent.site import settings

COHORT = Cohort(2023, 2026)
OPENS = {1: date(2026, 5, 1), 2: date(2026, 10, 1), 3: date(2027, 10, 1)}
COMPLETE, SILENT = Disposition.COMPLETE, Disposition.INVITED
OVER = datetime(2025, 1, 1, tzinfo=UTC)  # before the now of every test: editions are due
LATER = datetime(2028, 3, 1, tzinfo=UTC)  # every wave is over, and its late queues arrived
Given = Mapping[str, object]


@dataclass(frozen=True)
class Someone:
    """A person of the frame: what they answered, by questionnaire, and what school control says."""

    answers: Mapping[int, Given] = field(default_factory=dict)
    disposition: Disposition = COMPLETE
    confirmed: bool = True
    late: bool = False
    source: str = "self"
    sex: str = "M"
    track: str = "2"
    missing: Mapping[str, int] = field(default_factory=dict)  # typed missings of the last wave


def answered(number: int, /, **answers: object) -> Someone:
    """A complete questionnaire."""
    return Someone({number: answers})


def a_surveyed_school(
    session: Session,
    number: int,
    people: Sequence[Someone],
    *,
    code: str = "15ECT0001A",
    office: UUID | None = None,
    state: WaveState = WaveState.CLOSED,
) -> UUID:
    """A school whose cohort 2023-2026 is in wave `number`, with the waves before it; its id."""
    school = a_school(session, code=code, cohort=COHORT, office=office)
    a_surveyed_generation(session, school, number, people, state=state)
    return school.unit_id


def a_surveyed_generation(
    session: Session,
    school: FieldSchool,
    number: int,
    people: Sequence[Someone],
    *,
    state: WaveState = WaveState.CLOSED,
) -> None:
    """A generation that a school has already, in wave `number`, with the waves before it."""
    unit = session.get_one(OrganisationUnit, school.unit_id)
    unit.municipality = "15106"
    waves = {n: _wave(session, school, n, state) for n in range(1, number + 1)}
    for someone in people:
        _add(session, school, waves, someone)
    session.flush()


def _wave(session: Session, school: FieldSchool, number: int, state: WaveState) -> UUID:
    opened = moment(number) - timedelta(days=9)
    wave = Wave(
        school_id=school.unit_id,
        cohort_id=school.cohort_id,
        questionnaire=number,
        version_id=publish(session, source_file(number).text, now=opened).id,
        opens=OPENS[number],
        closes=OPENS[number] + timedelta(days=61),
        opens_at=opened,
        closes_at=OVER if state is WaveState.CLOSED else opened + timedelta(days=61),
        reference_monday=OPENS[number] - timedelta(days=10),
        frozen_at=opened,
        state=state,
    )
    session.add(wave)
    session.flush()
    return wave.id


def moment(number: int) -> datetime:
    """Ten days into the window."""
    opens = OPENS[number]
    return datetime(opens.year, opens.month, 11, 18, tzinfo=UTC)


def _add(
    session: Session, school: FieldSchool, waves: Mapping[int, UUID], someone: Someone
) -> None:
    member_id = a_member(session, school, Person(left_on=date(2026, 7, 10), mail="ana@x.mx"))
    session.exec(
        update(PanelMember)
        .where(col(PanelMember.id) == member_id)
        .values(sex=someone.sex, shift="1", track=someone.track)
    )
    last = max(waves)
    for number, wave_id in waves.items():
        given = someone.answers.get(number)
        here = someone.disposition if number == last else (COMPLETE if given else SILENT)
        at = moment(number)
        case_id = case_of(session, wave_id, member_id, disposition=here, now=at)
        case = session.get_one(Case, case_id)
        if number == last:
            case.eligibility_confirmed, case.source = someone.confirmed, someone.source
            case.late_reason = "llegó tarde" if someone.late else None
        if here is Disposition.NOT_ELIGIBLE:
            session.add(CaseEvent(case_id=case_id, disposition=here, at=at))
        if given is not None:
            missing = someone.missing if number == last else {}
            _respond(session, case_id, wave_id, {**given, **dict.fromkeys(missing)}, missing, at)


def _respond(
    session: Session,
    case_id: UUID,
    wave_id: UUID,
    given: Given,
    missing: Mapping[str, int],
    at: datetime,
) -> None:
    response = Response(
        case_id=case_id,
        version_id=session.get_one(Wave, wave_id).version_id,
        started_at=at,
        last_saved_at=at,
        finished_at=at,
    )
    session.add(response)
    session.flush()
    session.add_all(
        Answer(
            response_id=response.id,
            variable=name,
            value=value,
            missing=missing.get(name),
            revision=1,
            saved_at=at,
        )
        for name, value in given.items()
    )


def settled(db: Database, now: datetime = LATER) -> None:
    """What the worker does once waves are over: their last editions, and the sums of them."""
    freeze_editions(Deployment(settings(), db, lambda: now))
    cut(db, now)


def cut(db: Database, now: datetime = LATER) -> int:
    """What offices are told of sums from now on; how many questionnaires that concerns."""
    return take_cuts(Deployment(settings(), db, lambda: now))
