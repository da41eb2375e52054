"""The dashboards of a unit: what each reader sees of it, in page, sheet and picture alike."""

import csv
import html
import io
import re
import sys
from datetime import datetime
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from app.analytics.tables import PastFigure
from app.classroom.tables import Classroom
from app.db.transactions import Database
from app.directory.tables import CohortRow, PanelMember
from app.fieldwork.dispositions import Disposition
from app.fieldwork.tables import Case, CaseEvent, Wave, WaveState
from app.staff.roles import Role
from app.units.queries import unit_by_code
from app.units.scope import WHOLE
from app.web import pictures
from tests.analytics.survey import SILENT, Someone, a_surveyed_school, moment
from tests.analytics.test_reports import STUDIES, WORKS
from tests.web.test_results_page import LARGE, SEVEN, client_at, figures, surveyed
from tests.web.world import (
    SCHOOL_A,
    SCHOOL_B,
    World,
    a_world,
    client_for,
    settings_for,
    sign_in,
)

PAGE = f"/panel/resultados/{SCHOOL_A}"
ASKED = "?generacion=2023-2026&cuestionario=2"


@pytest.fixture
def world(db: Database, database_url: str, now: datetime) -> World:
    return a_world(db, settings_for(database_url), now=now)


def asked_at_a(session: Session, people: list[Someone]) -> str:
    """These people, their wave and their generation, all of school A; the id of the wave."""
    wave = session.get_one(Wave, UUID(surveyed(session, SCHOOL_A, people)))
    cohort = session.get_one(CohortRow, wave.cohort_id)
    cohort.school_id = wave.school_id
    for person in session.exec(select(PanelMember).where(PanelMember.cohort_id == cohort.id)):
        person.school_id = wave.school_id
    return str(wave.id)


@pytest.fixture
def school(world: World, db: Database, now: datetime) -> TestClient:
    """Somebody of a school of which 50 of 51 answered questionnaire 2."""
    with db.unit_of_work() as session:
        asked_at_a(session, LARGE)
    return client_at(world, db, SCHOOL_A, Role.VIEWER, now=now)


def test_the_boards_say_what_the_page_of_the_wave_says(school: TestClient) -> None:
    page = school.get(PAGE + ASKED)

    assert page.status_code == 200
    assert '<h2 id="hallazgo-continuidad">6 de cada 10 siguieron en educación superior' in page.text
    shown = figures(page.text)
    assert shown["continuidad", "Continúa en educación superior"] == ("60.0\u00a0%", "30 de 50", "")
    assert shown["actividad", "Solo trabaja"] == ("40.0\u00a0%", "20 de 50", "")
    assert (
        "Base: 50 de 51 personas (tasa de respuesta 98\u00a0%), al 2 de marzo de 2026." in page.text
    )
    assert "INEGI-SEP, ENILEMS 2019" in page.text
    drawn = re.findall(r'aria-labelledby="t-(\w+) d-\w+"', page.text)
    assert len(drawn) == len(set(drawn)) >= 3
    assert 'aria-current="page">Resultados' in page.text


def test_as_the_public_no_exact_count_is_on_the_page(school: TestClient) -> None:
    page = school.get(f"{PAGE}{ASKED}&audiencia=publica").text

    assert "Así se verían publicadas" in page
    assert not re.search(
        r"\d+ de \d+(?! (personas|planteles))", re.sub(r"<[^>]+>", " ", page)[500:]
    )


def test_the_sheet_of_a_board_has_the_numbers_of_its_table(school: TestClient) -> None:
    answer = school.get(f"{PAGE}/cifras.csv{ASKED}&tablero=continuidad")

    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert {row["clave"] for row in rows} == {"H1", "H3", "H3c"}
    assert (rows[0]["numerador"], rows[0]["base"], rows[0]["valor"]) == ("30", "50", "0.6")
    assert school.get(f"{PAGE}/cifras.csv{ASKED}&tablero=nada").status_code == 404
    everything = school.get(f"{PAGE}/cifras.csv{ASKED}").content.decode("utf-8-sig")
    assert len(everything.splitlines()) > 60


