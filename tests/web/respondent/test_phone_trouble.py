"""A phone in trouble: two answers to one question, a session that lapsed, a clock that is wrong."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, Route, expect
from sqlmodel import select

from app.db.transactions import Database
from app.fieldwork.tables import EntrySession, Mode
from app.responses.tables import AnswerRevision
from app.web.respondent.recover import KILOBYTES
from tests.responses.people import Person
from tests.web.respondent.metered import Metered
from tests.web.respondent.served import Served
from tests.web.respondent.site import Site
from tests.web.respondent.test_browser_walk import faults
from tests.web.respondent.test_bytes import TABLES
from tests.web.respondent.test_languages import spanish_in
from tests.web.respondent.test_phone_walk import (
    SHOTS,
    begin,
    browser,
    database_url,
    go_on,
    phone,
    says,
    steps_sent,
    stored,
    waiting,
)

__all__ = ["browser", "database_url"]  # fixtures of the walk
pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser")]

LISTEN_TO_SHIFTS = """
window.moved = 0
new PerformanceObserver(list => list.getEntries().forEach(e => { window.moved += e.value }))
  .observe({ type: 'layout-shift', buffered: true })
"""


@pytest.fixture
def site(db: Database) -> Site:
    return Site(db, 2)


@pytest.fixture
def served(site: Site) -> Iterator[Served]:
    found = Served(site)
    yield found
    found.stop()


def lives_in(page: Page, town: str) -> None:
    page.locator("input[value='1']").check()  # the notice
    page.locator("button.go").click()
    page.locator("#municipio_residencia").fill(town)
    page.locator("button.go").click()


def two_phones(
    browser: Browser, served: Served, site: Site, person: Person
) -> tuple[BrowserContext, Page]:
    """Two phones opened the link; the second answered in a tunnel, the first a moment later."""
    contexts = [phone(browser, []) for _ in range(2)]
    pages = [context.new_page() for context in contexts]
    for page in pages:
        begin(page, served, person)
    contexts[1].set_offline(True)
    lives_in(pages[1], "Tonalá")
    site.clock.pass_(seconds=30)
    pages[0].reload()
    pages[0].wait_for_selector("form[novalidate]")
    lives_in(pages[0], "Zapopan")
    says(pages[0], "Guardado")
    contexts[0].close()
    contexts[1].set_offline(False)
    return contexts[1], pages[1]


def all_leave(page: Page) -> None:
    """Wait until nothing waits on this phone; the page may begin anew meanwhile."""
    for _ in range(100):
        with suppress(Error):
            if not waiting(page):
                return
        page.wait_for_timeout(100)
    pytest.fail("answers stay on the phone")


@pytest.mark.parametrize(
    ("button", "kept"), [("Dejar esta", "Zapopan"), ("Cambiar por esta", "Tonalá")]
)
def test_two_answers_of_two_phones_are_for_the_person_to_choose(
    db: Database, browser: Browser, site: Site, served: Served, button: str, kept: str
) -> None:
    context, page = two_phones(browser, served, site, site.person())

    expect(page.locator("h1")).to_have_text(
        "Hay dos respuestas distintas. Elige con cuál te quedas."
    )
    texts = page.locator("blockquote").all_inner_texts()
    question = page.locator("h1 + p").inner_text()
    expect(page.locator("h1")).to_be_focused()
    expect(page.locator("#g")).to_have_text("")  # nothing is being saved until one is chosen
    found = faults(page)
    page.screenshot(path=SHOTS / "two-answers.png", full_page=True)
    page.get_by_role("button", name=button).click()
    page.wait_for_url("**/responder*")
    page.wait_for_selector("form[novalidate]")
    all_leave(page)
    context.close()

    assert texts == ["La diste en otro dispositivo; aquí no se muestra.", "Tonalá"]
    assert question == "¿En qué municipio vives ahora?"
    assert found == []
    assert stored(db)["municipio_residencia"] == kept


@pytest.mark.parametrize(
    ("button", "kept"), [("Dejar esta", "Zapopan"), ("Cambiar por esta", "Tonalá")]
)
def test_who_reloads_instead_of_choosing_is_asked_again(
    db: Database, browser: Browser, site: Site, served: Served, button: str, kept: str
) -> None:
    """After the reload the server shows the steps, for another phone has answered meanwhile."""
    context, page = two_phones(browser, served, site, site.person())
    title = "Hay dos respuestas distintas. Elige con cuál te quedas."
    expect(page.locator("h1")).to_have_text(title)

    for _ in range(2):
        page.reload()
        expect(page.locator("h1")).to_have_text(title)
    expect(page.locator("h1")).to_be_focused()
    texts = page.locator("blockquote").all_inner_texts()
    found = faults(page)
    still = waiting(page)
    page.screenshot(path=SHOTS / "two-answers-again.png", full_page=True)
    page.get_by_role("button", name=button).click()
    page.wait_for_url("**/responder*")
    expect(page.locator("h1")).not_to_have_text(title)
    all_leave(page)
    context.close()

    assert texts == ["La diste en otro dispositivo; aquí no se muestra.", "Tonalá"]
    assert (found, still) == ([], 1)
    assert stored(db)["municipio_residencia"] == kept


def test_nothing_jumps_when_the_first_question_comes_late(
    browser: Browser, site: Site, served: Served
) -> None:
    context = phone(browser, [])
    page = context.new_page()
    begin(page, served, site.person())
    page.add_init_script(LISTEN_TO_SHIFTS)

    def late(route: Route) -> None:
        page.wait_for_timeout(600)  # longer than a first paint
        button = page.locator("button.go")
        seen.append((page.locator("h1").is_visible(), button.is_visible()))
        route.continue_()

    seen: list[tuple[bool, bool]] = []
    page.route("**/responder/estado*", late)
    page.goto(f"{served.url}/responder")
    page.wait_for_selector("form[novalidate]")
    page.wait_for_timeout(300)
    moved = page.evaluate("window.moved")
    context.close()

    # A button that a question takes the place of would be tapped for one of its options.
    assert seen == [(True, False)]
    assert moved < 0.05  # Lighthouse calls 0.1 good; it was 0.26


def test_a_script_that_never_comes_leaves_the_pages(
    browser: Browser, site: Site, served: Served
) -> None:
    context = phone(browser, [])
    page = context.new_page()
    begin(page, served, site.person())
    page.route("**/answer.js", lambda route: route.abort())
    page.goto(f"{served.url}/responder")

    page.locator("button.go").click()  # once it shows
    page.wait_for_url("**paso=*")
    asked = page.locator("form fieldset").count()
    context.close()

    assert asked


def test_a_session_that_lapsed_costs_no_answer(
    db: Database, browser: Browser, site: Site, served: Served
) -> None:
    person = site.person()
    context = phone(browser, [])
    page = context.new_page()
    begin(page, served, person)
    go_on(page)
    says(page, "Guardado")
    context.set_offline(True)
    for _ in range(2):
        go_on(page)
    assert waiting(page) == 2

    site.clock.pass_(hours=25)
    context.set_offline(False)
    expect(page.locator("h1")).to_contain_text("Esta sesión ya terminó")
    still = waiting(page)
    page.goto(f"{served.url}/e/{person.token}")
    page.locator("button.go").click()
    page.wait_for_selector("form[novalidate]")
    all_leave(page)
    context.close()

    assert still == 2
    assert len(steps_sent(db)) == len(set(steps_sent(db))) == 3


@pytest.mark.parametrize("years", [-9, 4])
def test_a_wrong_clock_changes_neither_order_nor_day(
    db: Database, browser: Browser, site: Site, served: Served, years: int
) -> None:
    context = phone(browser, [])
    context.add_init_script(
        f"(() => {{ const now = Date.now; Date.now = () => now() + {years} * 31557600000 }})()"
    )
    page = context.new_page()
    begin(page, served, site.person())
    context.set_offline(True)
    for _ in range(3):
        go_on(page)
    context.set_offline(False)
    says(page, "Guardado")
    context.close()

    with db.reading() as session:
        rows = session.exec(select(AnswerRevision).order_by("revision")).all()
    assert len({row.revision for row in rows}) == 3
    assert all(
        row.client_at is not None and abs(row.client_at - site.clock.at) < timedelta(minutes=5)
        for row in rows
    )


VOICES = """
Object.defineProperty(window, 'speechSynthesis', { value: {
  getVoices: () => [{ lang: 'en-US' }, { lang: LANG }],
  speak: said => { window.spoken = [said.lang, said.text] },
  cancel: () => { window.spoken = null },
} })
window.SpeechSynthesisUtterance = function (text) { this.text = text }
"""


def test_a_question_is_read_aloud_where_the_browser_has_a_voice(
    browser: Browser, site: Site, served: Served
) -> None:
    blocked: list[str] = []
    context = phone(browser, blocked)
    context.add_init_script(VOICES.replace("LANG", "'es-MX'"))
    page = context.new_page()
    begin(page, served, site.person())

    page.locator("h1").click()  # with the first touch comes what could wait
    page.get_by_role("button", name="Leer en voz alta").click()
    lang, text = page.evaluate("spoken")
    names = page.get_by_role("button", name="Detener la lectura").count()
    go_on(page)
    expect(page.get_by_role("button", name="Leer en voz alta")).to_be_visible()
    after = page.evaluate("spoken")
    found = faults(page)
    page.screenshot(path=SHOTS / "aloud.png", full_page=True)
    context.close()

    assert (lang, names, after) == ("es-MX", 1, None)
    assert text.startswith("Tu escuela usa lo que contestes")
    assert text.endswith("¿quieres contestar?. Sí. No")
    assert (found, blocked) == ([], [])


@pytest.mark.parametrize("voices", [None, "'fr-FR'"])
def test_without_a_voice_there_is_no_button(
    browser: Browser, site: Site, served: Served, voices: str | None
) -> None:
    context = phone(browser, [])
    if voices:
        context.add_init_script(VOICES.replace("LANG", voices))
    page = context.new_page()
    begin(page, served, site.person())
    with page.expect_response("**/later.js"):
        page.locator("h1").click()
    count = page.get_by_role("button", name="Leer en voz alta").count()
    context.close()

    assert count == 0


def test_the_longest_questionnaire_costs_no_more_data_than_help_says(
    db: Database, browser: Browser
) -> None:
    """From the link to the receipt, up and down, bodies and headers, nothing cached before."""
    site = Site(db, 3)
    served = Served(site)
    wire = Metered(served.port)
    context = phone(browser, [])
    page = context.new_page()
    page.goto(f"{wire.url}/e/{site.person().token}")
    page.locator("button.go").click()
    page.wait_for_selector("form[novalidate]")
    steps = 0
    while page.locator("form[novalidate]").count() and steps < 60:
        go_on(page)
        steps += 1
    page.wait_for_url("**paso=fin")
    context.close()
    wire.close()
    served.stop()

    TABLES.mkdir(parents=True, exist_ok=True)
    (TABLES / "whole-3.txt").write_text(f"{wire.bytes} bytes, {steps} steps\n", "utf-8")
    assert steps > 20
    assert wire.bytes <= KILOBYTES * 1000


def test_a_phone_in_class_keeps_nothing(
    db: Database, browser: Browser, site: Site, served: Served
) -> None:
    context = phone(browser, [])
    page = context.new_page()
    begin(page, served, site.person())
    with db.unit_of_work() as session:
        session.exec(select(EntrySession)).one().mode = Mode.CLASS
    page.reload()
    page.wait_for_selector("form[novalidate]")
    context.set_offline(True)
    for _ in range(2):
        go_on(page)
    says(page, "Sin conexión: 2 sin enviar. No cierres esta página")
    on_disk = page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]")
    context.set_offline(False)
    says(page, "Guardado")
    context.close()

    assert on_disk == [0, 0, "trayecto_js=1"]
    assert len(steps_sent(db)) == 2


def test_a_phone_speaks_english_to_the_end(browser: Browser, site: Site, served: Served) -> None:
    blocked: list[str] = []
    context = phone(browser, blocked)
    page = context.new_page()
    page.goto(f"{served.url}/e/{site.person().token}")
    page.get_by_role("link", name="English").click()
    page.get_by_role("button", name="Start").click()
    page.wait_for_selector("form[novalidate]")
    spanish: list[str] = []
    for _ in range(60):
        if not page.locator("form[novalidate]").count():
            break
        page.locator("button.go").click()  # what an empty step says
        spanish += spanish_in(page.locator("#c").inner_html())
        go_on(page)
    page.wait_for_url("**paso=fin")
    heading = page.locator("h1").inner_text()
    spanish += spanish_in(page.content())
    context.close()

    assert heading == "Thank you, we have received your questionnaire"
    assert (spanish, blocked) == ([], [])


def test_what_is_asked_once_is_no_error(browser: Browser, site: Site, served: Served) -> None:
    context = phone(browser, [])
    page = context.new_page()
    begin(page, served, site.person())
    page.locator("button.go").click()  # the notice needs an answer
    hard = (page.title(), page.locator(".summary li").count(), page.locator(".error").count())
    go_on(page)
    page.locator("button.go").click()  # a municipality may stay blank
    soft = (page.title(), page.locator(".note li").count(), page.locator(".error").count())
    found = faults(page)
    context.close()

    assert hard == (
        "Error: Después de leer el aviso de privacidad corto, ¿quieres contestar?",
        1,
        1,
    )
    assert soft == ("¿En qué municipio vives ahora?", 1, 0)
    assert found == []
