"""The quick question says what the thorough one says, whatever the state."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlmodel import Session, select

from app.db.transactions import Database
from app.directory.states import ContactState
from app.directory.tables import ContactPoint, PanelMember
from app.fieldwork.addressees import correspondents
from app.fieldwork.dispositions import Disposition
from app.fieldwork.invitations import objections, pause_wave
from app.fieldwork.last_word import last_objections
from app.fieldwork.links import revoke_link
from app.fieldwork.noes import allow_next_waves, decline_next_waves, opt_out
from app.fieldwork.plans import Plans
from app.fieldwork.tables import Case, Wave, WaveState
from tests.fieldwork.field import KEYS, Person, a_school, a_wave, case_of

NOON = datetime(2026, 10, 1, 18, tzinfo=UTC)
NIGHT = datetime(2026, 10, 2, 5, tzinfo=UTC)


def nothing(session: Session, case: Case) -> None:
    """The twin: a case that may be written to."""


def opts_out(session: Session, case: Case) -> None:
    opt_out(session, case.member_id, source="page", now=NOON)


def revokes(session: Session, case: Case) -> None:
    revoke_link(session, case.id, KEYS, now=NOON)


def pauses(session: Session, case: Case) -> None:
    pause_wave(session, case.wave_id, reason="x", now=NOON)


def closes(session: Session, case: Case) -> None:
    session.get_one(Wave, case.wave_id).state = WaveState.CLOSED


def is_over(session: Session, case: Case) -> None:
    session.get_one(Wave, case.wave_id).closes_at = NOON


def is_a_minor(session: Session, case: Case) -> None:
    session.get_one(PanelMember, case.member_id).birth_date = "2009-01-01"


def is_a_minor_with_consent(session: Session, case: Case) -> None:
    is_a_minor(session, case)
    session.get_one(PanelMember, case.member_id).guardian_consent = True


def loses_the_address(session: Session, case: Case) -> None:  # noqa: ARG001
    session.exec(select(ContactPoint)).one().state = ContactState.DEAD


def declines_here(session: Session, case: Case) -> None:
    decline_next_waves(session, case.id, now=NOON)


def declined_before(session: Session, case: Case) -> None:
    wave = session.get_one(Wave, case.wave_id)
    earlier = case_of(session, an_earlier_wave(session, wave), case.member_id, now=NOON)
    session.flush()
    decline_next_waves(session, earlier, now=NOON)


def declined_and_came_back(session: Session, case: Case) -> None:
    declined_before(session, case)
    allow_next_waves(session, case.id, now=NOON + timedelta(minutes=1))


def an_earlier_wave(session: Session, wave: Wave) -> UUID:
    earlier = Wave(**{**wave.model_dump(exclude={"id"}), "questionnaire": 1})
    session.add(earlier)
    session.flush()
    return earlier.id


CHANGES = (
    nothing, opts_out, revokes, pauses, closes, is_over, is_a_minor, is_a_minor_with_consent,
    loses_the_address, declines_here, declined_before, declined_and_came_back,
)  # fmt: skip


@pytest.mark.parametrize("now", [NOON, NIGHT], ids=["noon", "night"])
@pytest.mark.parametrize("change", CHANGES)
def test_both_questions_have_one_answer(
    db: Database, change: Callable[[Session, Case], None], now: datetime
) -> None:
    with db.unit_of_work() as session:
        school = a_school(session, Person())
        wave = a_wave(session, school, now=NOON)
        case = session.get_one(Case, case_of(session, wave, school.members[0], now=NOON))
        change(session, case)
        session.flush()

        quick = last_objections(session, [case.id], Plans(), now=now)
        thorough = objections(correspondents(session, [case.id]), [case.id], Plans(), now=now)

    assert quick == thorough
    assert bool(quick) == (
        now == NIGHT or change not in (nothing, is_a_minor_with_consent, declines_here,
                                       declined_and_came_back)
    )  # fmt: skip


@pytest.mark.parametrize("disposition", list(Disposition))
def test_every_disposition(db: Database, disposition: Disposition) -> None:
    with db.unit_of_work() as session:
        school = a_school(session, Person())
        wave = a_wave(session, school, now=NOON)
        case = case_of(session, wave, school.members[0], disposition=disposition, now=NOON)

        quick = last_objections(session, [case], Plans(), now=NOON)
        thorough = objections(correspondents(session, [case]), [case], Plans(), now=NOON)

    assert quick == thorough
