"""The three questionnaires in real Chromes of 2019 and 2020, beside the Chromium of today (UX-11).

Real programs, not emulation: what an old phone ignores (flex `gap`, `?.`) shows only there.
"""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import sync_playwright
from sqlmodel import select

from app.db.engine import make_engine
from app.db.transactions import Database
from app.responses.tables import Answer
from tests.conftest import DATA_KEYS
from tests.deep.node_tools import HOME, old_chrome, tools
from tests.web.respondent.served import Served
from tests.web.respondent.site import Site

HERE = Path(__file__).parent
SHOTS = HERE.parents[1] / "var" / "screenshots" / "old"
SLACK = 3  # px by which fonts of two engines may differ in a line
pytestmark = pytest.mark.deep


@pytest.fixture
def database_url(tmp_path: Path, sqlite_template: Path) -> str:
    """SQLite alone: the browser is what is old."""
    (tmp_path / "test.db").write_bytes(sqlite_template.read_bytes())
    return f"sqlite:///{tmp_path / 'test.db'}"


@dataclass(frozen=True, slots=True)
class Walked:
    """What one browser showed and what the database kept of it."""

    steps: list[dict[str, Any]]
    errors: list[str]
    kept: dict[str, object]


def kept(db: Database) -> dict[str, object]:
    with db.reading() as session:
        return {row.variable: row.value for row in session.exec(select(Answer))}


def in_old_chrome(db: Database, number: int, version: int) -> Walked:
    site = Site(db, number)
    person = site.person()
    served = Served(site)
    folder = SHOTS / f"{number}-{version}"
    folder.mkdir(parents=True, exist_ok=True)
    program = old_chrome(version)
    done = subprocess.run(
        ["node", HERE / "old_chrome.js", program, f"{served.url}/e/{person.token}?lang=es", folder],
        env={
            **os.environ,
            "NODE_PATH": str(HOME / "node_modules"),
        },
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    served.stop()
    assert done.returncode == 0, done.stderr[-2000:]
    said = json.loads(done.stdout)
    assert f"/{version}." in said["version"]
    return Walked(said["steps"], said["errors"], kept(db))


def in_chromium(db: Database, number: int) -> Walked:
    site = Site(db, number)
    person = site.person()
    served = Served(site)
    folder = SHOTS / f"{number}-current"
    folder.mkdir(parents=True, exist_ok=True)
    script = (HERE / "walk.js").read_text("utf-8")
    steps: list[dict[str, Any]] = []
    errors: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ["TEST_CHROMIUM"], args=["--no-sandbox"]
        )
        context = browser.new_context(
            viewport={"width": 360, "height": 640}, is_mobile=True, has_touch=True, locale="es-MX"
        )
        context.on("weberror", lambda error: errors.append(str(error.error)))
        page = context.new_page()
        page.goto(f"{served.url}/e/{person.token}")
        while len(steps) < 80:
            page.evaluate(script)
            steps.append(page.evaluate("walk.look()"))
            page.screenshot(path=folder / f"{len(steps) - 1:02}.png")
            if not page.locator("button.go").count():
                break
            page.evaluate("walk.answer()")
            page.locator("button.go").click()
            page.wait_for_function(
                "title => document.title !== title && document.querySelector('h1') && "
                "(document.querySelector('form[novalidate]') || /paso=fin/.test(location.search))",
                arg=steps[-1]["title"],
            )
        browser.close()
    served.stop()
    return Walked(steps, errors, kept(db))


def differences(old: Walked, new: Walked) -> list[str]:
    """Where a step of the old browser is laid out otherwise than in the current one."""
    found = []
    for before, after in zip(old.steps, new.steps, strict=True):
        if [each[0] for each in before["boxes"]] != [each[0] for each in after["boxes"]]:
            found.append(f"{before['title']}: other things on the page")
            continue
        found += [
            f"{before['title']}: {one} | {two}"
            for one, two in zip(before["boxes"], after["boxes"], strict=True)
            if abs(one[1] - two[1]) > SLACK or abs(one[2] - two[2]) > SLACK
        ]
    return found


@pytest.mark.parametrize("version", [79, 80, 83])
@pytest.mark.parametrize("number", [1, 2, 3])
def test_an_old_chrome_answers_all_of_it(db: Database, number: int, version: int) -> None:
    tools()
    walked = in_old_chrome(db, number, version)

    assert walked.steps[-1]["heading"] == "Gracias, ya recibimos tu cuestionario"
    assert walked.errors == []
    assert [each["title"] for each in walked.steps if each["wide"] > 0] == []
    assert [each["title"] for each in walked.steps if each["low"]] == []
    assert [each["title"] for each in walked.steps if each["tight"]] == []


@pytest.mark.parametrize("number", [1, 2, 3])
def test_old_and_current_show_and_keep_the_same(
    db: Database, number: int, tmp_path: Path, sqlite_template: Path
) -> None:
    (tmp_path / "other.db").write_bytes(sqlite_template.read_bytes())
    other = Database(make_engine(f"sqlite:///{tmp_path / 'other.db'}", DATA_KEYS))

    old, new = in_old_chrome(db, number, 79), in_chromium(other, number)
    other.dispose()

    assert [each["title"] for each in old.steps] == [each["title"] for each in new.steps]
    assert old.kept == new.kept
    assert (old.errors, new.errors) == ([], [])
    assert differences(old, new) == []
