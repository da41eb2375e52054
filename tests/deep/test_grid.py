"""Every step of the questionnaire on a phone, over the grid of UX-05 and UX-16.

Widths of 320, 412 and 1280 px, letters twice as large, dark, forced colours; as it comes, and with
what is said when nothing was answered. axe finds nothing, nothing is wider than the screen.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Page, sync_playwright

from app.db.transactions import Database
from tests.web.respondent.served import Served
from tests.web.respondent.site import Site
from tests.web.respondent.test_browser_walk import faults, listen, measure

SCRIPT = (Path(__file__).parent / "walk.js").read_text("utf-8")
# What a person's setting of large letters does: each text twice its size, the boxes as they come.
LARGER = """() => {
  window.larger = window.larger || new WeakSet()
  const texts = [...document.querySelectorAll('body, body *')].filter(e => !window.larger.has(e))
  const own = 'button, input, select, h1, h2, .quiet'
  const inherits = e => window.larger.has(e.parentNode) && !e.matches(own)
  const sizes = texts.map(e => parseFloat(getComputedStyle(e).fontSize) * (inherits(e) ? 1 : 2))
  texts.forEach((e, i) => {
    e.style.fontSize = sizes[i] + 'px'
    window.larger.add(e)
  })
}"""
pytestmark = [pytest.mark.deep, pytest.mark.timeout(1800)]


@dataclass(frozen=True, slots=True)
class Look:
    """How a page is looked at."""

    width: int
    scheme: Literal["light", "dark"] = "light"
    forced: Literal["active", "none"] = "none"
    larger: bool = False


LOOKS = {
    "320": Look(320),
    "412": Look(412),
    "1280": Look(1280),
    "320, large letters": Look(320, larger=True),
    "1280, large letters": Look(1280, larger=True),
    "360, dark": Look(360, scheme="dark"),
    "360, forced colours": Look(360, forced="active"),
    "360, forced colours, dark": Look(360, scheme="dark", forced="active"),
}


@pytest.fixture
def database_url(tmp_path: Path, sqlite_template: Path) -> str:
    """SQLite alone: the page is what is looked at."""
    (tmp_path / "test.db").write_bytes(sqlite_template.read_bytes())
    return f"sqlite:///{tmp_path / 'test.db'}"


def found(page: Page, look: Look) -> list[str]:
    """What is wrong with the page as it stands."""
    if look.larger:
        page.evaluate(LARGER)
    wide, small = measure(page)
    # With forced colours the system paints, and axe reads the colours that are not painted.
    seen = [
        each
        for each in faults(page)
        if look.forced == "none" or not each.startswith("color-contrast")
    ]
    return [
        f"{page.title()}: {each}" for each in (*seen, *small, *[f"{wide} px wide"] * (wide > 0))
    ]


@pytest.mark.parametrize("name", LOOKS)
@pytest.mark.parametrize("number", [1, 2, 3])
def test_every_step_stands_every_look(db: Database, number: int, name: str) -> None:
    look, site = LOOKS[name], Site(db, number)
    served = Served(site)
    blocked: list[str] = []
    wrong: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ["TEST_CHROMIUM"], args=["--no-sandbox"]
        )
        context = browser.new_context(
            viewport={"width": look.width, "height": 640},
            color_scheme=look.scheme,
            forced_colors=look.forced,
            locale="es-MX",
        )
        listen(context, blocked)
        page = context.new_page()
        page.goto(f"{served.url}/e/{site.person().token}")
        wrong += found(page, look)
        page.locator("button.go").click()
        page.wait_for_selector("form[novalidate]")
        steps = 0
        while page.locator("form[novalidate]").count() and steps < 80:
            wrong += found(page, look)
            page.locator("button.go").click()  # what an empty step says
            wrong += found(page, look)
            page.evaluate(SCRIPT)
            page.evaluate("walk.answer()")
            page.locator("button.go").click()
            page.wait_for_function(
                "() => document.querySelector('form[novalidate]') || "
                "/paso=fin/.test(location.search)"
            )
            page.wait_for_load_state()
            steps += 1
        wrong += found(page, look)
        browser.close()
    served.stop()

    assert steps > 15
    assert (wrong, blocked) == ([], [])
