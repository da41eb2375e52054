"""One pass of everything, on a real database: what is opened, written, kept and told."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlmodel import select

from app.db import marks
from app.db.transactions import Database
from app.directory.tables import PanelMember
from app.fieldwork.dispositions import Disposition
from app.fieldwork.noes import opt_out
from app.fieldwork.progress import advance
from app.fieldwork.tables import Case, Wave
from app.messaging import mailbox, queries
from app.messaging.delivery import DeliveryResult, Ledger, Outgoing
from app.messaging.mailbox import KeptMessage
from app.messaging.states import OutboxState, Outcome, Stage
from app.settings import Settings
from app.staff import audit
from app.staff.audit_chain import verify
from app.units.profiles import ProfileText, store_profile
from app.units.scope import WHOLE
from app.worker.deployment import Deployment
from app.worker.dispatch import Desk, DrainReport, drain
from app.worker.schedule import schedule
from app.worker.writing import Writer
from tests.fieldwork.field import Person, a_mail, a_school, only_case, only_wave, versions
from tests.worker.deployments import a_tick, counts, settings_at

OPENING = datetime(2026, 10, 1, 16, tzinfo=UTC)  # Thursday, ten in the morning in Mexico City
DAY = timedelta(days=1)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_at(tmp_path)


def a_site(db: Database, *people: Person) -> list[UUID]:
    """A school before its Questionnaire 2, with a published version of each."""
    with db.unit_of_work() as session:
        school = a_school(session, *people)
        versions(session)
    return school.members


def kept(db: Database) -> list[KeptMessage]:
    with db.reading() as session:
        return mailbox.newest(session, WHOLE)


class Refusing:
    """A mail server that knows nobody by some addresses."""

    def __init__(self, *dead: str) -> None:
        self.dead, self.asked = dead, list[str]()

    def deliver(self, batch: Sequence[Outgoing], ledger: Ledger) -> list[DeliveryResult]:
        self.asked += [message.recipient for message in batch]
        ledger.write(batch, ())
        results = [
            DeliveryResult(
                message.id,
                message.attempt,
                Outcome.ADDRESS_DEAD if message.recipient in self.dead else Outcome.SENT,
                Stage.RECIPIENT,
                code=550,
            )
            for message in batch
        ]
        ledger.write((), results)
        return results


def drained(db: Database, settings: Settings, server: Refusing, now: datetime) -> DrainReport:
    """What is due, to a server of the test's own."""
    deployment = Deployment(settings, db, lambda: now)
    schedule(deployment)
    writer = Writer(deployment, kept=False)
    desk = Desk(
        db, server, writer.render, writer.still_wanted, lambda: now,
        writer.address_keys, tell=writer.tell,
    )  # fmt: skip
    report = drain(desk)
    deployment.change(writer.pause_failing)
    return report


def test_a_wave_opens_writes_and_is_invited_in_one_tick(db: Database, settings: Settings) -> None:
    a_site(db, Person(), Person(mail="beto@example.org"))

    before = a_tick(db, settings, OPENING - DAY)
    first = a_tick(db, settings, OPENING)
    again = a_tick(db, settings, OPENING)

    assert counts(before) == (0, 0, 0, 0)
    assert counts(first) == (1, 0, 2, 2)
    assert counts(again) == (0, 0, 0, 0)
    with db.reading() as session:
        cases = session.exec(select(Case)).all()
    assert {case.disposition for case in cases} == {Disposition.INVITED}
    assert sorted(one.recipient for one in kept(db)) == ["ana@example.org", "beto@example.org"]


def test_silence_is_caught_up_with_and_never_after_the_window(
    db: Database, settings: Settings
) -> None:
    a_site(db, Person())

    late = a_tick(db, settings, OPENING + 20 * DAY)
    after = a_tick(db, settings, OPENING + 70 * DAY)

    assert counts(late) == (1, 0, 1, 1)
    assert counts(after) == (0, 1, 0, 0)


