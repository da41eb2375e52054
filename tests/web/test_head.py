"""HEAD through a real server: TestClient forgives what a server cuts off."""

import httpx2
import pytest

from app.db.transactions import Database
from tests.web.respondent.served import Served
from tests.web.respondent.site import Site


@pytest.mark.parametrize("path", ["/e/{token}", "/verifica", "/no/esta", "/static/x/y.css"])
def test_head_answers_as_get_without_a_body(db: Database, path: str) -> None:
    site = Site(db, 2)
    served = Served(site)
    address = path.format(token=site.person().token)
    try:
        with httpx2.Client(base_url=served.url) as client:
            head, got = client.head(address), client.get(address)
            again = client.head(address)  # the connection is still good
    finally:
        served.stop()

    assert (head.status_code, head.content) == (got.status_code, b"")
    assert head.headers["content-type"] == got.headers["content-type"]
    assert again.status_code == got.status_code
