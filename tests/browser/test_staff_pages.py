"""Every page of the panel without an id, and those of one school: axe, policy, screenshots."""

from collections.abc import Callable
from re import findall

import pytest
from playwright.sync_api import Page

from app.staff.roles import Role
from app.web import security
from app.web.main import declaration, routes
from app.web.wiring import Permits
from tests.browser.conftest import LAPTOP, PHONE, Site, Watch, axe_violations, keep_screenshot
from tests.browser.pressing import press
from tests.web.world import SCHOOL_A

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
Opener = Callable[..., tuple[Page, Watch]]


def pages(site: Site) -> list[str]:
    ids = site.world.ids[SCHOOL_A]
    found = []
    for route in routes():
        names = findall(r"{(\w+)", route.path)
        if route.path.endswith((".csv", ".png")):
            continue  # a file, not a page
        if "GET" in (route.methods or ()) and isinstance(declaration(route), Permits):
            path = route.path
            for name in names:
                path = path.replace(f"{{{name}}}", ids[name])
            found.append(path)
    return found


def sign_in(page: Page, site: Site, role: Role = Role.ADMIN) -> None:
    page.context.add_cookies(
        [
            {
                "name": security.cookie_name(security.STAFF_COOKIE, secure=False),
                "value": site.world.tokens[SCHOOL_A, role],
                "url": site.url,
            }
        ]
    )


@pytest.mark.parametrize("size", [PHONE, LAPTOP], ids=["360", "1280"])
def test_every_page_of_the_panel_is_accessible(
    site: Site, open_page: Opener, size: dict[str, int]
) -> None:
    page, _ = open_page(size)
    sign_in(page, site)
    problems = {}
    for path in pages(site):
        page.goto(site.url + path)
        problems[path] = axe_violations(page)
        wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
        if wide:
            problems[path].append("scrolls sideways")
        name = path.strip("/").replace("/", "_")
        keep_screenshot(page, f"{name}_{size['width']}")

    assert {path: found for path, found in problems.items() if found} == {}


@pytest.mark.parametrize(
    "path", ["/", "/panel/entrar", "/nada-de-eso", "/ayuda", "/recuperar", "/verifica"]
)
def test_pages_for_everybody_are_accessible(site: Site, open_page: Opener, path: str) -> None:
    page, _ = open_page(PHONE)

    page.goto(site.url + path)

    assert axe_violations(page) == []


def test_the_table_prints_in_black_and_white(site: Site, open_page: Opener) -> None:
    page, _ = open_page(LAPTOP)
    sign_in(page, site)
    page.goto(f"{site.url}/panel/cronologia/{SCHOOL_A}?desde=2012&hasta=2015")

    page.emulate_media(media="print")

    keep_screenshot(page, "cronologia_print")
    assert page.locator("nav[aria-label=Principal]").is_hidden()


def test_signing_in_and_out_by_hand(site: Site, open_page: Opener) -> None:
    page, _ = open_page(PHONE, script=False)
    page.goto(f"{site.url}/panel")
    assert page.url.endswith("/panel/entrar?next=/panel")

    page.fill("#email", "nadie@escuela.mx")
    page.fill("#password", "no es esta")
    press(page.locator("text=Entrar >> nth=-1"))

    assert "no coinciden" in page.inner_text(".summary")
    assert page.input_value("#email") == "nadie@escuela.mx"
