"""The results of a wave as staff read them: exact at the school, withheld outside it."""

import csv
import html
import io
import json
import re
from datetime import datetime
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import Session, select

from app.db.transactions import Database
from app.directory.tables import CohortRow
from app.fieldwork.tables import Wave
from app.staff.roles import Role
from app.units.queries import unit_by_code
from app.units.scope import WHOLE
from app.web.sheets import harmless
from tests.analytics.survey import COHORT, SILENT, Someone, a_surveyed_school, answered
from tests.fieldwork.field import an_office
from tests.web.world import SCHOOL_A, SCHOOL_B, World, a_world, client_for, settings_for, sign_in

STUDIES, WORKS = {"estudia": 1, "trabaja": 4}, {"estudia": 5, "trabaja": 1}
SEVEN = [answered(2, **STUDIES)] * 4 + [answered(2, **WORKS)] * 3
LARGE = [answered(2, **STUDIES)] * 30 + [answered(2, **WORKS)] * 20 + [Someone(disposition=SILENT)]


@pytest.fixture
def world(db: Database, database_url: str, now: datetime) -> World:
    return a_world(db, settings_for(database_url), now=now)


def surveyed(session: Session, code: str, people: list[Someone]) -> str:
    """The only answered wave of a school of the world; its id."""
    school = unit_by_code(session, WHOLE, code)
    mine = select(CohortRow).where(
        CohortRow.school_id == school.id, CohortRow.entered == COHORT.entered
    )
    made = a_surveyed_school(session, 2, people, code=f"15ECT{uuid4().int % 10_000:04}Z")
    cohort = session.exec(select(CohortRow).where(CohortRow.school_id == made)).one()
    for earlier in session.exec(mine).all():
        given_to(session, earlier, an_office(session, f"X{uuid4().hex[:8]}"))
    given_to(session, cohort, school.id)
    asked = select(Wave.id).where(Wave.cohort_id == cohort.id, Wave.questionnaire == 2)
    return str(session.exec(asked).one())


def given_to(session: Session, cohort: CohortRow, unit_id: UUID) -> None:
    cohort.school_id = unit_id
    for wave in session.exec(select(Wave).where(Wave.cohort_id == cohort.id)):
        wave.school_id = unit_id
    session.flush()


def figures(page: str) -> dict[tuple[str, str], tuple[str, str, str]]:
    """(indicator, row) → share, people, note, as the tables of the page say them."""
    found = {}
    for name, body in re.findall(r'aria-label="Números de (\w+)">(.*?)</table>', page, re.DOTALL):
        for row in re.findall(r"<tr><th scope=\"row\">.*?</tr>", body):
            cells = [html.unescape(c) for c in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)]
            found[name, cells[0]] = (cells[1], cells[2], cells[4])
    return found


def client_at(world: World, db: Database, code: str, role: Role, *, now: datetime) -> TestClient:
    client = client_for(world, db, now=now)
    sign_in(client, world, code, role)
    return client


def test_the_school_reads_sentences_charts_and_the_same_numbers(
    world: World, db: Database, now: datetime
) -> None:
    with db.unit_of_work() as session:
        wave = surveyed(session, SCHOOL_A, LARGE)
    client = client_at(world, db, SCHOOL_A, Role.VIEWER, now=now)

    page = client.get(f"/panel/olas/{wave}/resultados")

    assert page.status_code == 200
    assert "6 de cada 10 siguieron en educación superior" in page.text
    assert "4 de cada 10 trabajan" in page.text
    assert "98\u00a0% (50 de 51)" in page.text
    assert (
        "Base: 50 de 51 personas (tasa de respuesta 98\u00a0%), al 2 de marzo de 2026." in page.text
    )
    shown = figures(page.text)
    assert shown["H1", "Continúa en educación superior"] == ("60.0\u00a0%", "30 de 50", "")
    assert shown["S1", "Solo trabaja"] == ("40.0\u00a0%", "20 de 50", "")
    assert page.text.count('<svg class="bars" role="img"') == 3
    for kind in ("csv", "png"):
        files = re.findall(rf'href="([^"]+/explorar\.{kind}[^"]+)"', page.text)
        assert len(files) == 3
        assert all(client.get(html.unescape(one)).status_code == 200 for one in files)
    assert "Cómo se calcula" in page.text


def test_a_school_of_seven_reads_why_nothing_is_told(
    world: World, db: Database, now: datetime
) -> None:
    with db.unit_of_work() as session:
        wave = surveyed(session, SCHOOL_A, SEVEN)
    client = client_at(world, db, SCHOOL_A, Role.OFFICER, now=now)

    page = client.get(f"/panel/olas/{wave}/resultados").text

    assert "tiene menos de 23 personas" in page
    assert "juntar varias generaciones" in page
    assert figures(page) == {}


@pytest.mark.parametrize(
    ("code", "asked"), [("09", ""), (SCHOOL_A, "?audiencia=publica")], ids=["office", "public"]
)
def test_outside_the_school_of_seven_only_the_reason_is_read(
    world: World, db: Database, now: datetime, code: str, asked: str
) -> None:
    with db.unit_of_work() as session:
        wave = surveyed(session, SCHOOL_A, SEVEN)
    client = client_at(world, db, code, Role.ANALYST, now=now)

    page = client.get(f"/panel/olas/{wave}/resultados{asked}").text
    explored = explored_from(client, wave, asked).text
    sheet = client.get(f"/panel/olas/{wave}/resultados.csv{asked}").content.decode("utf-8-sig")

    assert "menos de " in page
    assert "juntar varias generaciones" in page
    assert figures(page) == {}
    assert "figura" not in explored
    assert "<svg" not in page + explored
    told = list(csv.DictReader(io.StringIO(sheet)))
    assert told
    assert {row["valor"] for row in told} == {""}


