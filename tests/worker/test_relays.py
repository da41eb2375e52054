"""Somebody close is asked once, by SMS, to pass the link on to whom nobody reaches."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlmodel import Session, select

from app.db.transactions import Database
from app.directory.contacts import set_alternate
from app.directory.keyed import match_keys
from app.directory.states import ContactKind, ContactSource, ContactState
from app.directory.tables import AlternateContact, ContactPoint, OptOut
from app.fieldwork.channels import written_channels
from app.fieldwork.dispositions import Disposition
from app.fieldwork.prospects import rehearsal
from app.fieldwork.relay_letters import refuse, refusing
from app.fieldwork.relaying import relays_of
from app.fieldwork.tables import Case, RelativeAsked, ThirdPartySilence
from app.messaging.queries import messages_about
from app.messaging.states import OutboxState
from app.settings import Settings
from tests.fieldwork.field import LONG_AGO, Person, School, a_member, a_school, only_case, versions
from tests.messaging.gateway_server import GatewayServer
from tests.worker.deployments import a_tick, settings_at
from tests.worker.test_end_to_end import OPENING

ROSA = "+525587654321"
DAY = timedelta(days=1)
TEXT = '{"to": "{{telefono}}", "body": "{{texto}}"}'


@pytest.fixture
def gateway(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[GatewayServer]:
    with GatewayServer(tmp_path) as found:
        monkeypatch.setenv("SSL_CERT_FILE", str(found.authority))
        yield found


def settings_with(gateway: GatewayServer, folder: Path, document: str = TEXT) -> Settings:
    return settings_at(
        folder,
        {
            "SMTP_URL": "smtp://127.0.0.1:9?tls=off",
            "SMS_URL": f"https://127.0.0.1:{gateway.port}/",
            "SMS_JSON": document,
            "GATEWAY_HOSTS": "127.0.0.1",
        },
    )


def names_rosa(session: Session, member_id: UUID) -> None:
    set_alternate(
        session,
        member_id,
        name="Rosa",
        phone=ROSA,
        relationship="1",
        source=ContactSource.RESPONDENT,
        now=LONG_AGO,
    )


def unreachable(db: Database, *people: Person) -> School:
    """People without any way of their own, who named Rosa."""
    with db.unit_of_work() as session:
        school = a_school(session, *people)
        versions(session)
        for member_id in school.members:
            names_rosa(session, member_id)
    return school


def state_of(db: Database, case: Case) -> tuple[OutboxState, str | None]:
    with db.reading() as session:
        (row,) = messages_about(session, [case.id])
    return row.state, row.reason


def the_case(db: Database) -> Case:
    with db.reading() as session:
        case = only_case(session)
        session.expunge(case)
    return case


def test_somebody_close_is_asked_once_and_told_how_to_refuse(
    db: Database, gateway: GatewayServer, tmp_path: Path
) -> None:
    settings = settings_with(gateway, tmp_path)
    unreachable(db, Person(mail=None))
    with db.reading() as session:
        said = rehearsal(
            session,
            now=OPENING - DAY,
            days=60,
            channels=written_channels(settings),
            relays=relays_of(settings),
        )

    sent = [a_tick(db, settings, OPENING + number * DAY).sent for number in range(40)]

    assert (sent[0], sum(sent)) == (1, 1)
    assert {day.day: dict(day.messages) for day in said if day.messages} == {
        OPENING.date(): {"sms": 1}
    }
    (asked,) = gateway.asked
    words = asked.document["body"]
    assert asked.document["to"] == ROSA
    assert words.startswith("Hola, Rosa. Somos Plantel 15ECT0001A. Ana nos dio este numero")
    assert "/e/" in words
    assert "/no-avisar/" in words
    assert "/verifica" in words
    assert "/baja/" not in words  # that would stop the messages of Ana
    case = the_case(db)
    # It counts among the six; nobody has contacted the person by it.
    assert (case.contacts, case.last_step, case.disposition) == (1, None, Disposition.PLANNED)


def test_a_dead_mail_leads_to_the_relative_and_a_new_one_back_to_the_person(
    db: Database, gateway: GatewayServer, tmp_path: Path
) -> None:
    settings = settings_with(gateway, tmp_path)
    unreachable(db, Person())
    a_tick(db, settings, OPENING - timedelta(hours=6))  # the wave opens; messages wait for nine
    before = len(gateway.asked)
    with db.unit_of_work() as session:
        session.exec(select(ContactPoint)).one().state = ContactState.DEAD
    a_tick(db, settings, OPENING + 4 * DAY)  # first reminder

    assert before == 0
    assert [one.document["to"] for one in gateway.asked] == [ROSA]
    with db.unit_of_work() as session:
        point = session.exec(select(ContactPoint)).one()
        point.state, point.kind, point.value = ContactState.CONFIRMED, ContactKind.MOBILE, "+525511"
    a_tick(db, settings, OPENING + 11 * DAY)
    with db.reading() as session:
        steps = [row.kind for row in messages_about(session, [only_case(session).id])]
    assert steps == ["invitation", "relay", "reminder_2"]


@pytest.mark.parametrize("own", [ContactKind.MOBILE, ContactKind.PHONE])
def test_who_has_a_way_of_their_own_is_reached_by_it(
    db: Database, gateway: GatewayServer, tmp_path: Path, own: ContactKind
) -> None:
    """Also a telephone that only rings: the tutor calls before anybody else is asked."""
    settings = settings_with(gateway, tmp_path)
    school = unreachable(db, Person(mail=None))
    with db.unit_of_work() as session:
        session.add(
            ContactPoint(
                member_id=school.members[0],
                kind=own,
                value="+525512345678",
                value_hash="own",
                source=ContactSource.ROSTER,
                added_at=LONG_AGO,
            )
        )

    a_tick(db, settings, OPENING)

    assert ROSA not in [one.document["to"] for one in gateway.asked]
    with db.reading() as session:
        assert session.exec(select(RelativeAsked)).all() == []


def test_two_people_who_named_the_same_number_cost_her_one_message(
    db: Database, gateway: GatewayServer, tmp_path: Path
) -> None:
    settings = settings_with(gateway, tmp_path)
    unreachable(db, Person(mail=None), Person(mail=None))

    a_tick(db, settings, OPENING)
    a_tick(db, settings, OPENING + 4 * DAY)

    assert len(gateway.asked) == 1


def test_who_refused_is_not_written_to_when_somebody_else_names_them(
    db: Database, gateway: GatewayServer, tmp_path: Path
) -> None:
    settings = settings_with(gateway, tmp_path)
    school = unreachable(db, Person(mail=None))
    a_tick(db, settings, OPENING)
    (asked,) = gateway.asked
    token = asked.document["body"].partition("/no-avisar/")[2].split()[0]
    with db.unit_of_work() as session:
        who = refusing(session, token)
        assert who is not None
        first = refuse(session, who, match_keys(settings.data_keys), now=OPENING)
        again = refuse(session, who, match_keys(settings.data_keys), now=OPENING + DAY)
        other = a_member(session, school, Person(mail=None, added_at=OPENING))
        names_rosa(session, other)
        session.delete(session.exec(select(RelativeAsked)).one())  # the silence alone must do

    for number in range(1, 30):
        a_tick(db, settings, OPENING + number * DAY)

    assert (first, again) == (True, False)
    assert len(gateway.asked) == 1
    with db.reading() as session:
        kept = session.exec(select(ThirdPartySilence)).one()
        assert "8765" not in kept.phone_hash
        assert kept.staff_id is None
        named = session.exec(select(AlternateContact.member_id)).all()
        assert named == [other]  # of Ana the number is gone


@pytest.mark.parametrize("what", ["silent", "own_way", "opted_out"])
def test_it_is_asked_again_before_the_message_leaves(
    db: Database, gateway: GatewayServer, tmp_path: Path, what: str
) -> None:
    settings = settings_with(gateway, tmp_path)
    school = unreachable(db, Person(mail=None))
    early = OPENING - timedelta(hours=8)  # before nine: queued, and waits
    a_tick(db, settings, early)
    case = the_case(db)
    queued = state_of(db, case)[0]
    keys = match_keys(settings.data_keys)
    with db.unit_of_work() as session:
        if what == "silent":
            session.add(ThirdPartySilence(phone_hash=keys.contact(ROSA), at=early))
        elif what == "opted_out":
            session.add(OptOut(member_id=school.members[0], at=early, source="page"))
        else:
            session.add(
                ContactPoint(
                    member_id=school.members[0],
                    kind=ContactKind.PHONE,
                    value="+525512345678",
                    value_hash="own",
                    source=ContactSource.STAFF,
                    added_at=early,
                )
            )

    a_tick(db, settings, OPENING)

    reasons = {"silent": "relative_gone", "own_way": "own_way_found", "opted_out": "opted_out"}
    assert queued is OutboxState.QUEUED
    assert state_of(db, case) == (OutboxState.CANCELLED, reasons[what])
    assert gateway.asked == []


def test_a_gateway_with_a_text_of_its_own_never_speaks_to_a_relative(
    db: Database, gateway: GatewayServer, tmp_path: Path
) -> None:
    """An approved template says "Hola, Ana": to her mother it would be a lie."""
    document = '{"to": "{{telefono}}", "template": "invita", "link": "{{liga}}"}'
    settings = settings_with(gateway, tmp_path, document)
    unreachable(db, Person(mail=None))

    a_tick(db, settings, OPENING)

    assert relays_of(settings) is None
    assert gateway.asked == []