def test_what_was_queued_and_not_sent_ends_with_the_window(
    db: Database, settings: Settings
) -> None:
    a_site(db, Person())
    with db.unit_of_work() as session:
        marks.mark(session, marks.SENDING_PAUSED, "respaldo", now=OPENING)

    paused = a_tick(db, settings, OPENING)
    a_tick(db, settings, OPENING + 70 * DAY)

    assert counts(paused) == (1, 0, 1, 0)
    with db.reading() as session:
        (row,) = queries.messages_about(session, [only_case(session).id])
    assert (row.state, row.reason) == (OutboxState.CANCELLED, "window_ended")
    assert kept(db) == []


def test_the_operator_s_pause_ends_when_it_is_lifted(db: Database, settings: Settings) -> None:
    a_site(db, Person())
    with db.unit_of_work() as session:
        marks.mark(session, marks.SENDING_PAUSED, "respaldo", now=OPENING)
    a_tick(db, settings, OPENING)
    with db.unit_of_work() as session:
        marks.unmark(session, marks.SENDING_PAUSED)

    assert a_tick(db, settings, OPENING + timedelta(minutes=1)).sent == 1


def test_production_without_a_mail_server_keeps_its_messages_waiting(
    db: Database, tmp_path: Path
) -> None:
    a_site(db, Person())
    keys = {"SECRET_KEYS": f"s1:{'x' * 40}", "DATA_KEYS": f"t1:{'y' * 40}"}
    settings = settings_at(tmp_path, {"ENVIRONMENT": "production", **keys})

    assert counts(a_tick(db, settings, OPENING)) == (1, 0, 1, 0)
    assert kept(db) == []


def test_whoever_answers_between_queue_and_send_is_not_written_to(
    db: Database, settings: Settings
) -> None:
    a_site(db, Person())
    schedule(Deployment(settings, db, lambda: OPENING))
    with db.unit_of_work() as session:
        case = only_case(session)
        advance(session, case.id, Disposition.COMPLETE, now=OPENING)

    report = a_tick(db, settings, OPENING)

    assert (report.sent, report.cancelled) == (0, 1)
    assert kept(db) == []


def test_an_opt_out_counts_before_the_next_claim(db: Database, settings: Settings) -> None:
    (member,) = a_site(db, Person())
    schedule(Deployment(settings, db, lambda: OPENING))
    with db.unit_of_work() as session:
        opt_out(session, member, source="one_click", now=OPENING)

    assert a_tick(db, settings, OPENING).sent == 0
    assert kept(db) == []


def test_an_opt_out_during_the_claim_still_counts(db: Database, settings: Settings) -> None:
    """F-50: after the claim and the writing, before the text leaves."""
    (member,) = a_site(db, Person())

    class Late(Refusing):
        def deliver(self, batch: Sequence[Outgoing], ledger: Ledger) -> list[DeliveryResult]:
            with db.unit_of_work() as session:
                opt_out(session, member, source="one_click", now=OPENING)
            assert ledger.write(batch, ()) == set()
            return []

    report = drained(db, settings, Late(), OPENING)

    assert report.sent == 0
    with db.reading() as session:
        (row,) = queries.messages_about(session, [only_case(session).id])
    assert row.state is OutboxState.CANCELLED


def test_an_answer_during_the_claim_is_seen_without_a_cancellation(
    db: Database, settings: Settings
) -> None:
    a_site(db, Person())

    class Late(Refusing):
        def deliver(self, batch: Sequence[Outgoing], ledger: Ledger) -> list[DeliveryResult]:
            with db.unit_of_work() as session:
                advance(session, only_case(session).id, Disposition.COMPLETE, now=OPENING)
            assert ledger.write(batch, ()) == set()
            return []

    report = drained(db, settings, Late(), OPENING)

    assert (report.sent, report.cancelled) == (0, 1)


def test_a_dead_address_gives_way_to_the_next(db: Database, settings: Settings) -> None:
    (member,) = a_site(db, Person(mail="vieja@example.org"))
    with db.unit_of_work() as session:
        a_mail(session, member, "nueva@example.org", institutional=True)
    server = Refusing("vieja@example.org")

    report = drained(db, settings, server, OPENING)

    assert server.asked == ["vieja@example.org", "nueva@example.org"]
    assert (report.failed, report.sent) == (1, 1)
    with db.reading() as session:
        assert only_case(session).disposition is Disposition.INVITED


