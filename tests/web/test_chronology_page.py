from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from sqlmodel import select

from app.db.transactions import Database
from app.directory.tables import CohortRow
from app.fieldwork.tables import Wave, WaveState
from app.staff.roles import Role
from app.units.queries import unit_by_code
from app.units.scope import WHOLE
from tests.chronology.sep_document import GRID
from tests.web.world import SCHOOL_A, World, a_world, client_for, settings_for, sign_in


class Cells(HTMLParser):
    """The text of every row of the first table."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        if tag == "tr":
            self.rows.append([])
        if tag in {"th", "td"}:
            self.rows[-1].append("")
            self.inside = True

    def handle_endtag(self, tag: str) -> None:
        if tag in {"th", "td"}:
            self.inside = False

    def handle_data(self, data: str) -> None:
        if self.inside and self.rows:
            self.rows[-1][-1] += f" {data.strip()}" if data.strip() else ""


@pytest.fixture
def world(db: Database, database_url: str, now: datetime) -> World:
    return a_world(db, settings_for(database_url), now=now)


def test_the_page_shows_the_table_of_the_document(
    world: World, db: Database, now: datetime
) -> None:
    client = client_for(world, db, now=now)
    sign_in(client, world, SCHOOL_A, Role.VIEWER)

    page = client.get(f"/panel/cronologia/{SCHOOL_A}?desde=2012&hasta=2015")

    cells = Cells()
    cells.feed(page.text)
    heading, *rows = [[" ".join(text.split()) for text in row] for row in cells.rows]
    assert heading == GRID[0]
    oldest_first = list(reversed(rows))
    for shown, printed in zip(oldest_first, GRID[1:], strict=True):
        assert shown[0].split()[0] == printed[0]
        for cell, text in zip(shown[1:], printed[1:], strict=True):
            _, _, window = text.partition("CUESTIONARIO ")
            number, _, months = window.partition(" ")
            assert (f"Cuestionario {number}" in cell, months in cell) == (bool(text), True), cell


def test_today_is_marked_and_states_follow_the_day(world: World, db: Database) -> None:
    autumn = datetime(2026, 3, 2, 12, 10, tzinfo=UTC)
    client = client_for(world, db, now=autumn)
    sign_in(client, world, SCHOOL_A, Role.VIEWER)

    page = client.get("/panel").text

    assert "hoy, 2 mar" in page
    assert page.count("is-planned") > page.count("is-open")


def test_a_state_office_sees_the_same_table_with_its_schools(
    world: World, db: Database, now: datetime
) -> None:
    client = client_for(world, db, now=now)
    sign_in(client, world, "09", Role.OFFICER)

    page = client.get("/panel").text

    assert "Plantel A" in page
    assert "Plantel B" not in page


def test_an_office_reads_that_a_school_moved_what_is_open_out_of_season(
    db: Database, database_url: str
) -> None:
    august = datetime(2026, 8, 20, 18, tzinfo=UTC)
    world = a_world(db, settings_for(database_url), now=august)
    with db.unit_of_work() as session:
        for wave in session.exec(select(Wave)).all():
            wave.state = WaveState.OPEN
    client = client_for(world, db, now=august)
    sign_in(client, world, "09", Role.OFFICER)

    page = client.get("/panel").text

    assert "Octubre-Noviembre 2025 (fecha movida en algún plantel)" in page
    assert "Octubre-Noviembre 2026 (fecha" not in page  # nothing is open there


def test_a_moved_window_keeps_its_reason(world: World, db: Database, now: datetime) -> None:
    client = client_for(world, db, now=now)
    csrf = sign_in(client, world, SCHOOL_A, Role.ADMIN)
    form = {
        "csrf": csrf,
        "generation": "2023-2026",
        "questionnaire": "1",
        "opens": "2026-04-20",
        "last_day": "2026-06-20",
        "reason": "Salida anticipada por obras",
    }

    moved = client.post(f"/panel/cronologia/{SCHOOL_A}/fechas", data=form)

    assert moved.status_code == 303
    page = client.get(f"/panel/cronologia/{SCHOOL_A}/fechas").text
    assert "Salida anticipada por obras" in page


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"generation": "2026"}, "Elija la generación"),
        ({"opens": "mañana"}, "Escriba el primer día"),
        ({"last_day": "2026-01-01"}, "igual o posterior"),
        ({"reason": ""}, "por qué se mueve"),
        ({"generation": "2012-2015"}, "estrategia anterior"),
    ],
)
def test_a_window_that_cannot_be_is_refused_with_words(
    world: World, db: Database, now: datetime, change: dict[str, str], words: str
) -> None:
    client = client_for(world, db, now=now)
    csrf = sign_in(client, world, SCHOOL_A, Role.ADMIN)
    form = {
        "csrf": csrf,
        "generation": "2023-2026",
        "questionnaire": "1",
        "opens": "2026-04-20",
        "last_day": "2026-06-20",
        "reason": "Obras",
    }

    answer = client.post(f"/panel/cronologia/{SCHOOL_A}/fechas", data={**form, **change})

    assert answer.status_code == 422
    assert words in answer.text


def test_a_december_exit_follows_calendar_b(world: World, db: Database, now: datetime) -> None:
    client = client_for(world, db, now=now)
    csrf = sign_in(client, world, SCHOOL_A, Role.ADMIN)
    with db.unit_of_work() as session:
        unit = unit_by_code(session, WHOLE, SCHOOL_A)
        session.add(CohortRow(school_id=unit.id, entered=2024, leaves=2027))
    form = {"csrf": csrf, "exit_generation": "2024-2027", "exit_month": "12"}

    chosen = client.post(f"/panel/cronologia/{SCHOOL_A}/egreso", data=form)

    assert chosen.status_code == 303
    page = client.get(f"/panel/cronologia/{SCHOOL_A}").text
    assert "Octubre-Noviembre 2027" in page
    assert "Abril-Mayo 2028" in page


def test_a_calendar_is_fixed_once_a_wave_was_opened(
    world: World, db: Database, now: datetime
) -> None:
    client = client_for(world, db, now=now)
    csrf = sign_in(client, world, SCHOOL_A, Role.ADMIN)
    with db.reading() as session:
        unit = unit_by_code(session, WHOLE, SCHOOL_A)
        opened = session.exec(
            select(CohortRow).join(Wave).where(CohortRow.school_id == unit.id)
        ).first()
    assert opened is not None
    form = {
        "csrf": csrf,
        "exit_generation": f"{opened.entered}-{opened.leaves}",
        "exit_month": "12",
    }

    refused = client.post(f"/panel/cronologia/{SCHOOL_A}/egreso", data=form)

    assert refused.status_code == 422
    assert "ya tiene un cuestionario aplicado" in refused.text
