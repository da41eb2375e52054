"""The channel a person prefers first, then the next that reaches them."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlmodel import select

from app.db.transactions import Database
from app.directory.states import ContactKind, ContactSource
from app.directory.tables import ContactPoint
from app.fieldwork.channels import channel_for
from app.fieldwork.invitations import queue_due
from app.fieldwork.planning import open_due_waves
from app.fieldwork.prospects import rehearsal
from app.messaging.states import Channel
from app.messaging.tables import OutboxMessage
from tests.fieldwork.field import DOMAIN, KEYS, LONG_AGO, Person, a_member, a_school, versions

NOON = datetime(2026, 10, 1, 18, tzinfo=UTC)
ALL = frozenset(Channel)


def a_point(
    kind: ContactKind,
    *,
    member_id: UUID | None = None,
    whatsapp: bool = False,
    preferred: bool = False,
) -> ContactPoint:
    member = member_id or uuid4()
    return ContactPoint(
        member_id=member,
        kind=kind,
        value=f"+5255{member.int % 10**8:08}",
        value_hash=member.hex,
        source=ContactSource.ROSTER,
        whatsapp=whatsapp,
        preferred=preferred,
        added_at=LONG_AGO,
    )


MAIL = a_point(ContactKind.EMAIL)
PHONE = a_point(ContactKind.MOBILE)
WHATSAPP = a_point(ContactKind.MOBILE, whatsapp=True)


@pytest.mark.parametrize(
    ("points", "opened", "channel"),
    [
        ([MAIL, PHONE], ALL, Channel.MAIL),
        ([PHONE], ALL, Channel.SMS),
        ([WHATSAPP], ALL, Channel.WHATSAPP),
        ([WHATSAPP], {Channel.MAIL, Channel.SMS}, Channel.SMS),
        ([PHONE], {Channel.MAIL}, None),
        ([], ALL, None),
        ([MAIL, a_point(ContactKind.MOBILE, preferred=True)], ALL, Channel.SMS),
        ([MAIL, a_point(ContactKind.MOBILE, preferred=True)], {Channel.MAIL}, Channel.MAIL),
    ],
)
def test_the_preferred_channel_first_then_the_next_that_is_open(
    points: list[ContactPoint], opened: frozenset[Channel], channel: Channel | None
) -> None:
    assert channel_for(points, opened) is channel


def test_each_person_is_written_to_by_their_channel_as_rehearsed(db: Database) -> None:
    with db.unit_of_work() as session:
        school = a_school(session, Person(), Person(mail=None), Person(mail=None))
        session.add(a_point(ContactKind.MOBILE, member_id=school.members[0], preferred=True))
        session.add(a_point(ContactKind.MOBILE, member_id=school.members[1], whatsapp=True))
        a_member(session, school, Person(mail="b@gmail.com"))
    before = NOON - timedelta(days=1)
    with db.reading() as session:
        report = rehearsal(session, now=before, days=2, channels=ALL)
    with db.unit_of_work() as session:
        open_due_waves(session, now=NOON, keys=KEYS, versions=versions(session))
        queue_due(session, now=NOON, mail_domain=DOMAIN, channels=ALL)

    with db.reading() as session:
        queued = Counter(row.channel for row in session.exec(select(OutboxMessage)))
    assert dict(queued) == {Channel.SMS: 1, Channel.WHATSAPP: 1, Channel.MAIL: 1}
    assert dict(report[1].messages) == {"sms": 1, "whatsapp": 1, "gmail.com": 1}
