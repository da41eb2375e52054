"""Whose words count for a school, and that a new text reaches what already waits."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlmodel import Session, col, select, update

from app.chronology.contact_plan import Step
from app.db.transactions import Database
from app.errors import NotFound
from app.fieldwork.dispositions import Disposition
from app.fieldwork.own_texts import give_up_text, own_texts, text_in_force, write_text
from app.fieldwork.tables import Case
from app.fieldwork.texts import MessageText, TextKey, text_of
from app.messaging import mailbox
from app.messaging.templates import TemplateRefused
from app.units.scope import WHOLE, Reach, Scope
from tests.fieldwork.field import Person, a_school, an_office, versions
from tests.worker.deployments import Received, a_tick, settings_at

NIGHT = datetime(2026, 10, 1, 9, tzinfo=UTC)  # three in the morning there: queued, not sent
NOON = datetime(2026, 10, 1, 18, tzinfo=UTC)
KEY = TextKey(2, Step.INVITATION)
BODY = "Hola, {{nombre}}:\n\nTe escribe tu escuela.\n\n{{liga}}\n\nBaja: {{baja}}\n"


def write(session: Session, unit_id: UUID, subject: str, key: TextKey = KEY) -> None:
    write_text(session, unit_id, key, MessageText(subject, BODY), staff_id=None, now=NIGHT)


def mails(db: Database) -> list[Received]:
    with db.reading() as session:
        kept = mailbox.newest(session, WHOLE, limit=10)
    return [Received("", one.recipient, one.content) for one in kept]


def test_the_nearest_words_win_and_giving_them_up_shows_the_next(db: Database) -> None:
    with db.unit_of_work() as session:
        office = an_office(session)
        school = a_school(session, office=office).unit_id
        stranger = a_school(session, code="15ECT0002A").unit_id
        write(session, office, "De la oficina")
        first = own_texts(session, school)
        write(session, school, "De la escuela")
        second = own_texts(session, school)
        give_up_text(session, school, KEY, staff_id=None, now=NIGHT)
        third = own_texts(session, school)
        found = text_in_force(session, Scope((Reach(school),)), school, KEY)
        with pytest.raises(NotFound):
            text_in_force(session, Scope((Reach(school),)), office, KEY)

        assert [one[KEY].subject for one in (first, second, third)] == [
            "De la oficina",
            "De la escuela",
            "De la oficina",
        ]
        assert (found.unit_id, found.text.body) == (office, BODY)
        assert own_texts(session, stranger) == {}
        assert text_in_force(session, WHOLE, stranger, KEY).text == text_of(2, Step.INVITATION)


def test_a_text_that_cannot_be_used_is_not_kept(db: Database) -> None:
    with db.unit_of_work() as session:
        school = a_school(session).unit_id
        with pytest.raises(TemplateRefused):
            write(session, school, "Hola {{curp}}")
        assert own_texts(session, school) == {}


def test_a_new_text_reaches_what_already_waits(db: Database, tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    with db.unit_of_work() as session:
        versions(session)
        school = a_school(session, Person()).unit_id
        write(session, school, "Antes")
    assert a_tick(db, settings, NIGHT).queued == 1
    assert mails(db) == []
    with db.unit_of_work() as session:
        write(session, school, "Después")

    assert a_tick(db, settings, NOON).sent == 1

    (mail,) = mails(db)
    assert mail.letter["Subject"] == "Después"
    assert "Te escribe tu escuela." in mail.text


def test_who_began_is_written_another_text(db: Database, tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    with db.unit_of_work() as session:
        versions(session)
        school = a_school(session, Person(), Person(mail="beto@example.org")).unit_id
        write(session, school, "Sigue, por favor", TextKey(2, Step.REMINDER_1, started=True))
    a_tick(db, settings, NOON)
    with db.unit_of_work() as session:
        first = session.exec(select(Case.id).order_by(col(Case.id))).first()
        session.exec(
            update(Case).where(col(Case.id) == first).values(disposition=Disposition.STARTED)
        )

    assert a_tick(db, settings, NOON + timedelta(days=4)).sent == 2

    assert sorted(str(mail.letter["Subject"]) for mail in mails(db))[:3] == [
        "Nos falta saber de ti",
        "Sigue, por favor",
        "¿Qué haces ahora que egresaste?",
    ]
