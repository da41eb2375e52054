"""A whole letter on its raw bytes: EM-01 to EM-08 with the question it opens with."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from uuid import uuid4

import pytest
from sqlmodel import Session, select

from app.chronology.contact_plan import Step
from app.db.transactions import Database
from app.fieldwork.addressees import correspondents
from app.fieldwork.dispositions import Disposition
from app.fieldwork.first_question import taps_for
from app.fieldwork.planning import open_due_waves
from app.fieldwork.stationery import Envelope, post_office, stationery_of, write_letter
from app.fieldwork.tables import Case
from app.questionnaires.library import source_file
from app.questionnaires.publication import publish
from app.units.profiles import ProfileText, store_profile
from tests.fieldwork.field import KEYS, Person, a_school
from tests.worker.deployments import settings_at

NOON = datetime(2026, 10, 1, 18, tzinfo=UTC)
SETTINGS = {"MAIL_FROM": "avisos@sistema.mx", "BASE_URL": "https://egresados.sistema.mx"}
LINK = re.compile(r"https://egresados\.sistema\.mx/e/[A-Za-z0-9_-]{22}")


def a_letter(session: Session, tmp_path: Path, *, began: bool = False) -> bytes:
    source = source_file(2)
    version = publish(session, source.text, now=NOON, file=source.name)
    school = a_school(session, Person())
    said = ProfileText("Plantel Ñandú", "direccion@plantel.mx", "Sede Centro", "55 1234 5678")
    store_profile(session, school.unit_id, said, now=NOON)
    open_due_waves(session, now=NOON, keys=KEYS, versions={2: version.id})
    session.flush()
    case = session.exec(select(Case)).one()
    if began:
        case.disposition = Disposition.STARTED
        session.flush()
    (person,) = correspondents(session, [case.id]).values()
    office = post_office(settings_at(tmp_path, SETTINGS))
    paper = stationery_of(session, office, school.unit_id)
    envelope = Envelope(uuid4(), "<x@sistema.mx>", Step.INVITATION, "ana@example.org")
    taps = taps_for(session, person)
    return write_letter(office, paper, person, envelope, taps=taps, now=NOON).content


@pytest.fixture
def raw(db: Database, tmp_path: Path) -> bytes:
    with db.unit_of_work() as session:
        return a_letter(session, tmp_path)


def read(content: bytes) -> EmailMessage:
    return BytesParser(EmailMessage, policy=policy.default).parsebytes(content)


def test_the_letter_keeps_the_rules_of_the_book(raw: bytes) -> None:
    letter = read(raw)
    plain, html = letter.iter_parts()
    text, page = plain.get_content(), html.get_content()

    # EM-01
    assert letter.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in (plain, html)] == ["text/plain", "text/html"]
    assert len(page.encode()) <= 20_000
    assert not re.search(r"<img|<script|<link|url\(|src=", page)
    # EM-02, EM-03, EM-04, EM-05
    assert str(letter["From"]) == "Plantel Ñandú <avisos@sistema.mx>"
    assert str(letter["Reply-To"]) == "Plantel Ñandú <direccion@plantel.mx>"
    assert (letter["Sender"], letter["Precedence"]) == (None, None)
    assert str(letter["Message-ID"]) == "<x@sistema.mx>"
    assert str(letter["List-Unsubscribe-Post"]) == "List-Unsubscribe=One-Click"
    assert str(letter["List-Unsubscribe"]).startswith("<https://egresados.sistema.mx/baja/")
    assert str(letter["Auto-Submitted"]) == "auto-generated"
    assert letter["List-Id"] is not None
    # EM-07
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert len(str(letter["Subject"])) <= 60
    # EM-08: one link to answer in both parts; in the page its visible text is the host
    (link,) = set(LINK.findall(text))
    assert set(LINK.findall(page)) == {link}
    assert len(link) < 76
    assert f'<a href="{link}">egresados.sistema.mx</a>' in page


def test_the_first_question_can_be_tapped_in_the_page_and_only_there(raw: bytes) -> None:
    plain, html = read(raw).iter_parts()
    text, page = plain.get_content(), html.get_content()
    (link,) = set(LINK.findall(text))

    taps = re.findall(rf'<a href="{link}\?o=(\d)"[^>]*>([^<]+)</a>', page)

    assert [code for code, _ in taps] == ["1", "2", "3", "4", "5"]
    assert taps[0][1] == "Sí, licenciatura, ingeniería o normal"
    assert "La semana del lunes 21 de septiembre al domingo 27 de septiembre" in page
    assert page.index("?o=1") < page.index(f'href="{link}">')
    assert "?o=" not in text
    assert "¿estabas estudiando?" not in text


def test_who_began_is_not_asked_again(db: Database, tmp_path: Path) -> None:
    with db.unit_of_work() as session:
        raw = a_letter(session, tmp_path, began=True)

    assert b"?o=3D" not in raw
    assert "está guardado" in read(raw).get_body(("plain",)).get_content()  # type: ignore[union-attr]


def test_a_version_that_cannot_be_read_still_lets_the_letter_go(
    db: Database, tmp_path: Path
) -> None:
    """The mail is worth more than its buttons."""
    with db.unit_of_work() as session:
        a_letter(session, tmp_path)
        (person,) = correspondents(session, [session.exec(select(Case.id)).one()]).values()

        assert taps_for(session, replace(person, version_id=uuid4())) is None
