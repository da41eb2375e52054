"""What a phone waits and a person needs: Lighthouse, LCP on a bad network, keyed time.

Lighthouse 12 (node and npm; locked in tests/deep/node) opens the page of a link and the
questionnaire as a mobile phone, five times each; the median counts. LCP is measured again with
the network really slowed to 400 kbit/s and 400 ms and the processor to a quarter.

Keyed time is a model, not a stopwatch: words shown are read at 238 a minute (Brysbaert 2019,
silent reading of non-fiction), each touch takes 1.1 s (operator P of Card, Moran and Newell 1983),
each letter 0.33 s (36 words a minute on phones, Palin et al. 2019). Invented people answer in
Chromium; the median is told.
"""

import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright
from sqlmodel import SQLModel

import app.all_tables  # noqa: F401
from app.chronology.wave_plan import Cohort
from app.db.engine import make_engine
from app.db.transactions import Database
from app.questionnaires.answers import Unreadable, read_answer
from app.questionnaires.entry import fields_of
from app.questionnaires.leaves import Leaf
from tests.conftest import DATA_KEYS
from tests.deep.node_tools import tools
from tests.services import find_chromium, free_port
from tests.simulation.worlds import a_generation, questionnaires
from tests.web.respondent.served import Served
from tests.web.respondent.site import Site

RUNS, TRIES, PEOPLE = 5, 3, 15
LIMITS = {1: 360, 2: 300, 3: 300}  # seconds
READING = 60 / 238  # seconds a word
TOUCH, LETTER = 1.1, 0.33
LEFT_2026, AFTERWARDS = Cohort(2023, 2026), datetime(2028, 1, 10, tzinfo=UTC)
WALK = Path(__file__).parents[1] / "deep" / "walk.js"
SLOW = (
    "--throttling-method=devtools",
    "--throttling.requestLatencyMs=400",
    "--throttling.downloadThroughputKbps=400",
    "--throttling.uploadThroughputKbps=400",
    "--throttling.cpuSlowdownMultiplier=4",
)


def run() -> dict[str, object]:
    """Scores, seconds and limits."""
    figures: dict[str, object] = {}
    for number in (1, 2, 3):
        with tempfile.TemporaryDirectory() as folder:
            engine = make_engine(f"sqlite:///{folder}/bench.db", DATA_KEYS)
            SQLModel.metadata.create_all(engine)
            db = Database(engine)
            site = Site(db, number)
            served = Served(site)
            figures[f"questionnaire {number}"] = {
                "keyed seconds": _keyed(site, served),
                **(_lighthouse(site, served) if number == 2 else {}),
            }
            served.stop()
            db.dispose()
    return figures


def _keyed(site: Site, served: Served) -> dict[str, float]:
    seconds = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        for fields in _people(site.number):
            context = browser.new_context(viewport={"width": 360, "height": 640}, locale="es-MX")
            page = context.new_page()
            page.goto(f"{served.url}/e/{site.person().token}")
            seconds.append(_walk(page, fields))
            context.close()
        browser.close()
    return {
        "median": round(statistics.median(seconds)),
        "longest": round(max(seconds)),
        "limit": LIMITS[site.number],
    }


def _people(number: int) -> list[dict[str, list[str]]]:
    """Form fields of invented people who came to the end (app.simulation)."""
    variables = questionnaires()[number].variables
    replies = [
        case.reply.answered.settled
        for past in a_generation(school=1, cohort=LEFT_2026, now=AFTERWARDS).histories
        for case in past.cases
        if case.questionnaire == number and case.reply is not None and case.reply.finished
    ]
    return [
        {
            name: texts
            for variable, raw in settled.items()
            if variable in variables
            for name, texts in _fields(variables[variable], raw).items()
        }
        for settled in replies[:PEOPLE]
    ]


def _fields(leaf: Leaf, raw: object) -> dict[str, list[str]]:
    # The form refuses addresses that can never exist, which invented people have.
    usable = raw.replace("@correo.invalid", "@correo.test") if isinstance(raw, str) else raw
    answer = read_answer(leaf, usable)
    return {} if isinstance(answer, Unreadable) else fields_of(leaf, answer)


