"""A tutor's evening with the list, at 360×640: every route one tap, then one more."""

from collections.abc import Callable
from datetime import UTC, datetime
from re import compile as pattern
from urllib.parse import unquote
from uuid import UUID

import pytest
from playwright.sync_api import Page, Route

from app.staff.roles import Role
from tests.browser.conftest import LAPTOP, PHONE, Site, Watch, axe_violations, keep_screenshot
from tests.browser.pressing import press
from tests.browser.test_staff_pages import sign_in
from tests.web.in_field import Someone
from tests.web.test_worklist import case_now, reachable
from tests.web.world import SCHOOL_A

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
Opener = Callable[..., tuple[Page, Watch]]


@pytest.fixture
def now() -> datetime:
    """Monday 2 March 2026, five in the afternoon in Mexico City."""
    return datetime(2026, 3, 2, 23, tzinfo=UTC)


@pytest.fixture
def people(site: Site, now: datetime) -> list[UUID]:
    group = UUID(site.world.ids[SCHOOL_A]["group_id"])
    names = ("Ana Sofía", "Berta", "Citlali")
    return reachable(
        site.world, site.database, *(Someone(name, group_id=group) for name in names), now=now
    )


def stays(opened: list[str]) -> Callable[[Route], None]:
    """The app opens beside the page, as on a telephone: the browser stays where it is."""

    def handle(route: Route) -> None:
        answer = route.fetch(max_redirects=0)
        opened.append(answer.headers["location"])
        route.fulfill(status=204)

    return handle


def shown(page: Page, name: str) -> None:
    assert axe_violations(page) == []
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    keep_screenshot(page, f"worklist_{name}_360")


@pytest.mark.parametrize("script", [True, False], ids=["script", "plain"])
def test_the_walk_of_the_tutor(
    site: Site, open_page: Opener, people: list[UUID], *, script: bool
) -> None:
    page, _ = open_page(PHONE, script=script)
    opened: list[str] = []
    page.route(pattern(r"/abrir$"), stays(opened))
    sign_in(page, site, Role.TUTOR)
    page.goto(f"{site.url}/panel/pendientes")
    if script:
        shown(page, "1_list")

    card = page.locator(".person", has_text="Ana Sofía")
    small = [
        box["height"]
        for box in (one.bounding_box() for one in card.locator("button:visible").all())
        if box and box["height"] < 48
    ]
    with page.expect_response("**/abrir"):
        card.get_by_role("button", name="WhatsApp").click()
    page.reload()
    first = page.locator(".person").first
    asked = first.inner_text()
    if script:
        shown(page, "2_what_happened")
    first.get_by_role("button", name="Contestó y lo hará").click()
    page.wait_for_url("**/panel/pendientes?dicho=will_answer")
    told = page.inner_text(".notice.good")

    assert small == []
    assert opened[0].startswith("https://wa.me/525512345610?text=")
    assert "/e/" in unquote(opened[0])
    assert "Ana Sofía" in asked
    assert "¿Qué pasó con el WhatsApp?" in asked
    assert told == "Anotado: contestó y lo hará."
    assert case_now(site.database, people[0]).contacts == 1


def test_an_appointment_and_what_others_tell_are_two_more_forms(
    site: Site, open_page: Opener, people: list[UUID]
) -> None:
    page, _ = open_page(PHONE)
    opened: list[str] = []
    page.route(pattern(r"/abrir$"), stays(opened))
    sign_in(page, site, Role.TUTOR)
    page.goto(f"{site.url}/panel/olas/{site.world.ids[SCHOOL_A]['wave_id']}/pendientes")

    with page.expect_response("**/abrir"):
        page.locator(".person", has_text="Berta").get_by_role("button", name="Llamar").click()
    page.reload()
    page.get_by_role("button", name="Pidió que le llame después").click()
    page.wait_for_url("**/contacto#cita")
    page.fill("#day", "2026-03-04")
    page.fill("#hour", "18:30")
    page.fill("#note", "Al teléfono de su casa")
    shown(page, "3_person")
    press(page.get_by_role("button", name="Guardar la cita"))
    kept = page.inner_text(".person")
    page.goto(f"{page.url.split('/contacto')[0]}/telefono")
    shown(page, "4_telephone")

    assert opened == ["tel:+525512345611"]
    assert "Cita: miércoles 4 de marzo, 18:30. Al teléfono de su casa" in kept
    assert len(people) == 3


def test_the_policy_of_the_page_lets_the_dialler_open(
    site: Site, open_page: Opener, people: list[UUID]
) -> None:
    """A real redirect to tel: from a real form; a blocked one would complain in the console."""
    page, watch = open_page(PHONE)
    sign_in(page, site, Role.TUTOR)
    page.goto(f"{site.url}/panel/pendientes")

    with page.expect_response("**/abrir") as answered:
        page.locator(".person", has_text="Citlali").get_by_role("button", name="Llamar").click()
    page.wait_for_timeout(500)

    assert answered.value.headers["location"] == "tel:+525512345612"
    assert [one for one in watch.complaints if "Content Security Policy" in one] == []
    watch.complaints[:] = [one for one in watch.complaints if "tel:" not in one]
    assert case_now(site.database, people[2]).contacts == 1


def test_the_list_prints_in_grey(site: Site, open_page: Opener, people: list[UUID]) -> None:
    page, _ = open_page(LAPTOP)
    sign_in(page, site, Role.TUTOR)
    wave = f"{site.url}/panel/olas/{site.world.ids[SCHOOL_A]['wave_id']}"
    page.goto(f"{wave}/pendientes")
    keep_screenshot(page, "worklist_5_list_1280")
    page.goto(f"{wave}/pendientes/imprimir")
    page.check("text=Teléfonos")
    press(page.get_by_role("button", name="Mostrar la hoja así"))
    assert axe_violations(page) == []

    page.emulate_media(media="print")

    keep_screenshot(page, "worklist_6_print")
    assert page.locator(".off-paper").first.is_hidden()
    assert page.locator("text=+525512345610").is_visible()
    assert page.evaluate("getComputedStyle(document.querySelector('.paper td')).color") == (
        "rgb(0, 0, 0)"
    )
    assert len(people) == 3
