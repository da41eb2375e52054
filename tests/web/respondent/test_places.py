"""The municipality of a person: offered by state, written officially, asked about once."""

import html

import pytest
from playwright.sync_api import Browser, expect

from app.db.transactions import Database
from app.units.catalogues import import_municipalities
from tests.units.test_municipalities import OURS
from tests.web.respondent.served import Served
from tests.web.respondent.site import Site
from tests.web.respondent.test_phone import Phone, notice
from tests.web.respondent.test_phone_walk import begin, browser, phone, says
from tests.web.respondent.test_phone_walk import stored as kept

__all__ = ["browser"]  # a fixture of the walk
TOWN, STATE = "municipio_residencia", "municipio_residencia.estado"


@pytest.fixture
def site(db: Database) -> Site:
    found = Site(db, 2)
    with db.unit_of_work() as session:
        import_municipalities(
            session, OURS.encode(), edition="2025-11", source="INEGI", now=found.clock.at
        )
    return found


def test_the_towns_of_a_state_are_for_everybody(site: Site) -> None:
    client = site.device().client
    answer = client.get("/municipios/Jalisco")

    assert answer.json() == ["Guadalajara", "Zapopan"]
    assert answer.headers["cache-control"] == "public, max-age=86400"
    assert [client.get(f"/municipios/{each}").json() for each in ("Otro país", "x", "%25")] == [
        [], [], [],
    ]  # fmt: skip


def test_a_town_is_stored_as_it_is_written_officially(site: Site, db: Database) -> None:
    device = site.device()
    page = device.answer(device.begin(site.person()), aviso_q2="1")

    following = device.answer(page, **{TOWN: "zapopán", STATE: "Jalisco"})

    assert following.step == "certificado_ems"
    assert kept(db)[TOWN] == "Zapopan, Jalisco"


def test_an_unknown_town_is_asked_about_once_with_the_list_beside_it(
    site: Site, db: Database
) -> None:
    device = site.device()
    page = device.answer(device.begin(site.person()), aviso_q2="1")

    asked = device.answer(page, **{TOWN: "Zapotlanejito", STATE: "Jalisco"})
    following = device.answer(asked, **{TOWN: "Zapotlanejito", STATE: "Jalisco"})

    assert asked.status == 200
    assert "No encontramos ese municipio en Jalisco" in asked.body
    assert '<datalist id="municipio_residencia-towns"><option>Guadalajara</option>' in asked.body
    assert 'value="Zapotlanejito"' in html.unescape(asked.body)
    assert following.step == "certificado_ems"
    assert kept(db)[TOWN] == "Zapotlanejito, Jalisco"


@pytest.mark.parametrize(
    ("town", "state", "stored"),
    [
        ("zapopan", "Jalisco", "Zapopan, Jalisco"),
        ("Zapotlanejito", "Jalisco", "Zapotlanejito, Jalisco"),  # never lost for being unknown
        ("Zapopan", "Sonora", "Zapopan, Sonora"),
        ("Austin", "Otro país", "Austin, Otro país"),
    ],
)
def test_what_waited_on_a_phone_is_always_kept(
    site: Site, db: Database, town: str, state: str, stored: str
) -> None:
    mine = Phone(site, site.person())

    status, said = mine.send(
        notice(mine), mine.record(TOWN, {TOWN: [town], STATE: [state]}, later=1)
    )

    assert (status, [set(each) for each in said]) == (200, [{"k", "d"}] * 2)
    assert kept(db)[TOWN] == stored


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.xdist_group("browser")
def test_a_phone_offers_the_towns_of_the_state(site: Site, db: Database, browser: Browser) -> None:
    served = Served(site)
    blocked: list[str] = []
    context = phone(browser, blocked)
    page = context.new_page()
    begin(page, served, site.person())
    page.locator("input[value='1']").check()
    page.locator("button.go").click()

    page.locator("select").select_option("Jalisco")
    page.locator(f"#{TOWN}").focus()
    offered = page.locator(f"#{TOWN}-towns option")
    expect(offered).to_have_count(2)
    page.locator(f"#{TOWN}").fill("zapopan")
    page.locator("button.go").click()
    says(page, "Guardado")
    context.close()
    served.stop()

    assert kept(db)[TOWN] == "Zapopan, Jalisco"
    assert blocked == []
