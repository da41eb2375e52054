"""The sign-off walked by hand: school and office, on a phone and on a laptop."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from app.staff.roles import Role
from app.web import security
from tests.browser.conftest import LAPTOP, PHONE, Site, Watch, axe_violations, keep_screenshot
from tests.browser.pressing import press
from tests.web.test_results_page import LARGE
from tests.web.test_unit_results import asked_at_a
from tests.web.world import SCHOOL_A

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
Opener = Callable[..., tuple[Page, Watch]]


def as_officer_of(page: Page, site: Site, code: str) -> Page:
    page.context.add_cookies(
        [
            {
                "name": security.cookie_name(security.STAFF_COOKIE, secure=False),
                "value": site.world.tokens[code, Role.OFFICER],
                "url": site.url,
            }
        ]
    )
    return page


def test_a_close_goes_to_the_office_comes_back_and_is_accepted(
    site: Site, open_page: Opener
) -> None:
    with site.database.unit_of_work() as session:
        wave = asked_at_a(session, LARGE)
    at = f"{site.url}/panel/olas/{wave}/cierre"
    school = as_officer_of(open_page(PHONE)[0], site, SCHOOL_A)
    office = as_officer_of(open_page(LAPTOP)[0], site, "09")

    hand_in_and_return(site, school, office, at)

    assert close_told(school, site, at) == (
        "↩ Cierre devuelto con comentario",
        "Cierre devuelto con comentario: «Falta confirmar el egreso de dos personas».",
    )
    school.goto(at)
    assert "Falta confirmar el egreso" in school.inner_text("main")
    school.fill("textarea", "Ya se confirmó")
    press(school.locator("text=Entregar de nuevo"))
    office.goto(at)
    press(office.locator("text=Aceptar el cierre"))

    school.goto(at)
    said = school.inner_text("main")
    assert "Lo aceptado no cambia" in said
    assert "vigente, aceptada" in said
    assert school.locator("text=Entregar el cierre").count() == 0
    assert axe_violations(school) == []
    assert not school.evaluate("document.documentElement.scrollWidth > innerWidth")
    keep_screenshot(school, "cierre_aceptado_360")
    assert close_told(school, site, at) == ("✓ Cierre aceptado", "Cierre aceptado.")


def close_told(page: Page, site: Site, at: str) -> tuple[str, str]:
    """What the chronological table and the page of the wave say of the close."""
    page.goto(f"{site.url}/panel/cronologia/{SCHOOL_A}")
    mark = page.locator(".station:has-text('Cuestionario 2') .close-mark").inner_text()
    assert axe_violations(page) == []
    keep_screenshot(page, "cronologia_con_cierre_360")
    page.goto(at.removesuffix("/cierre"))
    words = page.locator("a:has-text('Cierre '):not(nav a)").first.inner_text()
    assert axe_violations(page) == []
    keep_screenshot(page, "avance_con_cierre_360")
    return mark, words


def hand_in_and_return(site: Site, school: Page, office: Page, at: str) -> None:
    school.goto(at)
    assert "Por entregar" in school.inner_text("main")
    assert axe_violations(school) == []
    keep_screenshot(school, "cierre_por_entregar_360")
    school.click("text=Quienes respondieron frente a la lista")
    keep_screenshot(school, "cierre_por_entregar_360")
    press(school.locator("text=Entregar el cierre"))

    office.goto(f"{site.url}/panel/cierres")
    keep_screenshot(office, "cierres_1280")
    press(office.locator("text=Cuestionario 2, generación 2023-2026"))
    assert axe_violations(office) == []
    keep_screenshot(office, "cierre_en_revision_1280")
    press(office.locator("text=Devolver al plantel"))
    assert "falta decir qué y por qué" in office.inner_text("main")
    assert axe_violations(office) == []
    office.fill("textarea", "Falta confirmar el egreso de dos personas")
    press(office.locator("text=Devolver al plantel"))
    assert "Devuelto al plantel" in office.inner_text("main")
