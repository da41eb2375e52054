"""A class of fifty: every telephone behind one address, at the same moment, from QR to receipt.

Six are pages of a real Chromium, four with script and two without; forty-four speak HTTP, three
in four of them without cookies. The wall and the panel count them.
"""

import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import httpx2
import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page
from sqlmodel import select

from app.db.transactions import Database
from app.directory.consents import FOLLOW_UP, record_consent
from app.fieldwork.dispositions import Disposition
from app.fieldwork.tables import Case, Mode
from app.staff import invitations, sessions
from app.staff.addresses import staff_keys
from app.staff.roles import Role, WantedGrant
from app.units.tables import OrganisationUnit
from app.web import security
from app.web.main import create_app
from tests.browser.conftest import LAPTOP, PHONE, Watch, axe_violations, keep_screenshot
from tests.browser.no_script import StepForm
from tests.browser.pressing import press
from tests.classroom.room import Room, a_room, born
from tests.conftest import DATA_KEYS
from tests.responses.people import DURING, a_field
from tests.services import free_port, wait_for
from tests.web.respondent.test_browser_walk import fill_in, fill_without_script
from tests.web.world import settings_for

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser")]

NOW = DURING[1]
SIZE, PAGES, WITHOUT_SCRIPT = 50, 6, 2
LARGE_WALL = {"width": 1920, "height": 1080}
BUSY = 503  # of a store with one lock, where fifty write and the machine is loaded
SMALLEST = 48  # px of any letter on the wall
ANSWERS = {"aviso_q1": "1", "trabaja_actual": "3", "plan_egreso": "3"}
NO = dict.fromkeys(("autoriza_seguimiento", "autoriza_ofertas", "autoriza_orientacion"), "2")


@dataclass(slots=True)
class Lesson:
    """A served class, and the cookie of its teacher."""

    url: str
    room: Room
    database: Database
    teacher: dict[str, str]

    @property
    def door(self) -> str:
        return f"{self.url}/aula/{self.room.code}"

    @property
    def panel(self) -> str:
        return f"{self.url}/panel/aulas/{self.room.classroom_id}"


@pytest.fixture
def lesson(db: Database, database_url: str) -> Iterator[Lesson]:
    port = free_port()
    settings = settings_for(database_url, base_url=f"http://127.0.0.1:{port}")
    with db.unit_of_work() as session:
        room = a_room(session, SIZE, wave=a_field(session, 1), now=NOW)
        school = session.get_one(OrganisationUnit, room.field.school_id)
        invited = invitations.invite(
            session,
            "maestra@escuela.mx",
            WantedGrant(school.code, Role.TUTOR, ("2023-2026/6A",)),
            keys=staff_keys(DATA_KEYS),
            by=None,
            now=NOW,
        )
        token = sessions.open_session(session, invited.account_id, place="p", device="t", now=NOW)
    app = create_app(settings, db, lambda: NOW)
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", access_log=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_for(port)
    teacher = {security.cookie_name(security.STAFF_COOKIE, secure=False): token}
    yield Lesson(settings.base_url, room, db, teacher)
    server.should_exit = True
    thread.join(10)


def who(number: int) -> dict[str, str]:
    year, month, day = born(number).split("-")
    return {"matricula": f"A{number:03}", "anio": year, "mes": str(int(month)), "dia": day}


def a_page(
    chromium: Browser, lesson: Lesson, size: dict[str, int] = PHONE, *, script: bool = True
) -> tuple[Page, Watch]:
    context = chromium.new_context(
        viewport={"width": size["width"], "height": size["height"]},
        java_script_enabled=script,
        locale="es-MX",
    )
    page, watch = context.new_page(), Watch(lesson.url)
    watch.follow(page)
    return page, watch


def identify(page: Page, number: int) -> None:
    """Type who one is; the button is still to be pressed."""
    said = who(number)
    for name in ("matricula", "dia", "anio"):
        page.fill(f"#{name}", said[name])
    page.select_option("#mes", said["mes"])


