"""The three questionnaires in a real browser at 360×640, with and without JavaScript."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, sync_playwright

from app.db.transactions import Database
from tests.browser.pressing import press
from tests.web.respondent.served import Served
from tests.web.respondent.site import Site

SHOTS = Path(__file__).parents[3] / "var" / "screenshots" / "respondent"
PHONE: ViewportSize = {"width": 360, "height": 640}
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


def faults(page: Page) -> list[str]:
    """What axe finds; nothing else may be on the page than our own."""
    found = Axe().run(
        page,
        options={
            "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
        },
    )
    return [
        f"{v['id']}: {[node['html'][:120] for node in v['nodes'][:3]]}"
        for v in found.response["violations"]
    ]


def listen(context: BrowserContext, blocked: list[str]) -> None:
    """Collect violations of the content policy and requests to other hosts."""
    context.on(
        "console",
        lambda message: blocked.append(message.text) if "Security Policy" in message.text else None,
    )
    context.on(
        "request",
        lambda request: (
            None
            if request.url.startswith(("http://127.0.0.1:", "data:"))
            else blocked.append(request.url)
        ),
    )


def fill_in(page: Page, *, last: bool) -> None:
    """Answer everything on the page: the first or the last option of each question."""
    names = page.eval_on_selector_all(
        "form[novalidate] input[type=radio]", "all => [...new Set(all.map(x => x.name))]"
    )
    for name in names:
        options = page.locator(f"input[type=radio][name='{name}']")
        yes = name.startswith(("aviso", "autoriza", "estudia", "trabaja", "plan_egreso"))
        place = options.count() - 1 if last and not yes else 0
        options.nth(place).check()
    boxes = page.locator("form[novalidate] input[type=checkbox]:not([name$='.exit'])")
    if boxes.count():
        boxes.first.check()
    for box in page.locator(
        "form[novalidate] input:not([type]), form[novalidate] input[type=tel], "
        "form[novalidate] input[type=email], form[novalidate] textarea"
    ).all():
        if not box.is_visible():
            continue  # the text beside "otro" shows when it is chosen
        kind = box.get_attribute("type") or box.get_attribute("inputmode") or "text"
        text = {"tel": "55 1234 5678", "email": "ana@correo.test", "numeric": "20"}.get(
            kind, "Algo"
        )
        box.fill("2026" if (box.get_attribute("name") or "").endswith(".year") else text)
    for choice in page.locator("form[novalidate] select").all():
        choice.select_option(index=8)


def measure(page: Page) -> tuple[int, list[str]]:
    """Width beyond the screen; what can be touched and is too small."""
    wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    small = page.evaluate(
        """[...document.querySelectorAll("label.option, button, a.go, main select, "
            + "main input:not([type=radio]):not([type=checkbox]):not([type=hidden])")]
        .filter(x => x.getClientRects().length && x.getBoundingClientRect().height < 48)
        .map(x => x.outerHTML.slice(0, 90))"""
    )
    return wide, small


@dataclass(slots=True)
class Walk:
    """One person's way through, and what was found on it."""

    page: Page
    folder: Path
    script: bool
    last: bool  # takes last options where any will do
    titles: list[str] = field(default_factory=list)
    found: list[str] = field(default_factory=list)

    def look(self) -> None:
        """Picture, title, and everything axe or a ruler can find."""
        page, title = self.page, self.page.title()
        page.screenshot(path=self.folder / f"{len(self.titles):02}.png", full_page=True)
        self.titles.append(title)
        if self.script:
            wide, small = measure(page)
            self.found += [f"{title}: {fault}" for fault in faults(page)]
            self.found += [f"{title}: {wide} px too wide"] * (wide > 0)
            self.found += [f"{title}: under 48 px: {each}" for each in small]

    def go_on(self) -> bool:
        """Press the button of the page, filled in; False where there is none."""
        button = self.page.locator("button.go")
        if not button.count():
            return False
        if self.page.locator("form[novalidate]").count():
            if self.script:
                fill_in(self.page, last=self.last)
            else:
                fill_without_script(self.page)
        press(button)
        return True


@pytest.mark.parametrize("script", ["with script", "without script"])
@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_phone_answers_everything(
    db: Database, browser: Browser, number: int, script: str
) -> None:
    site = Site(db, number)
    person = site.person()
    served = Served(site)
    scripted = script == "with script"
    context = browser.new_context(viewport=PHONE, java_script_enabled=scripted, locale="es-MX")
    blocked: list[str] = []
    listen(context, blocked)
    context.route("**/answer.js", lambda route: route.abort())  # what it does: test_phone_walk.py
    folder = SHOTS / f"{number}-{script.replace(' ', '-')}"
    folder.mkdir(parents=True, exist_ok=True)
    walk = Walk(context.new_page(), folder, scripted, last=number == 3)

    try:
        walk.page.goto(f"{served.url}/e/{person.token}")
        walk.look()
        while walk.go_on() and len(walk.titles) < 60:
            walk.look()
        heading = walk.page.locator("h1").inner_text()
    finally:
        context.close()
        served.stop()

    assert heading == "Gracias, ya recibimos tu cuestionario"
    assert (walk.found, blocked) == ([], [])
    assert len(set(walk.titles)) == len(walk.titles)


def fill_without_script(page: Page) -> None:
    """Playwright cannot evaluate there: press rows as a thumb does."""
    for fieldset in page.locator("form[novalidate] fieldset").all():
        row = fieldset.locator("label.option:not(.small)")
        if row.count():
            row.first.click()
    for box in page.locator("form[novalidate] input:not([type])").all():
        name = box.get_attribute("name") or ""
        number = box.get_attribute("inputmode") == "numeric"
        box.fill("2026" if name.endswith(".year") else ("20" if number else "Algo"))
    for kind, text in (("tel", "5512345678"), ("email", "ana@correo.test")):
        for box in page.locator(f"form[novalidate] input[type={kind}]").all():
            box.fill(text)
    for box in page.locator("form[novalidate] textarea").all():
        box.fill("Gracias")
    for choice in page.locator("form[novalidate] select").all():
        choice.select_option(index=8)
