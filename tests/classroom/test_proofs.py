"""Contacts proven in the room: codes by mail, messages, relatives; contactability and alarms."""

from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
from sqlmodel import col, select

from app.classroom import helping, proofs
from app.classroom.forgetting import forget_yesterday
from app.classroom.identifying import Claim, knock
from app.classroom.letters import code_undeliverable
from app.classroom.proofs import Typed
from app.classroom.tables import ContactProof
from app.classroom.ways import Alarm, Contactability, contactability, ways_of
from app.db.transactions import Database
from app.directory.consents import FOLLOW_UP, opt_out, record_consent
from app.directory.contacts import add_contact, mark_dead, read_address, set_alternate
from app.directory.school_domains import (
    DomainRefused,
    add_closing_domain,
    own_domains,
    remove_closing_domain,
)
from app.directory.states import ContactKind, ContactSource, ContactState, Proof
from app.directory.tables import AlternateContact, ContactPoint
from app.errors import NotFound
from app.keys import keys_for
from app.messaging.delivery import PlannedMessage
from app.messaging.outbox import claim_due, enqueue
from app.units.scope import WHOLE
from tests.classroom.room import KEYS as CLASS_KEYS
from tests.classroom.room import TEACHER, Room, a_room
from tests.conftest import SECRET_KEYS
from tests.responses.people import DURING, MATCHING

NOW = DURING[1]
KEYS = keys_for(proofs.PURPOSE, SECRET_KEYS)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def room(db: Database) -> Room:
    with db.unit_of_work() as session:
        return a_room(session, now=NOW)


def give(db: Database, room: Room, text: str, *, number: int = 0) -> UUID:
    kind = ContactKind.EMAIL if "@" in text else ContactKind.MOBILE
    with db.unit_of_work() as session:
        return add_contact(
            session,
            room.people[number].member_id,
            read_address(kind, text),
            source=ContactSource.RESPONDENT,
            keys=MATCHING,
            now=NOW,
        )


def send(db: Database, room: Room, contact_id: UUID, *, now: datetime = NOW) -> None:
    with db.unit_of_work() as session:
        proofs.send_code(
            session,
            room.people[0].member_id,
            contact_id,
            unit_id=room.field.school_id,
            mail_domain="trayecto.mx",
            now=now,
        )


def type_(db: Database, room: Room, typed: str, *, now: datetime = NOW) -> Typed:
    with db.unit_of_work() as session:
        return proofs.try_code(session, room.people[0].member_id, typed, KEYS, now=now)


def sent(db: Database) -> list[str]:
    """The digits of every proof, oldest first."""
    with db.reading() as session:
        found = session.exec(select(ContactProof).order_by(col(ContactProof.asked_at)))
        return [proofs.digits_of(KEYS[0], proof.id) for proof in found]


def test_the_code_that_arrived_proves_the_address(db: Database, room: Room) -> None:
    mail = give(db, room, "ana@correo.test")
    send(db, room, mail)
    (digits,) = sent(db)

    assert (type_(db, room, "000000"), type_(db, room, f" {digits[:3]} {digits[3:]}")) == (
        Typed.WRONG,
        Typed.RIGHT,
    )
    with db.reading() as session:
        point = session.get_one(ContactPoint, mail)
        assert (point.proven_at, point.proven_by) == (NOW, Proof.CODE)
        assert point.state is ContactState.CONFIRMED
    assert type_(db, room, digits) is Typed.OVER  # once


def test_a_code_is_short_lived_and_five_wrong_ones_end_it(db: Database, room: Room) -> None:
    mail = give(db, room, "ana@correo.test")
    send(db, room, mail)
    (digits,) = sent(db)

    assert type_(db, room, digits, now=NOW + proofs.CODE_LASTS) is Typed.OVER
    wrong = [type_(db, room, f"x{number}") for number in range(6)]
    assert wrong == [Typed.WRONG] * 5 + [Typed.OVER]
    assert type_(db, room, digits) is Typed.OVER