def test_the_line_has_its_days_in_a_sheet(school: TestClient, db: Database) -> None:
    with db.unit_of_work() as session:
        done = session.exec(select(Case).where(Case.disposition == Disposition.COMPLETE))
        for case in done.all():
            event = CaseEvent(case_id=case.id, disposition=Disposition.COMPLETE, at=moment(2))
            session.add(event)

    answer = school.get(f"{PAGE}/cifras.csv{ASKED}&tablero=avance")
    public = school.get(f"{PAGE}/cifras.csv{ASKED}&tablero=avance&audiencia=publica")

    *_, last = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert (last["generacion"], last["respondieron"], last["lista"]) == ("2023-2026", "50", "51")
    assert public.status_code == 303  # it says exact counts


def test_every_board_works_its_figures_through(school: TestClient) -> None:
    boards = school.get(PAGE + ASKED).text
    series = school.get(f"{PAGE}/generaciones{ASKED}&indicador=H1").text
    explored = school.get(f"{PAGE}/explorar{ASKED}&indicador=H1").text
    whole = school.get(f"{PAGE}/calculo{ASKED}").text
    public = school.get(f"{PAGE}/calculo{ASKED}&audiencia=publica").text

    for page in (boards, series, explored, whole):
        assert "30 ÷ 50 = 60.0\u00a0%" in html.unescape(page)
    sections = re.findall(r'<section class="finding".*?</section>', boards, re.DOTALL)
    assert all("Cómo se calcula" in one for one in sections if "hallazgo-" in one)
    assert "50 ÷ 51 = 98.0\u00a0%" in whole  # RR2
    assert "Tasa de conocimiento: 98\u00a0% (50 de 51)" in boards
    assert whole.index('id="cifra-R10"') < whole.index('id="cifra-R12"')
    assert "÷" not in public
    named = re.findall(r'calculo\?[^"]*#cifra-(\w+)', boards + series + explored)
    assert named
    assert all(f'id="cifra-{name}"' in whole for name in named)


def test_one_figure_is_unfolded_without_script_and_all_of_them_to_print(
    school: TestClient,
) -> None:
    def unfolded(tail: str) -> list[str]:
        page = school.get(f"{PAGE}/calculo{ASKED}{tail}").text
        found = re.findall(r'<details class="unfolds"( open)?>.*?id="cifra-(\w+)"', page, re.DOTALL)
        assert len(found) > 40
        assert page.index('href="#familia-H"') < page.index('id="familia-H"')
        return [name for is_open, name in found if is_open]

    assert unfolded("") == unfolded("&indicador=nada") == []
    assert unfolded("&indicador=S1") == ["S1"]
    assert len(unfolded("&indicador=todas")) > 40


def test_the_own_school_reads_weighted_figures_beside(
    world: World, db: Database, now: datetime
) -> None:
    """All women answered and study, 10 of 30 men answered and work: half of the list is women."""
    men = [Someone({2: {"estudia": 5, "trabaja": 1}}, sex="H")] * 10
    silent = [Someone(disposition=SILENT, sex="H")] * 20
    women = [Someone({2: {"estudia": 1, "trabaja": 4}}, sex="M")] * 30
    with db.unit_of_work() as session:
        wave = asked_at_a(session, [*women, *men, *silent])
    client = client_at(world, db, SCHOOL_A, Role.ADMIN, now=now)

    page = html.unescape(client.get(PAGE + ASKED).text)
    sheet = client.get(f"{PAGE}/cifras.csv{ASKED}&tablero=continuidad")
    closing = client.get(f"/panel/olas/{wave}/cierre").text
    public = client.get(f"{PAGE}{ASKED}&audiencia=publica").text
    office = client_at(world, db, "09", Role.ADMIN, now=now)

    assert "Al ponderar por sexo alguna cifra cambia hasta 25 puntos" in page
    assert "40 respuestas informan como 30 (efecto de diseño 1.33)" in page
    higher, *_ = csv.DictReader(io.StringIO(sheet.content.decode("utf-8-sig")))
    assert (higher["valor"], higher["ponderado"]) == ("0.75", "0.5")
    assert "−25.0 puntos" in closing
    assert "onderad" not in public
    assert "onderad" not in office.get(PAGE + ASKED).text
    assert "onderad" not in office.get(f"/panel/olas/{wave}/cierre").text


