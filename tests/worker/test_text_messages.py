"""A text message from the outbox to the gateway, in the transaction pattern of every message."""

from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from uuid import UUID

import pytest

from app.chronology.contact_plan import Step
from app.db.transactions import Database
from app.directory.states import ContactKind, ContactSource, ContactState
from app.directory.tables import ContactPoint
from app.fieldwork.entry import open_link
from app.fieldwork.own_texts import write_text
from app.fieldwork.texts import MessageText, TextKey
from app.keys import keys_for
from app.messaging import mailbox, outbox, suppression
from app.messaging.delivery import PlannedMessage
from app.messaging.queries import history, messages_about
from app.messaging.states import Channel, OutboxState, Outcome, SuppressionReason
from app.settings import Settings
from app.units.scope import WHOLE
from tests.fieldwork.field import KEYS, Person, a_school, only_case, only_wave, versions
from tests.messaging.gateway_server import DROP, GatewayServer
from tests.worker.deployments import a_tick, settings_at
from tests.worker.test_end_to_end import OPENING

PHONE = "+525512345678"


@pytest.fixture
def gateway(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[GatewayServer]:
    with GatewayServer(tmp_path) as found:
        monkeypatch.setenv("SSL_CERT_FILE", str(found.authority))
        yield found


def settings_with(gateway: GatewayServer, folder: Path) -> Settings:
    url = f"https://127.0.0.1:{gateway.port}/"
    wanted = '{"to": "{{telefono}}", "body": "{{texto}}", "link": "{{liga}}"}'
    environ = {"SMS_URL": url, "SMS_JSON": wanted, "GATEWAY_HOSTS": "127.0.0.1"}
    return settings_at(folder, environ)


def a_wave(db: Database, settings: Settings, *, channel: Channel, whatsapp: bool) -> UUID:
    """A case that was invited by mail, has a telephone, and is written to on it."""
    with db.unit_of_work() as session:
        school = a_school(session, Person(mail="ana@correo.mx"))
        versions(session)
        session.add(
            ContactPoint(
                member_id=school.members[0],
                kind=ContactKind.MOBILE,
                value=PHONE,
                value_hash="phone",
                source=ContactSource.ROSTER,
                state=ContactState.UNCONFIRMED,
                whatsapp=whatsapp,
                added_at=OPENING,
            )
        )
    a_tick(db, settings, OPENING)
    with db.unit_of_work() as session:
        case = only_case(session)
        planned = PlannedMessage(
            dedupe_key=f"case/{case.id}/invitation/{channel}",
            context_id=case.id,
            kind="invitation",
            mail_domain="cbtis8.mx",
            not_before=OPENING,
            unit_id=school.unit_id,
            channel=channel,
        )
        outbox.enqueue(session, [planned], now=OPENING)
    return case.id


def states(db: Database, case: UUID, channel: Channel) -> tuple[OutboxState, str | None, int]:
    with db.reading() as session:
        (row,) = (row for row in messages_about(session, [case]) if row.channel is channel)
    return row.state, row.reason, row.doubts


def test_a_text_message_carries_the_personal_link(
    db: Database, gateway: GatewayServer, tmp_path: Path
) -> None:
    settings = settings_with(gateway, tmp_path)
    case = a_wave(db, settings, channel=Channel.SMS, whatsapp=False)

    report = a_tick(db, settings, OPENING)

    assert report.sent == 1
    (asked,) = gateway.asked
    said = asked.document
    assert said["to"] == PHONE
    assert said["link"] in said["body"]
    assert "/baja/" in said["body"]
    assert not set("áíóú") & set(said["body"])
    token = said["link"].rpartition("/")[2]
    with db.reading() as session:
        assert open_link(session, token, KEYS, now=OPENING).case_id == case
    assert states(db, case, Channel.SMS)[0] is OutboxState.SENT


def test_silence_after_the_request_is_a_doubt_and_written_once_more(
    db: Database, gateway: GatewayServer, tmp_path: Path
) -> None:
    settings = settings_with(gateway, tmp_path)
    gateway.script = lambda _: DROP
    case = a_wave(db, settings, channel=Channel.SMS, whatsapp=False)

    doubted = a_tick(db, settings, OPENING)
    soon = a_tick(db, settings, OPENING + timedelta(minutes=1))
    again = a_tick(db, settings, OPENING + timedelta(minutes=30))
    later = a_tick(db, settings, OPENING + timedelta(hours=3))

    assert [one.unknown for one in (doubted, soon, again, later)] == [1, 0, 1, 0]
    assert states(db, case, Channel.SMS)[::2] == (OutboxState.UNKNOWN, 2)
    assert len({asked.headers["idempotency-key"] for asked in gateway.asked}) == 1
    assert len(gateway.asked) == 2
    with db.reading() as session:
        (row,) = (r for r in messages_about(session, [case]) if r.channel is Channel.SMS)
        assert [event.outcome for event in history(session, row.id)] == [Outcome.UNKNOWN] * 2


def test_whatsapp_is_only_for_who_said_they_have_it(
    db: Database, gateway: GatewayServer, tmp_path: Path
) -> None:
    settings = settings_with(gateway, tmp_path)
    case = a_wave(db, settings, channel=Channel.SMS, whatsapp=False)
    with db.unit_of_work() as session:
        planned = PlannedMessage(
            "w", case, "invitation", "cbtis8.mx", OPENING, channel=Channel.WHATSAPP
        )
        outbox.enqueue(session, [planned], now=OPENING)

    a_tick(db, settings, OPENING)  # no gateway: kept by the development mailbox

    assert states(db, case, Channel.WHATSAPP)[:2] == (OutboxState.CANCELLED, "no_address")


def test_a_number_that_was_given_up_is_not_written_to(
    db: Database, gateway: GatewayServer, tmp_path: Path
) -> None:
    settings = settings_with(gateway, tmp_path)
    case = a_wave(db, settings, channel=Channel.SMS, whatsapp=False)
    with db.unit_of_work() as session:
        suppression.suppress(
            session,
            PHONE,
            keys_for(suppression.PURPOSE, settings.data_keys),
            reason=SuppressionReason.COMPLAINED,
            now=OPENING,
        )

    a_tick(db, settings, OPENING)

    assert gateway.asked == []
    assert states(db, case, Channel.SMS)[:2] == (OutboxState.CANCELLED, "address_suppressed")


def test_the_development_mailbox_shows_what_no_gateway_takes(db: Database, tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    a_wave(db, settings, channel=Channel.WHATSAPP, whatsapp=True)

    a_tick(db, settings, OPENING)

    with db.reading() as session:
        (kept,) = (one for one in mailbox.newest(session, WHOLE) if one.recipient == PHONE)
    shown = message_from_bytes(kept.content, policy=policy.default).get_body()
    assert shown is not None
    assert "Tu liga personal" in shown.get_content()


def test_without_a_gateway_a_text_message_waits(db: Database, tmp_path: Path) -> None:
    settings = settings_at(tmp_path, {"SMTP_URL": "smtp://127.0.0.1:9?tls=off"})
    case = a_wave(db, settings, channel=Channel.SMS, whatsapp=False)

    a_tick(db, settings, OPENING)

    assert states(db, case, Channel.SMS)[0] is OutboxState.QUEUED


def test_a_text_message_says_what_the_institution_wrote(
    db: Database, gateway: GatewayServer, tmp_path: Path
) -> None:
    settings = settings_with(gateway, tmp_path)
    case = a_wave(db, settings, channel=Channel.SMS, whatsapp=False)
    with db.unit_of_work() as session:
        school = only_wave(session).school_id
        key = TextKey(2, Step.INVITATION, short=True)
        text = MessageText("", "Ya, {{nombre}}: {{liga}} Baja {{baja}}")
        write_text(session, school, key, text, staff_id=None, now=OPENING)

    a_tick(db, settings, OPENING)

    (asked,) = gateway.asked
    assert asked.document["body"].startswith("Ya, Ana: http")
    assert states(db, case, Channel.SMS)[0] is OutboxState.SENT