def test_codes_are_not_sent_without_end(db: Database, room: Room) -> None:
    mail = give(db, room, "ana@correo.test")
    send(db, room, mail)
    send(db, room, mail, now=NOW + MINUTE / 2)  # a second press: the same code
    for number in range(1, proofs.MOST_CODES):
        send(db, room, mail, now=NOW + number * MINUTE)
    with pytest.raises(proofs.TooManyCodes):
        send(db, room, mail, now=NOW + 10 * MINUTE)

    assert len(sent(db)) == proofs.MOST_CODES
    send(db, room, mail, now=NOW + timedelta(minutes=61))


def test_a_code_leaves_before_what_waits(db: Database, room: Room) -> None:
    mail = give(db, room, "ana@correo.test")
    early = NOW - timedelta(hours=2)
    waiting = PlannedMessage("wave", room.field.wave_id, "invitation", "trayecto.mx", early)
    with db.unit_of_work() as session:
        enqueue(session, [waiting], now=early)
    send(db, room, mail)

    with db.unit_of_work() as session:
        claimed = claim_due(session, now=NOW, limit=2)

    assert [message.kind for message in claimed] == [proofs.KIND, "invitation"]
    assert claimed[0].not_after == NOW + proofs.CODE_LASTS


def test_nobody_proves_anothers_contact(db: Database, room: Room) -> None:
    foreign = give(db, room, "otra@correo.test", number=1)

    with pytest.raises(NotFound):
        send(db, room, foreign)
    for target in (foreign, room.field.wave_id):
        with pytest.raises(NotFound), db.unit_of_work() as session:
            case_id = room.people[0].case_id
            helping.confirm_way(session, room.classroom_id, case_id, target, by=TEACHER, now=NOW)


def test_staff_see_the_message_come_and_the_relative_answer(db: Database, room: Room) -> None:
    member, case_id = room.people[0].member_id, room.people[0].case_id
    phone, other = give(db, room, "55 1234 5678"), give(db, room, "55 1234 5679")
    with db.unit_of_work() as session:
        relative = set_alternate(
            session,
            member,
            name="Rosa Peña",
            phone="5588887777",
            relationship="1",
            source=ContactSource.RESPONDENT,
            now=NOW,
        )
        proofs.expect_message(session, member, phone, now=NOW)
        proofs.expect_message(session, member, phone, now=NOW)  # twice: one code
    with db.reading() as session:
        ways = {way.target_id: way for way in ways_of(session, [member], KEYS, now=NOW)[member]}
    assert [ways[phone].digits] == sent(db)
    assert (ways[phone].shown, ways[relative].shown) == ("••78", "Rosa ••77")

    for target in (phone, other, relative):
        with db.unit_of_work() as session:
            helping.confirm_way(session, room.classroom_id, case_id, target, by=TEACHER, now=NOW)

    with db.reading() as session:
        assert session.get_one(ContactPoint, phone).proven_by is Proof.MESSAGE
        assert session.get_one(ContactPoint, phone).whatsapp
        assert session.get_one(ContactPoint, other).proven_by is Proof.STAFF
        assert session.get_one(AlternateContact, relative).proven_at == NOW


def test_a_proof_ends_with_the_address_and_with_the_number(db: Database, room: Room) -> None:
    mail, member = give(db, room, "ana@correo.test"), room.people[0].member_id
    with db.unit_of_work() as session:
        proofs.seen_by_staff(session, member, mail, now=NOW)
        assert mark_dead(session, mail)
    give(db, room, "ana@correo.test")  # taken up again

    with db.reading() as session:
        assert session.get_one(ContactPoint, mail).proven_at is None