def test_the_picture_is_a_png_and_its_absence_is_said_kindly(
    school: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = school.get(f"{PAGE}/grafica.png{ASKED}&tablero=actividad")
    unknown = school.get(f"{PAGE}/grafica.png{ASKED}&tablero=nada")

    assert (made.headers["content-type"], made.content[:4]) == ("image/png", b"\x89PNG")
    assert f"{SCHOOL_A}_actividad.png" in made.headers["content-disposition"]
    assert unknown.status_code == 404

    monkeypatch.setitem(sys.modules, "resvg_py", None)  # as where it is not installed
    refused = school.get(f"{PAGE}/grafica.png{ASKED}&tablero=actividad")
    assert refused.status_code == 503
    assert "Este servidor no hace imágenes PNG" in refused.text
    assert pictures.PicturesNotInstalled.code not in refused.text


@pytest.mark.parametrize(
    "tail",
    [
        f"/comparar.png{ASKED}",
        "/generaciones.png?cuestionario=2&indicador=H1",
        f"/explorar.png{ASKED}&indicador=S1",
    ],
)
def test_every_page_has_its_picture(school: TestClient, tail: str) -> None:
    answer = school.get(PAGE + tail)

    assert (answer.status_code, answer.content[:4]) == (200, b"\x89PNG")
    assert ".png" in answer.headers["content-disposition"]


def test_a_generation_that_was_never_asked_is_not_found(school: TestClient) -> None:
    assert school.get(f"{PAGE}?generacion=1990-1993").status_code == 404
    assert school.get(f"{PAGE}?generacion=2023-2026&cuestionario=3").status_code == 200


@pytest.mark.parametrize(
    "tail",
    ["", "/cifras.csv", "/grafica.png", "/comparar", "/comparar.csv", "/comparar.png",
     "/generaciones", "/generaciones.csv", "/generaciones.png", "/explorar", "/explorar.csv",
     "/explorar.png", "/cobertura", "/calculo"],
)  # fmt: skip
def test_nobody_of_another_school_finds_it(
    world: World, db: Database, now: datetime, tail: str
) -> None:
    client = client_for(world, db, now=now)
    sign_in(client, world, SCHOOL_B, Role.ADMIN)
    assert client.get(PAGE + tail).status_code == 404
    sign_in(client, world, SCHOOL_A, Role.TUTOR)
    assert client.get(PAGE + tail).status_code == 403


def test_an_office_walks_down_from_its_state_to_a_school(
    world: World, db: Database, now: datetime
) -> None:
    with db.unit_of_work() as session:
        asked_at_a(session, SEVEN)
    client = client_at(world, db, "09", Role.ANALYST, now=now)

    top = client.get("/panel/resultados")
    state = client.get(f"/panel/resultados/09{ASKED}").text
    below = re.search(rf'href="({PAGE}\?[^"]+)"', state)

    assert top.headers["location"] == "/panel/resultados/09"
    assert "Plantel A" in state
    assert below
    page = client.get(below[1].replace("&amp;", "&")).text
    assert '<a href="/panel/resultados/09?' in page  # the way back up
    assert figures(page) == {}  # seven persons: nothing of what they said is told outside


def test_groups_are_compared_with_the_target_and_schools_are_not_ranked(school: TestClient) -> None:
    page = school.get(f"{PAGE}/comparar{ASKED}").text
    sheet = school.get(f"{PAGE}/comparar.csv{ASKED}").content.decode("utf-8-sig")

    assert sheet.splitlines()[1] == "Sin grupo,50,51,0.9804"
    assert "Meta 65\u00a0%" in page
    assert "98\u00a0% (50 de 51)" in page
    assert "Sin grupo" in page


def test_the_series_has_a_point_for_each_generation_asked(school: TestClient) -> None:
    page = school.get(f"{PAGE}/generaciones?cuestionario=2&indicador=H1").text
    sheet = school.get(f"{PAGE}/generaciones.csv?cuestionario=2&indicador=H1")

    assert "6 de cada 10 siguieron en educación superior" in page
    *_, row = csv.DictReader(io.StringIO(sheet.content.decode("utf-8-sig")))
    assert (row["generacion"], row["numerador"], row["base"]) == ("2023-2026", "30", "50")
    assert school.get(f"{PAGE}/generaciones?cuestionario=2&indicador=Z9").status_code == 404


def test_what_a_paper_of_the_time_says_stands_apart(
    world: World, db: Database, now: datetime
) -> None:
    """The starred generation: grey, with its source, joined to nothing."""
    with db.unit_of_work() as session:
        asked_at_a(session, LARGE)
        unit = unit_by_code(session, WHOLE, SCHOOL_A)
        session.add(
            PastFigure(
                unit_id=unit.id, entered=2012, leaves=2015, questionnaire=2, indicator="H1",
                category="si", value=0.41, base=120, source="Informe 2016", at=now,
            )
        )  # fmt: skip
    client = client_at(world, db, SCHOOL_A, Role.VIEWER, now=now)

    page = client.get(f"{PAGE}/generaciones?cuestionario=2&indicador=H1").text
    sheet = client.get(f"{PAGE}/generaciones.csv?cuestionario=2&indicador=H1")

    assert 'class="dot-before"' in page
    assert "estrategia anterior: no comparable" in page
    assert "Informe 2016" in page
    first, *_ = csv.DictReader(io.StringIO(sheet.content.decode("utf-8-sig")))
    assert (first["generacion"], first["valor"]) == ("2012-2015", "0.41")
    assert first["nota"] == "Estrategia anterior: no comparable. Entre 120."


def test_an_address_of_the_exploration_says_what_was_chosen(school: TestClient) -> None:
    page = school.get(f"{PAGE}/explorar{ASKED}&indicador=H1&variable=sexo")
    sheet = school.get(f"{PAGE}/explorar.csv{ASKED}&indicador=H1&variable=sexo")

    assert '<option value="sexo" selected>Sexo' in page.text
    assert '<option value="H1" selected>' in page.text
    assert "sha256-47DEQpj8HBSa" in page.headers["content-security-policy"]
    rows = list(csv.DictReader(io.StringIO(sheet.content.decode("utf-8-sig"))))
    # Those who work are 20 of 50, but nobody does both: a crossing is told whole or not at all.
    assert [(row["grupo"], row["solo"], row["se_muestra"]) for row in rows] == [
        ("Mujeres", "", "no")
    ]
    refused = school.get(f"{PAGE}/explorar{ASKED}&variable=nombre")
    assert refused.status_code == 400
    assert "Elija una de estas variables" in refused.text


def test_a_variable_and_a_filter_are_asked_at_once(
    world: World, db: Database, now: datetime
) -> None:
    people = [Someone({2: {"misma_escuela": said}}, sex=sex) for said in (1, 2, 3) for sex in "MH"]
    with db.unit_of_work() as session:
        asked_at_a(session, people * 20)
    client = client_at(world, db, SCHOOL_A, Role.VIEWER, now=now)
    asked = f"{ASKED}&indicador=C4b"
    view = f"{asked}&variable=sexo&filtro=turno:1"

    page = client.get(f"{PAGE}/explorar{view}").text
    sheet = client.get(f"{PAGE}/explorar.csv{view}")
    nobody = client.get(f"{PAGE}/explorar{asked}&variable=sexo&filtro=turno:2").text
    alone = client.get(f"{PAGE}/explorar{asked}&filtro=sexo:M").text
    other = client.get(f"{PAGE}/explorar{asked}&variable=turno&filtro=tipo_bachillerato:2")

    assert "Elegiría la misma escuela (solo matutino): Mujeres 67\u00a0%, Hombres 67\u00a0%" in page
    assert '<option value="turno:1" selected>Matutino' in page
    rows = list(csv.DictReader(io.StringIO(sheet.content.decode("utf-8-sig"))))
    assert [(row["grupo"], row["solo"], row["numerador"], row["base"]) for row in rows] == [
        ("Mujeres", "Matutino", "40", "60"),
        ("Hombres", "Matutino", "40", "60"),
    ]
    assert "40 de 60" not in nobody
    assert "De este grupo no hay respuestas" in nobody
    assert "40 de 60" in alone
    assert (other.status_code, "no se ofrecen juntas" in other.text) == (200, True)
    assert client.get(f"{PAGE}/explorar{ASKED}&filtro=turno:9").status_code == 404


def test_coverage_lists_the_schools_without_list_class_or_confirmation(
    world: World, db: Database, now: datetime
) -> None:
    """Plantel A has people of 2022-2025, who had a class for their questionnaire."""
    wave_id = UUID(world.ids[SCHOOL_A]["wave_id"])
    with db.unit_of_work() as session:
        wave = session.get_one(Wave, wave_id)
        wave.questionnaire, wave.state = 1, WaveState.CLOSED
    client = client_at(world, db, "09", Role.ANALYST, now=now)
    held = gaps(client.get("/panel/resultados/09/cobertura?generacion=2022-2025").text)
    with db.unit_of_work() as session:
        for found in session.exec(select(Classroom).where(Classroom.wave_id == wave_id)):
            found.wave_id = UUID(world.ids[SCHOOL_B]["wave_id"])

    never = gaps(client.get("/panel/resultados/09/cobertura?generacion=2022-2025").text)
    other = gaps(client.get("/panel/resultados/09/cobertura?generacion=2024-2027").text)

    assert (held["lista"], held["clase"]) == ("0 de 1 plantel", "0 de 1 plantel")
    assert never["clase"] == "1 de 1 plantel"
    assert other["lista"] == "1 de 1 plantel"


def gaps(page: str) -> dict[str, str]:
    """By what is lacking, how many schools."""
    return dict(
        re.findall(r'id="falta-(\w+)">.*?<span class="big">([^<]+)</span>', page, re.DOTALL)
    )


def test_an_office_is_told_that_schools_are_summed_when_they_close(
    world: World, db: Database, now: datetime
) -> None:
    with db.unit_of_work() as session:
        asked_at_a(session, LARGE)
        office = unit_by_code(session, WHOLE, "09").id
        a_surveyed_school(session, 2, LARGE, code="09ECT0009Z", office=office)
    client = client_at(world, db, "09", Role.ANALYST, now=now)

    board = client.get(f"/panel/resultados/09{ASKED}").text
    worked = client.get(f"/panel/resultados/09/calculo{ASKED}").text

    assert "Los planteles se suman cuando cierran" in board
    assert "menos de 5 personas o permitiría" not in board
    assert "no se muestra. Sin suma hasta que cierren." in worked


def test_a_matrix_that_is_withheld_says_why_beside_a_share_that_is_told(
    world: World, db: Database, now: datetime
) -> None:
    """A crossing is told whole or not at all, to the own school too; its share is told."""
    plans = {"plan_egreso": 1}
    linked = [Someone({1: plans, 2: STUDIES}) for _ in range(30)]
    linked += [Someone({1: plans, 2: WORKS}) for _ in range(2)]
    with db.unit_of_work() as session:
        asked_at_a(session, linked)
    client = client_at(world, db, SCHOOL_A, Role.VIEWER, now=now)

    page = client.get(PAGE + ASKED).text

    hidden = re.search(r'<h2>Lo que no se muestra</h2>\s*<div class="empty"><p>(.*?)</p>', page)
    assert hidden is not None
    assert "menos de 5 personas" in hidden[1]
    assert "¿Hicieron lo que planeaban?" in page