def test_nobody_of_another_school_reads_it(world: World, db: Database, now: datetime) -> None:
    with db.unit_of_work() as session:
        wave = surveyed(session, SCHOOL_A, SEVEN)
    for code, role, expected in (
        (SCHOOL_B, Role.ADMIN, 404),
        ("02", Role.ADMIN, 401),
        (SCHOOL_A, Role.TUTOR, 403),
    ):
        client = client_for(world, db, now=now)
        if (code, role) in world.tokens:
            sign_in(client, world, code, role)
        for tail in ("resultados", "resultados.csv", "explorar"):
            answer = client.get(f"/panel/olas/{wave}/{tail}")
            assert answer.status_code in {expected, 303}, (code, role, tail)
            assert answer.status_code != 303 or expected == 401


def test_the_sheet_has_the_numbers_of_the_page(world: World, db: Database, now: datetime) -> None:
    with db.unit_of_work() as session:
        wave = surveyed(session, SCHOOL_A, LARGE)
    client = client_at(world, db, SCHOOL_A, Role.VIEWER, now=now)

    answer = client.get(f"/panel/olas/{wave}/resultados.csv")

    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    (higher,) = (row for row in rows if row["clave"] == "H1")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert SCHOOL_A in answer.headers["content-disposition"]
    assert (higher["numerador"], higher["base"], higher["valor"]) == ("30", "50", "0.6")


@pytest.mark.parametrize("mark", list("=+-@\t\r\0＝＋－＠"))
def test_no_cell_of_a_sheet_is_a_formula(mark: str) -> None:
    assert harmless(f"{mark}2+5") == f"'{mark}2+5"
    assert harmless(-2.5) == -2.5


def test_the_drawing_to_explore_and_its_table_say_the_same(
    world: World, db: Database, now: datetime
) -> None:
    with db.unit_of_work() as session:
        wave = surveyed(session, SCHOOL_A, LARGE)
    client = client_at(world, db, SCHOOL_A, Role.VIEWER, now=now)

    answer = explored_from(client, wave, "?indicador=S1")

    block = re.search(r'<script type="application/json" id="figura">(.*?)</script>', answer.text)
    assert block
    (trace,) = json.loads(block[1])["data"]
    table = {row: share for (_, row), (share, _, _) in figures(answer.text).items()}
    assert dict(zip(trace["y"], trace["text"], strict=True)) == table
    assert [f"{x:.1f}\u00a0%" for x in trace["x"]] == trace["text"]
    assert set(trace) <= {
        "type",
        "orientation",
        "y",
        "x",
        "text",
        "textposition",
        "hoverinfo",
        "cliponaxis",
    } | {"marker", "name"}
    assert "sha256-47DEQpj8HBSa" in answer.headers["content-security-policy"]
    plain = client.get(f"/panel/olas/{wave}/resultados")
    assert "sha256" not in plain.headers["content-security-policy"]


def test_an_unknown_indicator_is_not_found(world: World, db: Database, now: datetime) -> None:
    with db.unit_of_work() as session:
        wave = surveyed(session, SCHOOL_A, SEVEN)
    client = client_at(world, db, SCHOOL_A, Role.VIEWER, now=now)

    assert explored_from(client, wave, "?indicador=Z9").status_code == 404


def explored_from(client: TestClient, wave: str, asked: str) -> Response:
    """The exploration of a school, from the address that a wave had for it."""
    moved = client.get(f"/panel/olas/{wave}/explorar{asked}")
    assert moved.status_code == 303
    return client.get(moved.headers["location"])


people = st.lists(
    st.builds(
        answered,
        st.just(2),
        estudia=st.sampled_from([1, 2, 3, 4, 5]),
        trabaja=st.sampled_from([1, 2, 3, 4]),
    )
    | st.just(Someone(disposition=SILENT)),
    max_size=14,
)


@pytest.mark.slow
@settings(max_examples=12)
@given(people)
def test_every_figure_of_the_page_is_what_one_counts_by_hand(
    world: World, db: Database, now: datetime, people: list[Someone]
) -> None:
    """An independent recomputation, straight from what each person said (DB-04)."""
    with db.unit_of_work() as session:
        wave = surveyed(session, SCHOOL_A, [*people, *[Someone(disposition=SILENT)] * 23])
    client = client_at(world, db, SCHOOL_A, Role.VIEWER, now=now)

    shown = figures(client.get(f"/panel/olas/{wave}/resultados").text)

    said = [one.answers[2] for one in people if one.answers]
    studying = [one["estudia"] != 5 for one in said]
    working = [one["trabaja"] != 4 for one in said]
    expected = {
        ("H1", "Continúa en educación superior"): [one["estudia"] in {1, 2} for one in said],
        ("L1", "Ocupación"): working,
        ("S1", "Solo estudia"): [s and not w for s, w in zip(studying, working, strict=True)],
        ("S1", "Solo trabaja"): [w and not s for s, w in zip(studying, working, strict=True)],
        ("S1", "Estudia y trabaja"): [s and w for s, w in zip(studying, working, strict=True)],
        ("S1", "Ni estudia ni trabaja"): [
            not (s or w) for s, w in zip(studying, working, strict=True)
        ],
    }
    told = {place: (share, persons) for place, (share, persons, _) in shown.items()}
    n = len(said)
    assert told == (
        {
            place: (f"{100 * sum(marks) / n:.1f}\u00a0%", f"{sum(marks)} de {n}")
            for place, marks in expected.items()
        }
        if n
        else {}
    )
