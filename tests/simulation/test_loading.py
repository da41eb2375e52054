"""A world in the database: whole, marked, apart from real people, and at rest."""

from dataclasses import replace

import pytest
from sqlmodel import func, select

from app.db import marks
from app.db.transactions import Database
from app.directory.keyed import match_keys
from app.directory.tables import ContactKind, ContactPoint, PanelMember
from app.fieldwork.stationery import post_office
from app.fieldwork.tables import Case, Wave, WindowChange
from app.messaging.addresses import is_simulated
from app.messaging.mailbox import newest
from app.responses.tables import Answer
from app.settings import Environment, Settings
from app.simulation.doors import open_doors
from app.simulation.loading import (
    AlreadySimulated,
    Loaded,
    OnlyInDevelopment,
    RealPeople,
    finish,
    load_school,
    move_windows,
    prepare,
    refuse_unfit,
)
from app.simulation.parameters import parameters
from app.simulation.staffing import demo_accounts, hire
from app.staff.addresses import staff_keys
from app.staff.passwords import HashedPassword
from app.staff.tables import StaffAccount, StaffGrantGroup
from app.units.scope import WHOLE
from app.worker.deployment import Deployment
from app.worker.schedule import schedule
from tests.conftest import DATA_KEYS
from tests.fieldwork.field import a_school
from tests.simulation.worlds import NOW, a_plan
from tests.web.world import settings_for


@pytest.fixture
def settings(database_url: str) -> Settings:
    return settings_for(database_url)


@pytest.fixture
def loaded(db: Database, settings: Settings) -> Loaded:
    """The demonstration with the people of its smallest school only."""
    office = post_office(settings)
    plan = a_plan()
    with db.unit_of_work() as session:
        refuse_unfit(session, settings)
        ground = prepare(session, plan, office, match_keys(DATA_KEYS), assumed=parameters())
        total = load_school(session, ground, ground.schools[2], office)
        move_windows(session, ground)
        accounts = demo_accounts(ground.schools[2:], plan)
        keys = staff_keys(DATA_KEYS)
        hire(session, accounts, HashedPassword("hash"), keys=keys, now=NOW)
        finish(session, plan, kind="test")
    return total


def test_a_school_comes_with_its_past(db: Database, loaded: Loaded) -> None:
    with db.reading() as session:
        stored = Loaded(
            schools=1,
            members=session.exec(select(func.count()).select_from(PanelMember)).one(),
            waves=session.exec(select(func.count()).select_from(Wave)).one(),
            cases=session.exec(select(func.count()).select_from(Case)).one(),
            responses=loaded.responses,
            answers=session.exec(select(func.count()).select_from(Answer)).one(),
            messages=loaded.messages,
        )
        moved = session.exec(select(WindowChange.reason)).all()
        mark = marks.marked(session, marks.SIMULATED)
    assert stored == loaded
    assert (loaded.members, loaded.waves) == (28, 8)
    assert loaded.responses > 15
    assert loaded.messages > 20
    assert all(reason.startswith("Demostración") for reason in moved)
    assert mark is not None
    assert mark.startswith("test seed=prueba")


@pytest.mark.usefixtures("loaded")
def test_everybody_stored_is_simulated_and_out_of_reach(db: Database) -> None:
    with db.reading() as session:
        members = session.exec(select(PanelMember)).all()
        mails = session.exec(
            select(ContactPoint).where(ContactPoint.kind == ContactKind.EMAIL)
        ).all()
        letters = newest(session, WHOLE)
    assert all(member.simulated for member in members)
    assert len(mails) > 10
    assert all(is_simulated(mail.value) for mail in mails)
    assert letters
    assert all(is_simulated(letter.recipient) for letter in letters)


@pytest.mark.usefixtures("loaded")
def test_a_tick_finds_nothing_to_put_right(db: Database, settings: Settings) -> None:
    report = schedule(Deployment(settings, db, lambda: NOW))
    assert (len(report.opened), report.closed, report.queued) == (0, 0, 0)
    assert report.followed == replace(report.followed, joined=0, confirmed=0, denied=0, restored=0)


@pytest.mark.usefixtures("loaded")
def test_somebody_can_be_answered_for(db: Database, settings: Settings) -> None:
    with db.reading() as session:
        doors = open_doors(session, post_office(settings))
    assert {door.questionnaire for door in doors} >= {2, 3}
    assert all(door.url.startswith("http://127.0.0.1:8000/e/") for door in doors)


@pytest.mark.usefixtures("loaded")
def test_staff_can_sign_in_and_the_tutor_sees_one_group(db: Database) -> None:
    with db.reading() as session:
        accounts = session.exec(select(StaffAccount)).all()
        groups = session.exec(select(StaffGrantGroup)).all()
    assert len(accounts) == 6
    assert all(account.password_hash == "hash" for account in accounts)
    assert len(groups) == 1


@pytest.mark.usefixtures("loaded")
def test_a_second_world_is_refused(db: Database, settings: Settings) -> None:
    with db.reading() as session, pytest.raises(AlreadySimulated):
        refuse_unfit(session, settings)


def test_real_people_are_left_alone(db: Database, settings: Settings) -> None:
    with db.unit_of_work() as session:
        a_school(session)

    with db.reading() as session, pytest.raises(RealPeople):
        refuse_unfit(session, settings)


def test_production_is_refused(db: Database, settings: Settings) -> None:
    production = replace(settings, environment=Environment.PRODUCTION)

    with db.reading() as session, pytest.raises(OnlyInDevelopment):
        refuse_unfit(session, production)