def _walk(page: Page, fields: dict[str, list[str]]) -> float:
    """Modelled seconds of one person, from the page of the link to the receipt."""
    script = WALK.read_text("utf-8")
    total, before = 0.0, ""
    for _ in range(120):
        page.evaluate(script)
        seen: dict[str, Any] = page.evaluate("walk.look()")
        # A step that comes again asks for what was left out; it has been read.
        total += seen["words"] * READING if seen["title"] != before else 0
        before = seen["title"]
        if not page.locator("button.go").count():
            return total
        did = page.evaluate("fields => walk.answer(fields)", fields)
        total += (did["taps"] + 1) * TOUCH + did["letters"] * LETTER
        page.locator("button.go").click()
        page.wait_for_function(
            "() => document.querySelector('form[novalidate], .receipt') || "
            "/paso=fin/.test(location.search)"
        )
        page.wait_for_load_state()
    raise RuntimeError("no receipt after 120 steps")


def _lighthouse(site: Site, served: Served) -> dict[str, dict[str, object]]:
    """Scores of both pages, in a browser that has pressed Comenzar on another link."""
    port = free_port()
    with tempfile.TemporaryDirectory() as profile, sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            profile,
            executable_path=find_chromium(),
            locale="es-MX",
            args=["--no-sandbox", "--disable-gpu", f"--remote-debugging-port={port}"],
        )
        page = context.new_page()
        page.goto(f"{served.url}/e/{site.person().token}")
        page.locator("button.go").click()
        page.wait_for_selector("form[novalidate]")
        pages = {
            "/e": f"{served.url}/e/{site.person().token}",
            "/responder": f"{served.url}/responder",
        }
        found = {name: _scores(url, port) for name, url in pages.items()}
        context.close()
    return found


def _scores(url: str, port: int) -> dict[str, object]:
    reports = [_report(url, port) for _ in range(RUNS)]
    slow = [_report(url, port, *SLOW) for _ in range(RUNS)]
    return {
        "performance": statistics.median(_score(each, "performance") for each in reports),
        "accessibility": min(_score(each, "accessibility") for each in reports),
        "best practices": min(_score(each, "best-practices") for each in reports),
        "LCP s, Lighthouse mobile": statistics.median(_lcp(each) for each in reports),
        "LCP s, 400 kbit/s, 400 ms, CPU / 4": statistics.median(_lcp(each) for each in slow),
        "goal": {"performance": 98, "LCP s on the slow network": 2.5},
    }


def _report(url: str, port: int, *flags: str) -> dict[str, Any]:
    """One visit with an empty cache; the cookies of the session stay.

    Lighthouse sometimes loses the browser and says so: another try, never another figure.
    """
    for left in reversed(range(TRIES)):
        try:
            return _visit(url, port, flags)
        except subprocess.CalledProcessError as trouble:
            print(f"lighthouse: {str(trouble.stderr)[-400:]}", file=sys.stderr)
            if not left:
                raise
    raise AssertionError("unreachable")


def _visit(url: str, port: int, flags: Sequence[str]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "report.json"
        subprocess.run(
            [str(tools() / "node_modules" / ".bin" / "lighthouse"), url, "--quiet"]
            + ["--output=json", f"--output-path={out}", f"--port={port}", "--form-factor=mobile"]
            + [
                "--disable-storage-reset",
                "--only-categories=performance,accessibility,best-practices",
            ]
            + list(flags),
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        report: dict[str, Any] = json.loads(out.read_text("utf-8"))
    return report


def _score(report: dict[str, Any], category: str) -> int:
    score: float = report["categories"][category]["score"]
    return round(100 * score)


def _lcp(report: dict[str, Any]) -> float:
    milliseconds: float = report["audits"]["largest-contentful-paint"]["numericValue"]
    return round(milliseconds / 1000, 2)
