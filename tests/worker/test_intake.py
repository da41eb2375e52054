"""Bounces of messages that really left: what each changes, from files and from a mailbox."""

import ssl
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlmodel import select

from app.db.transactions import Database
from app.directory.states import ContactKind, ContactSource, ContactState
from app.directory.tables import ContactPoint, OptOut
from app.fieldwork.dispositions import Disposition
from app.fieldwork.stationery import post_office
from app.messaging.bounce_box import BounceBoxRefused, read_box_url
from app.messaging.bounces import Verdict
from app.messaging.queries import messages_about
from app.messaging.returns import counts_since
from app.messaging.signing import bounce_address
from app.messaging.states import Channel, OutboxState
from app.settings import Settings
from app.worker.deployment import Deployment
from app.worker.intake import Ingested, fetch, ingest
from tests.conftest import SECRET_KEYS
from tests.fieldwork.field import Person, a_mail, a_school, only_case, only_wave, versions
from tests.messaging.imap_server import ImapServer
from tests.messaging.reports import away, complaint, delivery_report
from tests.worker.deployments import MailServer, a_mail_server, a_tick, settings_at
from tests.worker.test_end_to_end import OPENING

HOUR = timedelta(hours=1)
ANA = "ana@correo.mx"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[MailServer]:
    with a_mail_server(tmp_path) as found:
        yield found


@pytest.fixture
def settings(server: MailServer, tmp_path: Path) -> Settings:
    return settings_at(
        tmp_path,
        {
            "SMTP_URL": server.url,
            "MAIL_FROM": "egresados@cbtis8.mx",
            "BOUNCE_DOMAIN": "rebotes.cbtis8.mx",
        },
    )


def invited(db: Database, settings: Settings, server: MailServer, *mails: str) -> str:
    """One person with these addresses was written to; the signed address of that message."""
    with db.unit_of_work() as session:
        school = a_school(session, Person(mail=mails[0]))
        versions(session)
        for mail in mails[1:]:
            a_mail(session, school.members[0], mail)
    a_tick(db, settings, OPENING)
    return server.received()[-1].sender


def reads(db: Database, settings: Settings, raw: bytes) -> Ingested:
    return ingest(Deployment(settings, db, lambda: OPENING + HOUR / 2), raw)


def contacts(db: Database) -> dict[str, tuple[ContactState, int, str | None]]:
    with db.reading() as session:
        return {
            point.value: (point.state, point.soft_bounces, point.died_of)
            for point in session.exec(select(ContactPoint))
        }


def test_a_dead_address_gives_way_to_the_next_one(
    db: Database, settings: Settings, server: MailServer
) -> None:
    verp = invited(db, settings, server, ANA, "ana@otro.mx")
    first = server.received()[0].recipient

    done = reads(db, settings, delivery_report(first, to=verp))
    a_tick(db, settings, OPENING + 2 * HOUR)

    assert done == Ingested(Verdict.HARD, first, "5.1.1", applied=True)
    assert contacts(db)[first] == (ContactState.DEAD, 0, "rebote 5.1.1")
    assert [one.recipient for one in server.received()] == [
        first,
        ({ANA, "ana@otro.mx"} - {first}).pop(),
    ]
    with db.reading() as session:
        case = only_case(session)
        assert case.disposition is Disposition.INVITED
        states = [row.state for row in messages_about(session, [case.id])]
    assert sorted(states) == [OutboxState.FAILED, OutboxState.SENT]


def test_the_last_address_dead_leaves_the_person_eligible_and_the_next_channel_takes_over(
    db: Database, settings: Settings, server: MailServer
) -> None:
    verp = invited(db, settings, server, ANA)
    with db.unit_of_work() as session:
        session.add(
            ContactPoint(
                member_id=only_case(session).member_id,
                kind=ContactKind.MOBILE,
                value="+525512345678",
                value_hash="x",
                source=ContactSource.ROSTER,
                added_at=OPENING,
            )
        )
    by_sms = replace(settings, sms_url="https://sms.example.mx/")

    reads(db, by_sms, delivery_report(ANA, to=verp))

    with db.reading() as session:
        case = only_case(session)
        rows = messages_about(session, [case.id])
        assert case.disposition is Disposition.UNDELIVERABLE  # counts as NC: still eligible
        assert case.ineligibility is None
    assert [row.channel for row in rows if row.state is OutboxState.QUEUED] == [Channel.SMS]


