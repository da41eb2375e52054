from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlmodel import Session, col, select

from app.db.transactions import Database
from app.directory.states import ContactState
from app.directory.tables import Consent, ContactPoint
from app.fieldwork.addressees import correspondents
from app.fieldwork.deliveries import record_address_dead, record_sent
from app.fieldwork.dispositions import Disposition
from app.fieldwork.invitations import (
    MessageNotWanted,
    pause_wave,
    queue_due,
    queue_one,
    resume_wave,
    still_wanted,
)
from app.fieldwork.letters import Sender, text_for, values_for
from app.fieldwork.links import LinkKeyMissing, revoke_link, rewrite_link
from app.fieldwork.noes import (
    allow_next_waves,
    decline_next_waves,
    decline_notice,
    object_by_law,
    opt_out,
    refuse_to_person,
    withdraw_opt_out,
)
from app.fieldwork.planning import close_due_waves, open_due_waves
from app.fieldwork.progress import CaseCannotMove, advance
from app.fieldwork.tables import Case, Wave
from app.fieldwork.texts import FIELDS, LINKS
from app.keys import keys_for
from app.messaging.delivery import Objection
from app.settings import Secret
from tests.fieldwork.field import (
    DOMAIN,
    KEYS,
    Person,
    School,
    a_mail,
    a_school,
    only_case,
    only_wave,
    versions,
)

OPENING = datetime(2026, 10, 1, 16, tzinfo=UTC)  # Thursday, ten in the morning in Mexico City
FIVE = datetime(2026, 10, 1, 23, tzinfo=UTC)  # 17:00 there
DAY = timedelta(days=1)

MINOR = Person(birth_date="2009-01-01")


def in_the_field(db: Database, *people: Person) -> School:
    """A school whose Questionnaire 2 has just opened."""
    with db.unit_of_work() as session:
        school = a_school(session, *people)
        open_due_waves(session, now=OPENING, keys=KEYS, versions=versions(session))
    return school


def queue(db: Database, now: datetime) -> int:
    with db.unit_of_work() as session:
        return queue_due(session, now=now, mail_domain=DOMAIN).messages


def queued(session: Session) -> list[tuple[str, str]]:
    """Kind and state of every message, in the order of their keys."""
    rows = session.connection().execute(
        text("select kind, state from outbox_message order by created_at, dedupe_key")
    )
    return [(kind, state) for kind, state in rows]


def objection(db: Database, case_id: UUID, now: datetime = FIVE) -> Objection | None:
    with db.reading() as session:
        return still_wanted(session, case_id, now=now)


def the_case(db: Database) -> UUID:
    with db.reading() as session:
        return only_case(session).id


def test_today_s_step_is_queued_once(db: Database) -> None:
    in_the_field(db, Person(), Person())

    assert [queue(db, OPENING), queue(db, OPENING), queue(db, FIVE)] == [2, 0, 0]

    with db.reading() as session:
        assert queued(session) == [("invitation", "queued")] * 2
        leaves = session.connection().execute(
            text("select distinct not_before, not_after, recipient from outbox_message")
        )
        (row,) = leaves.all()
        assert str(row[0])[:16] == "2026-10-01 16:00"
        assert str(row[1])[:16] == "2026-12-01 06:00"
        assert row[2] is None  # the address is chosen when it leaves


def test_after_silent_days_one_message_catches_up(db: Database) -> None:
    in_the_field(db, Person())
    queue(db, OPENING)

    days = [queue(db, OPENING + n * DAY) for n in (12, 13, 14, 25, 26, 54, 60, 61, 62)]

    assert days == [1, 0, 0, 1, 0, 1, 0, 0, 0]
    with db.reading() as session:
        assert [kind for kind, _ in queued(session)] == [
            "invitation",
            "reminder_2",
            "reminder_3",
            "last_call",
        ]


def test_nothing_is_queued_late_in_the_evening(db: Database) -> None:
    in_the_field(db, Person())

    assert queue(db, datetime(2026, 10, 2, 3, tzinfo=UTC)) == 0  # 21:00
    assert queue(db, datetime(2026, 10, 2, 16, tzinfo=UTC)) == 1