def answer_by_http(
    lesson: Lesson, number: int, start: threading.Barrier
) -> tuple[str, frozenset[int]]:
    """A telephone that speaks HTTP: its last title, and every status it saw.

    Where the store is busy it presses the button again, as the page says.
    """
    cookies, seen = number % 4 == 0, {200}
    with httpx2.Client(base_url=lesson.url, timeout=120) as client:
        if cookies:
            client.get(lesson.door)
        start.wait()
        page = client.post(lesson.door, data=who(number))
        while page.status_code == BUSY:
            page = client.post(lesson.door, data=who(number))
        for _ in range(90):
            if cookies:
                while page.status_code == 303:
                    page = client.get(page.headers["location"])
            else:
                client.cookies.clear()
            seen.add(page.status_code)
            form = StepForm(page.text)
            if not form.hidden:
                break
            chosen = {
                name: {**ANSWERS, **NO}.get(name, values[0])
                for name, values in form.options.items()
            }
            page = client.post("/responder", data={**form.hidden, **chosen})
    (title,) = re.findall(r"<title>(.*?)</title>", page.text, re.DOTALL)
    return title, frozenset(seen)


def go_on(page: Page, *, script: bool) -> bool:
    """One step further; False where the questionnaire is over."""
    if "racias" in page.inner_text("main"):
        return False
    if page.locator("form[novalidate]").count():
        if script:
            fill_in(page, last=False)
        else:
            fill_without_script(page)
        page.locator("form[novalidate] button").first.click()
    page.wait_for_timeout(50)
    return True


def answer_on_pages(pages: dict[Page, bool]) -> None:
    """All pages by turns, a step each; whether each runs its script."""
    for page in pages:
        page.click("text=Comenzar", no_wait_after=True)
    for page in pages:
        page.wait_for_url("**/responder**")
    waiting = dict(pages)
    for _ in range(120):
        waiting = {page: script for page, script in waiting.items() if go_on(page, script=script)}
        if not waiting:
            return
    raise AssertionError([page.inner_text("main") for page in waiting])


def leave(page: Page, watch: Watch) -> None:
    assert page.inner_text("h1") == "Gracias, ya recibimos tu cuestionario"
    press(page.locator("text=Terminar y salir"))
    assert page.inner_text("h1") == "Listo, saliste"
    assert not page.context.storage_state()["origins"]  # nothing stays on the device
    assert watch.complaints == []
    page.context.close()


def test_fifty_phones_answer_at_once(lesson: Lesson, chromium: Browser) -> None:
    scripts = [number > WITHOUT_SCRIPT for number in range(1, PAGES + 1)]
    devices = [a_page(chromium, lesson, script=script) for script in scripts]
    for number, (page, _) in enumerate(devices, 1):
        page.goto(lesson.door)
        identify(page, number)
    others = range(PAGES + 1, SIZE + 1)
    start = threading.Barrier(len(others) + 1)

    with ThreadPoolExecutor(len(others)) as pool:
        running = [pool.submit(answer_by_http, lesson, number, start) for number in others]
        start.wait()
        answer_on_pages({page: script for (page, _), script in zip(devices, scripts, strict=True)})
        by_http = [each.result() for each in running]

    assert {title for title, _ in by_http} == {"Gracias, ya recibimos tu cuestionario"}
    assert frozenset().union(*(seen for _, seen in by_http)) <= {200, BUSY}  # never 429
    keep_screenshot(devices[-1][0], "aula_gracias_360")
    for page, watch in devices:
        leave(page, watch)
    with lesson.database.reading() as session:
        cases = session.exec(select(Case)).all()
    ended = {Disposition.COMPLETE, Disposition.PARTIAL}  # blanks are allowed
    assert {case.mode for case in cases} == {Mode.CLASS}
    assert {case.disposition for case in cases} <= ended
    assert len([case for case in cases if case.completed_at]) == SIZE
    with httpx2.Client(cookies=lesson.teacher) as client:
        panel = client.get(lesson.panel)
        wall = client.get(f"{lesson.door}/pantalla")
    assert f"{SIZE} de {SIZE}" in panel.text
    assert f"{SIZE} de {SIZE}" in wall.text