def test_a_soft_bounce_is_counted_and_changes_nothing_else(
    db: Database, settings: Settings, server: MailServer
) -> None:
    verp = invited(db, settings, server, ANA)

    for status in ("5.2.2", "4.2.2", "5.7.1"):
        raw = delivery_report(ANA, to=verp, status=status, diagnostic=f"x {status}")
        assert reads(db, settings, raw) == Ingested(Verdict.SOFT, ANA, status, applied=True)

    assert contacts(db)[ANA] == (ContactState.UNCONFIRMED, 3, None)
    with db.reading() as session:
        (row,) = messages_about(session, [only_case(session).id])
        assert row.state is OutboxState.SENT


def test_a_complaint_unsubscribes(db: Database, settings: Settings, server: MailServer) -> None:
    verp = invited(db, settings, server, ANA)

    done = reads(db, settings, complaint(ANA, to=verp))
    a_tick(db, settings, OPENING + timedelta(days=5))

    assert done.verdict is Verdict.COMPLAINT
    with db.reading() as session:
        assert [row.source for row in session.exec(select(OptOut))] == ["complaint"]
    assert len(server.received()) == 1


def test_a_holiday_changes_nothing(db: Database, settings: Settings, server: MailServer) -> None:
    verp = invited(db, settings, server, ANA)

    assert reads(db, settings, away(to=verp)) == Ingested(Verdict.AUTO_REPLY, None, None)
    assert contacts(db)[ANA] == (ContactState.UNCONFIRMED, 0, None)


def test_a_report_without_our_signature_is_refused_and_counted(
    db: Database, settings: Settings, server: MailServer
) -> None:
    verp = invited(db, settings, server, ANA)
    name, _, domain = verp.partition("@")
    tampered = f"{name[:-1]}{'a' if name[-1] != 'a' else 'b'}@{domain}"
    other_keys = post_office(replace(settings, secret_keys=SECRET_KEYS)).bounce_keys
    stranger = bounce_address(only_id(db), domain, [replace(other_keys[0], value=b"x" * 32)])

    for to in (tampered, stranger, f"rebotes@{domain}"):
        assert reads(db, settings, delivery_report(ANA, to=to)).verdict is Verdict.FORGED
        assert reads(db, settings, complaint(ANA, to=to)).verdict is Verdict.FORGED
    elsewhere = reads(db, settings, delivery_report(ANA, to="alguien@otra.mx"))

    assert (elsewhere.verdict, elsewhere.applied) == (Verdict.HARD, False)
    assert contacts(db)[ANA] == (ContactState.UNCONFIRMED, 0, None)
    with db.reading() as session:
        assert counts_since(session, OPENING) == {Verdict.FORGED: 6, Verdict.HARD: 1}
        assert session.exec(select(OptOut)).all() == []


def only_id(db: Database) -> UUID:
    with db.reading() as session:
        (row,) = messages_about(session, [only_case(session).id])
    return row.id


def test_the_same_report_twice_counts_once(
    db: Database, settings: Settings, server: MailServer
) -> None:
    verp = invited(db, settings, server, ANA)
    raw = delivery_report(ANA, to=verp, status="4.2.2", diagnostic="full")

    first, second = reads(db, settings, raw), reads(db, settings, raw)

    assert (first.applied, second.applied, second.repeated) == (True, False, True)
    assert contacts(db)[ANA][1] == 1


