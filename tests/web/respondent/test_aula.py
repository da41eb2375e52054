"""/aula through HTTP: what a student, the next student and the wall see."""

import re

import pytest

from app.classroom.budget import TRIES_ALL, TRIES_EACH
from app.classroom.helping import let_in_again
from app.db.transactions import Database
from app.fieldwork.tables import Mode
from tests.browser.no_script import StepForm
from tests.classroom.room import TEACHER, Room, a_room, born, case_of
from tests.web.respondent.site import Device, Seen, Site
from tests.web.test_crawl import snapshot


@pytest.fixture
def site(db: Database) -> Site:
    return Site(db, 1)


@pytest.fixture
def room(site: Site) -> Room:
    with site.db.unit_of_work() as session:
        return a_room(session, wave=site.wave, now=site.clock.at)


def data(number: int, *, day: str = "", shared: bool = False) -> dict[str, str]:
    year, month, date = (day or born(number)).split("-")
    typed = {"matricula": f"a-{number:03}", "anio": year, "mes": str(int(month)), "dia": date}
    return {**typed, "equipo": "1"} if shared else typed


def enter(device: Device, room: Room, number: int, *, shared: bool = False) -> Seen:
    device.get(f"/aula/{room.code}" + ("/equipo" if shared else ""))
    return device.post(f"/aula/{room.code}", data(number, shared=shared))


def test_from_the_code_to_the_first_question_in_three_pages(site: Site, room: Room) -> None:
    phone = site.device()

    door = phone.get(f"/aula?codigo={room.code[:4].lower()}-{room.code[4:]}")
    first = phone.post(f"/aula/{room.code}", data(1))

    assert (door.status, door.title) == (200, "Di quién eres")
    assert (first.status, first.step) == (200, "aviso_q1")
    assert "Estudiante" not in door.body
    with site.db.reading() as session:
        assert case_of(session, room.people[0]).mode is Mode.CLASS


@pytest.mark.usefixtures("room")
@pytest.mark.parametrize("code", ["ZZZZZZZZ", "22222222", "corto", "%20", "0" * 300])
def test_a_code_that_opens_nothing(site: Site, code: str) -> None:
    phone = site.device()

    pages = [phone.get(f"/aula/{code}"), phone.get(f"/aula/{code}/equipo")]
    pages.append(phone.post(f"/aula/{code}", data(1)))

    assert {page.status for page in pages} == {404}
    assert {page.title for page in pages} == {"Error: Escribe el código de la clase"}
    assert phone.get(f"/aula/{code}/pantalla").status == 404


def test_every_wrong_pair_gets_the_same_bytes(site: Site, room: Room) -> None:
    """Wrong date, wrong matrícula, another's date: the page does not tell which."""
    wrong = [data(1, day="2008-12-31"), data(1, day=born(2)), {**data(1), "matricula": "Z9"}]

    pages = [site.device().post(f"/aula/{room.code}", typed) for typed in wrong]

    assert {page.status for page in pages} == {422}
    assert len({page.body for page in pages}) == 1
    assert "Estudiante" not in pages[0].body
    assert "a-001" not in pages[0].body


def test_half_a_date_is_no_try(site: Site, room: Room) -> None:
    phone = site.device()

    half = {**data(1), "dia": "31", "mes": "2"}
    pages = [phone.post(f"/aula/{room.code}", half) for _ in range(TRIES_EACH + 1)]

    assert {(page.status, "completas" in page.body) for page in pages} == {(422, True)}
    assert enter(phone, room, 1).step == "aviso_q1"


def test_tries_are_counted_for_a_matricula_whatever_the_device(site: Site, room: Room) -> None:
    for _ in range(TRIES_EACH):
        site.device().post(f"/aula/{room.code}", data(1, day="2008-12-31"))

    assert site.device().post(f"/aula/{room.code}", data(1)).status == 429
    assert enter(site.device(), room, 2).step == "aviso_q1"


def test_a_stranger_with_the_code_has_sixty_guesses(site: Site, room: Room) -> None:
    """Whatever they are spent on, from as many devices as one likes; then staff must act."""
    stranger, compared = site.device(), 0
    for number in range(200):
        guess = {**data(1), "matricula": f"A{number % 40:03}", "anio": "2007"}
        compared += stranger.post(f"/aula/{room.code}", guess).status == 422

    assert compared == TRIES_ALL
    assert site.device().post(f"/aula/{room.code}", data(1)).status == 429


def test_the_second_with_one_matricula_sees_nothing(site: Site, room: Room) -> None:
    enter(site.device(), room, 1)

    second = enter(site.device(), room, 1)

    assert (second.status, "ya está en uso" in second.body) == (409, True)
    assert "Estudiante" not in second.body


def test_looking_writes_nothing(site: Site, room: Room) -> None:
    """SEC-08: a respondent's GET writes nothing; the data of the class stay as they are."""
    phone = site.device()
    before = snapshot(site.db)

    for path in ("/aula", f"/aula/{room.code}", f"/aula/{room.code}/equipo"):
        assert phone.get(path).status == 200
    assert phone.get(f"/aula/{room.code}/pantalla").status == 200

    assert snapshot(site.db) == before


