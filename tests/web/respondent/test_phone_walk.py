"""The questionnaire on a phone: without a network, with the server gone, with storage forbidden."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from sqlmodel import select

from app.db.transactions import Database
from app.responses.tables import Answer, AnswerRevision
from tests.browser.pressing import press
from tests.responses.people import Person
from tests.web.respondent.served import Served
from tests.web.respondent.site import Device, Site
from tests.web.respondent.test_browser_walk import PHONE, faults, fill_in, listen, measure

SHOTS = Path(__file__).parents[3] / "var" / "screenshots" / "phone"
pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser")]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = os.environ.get("TEST_CHROMIUM")
    if path is None:
        pytest.skip("Chromium runs in make test")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def database_url(tmp_path: Path, sqlite_template: Path) -> str:
    """SQLite alone: what a phone does not depend on is not tested twice."""
    (tmp_path / "test.db").write_bytes(sqlite_template.read_bytes())
    return f"sqlite:///{tmp_path / 'test.db'}"


def phone(browser: Browser, blocked: list[str], *, width: int = 360) -> BrowserContext:
    context = browser.new_context(viewport={**PHONE, "width": width}, locale="es-MX")
    listen(context, blocked)
    context.on("weberror", lambda error: blocked.append(str(error.error)))
    return context


def begin(page: Page, served: Served, person: Person) -> None:
    page.goto(f"{served.url}/e/{person.token}")
    press(page.locator("button.go"))
    page.wait_for_selector("form[novalidate]")


def go_on(page: Page, *, last: bool = False) -> str:
    """Answer the step that shows and press its button; the title of the next."""
    fill_in(page, last=last)
    page.locator("button.go").click()
    return page.title()


def stored(db: Database) -> dict[str, object]:
    with db.reading() as session:
        return {row.variable: row.value for row in session.exec(select(Answer))}


@dataclass(slots=True)
class Look:
    """What axe, a ruler and the eye find on each step."""

    page: Page
    folder: Path
    seen: int = 0
    found: list[str] = field(default_factory=list)

    def __call__(self) -> None:
        wide, small = measure(self.page)
        title = self.page.title()
        self.page.screenshot(path=self.folder / f"{self.seen:02}.png", full_page=True)
        self.seen += 1
        self.found += [f"{title}: {fault}" for fault in faults(self.page)]
        self.found += [f"{title}: {wide} px too wide"] * (wide > 0)
        self.found += [f"{title}: under 48 px: {each}" for each in small]


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("number", [1, 2, 3])
def test_everything_is_answered_in_one_document(
    db: Database, browser: Browser, number: int, width: int
) -> None:
    site = Site(db, number)
    served = Served(site)
    blocked: list[str] = []
    asked: list[str] = []
    context = phone(browser, blocked, width=width)
    page = context.new_page()
    folder = SHOTS / f"{number}-{width}"
    folder.mkdir(parents=True, exist_ok=True)
    look = Look(page, folder)

    begin(page, served, site.person())
    page.on("request", lambda sent: asked.append(sent.url) if sent.method == "GET" else None)
    while page.locator("form[novalidate]").count() and look.seen < 120:
        page.locator("button.go").click()  # what an empty step says
        look()
        go_on(page, last=number == 3)
        if page.locator("form[novalidate]").count():
            look()
    page.wait_for_url("**paso=fin")
    heading = page.locator("h1").inner_text()
    context.close()
    served.stop()

    assert heading == "Gracias, ya recibimos tu cuestionario"
    assert (look.found, blocked) == ([], [])
    assert [url for url in asked if "/static/" not in url] == [f"{served.url}/responder?&paso=fin"]


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_first_load_asks_four_times_until_the_first_answer(
    db: Database, browser: Browser, number: int
) -> None:
    """Document, style, script and the person's own state; the rest waits for a touch.

    The questionnaire itself, opened as by somebody whose phone kept nothing of the start page.
    """
    site = Site(db, number)
    served = Served(site)
    device = site.device()
    begin_without_script(device, site.person())
    context = phone(browser, [])
    context.add_cookies(
        [
            {"name": name, "value": value, "url": served.url}
            for name, value in {**dict(device.client.cookies), "trayecto_js": "1"}.items()
        ]
    )
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda sent: asked.append(sent.url.removeprefix(served.url)))

    page.goto(f"{served.url}/responder")
    page.wait_for_selector("form[novalidate]")
    page.wait_for_load_state("networkidle")
    before = [re.sub(r"/static/\w+/", "/static/", path) for path in asked]
    go_on(page)
    says(page, "Guardado")
    context.close()
    served.stop()

    assert sorted(before) == [
        "/responder",
        "/responder/estado",
        "/static/answer.js",
        "/static/respondent.css",
    ]
    assert any("guardar" in path for path in asked)


def begin_without_script(device: Device, person: Person) -> None:
    device.get(f"/e/{person.token}")
    device.post(f"/e/{person.token}", {"t": person.token})


def steps_sent(db: Database) -> list[str]:
    with db.reading() as session:
        return [row.step for row in session.exec(select(AnswerRevision).order_by("revision"))]


def waiting(page: Page) -> int:
    """Answers that wait on this phone."""
    found: int = page.evaluate("Object.keys(localStorage).filter(k => k[8] == '-').length")
    return found


def test_no_answer_is_lost_when_everything_goes_wrong(db: Database, browser: Browser) -> None:
    """Offline in the middle, server killed, tab closed, back next day on another device."""
    site = Site(db, 2)
    person = site.person()
    served = Served(site)
    blocked: list[str] = []
    context = phone(browser, blocked)
    page = context.new_page()

    begin(page, served, person)
    go_on(page)
    says(page, "Guardado")
    in_a_tunnel(page)

    served.stop()  # the server is killed
    for _ in range(2):
        go_on(page)
    says(page, "Sin conexión: 2 respuestas guardadas en este teléfono")
    page.close()  # and the tab closed
    again = Served(site, port=served.port)
    page = context.new_page()
    page.goto(f"{again.url}/responder")
    says(page, "Guardado")
    following = go_on(page)
    says(page, "Guardado")
    kept = stored(db)
    context.close()

    site.clock.pass_(hours=25)  # next day, on a school computer
    shown = next_day(browser, again, person)
    again.stop()
    assert (shown, stored(db), blocked) == (following, kept, [])
    assert len(steps_sent(db)) == len(set(steps_sent(db))) == 7


def in_a_tunnel(page: Page) -> None:
    """Three answers without a network, which leave by themselves when it is back."""
    page.context.set_offline(True)
    for _ in range(3):
        go_on(page)
    says(page, "Sin conexión: 3 respuestas guardadas en este teléfono")
    assert waiting(page) == 3
    page.context.set_offline(False)
    says(page, "Guardado")
    assert waiting(page) == 0


def next_day(browser: Browser, served: Served, person: Person) -> str:
    """The title of the step that another device opens at."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="es-MX")
    page = context.new_page()
    begin(page, served, person)
    title = page.title()
    context.close()
    return title


