"""The dashboards in a real browser: accessible, nothing sideways, printed in grey."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from app.staff.roles import Role
from app.web import security
from tests.analytics.survey import SILENT, Someone, answered
from tests.browser.conftest import LAPTOP, PHONE, Site, Watch, axe_violations, keep_screenshot
from tests.web.test_unit_results import ASKED, PAGE, asked_at_a
from tests.web.world import SCHOOL_A

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
Opener = Callable[..., tuple[Page, Watch]]
STUDIES = {"estudia": 1, "trabaja": 4, "satisfaccion_global": 5, "misma_escuela": 1}
WORKS = {
    "estudia": 5,
    "trabaja": 1,
    "motivo_no_estudio": [1, 2],
    "posicion": 1,
    "prestaciones": [1],
    "contrato": 1,
    "horas_semana": 40,
    "ingreso_mensual": 3,
    "satisfaccion_global": 2,
    "empleo_previo": 2,
    "primer_empleo": "2026-09",
}
# Thirty kept their plan, twenty did not, ten are silent: every look has something to draw.
PEOPLE = [
    *[Someone({1: {"plan_egreso": 1}, 2: STUDIES})] * 30,
    *[Someone({1: {"plan_egreso": 1}, 2: WORKS})] * 8,
    *[Someone({1: {"plan_egreso": 2}, 2: WORKS})] * 12,
    *[answered(2, estudia=5, trabaja=4, satisfaccion_global=3)] * 6,
    *[Someone(disposition=SILENT)] * 10,
]


def open_as(page: Page, site: Site, tail: str) -> None:
    token = site.world.tokens[SCHOOL_A, Role.VIEWER]
    name = security.cookie_name(security.STAFF_COOKIE, secure=False)
    page.context.add_cookies([{"name": name, "value": token, "url": site.url}])
    page.goto(f"{site.url}{PAGE}{tail}")


@pytest.mark.parametrize("size", [PHONE, LAPTOP], ids=["360", "1280"])
def test_every_dashboard_is_accessible_and_prints(
    site: Site, open_page: Opener, size: dict[str, int]
) -> None:
    with site.database.unit_of_work() as session:
        asked_at_a(session, PEOPLE)
    page, _ = open_page(size)
    problems = {}
    for name, tail in (
        ("tableros", ASKED),
        ("tableros_publico", f"{ASKED}&audiencia=publica"),
        ("comparar", f"/comparar{ASKED}"),
        ("generaciones", f"/generaciones{ASKED}"),
        ("explorar_unidad", f"/explorar{ASKED}&variable=sexo"),
        ("cobertura", "/cobertura"),
    ):
        open_as(page, site, tail)
        problems[name] = axe_violations(page)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            problems[name].append("scrolls sideways")
        keep_screenshot(page, f"{name}_{size['width']}")
        page.emulate_media(media="print")
        keep_screenshot(page, f"{name}_print_{size['width']}")
        page.emulate_media(media="screen")

    assert {name: found for name, found in problems.items() if found} == {}


def test_what_is_drawn_is_what_is_written(site: Site, open_page: Opener) -> None:
    with site.database.unit_of_work() as session:
        asked_at_a(session, PEOPLE)
    page, _ = open_page(LAPTOP, script=False)
    open_as(page, site, ASKED)

    drawn = page.locator("#hallazgo-actividad ~ svg text.end").all_text_contents()
    page.locator("section:has(#hallazgo-actividad) summary").first.click()
    table = page.locator("section:has(#hallazgo-actividad) .figures tbody td:nth-of-type(1)")
    assert [text.strip() for text in drawn] == [text.strip() for text in table.all_inner_texts()]
    assert page.locator("section:has(#hallazgo-motivos) svg.bars").is_visible()
    assert page.locator("section:has(#hallazgo-primer_empleo) svg.drawing").is_visible()
    assert page.locator("section:has(#hallazgo-expectativa) table.heat").is_visible()