def test_a_shared_computer_goes_from_one_student_to_the_next(site: Site, room: Room) -> None:
    computer = site.device()
    computer.client.cookies.set("trayecto_js", "1")  # it runs scripts, and gets plain pages
    first = enter(computer, room, 1, shared=True)
    assert first.step == "aviso_q1"
    computer.post("/responder", {**first.hidden, "aviso_q1": "1"})
    shown = computer.client.get("/responder")
    assert shown.headers["cache-control"] == "no-store"
    assert shown.headers["refresh"] == f"600; url=/aula/{room.code}/equipo"

    left = computer.post("/responder", {"s": first.hidden["s"], "accion": "salir"})
    back = computer.client.get("/responder")
    second = enter(computer, room, 2, shared=True)

    assert left.url.endswith(f"/aula/{room.code}/equipo")
    assert back.status_code == 403
    assert second.step == "aviso_q1"  # from the beginning: nothing of the first
    assert second.hidden["s"] != first.hidden["s"]


def test_a_shared_computer_offers_nobody_what_was_typed(site: Site, room: Room) -> None:
    """A browser keeps what is typed where a field invites it to."""
    given = {"celular": "5512345678"}
    found = {}
    for number, shared in ((2, False), (1, True)):
        device = site.device()
        page = enter(device, room, number, shared=shared)
        for _ in range(20):
            if 'name="correo_personal"' in page.body:
                break
            chosen = dict.fromkeys(StepForm(page.body).options, "1")
            asked = {name: text for name, text in given.items() if f'name="{name}"' in page.body}
            page = device.answer(page, **chosen, **asked)
        found[shared] = page.body

    assert 'autocomplete="email"' in found[False]
    assert 'type="email" autocomplete="off"' in found[True]


def test_who_goes_without_leaving_is_ended_by_the_next(site: Site, room: Room) -> None:
    computer = site.device()
    first = enter(computer, room, 1, shared=True)

    enter(computer, room, 2, shared=True)
    stale = computer.post("/responder", {**first.hidden, "aviso_q1": "1"})

    assert stale.status == 403
    assert len([name for name in computer.client.cookies if "entry_" in name]) == 1


def test_without_cookies_the_first_question_stands_in_the_answer(site: Site, room: Room) -> None:
    phone = Device(site.device().client, cookies=False)

    first = phone.post(f"/aula/{room.code}", data(1))
    second = phone.post("/responder", {**first.hidden, "aviso_q1": "1"})

    assert (first.step, second.status, second.step) == ("aviso_q1", 200, "datos_correctos")
    assert "EstudianteA1" in second.body  # class: the person has just said who they are


def test_the_cookie_of_a_class_ends_with_the_browser(site: Site, room: Room) -> None:
    phone = site.device()
    phone.get(f"/aula/{room.code}")

    answer = phone.client.post(f"/aula/{room.code}", data=data(1))

    (cookie,) = [each for each in answer.headers.get_list("set-cookie") if "entry_" in each]
    assert "max-age" not in cookie.lower()
    assert "httponly" in cookie.lower()


def test_earlier_answers_stay_covered_in_class_and_after(site: Site, room: Room) -> None:
    """SEC-28: matrícula and date of birth never open what was answered."""
    link = site.device()
    first = link.begin(room.people[0])
    link.post("/responder", {**first.hidden, "aviso_q1": "1"})

    phone = site.device()
    enter(phone, room, 1)
    here = phone.get("/responder?paso=aviso_q1")
    check = phone.get("/responder/comprobar")
    proof = phone.post(
        "/responder/comprobar",
        {"s": here.hidden["s"], "anio": "2008", "mes": "2", "dia": "2", "fin": "A001"},
    )

    assert "desde otro dispositivo" in here.body
    assert "comprobar" not in here.body
    assert (check.status, proof.status) == (403, 403)
    site.clock.pass_(hours=2)
    assert site.device().post(f"/aula/{room.code}", data(1)).status == 404
    assert phone.get("/responder").status == 403


def test_the_wall_counts_and_names_nobody(site: Site, room: Room) -> None:
    enter(site.device(), room, 1)
    with site.db.unit_of_work() as session:
        case_of(session, room.people[2]).completed_at = site.clock.at  # with blanks: partial

    wall = site.device().get(f"/aula/{room.code}/pantalla")

    assert seats(wall) == {"done": 1, "inside": 1, "free": 1}
    assert "quedan 120 minutos" in wall.body
    assert room.code[:4] in wall.body
    assert not re.search(r"Estudiante|Muñoz|A00\d", wall.body)


def test_staff_let_a_student_in_on_another_phone(site: Site, room: Room) -> None:
    dead, other = site.device(), site.device()
    enter(dead, room, 1)
    with site.db.unit_of_work() as session:
        case_id = room.people[0].case_id
        let_in_again(session, room.classroom_id, case_id, by=TEACHER, now=site.clock.at)

    assert enter(other, room, 1).step == "aviso_q1"
    assert dead.get("/responder").status == 403


def seats(wall: Seen) -> dict[str, int]:
    found = re.findall(r'<li class="(\w+)">', wall.body)
    return {kind: found.count(kind) for kind in ("done", "inside", "free")}
