"""The next look at a page counts the answer that was just kept, with no worker in between.

`make bench PART=freshness` measures the seconds through the real server.
"""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from app.db.engine import make_engine
from app.db.transactions import Database
from app.web.main import create_app
from tests.browser.no_script import answer_everything
from tests.conftest import DATA_KEYS
from tests.responses.people import DURING
from tests.web.fresh import NUMBER, STAFF_COOKIE, a_school_in_field, is_fresh, pages
from tests.web.respondent.site import BASE, settings

PEOPLE = 25


@pytest.fixture
def other_process(database_url: str) -> Iterator[Database]:
    """The same database as another web process opens it."""
    database = Database(make_engine(database_url, DATA_KEYS))
    yield database
    database.dispose()


def test_every_page_counts_an_answer_at_the_next_look(
    db: Database, other_process: Database
) -> None:
    with db.unit_of_work() as session:
        wave, people, token = a_school_in_field(session, PEOPLE)

    def browser(database: Database) -> TestClient:
        app = create_app(settings(), database, lambda: DURING[NUMBER])
        return TestClient(app, base_url=BASE, follow_redirects=False)

    staff = browser(other_process)
    staff.cookies.set(STAFF_COOKIE, token)
    for answered, person in enumerate(people[:2], 1):
        before = {place: staff.get(address).text for place, address in pages(wave.wave_id).items()}
        answer_everything(browser(db), person.token, {"estudia": "1", "trabaja": "4"})
        after = {place: staff.get(address).text for place, address in pages(wave.wave_id).items()}

        stale = [
            place for place, page in after.items() if not is_fresh(place, page, answered, PEOPLE)
        ]
        early = [place for place, page in before.items() if is_fresh(place, page, answered, PEOPLE)]
        assert (stale, early) == ([], [])
