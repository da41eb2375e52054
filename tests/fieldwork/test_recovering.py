"""Lost links: only a known address gets one, whoever asks; the school hears the rest."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlmodel import Session, col, select

from app.db.transactions import Database
from app.directory.contacts import Address, add_contact, read_address
from app.directory.keyed import match_keys
from app.directory.states import ContactKind, ContactSource, ContactState
from app.directory.tables import ContactPoint, PanelMember
from app.fieldwork import noes, recovering
from app.fieldwork.dispositions import Disposition
from app.fieldwork.link_requests import open_requests
from app.fieldwork.recovering import Asked, PostKeys, TooManyRequests, ask, forget_requests, look
from app.fieldwork.tables import Case, LinkRequest, RequestState
from app.keys import keys_for
from app.messaging import suppression
from app.messaging.queries import messages_about
from app.messaging.states import Channel, SuppressionReason
from app.messaging.tables import OutboxMessage
from app.units.scope import WHOLE
from tests.conftest import DATA_KEYS
from tests.fieldwork.field import Person, a_school, a_wave, case_of

KEYS = match_keys(DATA_KEYS)
POST = PostKeys(KEYS, keys_for(suppression.PURPOSE, DATA_KEYS), "escuela.mx")
ANA, PHONE = "ana@correo.mx", "+525512345678"


@dataclass
class World:
    """A school with one person in the field, and whoever asks."""

    db: Database
    now: datetime
    case: UUID = field(init=False)
    member: UUID = field(init=False)
    channels: frozenset[Channel] = frozenset({Channel.MAIL})

    def __post_init__(self) -> None:
        with self.db.unit_of_work() as session:
            school = a_school(session, Person(mail=None))
            self.member = school.members[0]
            member = session.get_one(PanelMember, self.member)
            member.name_hash = KEYS.name("nunez ana")
            wave = a_wave(session, school, now=self.now)
            self.case = case_of(session, wave, self.member, now=self.now)
            self.knows(session, ContactKind.EMAIL, ANA)

    def knows(self, session: Session, kind: ContactKind, text: str) -> None:
        address = read_address(kind, text)
        add_contact(
            session, self.member, address, source=ContactSource.ROSTER, keys=KEYS, now=self.now
        )

    def asks(self, contact: str = ANA, *, name: str = "", school: str = "15ECT0001A") -> None:
        """Somebody asks, and the worker looks."""
        with self.db.unit_of_work() as session:
            ask(session, Asked(address_of(contact), name, school), KEYS, now=self.now)
        with self.db.unit_of_work() as session:
            look(session, replace(POST, channels=self.channels), now=self.now)

    def messages(self) -> list[str | None]:
        with self.db.reading() as session:
            rows = session.exec(select(OutboxMessage).order_by(col(OutboxMessage.created_at)))
            return [row.recipient for row in rows if row.kind == "recovery"]

    def waiting(self) -> list[tuple[str, UUID | None]]:
        """Why, and who it may be, of each request on the worklist."""
        with self.db.reading() as session:
            return [(one.reason, one.member_id) for one in open_requests(session, WHOLE)]


def address_of(text: str) -> Address:
    return read_address(ContactKind.EMAIL if "@" in text else ContactKind.MOBILE, text)


@pytest.fixture
def world(db: Database, now: datetime) -> World:
    return World(db, now)


def test_a_known_address_gets_the_link_and_nobody_else_hears(world: World) -> None:
    world.asks("Ana@correo.mx", school="otra")

    assert (world.messages(), world.waiting()) == ([ANA], [])


def test_a_known_telephone_gets_the_link_by_mail(world: World) -> None:
    with world.db.unit_of_work() as session:
        world.knows(session, ContactKind.MOBILE, PHONE)

    world.asks("55 1234 5678")

    assert world.messages() == [None]  # the best address, chosen when it leaves


@pytest.mark.parametrize("knows_mail", [True, False])
def test_where_text_messages_leave_a_telephone_gets_it_by_sms(
    world: World,
    knows_mail: bool,  # noqa: FBT001
) -> None:
    with world.db.unit_of_work() as session:
        world.knows(session, ContactKind.MOBILE, PHONE)
        if not knows_mail:
            for each in session.exec(select(ContactPoint)).all():
                each.state = ContactState.DEAD if each.value == ANA else each.state
    world.channels = frozenset({Channel.MAIL, Channel.SMS})

    world.asks("55 1234 5678")

    with world.db.reading() as session:
        (row,) = session.exec(select(OutboxMessage)).all()
    assert (row.channel, row.recipient) == (Channel.SMS, PHONE)


@pytest.mark.parametrize("school", ["15ECT0001A", " 15ect0001a ", "Plantel 15ECT0001A", ""])
def test_an_unknown_address_never_gets_a_link_whatever_name_is_typed(
    world: World, school: str
) -> None:
    world.asks("otro@correo.mx", name="Ana Núñez", school=school)

    assert world.messages() == []
    assert world.waiting() == [(recovering.UNKNOWN_CONTACT, world.member)]


def test_a_stranger_goes_on_the_worklist_of_the_school_that_was_typed(world: World) -> None:
    world.asks("otro@correo.mx", name="Nadie Conocido")
    world.asks("otra@correo.mx", name="Nadie Conocida", school="Una que no existe")

    assert world.waiting() == [(recovering.UNKNOWN_CONTACT, None)]


@pytest.mark.parametrize(
    ("ending", "reason"),
    [(Disposition.COMPLETE, "answered"), (Disposition.REFUSED, "refused")],
)
def test_who_is_not_written_to_is_a_matter_of_the_school(
    world: World, ending: Disposition, reason: str
) -> None:
    with world.db.unit_of_work() as session:
        session.get_one(Case, world.case).disposition = ending

    world.asks()

    assert (world.messages(), world.waiting()) == ([], [(reason, world.member)])


def test_an_opt_out_and_a_suppressed_address_stay_in_force(world: World) -> None:
    with world.db.unit_of_work() as session:
        reason = SuppressionReason.BOUNCED
        suppression.suppress(session, ANA, POST.suppression, reason=reason, now=world.now)
    world.asks()
    suppressed = world.waiting()
    with world.db.unit_of_work() as session:
        noes.opt_out(session, world.member, source="page", now=world.now)
        session.get_one(
            LinkRequest, session.exec(select(LinkRequest.id)).one()
        ).state = RequestState.SETTLED
    world.asks()

    assert (world.messages(), suppressed) == ([], [("address_suppressed", world.member)])
    assert world.waiting() == [("opted_out", world.member)]


def test_nobody_gets_more_than_three_messages_a_day_whoever_asks(world: World) -> None:
    with world.db.unit_of_work() as session:
        world.knows(session, ContactKind.EMAIL, "ana.otra@correo.mx")

    for turn in range(30):
        world.asks(ANA if turn % 2 else "ana.otra@correo.mx")
        world.now += timedelta(minutes=10)
    in_a_day = len(world.messages())
    world.now += timedelta(days=1)
    world.asks()

    assert (in_a_day, len(world.messages())) == (3, 4)
    assert world.waiting() == []


def test_a_second_tap_sends_no_second_message(world: World) -> None:
    world.asks()
    world.now += timedelta(minutes=1)
    world.asks()

    assert world.messages() == [ANA]


def test_one_address_writes_few_rows_and_one_line_of_the_worklist(world: World) -> None:
    for _ in range(20):
        world.asks("otro@correo.mx")

    with world.db.reading() as session:
        rows = session.exec(select(LinkRequest.state)).all()
    assert len(rows) == recovering.MOST_ASKED
    assert rows.count(RequestState.OPEN) == 1


def test_too_many_are_told_so_alike(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovering, "MOST_WAITING", 2)
    with world.db.unit_of_work() as session:
        for text in ("a@correo.mx", "b@correo.mx"):
            ask(session, Asked(address_of(text), "", "x"), KEYS, now=world.now)
        session.flush()
        for text in (ANA, "c@correo.mx"):
            with pytest.raises(TooManyRequests):
                ask(session, Asked(address_of(text), "", "x"), KEYS, now=world.now)


def test_the_contact_of_somebody_without_a_wave_is_told_to_the_school(world: World) -> None:
    world.now += timedelta(days=400)

    world.asks()

    assert (world.messages(), world.waiting()) == ([], [(recovering.NO_WAVE, world.member)])


def test_what_was_asked_is_forgotten(world: World) -> None:
    world.asks()
    world.asks("otro@correo.mx")

    with world.db.unit_of_work() as session:
        gone = [forget_requests(session, now=world.now + timedelta(days=d)) for d in (29, 31, 91)]

    assert gone == [0, 1, 1]


def test_a_typed_address_that_was_given_up_gets_nothing(world: World) -> None:
    with world.db.unit_of_work() as session:
        point = session.exec(select(ContactPoint)).one()
        point.state = ContactState.DEAD

    world.asks()

    assert world.messages() == []
    with world.db.reading() as session:
        assert messages_about(session, [world.case]) == []