def says(page: Page, text: str) -> None:
    expect(page.locator("#g")).to_have_text(text)


def test_answers_wait_where_storage_is_forbidden(db: Database, browser: Browser) -> None:
    site = Site(db, 2)
    person = site.person()
    served = Served(site)
    blocked: list[str] = []
    context = phone(browser, blocked)
    context.add_init_script(
        "Object.defineProperty(window, 'localStorage', "
        "{ get() { throw new DOMException('denied', 'SecurityError') } })"
    )
    page = context.new_page()

    begin(page, served, person)
    context.set_offline(True)
    for _ in range(2):
        go_on(page)
    expect(page.locator("#g")).to_have_text("Sin conexión: 2 sin enviar. No cierres esta página")
    context.set_offline(False)
    expect(page.locator("#g")).to_have_text("Guardado")
    context.close()
    served.stop()

    assert len(steps_sent(db)) == 2
    assert blocked == []


def test_answers_wait_where_storage_is_full(db: Database, browser: Browser) -> None:
    site = Site(db, 2)
    person = site.person()
    served = Served(site)
    blocked: list[str] = []
    context = phone(browser, blocked)
    page = context.new_page()

    begin(page, served, person)
    page.evaluate(
        "() => { let s = 'x'.repeat(1 << 20), i = 0; "
        "while (s.length) try { localStorage['fill' + i++] = s } "
        "catch (e) { s = s.slice(0, s.length >> 1) } }"
    )
    context.set_offline(True)
    for _ in range(2):
        go_on(page)
    expect(page.locator("#g")).to_have_text("Sin conexión: 2 sin enviar. No cierres esta página")
    context.set_offline(False)
    expect(page.locator("#g")).to_have_text("Guardado")
    context.close()
    served.stop()

    assert len(steps_sent(db)) == 2
    assert blocked == []


def test_back_and_a_changed_answer_clears_what_it_had_opened(
    db: Database, browser: Browser
) -> None:
    site = Site(db, 2)
    person = site.person()
    served = Served(site)
    blocked: list[str] = []
    context = phone(browser, blocked)
    page = context.new_page()

    begin(page, served, person)
    while "carrera" not in page.url and "ies_nombre" not in page.url:
        go_on(page)
    go_on(page)
    expect(page.locator("#g")).to_have_text("Guardado")
    assert stored(db)["ies_nombre"] == "Algo"
    while "estudia" not in page.url.split("#")[1][:7]:
        page.go_back()
    page.locator("input[name=estudia][value='5']").check()
    page.locator("button.go").click()
    expect(page.locator("#g")).to_have_text("Guardado")
    context.close()
    served.stop()

    assert (stored(db)["estudia"], stored(db)["ies_nombre"]) == (5, None)
    assert blocked == []


def test_a_step_opens_at_its_beginning(db: Database, browser: Browser) -> None:
    """The notice stands above the first question: whoever arrives sees it first."""
    site = Site(db, 1)
    served = Served(site)
    context = phone(browser, [])
    page = context.new_page()

    begin(page, served, site.person())
    page.wait_for_timeout(200)
    places = [page.evaluate("scrollY")]
    go_on(page)
    expect(page.locator("h1")).not_to_have_text("")
    places.append(page.evaluate("scrollY"))
    context.close()
    served.stop()

    assert places == [0, 0]


def test_a_second_word_of_the_same_step_undoes_nothing(db: Database, browser: Browser) -> None:
    """Two quick steps back are told twice by the browser, the second time after a touch."""
    site = Site(db, 2)
    served = Served(site)
    context = phone(browser, [])
    page = context.new_page()

    begin(page, served, site.person())
    page.locator("input[value='1']").check()
    page.evaluate("dispatchEvent(new HashChangeEvent('hashchange'))")
    kept = page.locator("input[value='1']").is_checked()
    context.close()
    served.stop()

    assert kept
