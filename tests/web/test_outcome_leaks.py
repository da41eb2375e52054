"""Every page of a wave for each audience: no count of a small school's outcomes leaves it."""

from collections.abc import Iterator
from datetime import datetime

import pytest

from app.db.transactions import Database
from app.staff.roles import Permission, Role
from tests.web.test_crawl import address, staff_routes
from tests.web.test_results_page import LARGE, SEVEN, client_at, surveyed
from tests.web.world import SCHOOL_A, World, a_world, settings_for

# Four of seven study and three work: as counts, as shares, in the words of a headline.
OF_SEVEN = ("4 de 7", "3 de 7", "4 ÷ 7", "3 ÷ 7", "57 %", "57.1 %", "43 %", "42.9 %")
OF_SEVEN_TOO = ("0.5714", "0.4285", ",4,7,", ",3,7,")
# Thirty of fifty: exact counts that the public never reads beside a share.
EXACT = ("30 de 50", "30 ÷ 50", "20 de 50", ",30,50,")
VIEWS = ("", "?audiencia=publica", "?por=sexo", "?por=sexo&audiencia=publica")


@pytest.fixture
def world(db: Database, database_url: str, now: datetime) -> World:
    return a_world(db, settings_for(database_url), now=now)


def pages_of_a_wave(world: World, wave: str) -> Iterator[str]:
    ids = {**world.ids[SCHOOL_A], "wave_id": wave}
    for route, method, permission in staff_routes():
        seen = permission in {Permission.SEE_OUTCOMES, Permission.SEE_PROCESS}
        if method == "GET" and seen and "{wave_id}" in route.path:
            yield from (address(route, ids) + view for view in VIEWS)


def told(
    world: World, db: Database, wave: str, secrets: tuple[str, ...], *, at: str, now: datetime
) -> set[tuple[str, str]]:
    """Pages and the secrets they show to an officer, who sees all that a viewer does."""
    client = client_at(world, db, at, Role.OFFICER, now=now)
    found = set()
    for page in pages_of_a_wave(world, wave):
        text = client.get(page).text.replace("\u00a0", " ")
        found |= {(page, secret) for secret in secrets if secret in text}
    return found


@pytest.mark.parametrize("at", [SCHOOL_A, "09"], ids=["own", "office"])
def test_no_page_tells_an_outcome_of_a_school_of_seven(
    world: World, db: Database, now: datetime, at: str
) -> None:
    with db.unit_of_work() as session:
        wave = surveyed(session, SCHOOL_A, SEVEN)

    assert told(world, db, wave, OF_SEVEN + OF_SEVEN_TOO, at=at, now=now) == set()


def test_as_the_public_reads_no_exact_count_stands_beside_a_share(
    world: World, db: Database, now: datetime
) -> None:
    with db.unit_of_work() as session:
        wave = surveyed(session, SCHOOL_A, LARGE)

    shown = told(world, db, wave, EXACT, at=SCHOOL_A, now=now)

    assert shown  # the school itself reads them: there is something to leak
    assert {page for page, _ in shown if "publica" in page and "resultados" in page} == set()