def test_nobody_is_written_to_before_the_class_had_its_turn(db: Database) -> None:
    spring = datetime(2026, 5, 4, 16, tzinfo=UTC)
    with db.unit_of_work() as session:
        a_school(session, Person())
        open_due_waves(session, now=spring, keys=KEYS, versions=versions(session))

    assert queue(db, spring) == 0
    assert queue(db, datetime(2026, 6, 1, 16, tzinfo=UTC)) == 1


@pytest.mark.parametrize(
    ("person", "queued_messages"),
    [
        (Person(), 1),
        (Person(mail=None), 0),
        (MINOR, 0),
        (Person(birth_date="2009-01-01", guardian_consent=True), 1),
        (Person(birth_date="2000-01-01", guardian_consent=False), 1),
    ],
)
def test_who_gets_an_invitation(db: Database, person: Person, queued_messages: int) -> None:
    in_the_field(db, person)

    assert queue(db, OPENING) == queued_messages


Change = Callable[[Session, Case], object]

CHANGES: dict[str, tuple[Change, Objection]] = {
    "complete": (
        lambda s, c: advance(s, c.id, Disposition.COMPLETE, now=FIVE),
        Objection("answered"),
    ),
    "partial": (
        lambda s, c: advance(s, c.id, Disposition.PARTIAL, now=FIVE),
        Objection("answered"),
    ),
    "notice": (lambda s, c: decline_notice(s, c.id, now=FIVE), Objection("refused")),
    "refusal": (lambda s, c: refuse_to_person(s, c.id, now=FIVE), Objection("refused")),
    "opt-out": (
        lambda s, c: opt_out(s, c.member_id, source="one_click", now=FIVE),
        Objection("opted_out"),
    ),
    "law": (lambda s, c: object_by_law(s, c.member_id, now=FIVE), Objection("refused")),
    "denied": (
        lambda s, c: advance(s, c.id, Disposition.NOT_ELIGIBLE, now=FIVE),
        Objection("not_eligible"),
    ),
    "other": (lambda s, c: advance(s, c.id, Disposition.OTHER, now=FIVE), Objection("settled")),
    "revoked": (lambda s, c: revoke_link(s, c.id, KEYS, now=FIVE), Objection("link_revoked")),
    "paused": (
        lambda s, c: pause_wave(s, c.wave_id, reason="Fallas", now=FIVE),
        Objection("paused", until=FIVE + timedelta(hours=1)),
    ),
    "dead": (
        lambda s, _: setattr(s.exec(select(ContactPoint)).one(), "state", ContactState.DEAD),
        Objection("no_address"),
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_message_is_asked_again_before_it_leaves(db: Database, name: str) -> None:
    change, expected = CHANGES[name]
    in_the_field(db, Person())
    queue(db, OPENING)
    case_id = the_case(db)
    assert objection(db, case_id) is None

    with db.unit_of_work() as session:
        change(session, session.get_one(Case, case_id))

    assert objection(db, case_id) == expected
    assert queue(db, OPENING + 5 * DAY) == 0


def test_the_end_of_the_window_stops_everything(db: Database) -> None:
    in_the_field(db, Person())
    case_id = the_case(db)
    close = datetime(2026, 12, 1, 6, tzinfo=UTC)

    assert objection(db, case_id, close - timedelta(hours=5)) is None
    assert objection(db, case_id, close) == Objection("window_over")
    with db.unit_of_work() as session:
        close_due_waves(session, now=close)
    assert objection(db, case_id, close - timedelta(hours=5)) == Objection("window_over")


def test_nobody_is_written_to_at_night(db: Database) -> None:
    in_the_field(db, Person())
    night = datetime(2026, 10, 2, 4, tzinfo=UTC)

    assert objection(db, the_case(db), night) == Objection(
        "quiet_hours", until=datetime(2026, 10, 2, 15, tzinfo=UTC)
    )


def test_a_case_that_is_gone_is_not_written_to(db: Database) -> None:
    assert objection(db, UUID(int=1)) == Objection("case_gone")


def test_a_pause_is_caught_up_with(db: Database) -> None:
    in_the_field(db, Person())
    with db.unit_of_work() as session:
        wave_id = only_wave(session).id
        assert pause_wave(session, wave_id, reason="Fallas", now=OPENING)
        assert not pause_wave(session, wave_id, reason="Fallas", now=OPENING)
    assert queue(db, OPENING) == 0

    with db.unit_of_work() as session:
        assert resume_wave(session, wave_id)
        assert not resume_wave(session, wave_id)

    assert queue(db, OPENING) == 1


def test_one_person_can_be_written_to_by_hand_once_a_day(db: Database) -> None:
    in_the_field(db, Person())
    case_id = the_case(db)

    with db.unit_of_work() as session:
        by_hand = [queue_one(session, case_id, now=OPENING, mail_domain=DOMAIN) for _ in range(2)]
        opt_out(session, only_case(session).member_id, source="page", now=OPENING)
        with pytest.raises(MessageNotWanted) as refusal:
            queue_one(session, case_id, now=OPENING + DAY, mail_domain=DOMAIN)

    assert by_hand == [True, False]
    assert "Pidió no recibir mensajes" in refusal.value.mensaje


# The five kinds of "no" (domain.md §3), each with its own effects.


def test_declining_the_notice_is_a_refusal_that_the_same_link_takes_back(db: Database) -> None:
    in_the_field(db, Person())
    queue(db, OPENING)
    case_id = the_case(db)

    with db.unit_of_work() as session:
        decline_notice(session, case_id, now=FIVE)
        decline_notice(session, case_id, now=FIVE)  # told twice

    with db.unit_of_work() as session:
        assert queued(session) == [("invitation", "cancelled")]
        assert session.exec(select(Consent)).all() == []
        advance(session, case_id, Disposition.STARTED, now=FIVE)
        assert only_case(session).disposition is Disposition.STARTED


def test_do_not_write_again_stops_the_next_waves_only(db: Database) -> None:
    school = in_the_field(db, Person())
    case_id = the_case(db)
    next_october = OPENING + timedelta(days=365)
    with db.unit_of_work() as session:
        decline_next_waves(session, case_id, now=FIVE)
    assert objection(db, case_id) is None

    with db.unit_of_work() as session:
        open_due_waves(session, now=next_october, keys=KEYS, versions=versions(session))
        later = session.exec(select(Case).where(col(Case.id) != case_id)).one().id
    in_a_year = objection(db, later, FIVE + timedelta(days=365))
    messages = queue(db, next_october)

    assert (in_a_year, messages) == (Objection("no_follow_up"), 0)
    with db.unit_of_work() as session:
        assert session.get_one(Case, later).disposition is Disposition.PLANNED
        allow_next_waves(session, case_id, now=next_october)
    assert objection(db, later, FIVE + timedelta(days=365)) is None
    assert len(school.members) == 1


def test_an_opt_out_is_no_refusal_and_may_be_withdrawn(db: Database) -> None:
    in_the_field(db, Person())
    queue(db, OPENING)
    with db.unit_of_work() as session:
        case = only_case(session)
        member_id, case_id = case.member_id, case.id
        first, again = (opt_out(session, member_id, source="one_click", now=FIVE) for _ in "12")

    assert (first, again) == (True, False)
    with db.unit_of_work() as session:
        assert queued(session) == [("invitation", "cancelled")]
        assert session.get_one(Case, case_id).disposition is Disposition.PLANNED
        assert withdraw_opt_out(session, member_id)
        assert not withdraw_opt_out(session, member_id)
    assert objection(db, case_id) is None


def test_a_refusal_told_to_a_person_does_not_undo_an_answer(db: Database) -> None:
    in_the_field(db, Person())
    case_id = the_case(db)
    with db.unit_of_work() as session:
        advance(session, case_id, Disposition.COMPLETE, now=FIVE)

    with pytest.raises(CaseCannotMove), db.unit_of_work() as session:
        refuse_to_person(session, case_id, now=FIVE)


def test_the_law_is_for_good(db: Database) -> None:
    school = in_the_field(db, Person())
    member_id = school.members[0]

    with db.unit_of_work() as session:
        opt_out(session, member_id, source="page", now=FIVE)
        refused = [object_by_law(session, member_id, now=FIVE) for _ in range(2)]
        assert not withdraw_opt_out(session, member_id)

    assert refused == [1, 0]


# Deliveries


def test_sent_messages_make_silent_cases_invited(db: Database) -> None:
    in_the_field(db, Person())
    case_id = the_case(db)

    with db.unit_of_work() as session:
        counts = [record_sent(session, [case_id], now=FIVE) for _ in range(2)]

    assert counts == [1, 0]
    with db.reading() as session:
        assert only_case(session).disposition is Disposition.INVITED


def test_only_the_last_dead_address_makes_a_case_undeliverable(db: Database) -> None:
    school = in_the_field(db, Person())
    case_id = the_case(db)
    seen = []
    with db.unit_of_work() as session:
        a_mail(session, school.members[0], "otra@example.org")
        record_sent(session, [case_id], now=FIVE)
        for point in session.exec(select(ContactPoint)).all():
            point.state = ContactState.DEAD
            session.flush()
            seen.append(record_address_dead(session, case_id, now=FIVE))

    assert seen == [False, True]
    with db.unit_of_work() as session:
        assert only_case(session).disposition is Disposition.UNDELIVERABLE
        a_mail(session, school.members[0], "nueva@example.org")
    assert objection(db, case_id) is None
    assert queue(db, OPENING + DAY) == 1


def test_a_late_bounce_leaves_an_answer_alone(db: Database) -> None:
    in_the_field(db, Person(mail=None))
    case_id = the_case(db)
    with db.unit_of_work() as session:
        advance(session, case_id, Disposition.STARTED, now=FIVE)

        assert not record_address_dead(session, case_id, now=FIVE)


# What the message says


def test_the_fields_of_a_message(db: Database) -> None:
    in_the_field(db, Person())
    sender = Sender("Dirección", "https://s.example", "https://s.example/baja/x")

    with db.reading() as session:
        (person,) = correspondents(session, [only_case(session).id]).values()
    values = values_for(person, sender, KEYS)

    assert set(values) == FIELDS | LINKS
    assert values["liga"].startswith("https://s.example/e/")
    assert values["cierra"] == "lunes 30 de noviembre de 2026"
    assert (values["sitio"], values["generacion"]) == ("s.example", "2023-2026")
    assert "{{liga}}" in text_for(person, "reminder_1", {}).body


def test_a_new_link_replaces_the_old_one(db: Database) -> None:
    in_the_field(db, Person())
    case_id = the_case(db)
    with db.unit_of_work() as session:
        revoke_link(session, case_id, KEYS, now=FIVE)
        link = rewrite_link(session, case_id, KEYS, now=FIVE)

    with db.reading() as session:
        case = only_case(session)
        assert (case.link_version, case.link_hash) == (3, link.token_hash)
    assert objection(db, case_id) is None


def test_a_link_whose_key_is_gone_is_refused(db: Database) -> None:
    in_the_field(db, Person())
    other = keys_for("link", [Secret("k9", b"x" * 32)])

    with db.reading() as session:
        (person,) = correspondents(session, [only_case(session).id]).values()
    with pytest.raises(LinkKeyMissing):
        values_for(person, Sender("D", "https://s.example", "https://s.example/b"), other)


def test_the_school_s_own_mailbox_comes_last_after_the_exit(db: Database) -> None:
    school = in_the_field(db, Person(mail="ana@plantel.edu.mx", institutional=True))
    with db.unit_of_work() as session:
        a_mail(session, school.members[0], "ana@example.org")

    with db.reading() as session:
        (person,) = correspondents(session, [only_case(session).id]).values()

    assert person.addresses == ("ana@example.org", "ana@plantel.edu.mx")


def test_a_wave_that_closed_queues_nothing(db: Database) -> None:
    in_the_field(db, Person())
    with db.unit_of_work() as session:
        wave = session.get_one(Wave, only_wave(session).id)
        wave.closes, wave.closes_at = date(2026, 10, 1), OPENING

    assert queue(db, OPENING) == 0
