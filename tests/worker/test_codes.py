"""A code of six digits, from the button to the bytes that a mail server took."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from sqlmodel import select

from app.classroom import proofs
from app.classroom.proofs import Typed
from app.classroom.tables import ContactProof
from app.db.transactions import Database
from app.directory.consents import opt_out
from app.directory.contacts import add_contact, read_address
from app.directory.states import ContactKind, ContactSource, ContactState
from app.directory.tables import ContactPoint, PanelMember
from app.keys import keys_for
from app.messaging.queries import messages_about
from tests.classroom.room import Room, a_room
from tests.conftest import SECRET_KEYS
from tests.responses.people import DURING, MATCHING
from tests.worker.deployments import MailServer, a_mail_server, a_tick, settings_at

NOW = DURING[1].replace(hour=18)
KEYS = keys_for(proofs.PURPOSE, SECRET_KEYS)


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[MailServer]:
    folder = tmp_path / "mail"
    folder.mkdir()
    with a_mail_server(folder) as found:
        yield found


def asked(db: Database, room: Room, address: str, number: int = 0) -> UUID:
    """The proof of an address that a student gave a moment ago."""
    member = room.people[number].member_id
    with db.unit_of_work() as session:
        contact_id = add_contact(
            session,
            member,
            read_address(ContactKind.EMAIL, address),
            source=ContactSource.RESPONDENT,
            keys=MATCHING,
            now=NOW,
        )
        proofs.send_code(
            session,
            member,
            contact_id,
            unit_id=room.field.school_id,
            mail_domain="trayecto.mx",
            now=NOW,
        )
        return session.exec(
            select(ContactProof.id).where(ContactProof.target_id == contact_id)
        ).one()


def test_the_code_arrives_and_proves_the_address(
    db: Database, mail: MailServer, tmp_path: Path
) -> None:
    with db.unit_of_work() as session:
        room = a_room(session, now=NOW)
    asked(db, room, "ana@correo.test")
    silent = asked(db, room, "carla@correo.test", 2)
    with db.unit_of_work() as session:
        opt_out(session, room.people[2].member_id, source="page", now=NOW)

    a_tick(db, settings_at(tmp_path, {"SMTP_URL": mail.url}), NOW)

    letters = {message.recipient: message for message in mail.received()}
    letter = letters["ana@correo.test"]
    digits = letter.letter["subject"].split()[0]
    assert letter.letter["subject"] == f"{digits} es tu código"
    assert f"Tu código es {digits}." in letter.text
    assert "/e/" not in letter.text  # no personal link: whoever reads it only has the code
    with db.unit_of_work() as session:
        member = room.people[0].member_id
        assert proofs.try_code(session, member, digits, KEYS, now=NOW) is Typed.RIGHT
        (quiet,) = messages_about(session, [silent])
        assert quiet.reason == "opted_out"


def test_nobody_invented_gets_a_code(db: Database, mail: MailServer, tmp_path: Path) -> None:
    with db.unit_of_work() as session:
        room = a_room(session, now=NOW)
        session.get_one(PanelMember, room.people[0].member_id).simulated = True
    proof = asked(db, room, "ana@correo.test")

    a_tick(db, settings_at(tmp_path, {"SMTP_URL": mail.url}), NOW)

    assert mail.received() == []
    with db.reading() as session:
        (message,) = messages_about(session, [proof])
        assert message.reason == "simulated_person"
        (point,) = session.exec(select(ContactPoint)).all()
        assert point.state is ContactState.CONFIRMED