def test_a_wave_whose_messages_come_back_is_paused(
    db: Database, settings: Settings, server: MailServer
) -> None:
    with db.unit_of_work() as session:
        a_school(session, *(Person(mail=f"a{n}@correo.mx") for n in range(30)))
        versions(session)
    a_tick(db, settings, OPENING)

    for message in server.received()[:9]:
        reads(db, settings, delivery_report(message.recipient, to=message.sender))

    with db.reading() as session:
        assert "se rechazaron 9" in (only_wave(session).paused_reason or "")


# --- the mailbox ------------------------------------------------------------------------------


def visits(db: Database, settings: Settings, box: ImapServer, limit: int = 200) -> dict[str, int]:
    deployment = Deployment(settings, db, lambda: OPENING + HOUR)
    done = fetch(deployment, read_box_url(box.url), limit=limit, trust=box.trust)
    counts = {verdict.value: count for verdict, count in done.counts.items()}
    return {**counts, "more": done.more, "broken": done.problem is not None}


def test_the_mailbox_is_read_once_in_order_and_goes_on_after_a_break(
    db: Database, settings: Settings, server: MailServer, tmp_path: Path
) -> None:
    verp = invited(db, settings, server, ANA)
    soft = [
        delivery_report(ANA, to=verp, status="4.2.2", diagnostic=f"full {n}") for n in range(12)
    ]
    with ImapServer(tmp_path, [*soft, away(to=verp)]) as box:
        box.breaks_after = 5
        broken = visits(db, settings, box)
        box.breaks_after = None
        some = visits(db, settings, box, limit=3)
        rest = visits(db, settings, box)
        nothing = visits(db, settings, box)
        box.validity = 8  # the mailbox was made anew: known reports are not counted again
        again = visits(db, settings, box)

    assert broken == {"soft": 5, "more": False, "broken": True}
    assert some == {"soft": 3, "more": True, "broken": False}
    assert rest == {"soft": 4, "auto_reply": 1, "more": False, "broken": False}
    assert nothing == {"more": False, "broken": False}
    assert again["soft"] == 12
    assert box.fetched[:13] == list(range(1, 14))
    assert contacts(db)[ANA][1] == 12


def test_a_bounce_of_fifty_megabytes_is_not_fetched_whole(
    db: Database, settings: Settings, server: MailServer, tmp_path: Path
) -> None:
    verp = invited(db, settings, server, ANA)
    huge = delivery_report(ANA, to=verp) + b"x" * 50_000_000
    with ImapServer(tmp_path, [huge]) as box:
        assert visits(db, settings, box)["hard"] == 1

    assert box.sizes == [1_048_576]


def test_a_mailbox_nobody_vouches_for_is_not_read(
    db: Database, settings: Settings, tmp_path: Path
) -> None:
    deployment = Deployment(settings, db, lambda: OPENING)
    with ImapServer(tmp_path, [b"x"]) as box:
        done = fetch(deployment, read_box_url(box.url), trust=ssl.create_default_context())
        wrong = read_box_url(box.url.replace("cl%40ve", "xyzzy"))
        refused = fetch(deployment, wrong, trust=box.trust)

    assert done.problem is not None
    assert refused.problem is not None
    assert "xyzzy" not in refused.problem
    assert box.fetched == []


@pytest.mark.parametrize(
    "url",
    [
        "imap://u:p@h/",
        "imaps://h/",
        "imaps://u@h/",
        "imaps://u:p@h:x/",
        "https://h",
        "imaps://u:p@h/é",
    ],
)
def test_only_imap_over_tls_is_an_address(url: str) -> None:
    with pytest.raises(BounceBoxRefused) as refusal:
        read_box_url(url)

    assert "TRAYECTO_BOUNCE_IMAP_URL" in refusal.value.mensaje


def test_an_address_says_where_and_who() -> None:
    box = read_box_url("imaps://u%40x:p%2Fw@correo.mx/Rebotes")

    assert (box.host, box.port, box.user, box.folder) == ("correo.mx", 993, "u@x", "Rebotes")
    assert "p/w" not in repr(box)
