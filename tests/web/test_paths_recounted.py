"""The matrix of plans and situations, its flow and the rate of linkage, counted again.

Answers by lot of a school so large in every cell that all of it is told, to each reader.
"""

import random
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from app.analytics.released import Audience
from app.db.engine import make_engine
from app.db.transactions import Database
from app.fieldwork.dispositions import Disposition
from app.worker.cuts import take_cuts
from app.worker.deployment import Deployment
from app.worker.editions import freeze_editions
from tests.analytics.survey import COHORT, LATER, SILENT, Someone, a_surveyed_school
from tests.conftest import DATA_KEYS
from tests.fieldwork.field import an_office
from tests.recount.checks import board_page
from tests.recount.drawn import Drawings
from tests.recount.flows import HEAT
from tests.recount.pages import PageText
from tests.recount.raw import Wave
from tests.recount.site import Site, View
from tests.recount.world import Simulated, raw_of
from tests.web.world import settings_for

pytestmark = pytest.mark.slow

OFFICE, SCHOOL = "15", "15ECT0001A"
PLANS, STUDIES, WORKS = (1, 2, 3, 4, 9), (1, 5), (1, 4)
SITUATIONS = tuple(product(STUDIES, WORKS))
SEEDS = [("2", "1"), ("3", "2"), *(
    pytest.param(number, f"{seed}", marks=pytest.mark.deep)
    for number in ("2", "3") for seed in range(3, 6)
)]  # fmt: skip


def linked(chance: random.Random, number: int) -> Iterator[Someone]:
    """From six to fourteen persons of every cell; and who answered only before, or only now."""
    before = [{"plan_egreso": plan} for plan in PLANS]
    if number == 3:
        before = [{"estudia": studies, "trabaja": works} for studies, works in SITUATIONS]
    for earlier, (studies, works) in product(before, SITUATIONS):
        now = {"estudia": studies, "trabaja": works}
        for _ in range(chance.randint(6, 14)):
            yield Someone({number - 1: earlier, number: now})
    for _ in range(chance.randint(10, 40)):
        yield Someone({number: {"estudia": chance.choice(STUDIES), "trabaja": 1}})
    for _ in range(chance.randint(5, 20)):
        yield Someone({number - 1: chance.choice(before)}, disposition=SILENT)
        yield Someone(disposition=Disposition.REFUSED)


@pytest.mark.parametrize(("number", "seed"), SEEDS)
def test_plans_and_what_came_of_them(
    tmp_path: Path, sqlite_template: Path, number: str, seed: str
) -> None:
    path = tmp_path / "paths.db"
    path.write_bytes(sqlite_template.read_bytes())
    settings = settings_for(f"sqlite:///{path}")
    db = Database(make_engine(settings.database_url, DATA_KEYS))
    people = list(linked(random.Random(seed), int(number)))
    with db.unit_of_work() as session:
        office = an_office(session, OFFICE)
        a_surveyed_school(session, int(number), people, code=SCHOOL, office=office)
    deployment = Deployment(settings, db, lambda: LATER)
    freeze_editions(deployment)
    take_cuts(deployment)
    site = Site(Simulated(settings, db, raw_of(db)), LATER)
    wave = Wave(COHORT.entered, COHORT.leaves, int(number), frozenset({SCHOOL}))

    problems, drawn, shades = [], 0, 0
    for at, audience in ((SCHOOL, Audience.OWN), (OFFICE, Audience.OFFICE)):
        for one in (audience, Audience.PUBLIC):
            view = View(site.raw, SCHOOL, wave, one)
            html = site.get(at, f"{view.address}?{view.query}")
            found = board_page(PageText(html), view, None, needed=["Números de expectativa"])
            problems += [(at, one.value, said) for said in found]
            drawn += any(each.of("rect", "node") for each in Drawings(html).found)
            shades += len(HEAT.findall(html))
    db.dispose()

    assert not problems, "\n".join(map(str, problems))
    assert drawn == 4
    assert shades == 4 * len(SITUATIONS) * (len(PLANS) if number == "2" else len(SITUATIONS))
