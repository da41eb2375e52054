"""One indicator drawn by Plotly in a real browser, under the strict policy."""

import json
from collections.abc import Callable
from re import sub

import pytest
from playwright.sync_api import Page

from app.staff.roles import Role
from app.web import security
from tests.browser.conftest import LAPTOP, PHONE, Site, Watch, axe_violations, keep_screenshot
from tests.web.test_results_page import LARGE
from tests.web.test_unit_results import asked_at_a
from tests.web.world import SCHOOL_A

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
Opener = Callable[..., tuple[Page, Watch]]


def open_results(page: Page, site: Site, tail: str) -> None:
    with site.database.unit_of_work() as session:
        wave = asked_at_a(session, LARGE)
    page.context.add_cookies(
        [
            {
                "name": security.cookie_name(security.STAFF_COOKIE, secure=False),
                "value": site.world.tokens[SCHOOL_A, Role.VIEWER],
                "url": site.url,
            }
        ]
    )
    page.goto(f"{site.url}/panel/olas/{wave}/{tail}")


@pytest.mark.parametrize("size", [PHONE, LAPTOP], ids=["360", "1280"])
def test_plotly_draws_without_a_violation_and_says_what_the_table_says(
    site: Site, open_page: Opener, size: dict[str, int]
) -> None:
    """`open_page` fails on any complaint of the policy, any error, any foreign request."""
    page, watch = open_page(size)
    open_results(page, site, "explorar?indicador=S1")
    page.wait_for_selector("#grafica .main-svg .bars .point")

    drawn = page.locator("#grafica .bartext").all_text_contents()
    table = page.locator(".figures tbody td:nth-of-type(1)").all_inner_texts()
    rules = page.evaluate("getComputedStyle(document.querySelector('.main-svg')).position")
    data = json.loads(page.locator("#figura").text_content() or "")["data"][0]

    assert drawn == table == data["text"]
    assert rules == "absolute"  # without its style rules the layers would fall apart
    assert page.locator(".modebar").count() == 0
    assert page.locator("#sin-guion").is_hidden()
    assert axe_violations(page) == []
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    keep_screenshot(page, f"explorar_{size['width']}")
    assert watch.complaints == []


def test_without_javascript_the_drawing_of_the_server_stays(site: Site, open_page: Opener) -> None:
    page, _ = open_page(PHONE, script=False)
    open_results(page, site, "explorar?indicador=H1")

    assert page.locator("svg.bars").is_visible()
    assert sub(r"\s+", " ", page.locator("svg.bars text.end").text_content() or "") == "60.0 %"


@pytest.mark.parametrize("size", [PHONE, LAPTOP], ids=["360", "1280"])
def test_the_findings_are_accessible_and_print_in_black(
    site: Site, open_page: Opener, size: dict[str, int]
) -> None:
    page, _ = open_page(size)
    open_results(page, site, "resultados")

    assert axe_violations(page) == []
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    keep_screenshot(page, f"resultados_{size['width']}")
    page.emulate_media(media="print")
    keep_screenshot(page, f"resultados_print_{size['width']}")
