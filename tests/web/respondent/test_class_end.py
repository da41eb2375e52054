"""The end of a student of a class: contacts proven, nothing left behind."""

import html
import re
from datetime import timedelta
from urllib.parse import unquote
from uuid import UUID

import pytest
from sqlmodel import col, select

from app.classroom.proofs import PURPOSE, digits_of
from app.classroom.tables import Classroom, ContactProof
from app.db.transactions import Database
from app.directory.consents import FOLLOW_UP, record_consent
from app.directory.contacts import add_contact, read_address
from app.directory.school_domains import add_closing_domain
from app.directory.states import ContactKind, ContactSource
from app.directory.tables import AlternateContact, ContactPoint
from app.keys import keys_for
from tests.classroom.room import Room, a_room
from tests.conftest import SECRET_KEYS
from tests.responses.people import MATCHING
from tests.web.respondent.site import Device, Seen, Site
from tests.web.respondent.test_aula import enter

KEY = keys_for(PURPOSE, SECRET_KEYS)[0]


@pytest.fixture
def site(db: Database) -> Site:
    return Site(db, 1)


@pytest.fixture
def room(site: Site) -> Room:
    with site.db.unit_of_work() as session:
        found = a_room(session, wave=site.wave, now=site.clock.at)
        session.get_one(Classroom, found.classroom_id).whatsapp = "+525511112222"
        return found


def at_the_end(
    site: Site, room: Room, *addresses: str, granted: bool = True
) -> tuple[Device, Seen]:
    """A student who allowed to be followed, with these addresses, and stops here."""
    member = room.people[0].member_id
    with site.db.unit_of_work() as session:
        record_consent(session, member, FOLLOW_UP, granted, now=site.clock.at)
        for text in addresses:
            kind = ContactKind.EMAIL if "@" in text else ContactKind.MOBILE
            add_contact(
                session,
                member,
                read_address(kind, text),
                source=ContactSource.RESPONDENT,
                keys=MATCHING,
                now=site.clock.at,
            )
    phone = site.device()
    enter(phone, room, 1)
    phone.get("/responder?paso=pausa")
    return phone, phone.get("/responder?paso=pausa")


def press(phone: Device, page: Seen, act: str, **typed: str) -> Seen:
    (secret,) = set(re.findall(r'name="s" value="([^"]+)"', page.body)[:1])
    return phone.post(f"/aula/contactos/{act}", {"s": html.unescape(secret), **typed})


def target(page: Seen) -> str:
    found: list[str] = re.findall(r'name="via" value="([^"]+)"', page.body)
    return found[0]


def last_digits(site: Site) -> str:
    with site.db.reading() as session:
        newest = select(ContactProof).order_by(col(ContactProof.asked_at).desc())
        found = session.exec(newest).first()
        assert found is not None
        return digits_of(KEY, found.id)


def test_a_mail_is_proven_by_the_code_that_came(site: Site, room: Room) -> None:
    phone, page = at_the_end(site, room, "ana@correo.test")
    assert "a•••@correo.test" in page.body
    assert "ana@" not in page.body

    asked = press(phone, page, "codigo", via=target(page))
    wrong = press(phone, asked, "comprobar", codigo="1")
    right = press(phone, wrong, "comprobar", codigo=last_digits(site))

    assert (asked.status, wrong.status, right.status) == (200, 422, 200)
    assert "Ese no es el código" in wrong.body
    assert "✓ Comprobado" in right.body
    assert last_digits(site) not in asked.body


def test_a_mail_given_now_is_checked_first(site: Site, room: Room) -> None:
    phone, page = at_the_end(site, room)

    said = [
        press(phone, page, "codigo", correo=typed).body
        for typed in ("nada", "ana@alumno.conalep.edu.mx", "ana@gmial.com")
    ]
    good = press(phone, page, "codigo", correo="ana@correo.test")

    assert "correo completo" in said[0]
    assert "se cierra cuando egresas" in said[1]
    assert "¿Quisiste escribir ana@gmail.com?" in said[2]
    assert (good.status, "6 números" in good.body) == (200, True)
    with site.db.reading() as session:
        (point,) = session.exec(select(ContactPoint)).all()
        assert (point.value, point.proven_at) == ("ana@correo.test", None)


def test_a_mail_of_a_domain_the_school_closes_is_refused(site: Site, room: Room) -> None:
    phone, page = at_the_end(site, room)
    with site.db.unit_of_work() as session:
        school = room.field.school_id
        add_closing_domain(session, school, "cbtis8.mx", now=site.clock.at)

    said = press(phone, page, "codigo", correo="ana@alumnos.cbtis8.mx")

    assert (said.status, "se cierra cuando egresas" in said.body) == (422, True)


def test_a_telephone_is_proven_by_a_message_from_it(site: Site, room: Room) -> None:
    phone, page = at_the_end(site, room, "5512345678")

    asked = press(phone, page, "whatsapp", via=target(page))

    (url,) = re.findall(r'href="(https://wa\.me/[^"]+)"', asked.body)
    assert url.startswith("https://wa.me/525511112222?text=")
    assert last_digits(site) in unquote(url)
    assert not re.search("Estudiante|A001|5512345678", unquote(url))
    assert last_digits(site) in asked.body


def test_a_relative_is_told_by_the_student(site: Site, room: Room) -> None:
    phone, page = at_the_end(site, room)

    wrong = press(phone, page, "familiar", nombre="Rosa", telefono="12", parentesco="1")
    kept = press(phone, page, "familiar", nombre="Rosa", telefono="5588887777", parentesco="99")

    assert (wrong.status, kept.status) == (422, 200)
    assert "Si no quieres, dime y lo quito." in unquote(kept.body)
    with site.db.reading() as session:
        (relative,) = session.exec(select(AlternateContact)).all()
        assert (relative.phone, relative.relationship) == ("+525588887777", None)


def test_who_said_no_is_asked_for_nothing(site: Site, room: Room) -> None:
    phone, page = at_the_end(site, room, "ana@correo.test", granted=False)

    assert "encontrar" not in page.body
    assert press(phone, page, "codigo", correo="otra@correo.test").status == 404


def test_proofs_are_of_a_class_and_of_the_own_contact(site: Site, room: Room) -> None:
    """By link nothing of this exists; in class another's contact does not."""
    phone, page = at_the_end(site, room, "ana@correo.test")
    link = site.device()
    first = link.begin(room.people[1])

    by_link = link.post(
        "/aula/contactos/codigo", {"s": first.hidden["s"], "correo": "x@correo.test"}
    )
    foreign = press(phone, page, "codigo", via=str(UUID(int=1)))
    odd = press(phone, page, "whatsapp", via="x")
    missing = press(phone, page, "whatsapp")

    assert (by_link.status, foreign.status, odd.status, missing.status) == (403, 404, 404, 404)


def test_nothing_answered_stands_on_the_last_page(site: Site, room: Room) -> None:
    phone, page = at_the_end(site, room)

    assert "Lo que contestaste" not in page.body
    assert "Terminar y salir" in page.body
    left = phone.post("/responder", {"s": page.hidden["s"], "accion": "salir"})
    assert left.title == "Listo, saliste"
    assert phone.get("/responder").status == 403


def test_the_session_lives_while_contacts_are_proven(site: Site, room: Room) -> None:
    phone, page = at_the_end(site, room, "ana@correo.test")
    site.clock.at += timedelta(minutes=9)
    asked = press(phone, page, "codigo", via=target(page))
    site.clock.at += timedelta(minutes=9)

    assert press(phone, asked, "comprobar", codigo=last_digits(site)).status == 200
