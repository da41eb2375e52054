"""A class whose student asked for English: from the code to the way out."""

from sqlmodel import select

from app.fieldwork.tables import EntrySession
from app.questionnaires.items import Language
from tests.classroom.room import Room
from tests.web.respondent.site import Device, Seen, Site
from tests.web.respondent.test_aula import data
from tests.web.respondent.test_class_end import at_the_end, press, room, site, target
from tests.web.respondent.test_languages import spanish_in

__all__ = ["room", "site"]  # fixtures
TYPED = {"nombre": "Rosa", "parentesco": "1"}


def the_door(phone: Device, room: Room) -> list[Seen]:
    """Wrong codes, wrong people, and then the first question."""
    address = f"/aula/{room.code}?lang=en"
    pages = [phone.get(f"/aula?{query}lang=en") for query in ("", "codigo=nada&")]
    pages += [phone.get("/aula/22222222?lang=en"), phone.get(f"/aula/{room.code}/equipo?lang=en")]
    pages.append(phone.get(f"/aula?codigo={room.code}&lang=en"))
    assert f'action="{address}"' in pages[-1].body
    return [*pages, *(phone.post(address, typed) for typed in ({}, data(2, day="2001-01-01")))]


def the_contacts(phone: Device, end: Seen) -> list[Seen]:
    """Codes, wrong ones, a relative: everything the end of a class may say."""
    pages = [press(phone, end, "codigo", via=target(end))]
    pages += [press(phone, end, "comprobar", codigo="1") for _ in range(7)]
    pages += [press(phone, end, "codigo", via=target(end)) for _ in range(7)]
    pages += [press(phone, end, "codigo", correo=text) for text in ("nada", "ana@gmial.com")]
    pages += [press(phone, end, "familiar", telefono=text, **TYPED) for text in ("1", "5588887777")]
    return [*pages, phone.post("/responder", {"s": end.hidden["s"], "accion": "salir"})]


def test_a_class_speaks_english_to_who_asks(site: Site, room: Room) -> None:
    phone, spanish = at_the_end(site, room, "ana@correo.test", "5512345678")
    assert '<html lang="es-MX">' in spanish.body

    pages = the_door(phone, room)
    again = phone.post(f"/aula/{room.code}?lang=en", data(1))
    end = phone.get("/responder?paso=pausa")
    pages += [again, end, *the_contacts(phone, end)]

    assert (again.status, again.step) == (200, "aviso_q1")
    assert [(page.title, spanish_in(page.body)) for page in pages if spanish_in(page.body)] == []
    assert all('<html lang="en">' in page.body for page in pages)
    assert {page.status for page in pages} == {200, 404, 422}
    with site.db.reading() as session:
        assert set(session.exec(select(EntrySession.language))) == {Language.ENGLISH}
    # Whoever sits down next at a shared computer reads Spanish again.
    assert '<html lang="es-MX">' in phone.get(f"/aula/{room.code}/equipo").body