def test_an_address_that_does_not_exist_is_given_up(db: Database, room: Room) -> None:
    mail = give(db, room, "ana@correo.test")
    send(db, room, mail)
    with db.unit_of_work() as session:
        proof = session.exec(select(ContactProof.id)).one()
        code_undeliverable(session, proof)

    with db.reading() as session:
        assert session.get_one(ContactPoint, mail).state is ContactState.DEAD


def test_contactability_counts_two_proven_ways(db: Database, room: Room) -> None:
    alicia, beto, carla = (person.member_id for person in room.people)
    mail, phone = give(db, room, "ana@correo.test"), give(db, room, "5512345678")
    give(db, room, "beto@alumno.conalep.edu.mx", number=1)
    give(db, room, "carla@gmial.com", number=2)
    with db.unit_of_work() as session:
        proofs.seen_by_staff(session, alicia, mail, now=NOW)
    assert counts(db, room) == Contactability(3, 0, 1, 1)
    with db.unit_of_work() as session:
        proofs.seen_by_staff(session, alicia, phone, now=NOW)

    assert counts(db, room) == Contactability(3, 1, 1, 1)
    with db.reading() as session:
        ways = ways_of(session, [alicia, beto, carla], KEYS, now=NOW)
    assert [way.alarm for way in ways[beto]] == [Alarm.SCHOOL_ACCOUNT]
    assert [way.alarm for way in ways[carla]] == [Alarm.MISTYPED]
    assert {way.alarm for way in ways[alicia]} == {None}


def test_a_school_names_the_domains_it_closes(db: Database, room: Room) -> None:
    give(db, room, "ana@mail.cbtis8.mx")
    give(db, room, "beto@cbtis8.mx.example.org", number=1)
    school = room.field.school_id
    assert counts(db, room).school_account_only == 0

    with db.unit_of_work() as session:
        assert add_closing_domain(session, school, " Ana@CBTIS8.mx", now=NOW) == "cbtis8.mx"
        add_closing_domain(session, school, "cbtis8.mx", now=NOW)  # twice is once
    assert counts(db, room).school_account_only == 1  # the domain and what is below it
    for typed in ("", "gmail.com", "no es"):
        with pytest.raises(DomainRefused), db.unit_of_work() as session:
            add_closing_domain(session, school, typed, now=NOW)

    with db.unit_of_work() as session:
        assert own_domains(session, school) == ("cbtis8.mx",)
        assert remove_closing_domain(session, school, "cbtis8.mx")
        assert not remove_closing_domain(session, school, "cbtis8.mx")
    assert counts(db, room).school_account_only == 0


def test_what_a_class_leaves_behind_goes_the_day_after(db: Database, room: Room) -> None:
    mail = give(db, room, "ana@correo.test")
    send(db, room, mail)
    with db.unit_of_work() as session:
        claim = Claim("A001", date(2001, 1, 1))
        knock(session, room.classroom_id, claim, keys=CLASS_KEYS, now=NOW)

    with db.unit_of_work() as session:
        assert forget_yesterday(session, now=NOW + timedelta(hours=20)) == 0
        assert forget_yesterday(session, now=NOW + timedelta(days=2)) == 2
        assert forget_yesterday(session, now=NOW + timedelta(days=2)) == 0


def counts(db: Database, room: Room) -> Contactability:
    with db.reading() as session:
        return contactability(session, WHOLE, room.field.wave_id)[room.group_id]


def test_who_does_not_want_to_be_followed_has_no_ways(db: Database, room: Room) -> None:
    give(db, room, "ana@correo.test")
    give(db, room, "beto@correo.test", number=1)
    members = [person.member_id for person in room.people]
    with db.unit_of_work() as session:
        record_consent(session, members[0], FOLLOW_UP, True, now=NOW)
        record_consent(session, members[0], FOLLOW_UP, False, now=NOW + MINUTE)
        opt_out(session, members[1], source="page", now=NOW)

    with db.reading() as session:
        assert ways_of(session, members, KEYS, now=NOW) == {}
