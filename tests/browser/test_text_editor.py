"""The text editor: what is typed is shown as it will be read, with and without a script."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import LAPTOP, PHONE, Site, Watch
from tests.browser.pressing import press
from tests.browser.test_staff_pages import sign_in
from tests.web.world import SCHOOL_A

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
Opener = Callable[..., tuple[Page, Watch]]


def test_what_is_typed_is_shown_as_it_will_be_read(site: Site, open_page: Opener) -> None:
    page, _ = open_page(LAPTOP)
    sign_in(page, site)
    page.goto(f"{site.url}/panel/unidades/{SCHOOL_A}/textos?cuestionario=2")

    page.fill("#subject", "Saludos de {{escuela}}")
    expect(page.locator(".on-desk")).to_contain_text("Saludos de Plantel A")
    page.fill("#subject", "Hola {{apellido}}")
    expect(page.locator("#problemas-texto")).to_contain_text("no existe el campo «apellido»")


def test_without_a_script_a_button_does_it(site: Site, open_page: Opener) -> None:
    page, _ = open_page(PHONE, script=False)
    sign_in(page, site)
    page.goto(f"{site.url}/panel/unidades/{SCHOOL_A}/textos?cuestionario=2")

    page.fill("#subject", "Saludos de {{escuela}}")
    press(page.locator("text=Ver cómo queda"))

    assert "Saludos de Plantel A" in page.inner_text(".on-phone")
    assert page.input_value("#subject") == "Saludos de {{escuela}}"