def test_without_another_address_the_case_is_undeliverable(
    db: Database, settings: Settings
) -> None:
    a_site(db, Person(mail="vieja@example.org"))

    drained(db, settings, Refusing("vieja@example.org"), OPENING)

    with db.reading() as session:
        assert only_case(session).disposition is Disposition.UNDELIVERABLE


def test_a_wave_whose_messages_fail_one_after_another_is_paused(
    db: Database, settings: Settings
) -> None:
    dead = [f"a{n}@example.org" for n in range(9)]
    alive = [f"b{n}@example.org" for n in range(15)]
    a_site(db, *(Person(mail=address) for address in (*dead, *alive)))

    drained(db, settings, Refusing(*dead), OPENING)

    with db.reading() as session:
        reason = only_wave(session).paused_reason or ""
    assert "24 mensajes se rechazaron 9" in reason


def test_a_few_failures_pause_nothing(db: Database, settings: Settings) -> None:
    dead = [f"a{n}@example.org" for n in range(5)]
    alive = [f"b{n}@example.org" for n in range(19)]
    a_site(db, *(Person(mail=address) for address in (*dead, *alive)))

    drained(db, settings, Refusing(*dead), OPENING)

    with db.reading() as session:
        assert only_wave(session).paused_at is None


def test_a_simulated_person_is_never_sent_to(db: Database, settings: Settings) -> None:
    (member,) = a_site(db, Person())
    with db.unit_of_work() as session:
        session.get_one(PanelMember, member).simulated = True
    server = Refusing()

    assert drained(db, settings, server, OPENING).cancelled == 1
    assert server.asked == []


def test_the_daily_limit_is_kept(db: Database, tmp_path: Path) -> None:
    a_site(db, *(Person(mail=f"a{n}@example.org") for n in range(5)))
    settings = settings_at(tmp_path, {"MAIL_DAILY_LIMIT": "3"})

    first = a_tick(db, settings, OPENING)
    same_day = a_tick(db, settings, OPENING + timedelta(hours=1))
    next_day = a_tick(db, settings, OPENING + DAY + timedelta(hours=1))

    assert (first.sent, same_day.sent, next_day.sent) == (3, 0, 2)


def test_sender_reply_and_footer_are_the_institution_s(db: Database, settings: Settings) -> None:
    with db.unit_of_work() as session:
        school = a_school(session, Person())
        versions(session)
        profile = ProfileText("Dirección, CBTIS 8", "laura@cbtis8.mx", "Calle 5 {{baja}}", "Tel. 1")
        store_profile(session, school.unit_id, profile, now=OPENING)

    a_tick(db, settings, OPENING)

    (message,) = kept(db)
    text = message.content.decode()
    assert "laura@cbtis8.mx" in text
    assert "Calle 5 {baja}" in text
    assert "Clave de la escuela: 15ECT0001A" in text


def test_a_first_tick_publishes_the_questionnaires_of_the_program(
    db: Database, settings: Settings
) -> None:
    with db.unit_of_work() as session:
        a_school(session, Person())

    report = a_tick(db, settings, OPENING)

    assert (report.opened, report.blocked) == (1, ())


def test_a_window_that_passed_in_silence_is_told(db: Database, settings: Settings) -> None:
    a_site(db, Person())

    report = a_tick(db, settings, OPENING + 65 * DAY)

    assert [(note.school, note.questionnaire) for note in report.missed] == [("15ECT0001A", 2)]
    with db.reading() as session:
        assert session.exec(select(Wave)).all() == []


def test_a_tick_seals_the_audit_trail(db: Database, settings: Settings) -> None:
    with db.unit_of_work() as session:
        audit.append(session, "x.done", actor_id=None, about=("x", 1), now=OPENING)

    a_tick(db, settings, OPENING)

    with db.reading() as session:
        assert verify(session).unsealed == 0
