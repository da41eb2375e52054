"""A real server and a real Chromium: what a person sees."""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from app.db.transactions import Database
from app.web.main import create_app
from tests.services import free_port, wait_for
from tests.web.world import World, a_world, settings_for

# Flags without which a sandboxed machine refuses its own connections.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SCREENSHOTS = Path("var/screenshots")
PHONE, LAPTOP = {"width": 360, "height": 640}, {"width": 1280, "height": 800}
AXE_RULES = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }
}


@dataclass(slots=True)
class Site:
    """A served world."""

    url: str
    world: World
    database: Database


@dataclass(slots=True)
class Watch:
    """What a page complained about: violations of the policy, errors, foreign requests."""

    host: str
    complaints: list[str] = field(default_factory=list)

    def follow(self, page: Page) -> None:
        """Listen to everything the page says and asks for."""
        page.on("console", lambda said: self._note(said.type, said.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda asked: self._host(asked.url))
        page.on("dialog", lambda dialog: self.complaints.append(f"dialog {dialog.message}"))

    def _note(self, kind: str, text: str) -> None:
        # A 4xx page is logged as a failed resource: the tests ask for those on purpose.
        if kind in {"error", "warning"} and "Failed to load resource" not in text:
            self.complaints.append(text)

    def _host(self, url: str) -> None:
        if not url.startswith((self.host, "data:", "about:")):
            self.complaints.append(f"foreign request {url}")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One Chromium for the tests of a module: while it lives, nothing else may use asyncio."""
    path = os.environ.get("TEST_CHROMIUM")
    if path is None:
        pytest.skip("Chromium runs in make test")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def database_url(tmp_path: Path, sqlite_template: Path) -> str:
    """SQLite alone: how a page looks does not depend on the engine (journeys ask for both)."""
    shutil.copy(sqlite_template, tmp_path / "test.db")
    return f"sqlite:///{tmp_path / 'test.db'}"


@pytest.fixture
def site(db: Database, database_url: str, now: datetime) -> Iterator[Site]:
    """The world of tests/web, served on a port of its own."""
    port = free_port()
    settings = settings_for(database_url, base_url=f"http://127.0.0.1:{port}")
    world = a_world(db, settings, now=now)
    app = create_app(settings, db, lambda: now)
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", access_log=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_for(port)
    yield Site(settings.base_url, world, db)
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def open_page(chromium: Browser, site: Site) -> Iterator[Callable[..., tuple[Page, Watch]]]:
    """Open a page of a given size, watched; complaints fail the test at its end."""
    contexts: list[BrowserContext] = []
    watch = Watch(site.url)

    def opened(size: dict[str, int], *, script: bool = True) -> tuple[Page, Watch]:
        context = chromium.new_context(
            viewport={"width": size["width"], "height": size["height"]},
            java_script_enabled=script,
            locale="es-MX",
        )
        contexts.append(context)
        page = context.new_page()
        watch.follow(page)
        return page, watch

    yield opened
    for context in contexts:
        context.close()
    assert watch.complaints == []


def axe_violations(page: Page) -> list[str]:
    """Violations axe finds on the page, one line each."""
    found = Axe().run(page, options=AXE_RULES)
    return [
        f"{violation['id']}: {node['target']}"
        for violation in found.response["violations"]
        for node in violation["nodes"]
    ]


def keep_screenshot(page: Page, name: str) -> None:
    """Save the whole page as it is, for eyes."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)