@pytest.mark.parametrize("size", [LAPTOP, LARGE_WALL], ids=["1280", "1920"])
def test_the_back_row_reads_the_wall_and_it_moves(
    lesson: Lesson, chromium: Browser, size: dict[str, int]
) -> None:
    wall, watch = a_page(chromium, lesson, size)
    wall.goto(f"{lesson.door}/pantalla")
    assert "0 de 50" in wall.inner_text("#vivo")
    small = wall.evaluate(
        """[...document.querySelectorAll('body *')]
        .filter(x => [...x.childNodes].some(n => n.nodeType === 3 && n.data.trim()))
        .filter(x => !x.closest('noscript, script, .simulated'))
        .map(x => [parseFloat(getComputedStyle(x).fontSize), x.textContent])"""
    )

    with lesson.database.unit_of_work() as session:
        for person in lesson.room.people[:27]:
            session.get_one(Case, person.case_id).disposition = Disposition.COMPLETE
    wall.get_by_text("27 de 50").wait_for()

    keep_screenshot(wall, f"aula_pantalla_{size['width']}")
    assert min(found for found, _ in small) >= SMALLEST, small
    assert wall.evaluate("document.documentElement.scrollHeight <= innerHeight")
    assert axe_violations(wall) == []
    assert watch.complaints == []
    wall.context.close()


def test_a_shared_computer_shows_nothing_of_the_student_before(
    lesson: Lesson, chromium: Browser
) -> None:
    computer, watch = a_page(chromium, lesson, LAPTOP)
    computer.goto(f"{lesson.door}/equipo")
    identify(computer, 1)
    press(computer.locator("text=Comenzar"))
    for _ in range(4):
        go_on(computer, script=True)
    computer.click("text=Terminar aquí")
    press(computer.locator("text=Terminar y salir"))
    assert computer.url.endswith("/equipo")

    computer.go_back()
    back = computer.inner_text("main")
    computer.goto(f"{lesson.door}/equipo")
    empty = computer.input_value("#matricula"), computer.input_value("#dia")
    identify(computer, 2)
    press(computer.locator("text=Comenzar"))

    assert "Estudiante" not in back
    assert "Esta sesión ya terminó" in back or computer.url.endswith("/responder")
    assert empty == ("", "")
    assert computer.locator("input:checked").count() == 0
    assert not computer.context.storage_state()["origins"]
    assert watch.complaints == []
    computer.context.close()


def test_a_student_proves_a_contact_before_leaving(lesson: Lesson, chromium: Browser) -> None:
    with lesson.database.unit_of_work() as session:
        record_consent(session, lesson.room.people[0].member_id, FOLLOW_UP, True, now=NOW)
    phone, watch = a_page(chromium, lesson)
    phone.goto(lesson.door)
    found = axe_violations(phone)
    keep_screenshot(phone, "aula_entrada_360")
    identify(phone, 1)
    press(phone.locator("text=Comenzar"))
    phone.goto(f"{lesson.url}/responder?paso=pausa")
    phone.fill("#correo", "ana@correo.test")

    press(phone.locator("text=Mandarme un código"))

    assert "6 números" in phone.inner_text("main")
    assert found + axe_violations(phone) == []
    keep_screenshot(phone, "aula_contactos_360")
    assert watch.complaints == []
    phone.context.close()


def test_the_tutor_of_the_group_prints_its_slips(lesson: Lesson, chromium: Browser) -> None:
    laptop, watch = a_page(chromium, lesson, LAPTOP)
    sign_in(laptop.context, lesson)
    laptop.goto(f"{lesson.url}/panel/olas/{lesson.room.field.wave_id}/aula")

    with laptop.expect_popup() as printed:
        laptop.click("text=Imprimir tiras")
    slips = printed.value
    slips.wait_for_load_state()

    assert slips.locator(".slips li").count() == SIZE
    assert axe_violations(slips) == []
    slips.emulate_media(media="print")
    keep_screenshot(slips, "aula_tiras")
    assert watch.complaints == []
    laptop.context.close()


def sign_in(context: BrowserContext, lesson: Lesson) -> None:
    for name, value in lesson.teacher.items():
        context.add_cookies([{"name": name, "value": value, "url": lesson.url}])
