"""`trayecto rates` and `trayecto indicators`, as an outside check calls them."""

import json
from pathlib import Path

import pytest

from app.db.transactions import Database
from app.fieldwork.dispositions import Disposition
from tests.analytics.survey import SILENT, Someone, a_surveyed_school, answered
from tests.cli.test_units import Trayecto

SCHOOL = "15ECT0001A"
ASKED = ("--unit", SCHOOL, "--generation", "2023-2026", "--questionnaire", "2")
STUDIES, WORKS = {"estudia": 1, "trabaja": 4}, {"estudia": 5, "trabaja": 1}


@pytest.fixture
def trayecto(
    db: Database,
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Trayecto:
    """The program, on a school of thirty of whom twenty-five answered."""
    people = [answered(2, **STUDIES)] * 15 + [answered(2, **WORKS)] * 9
    people += [Someone({2: STUDIES}, disposition=Disposition.PARTIAL)]
    people += [Someone(disposition=SILENT)] * 4 + [Someone(disposition=Disposition.REFUSED)]
    with db.unit_of_work() as session:
        a_surveyed_school(session, 2, people, code=SCHOOL)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRAYECTO_ENVIRONMENT", "development")
    monkeypatch.setenv("TRAYECTO_DATABASE_URL", database_url)
    return Trayecto(monkeypatch, capsys)


def test_rates_have_the_keys_of_the_contract(trayecto: Trayecto) -> None:
    code, out, err = trayecto("rates", *ASKED, "--json")

    found = json.loads(out)
    names = ["I", "P", "R", "NC", "O", "UO", "NE", "e"]
    names += [f"rr{n}" for n in range(1, 7)] + [f"coop{n}" for n in range(1, 5)]
    names += [f"{kind}{n}" for kind in ("ref", "con") for n in range(1, 4)]
    assert (code, err) == (0, "")
    assert set(found) >= {*names, "knowledge_rate", "frame"}
    assert [found[name] for name in names[:7]] == [24, 1, 1, 4, 0, 0, 0]
    assert (found["e"], found["frame"]) == (1.0, 30)
    assert found["rr1"] == 24 / 30
    assert found["rr2"] == found["rr6"] == found["knowledge_rate"] == 25 / 30
    assert found["coop2"] == 25 / 26


def test_rates_that_are_not_defined_are_null(trayecto: Trayecto, db: Database) -> None:
    with db.unit_of_work() as session:
        unsure = [Someone(disposition=SILENT, confirmed=False)]
        a_surveyed_school(session, 2, unsure, code="15ECT0002B")

    _, out, _ = trayecto("rates", "--unit", "15ECT0002B", *ASKED[2:], "--json")

    found = json.loads(out)
    assert (found["rr1"], found["rr3"], found["e"], found["coop1"]) == (0.0, None, None, None)


def test_indicators_have_the_keys_of_the_contract(trayecto: Trayecto) -> None:
    code, out, _ = trayecto("indicators", *ASKED, "--audience", "own", "--json")

    found = json.loads(out)
    (higher,) = (line for line in found if line["id"] == "H1")
    keys = ["id", "category", "numerator", "base", "value", "low", "high", "withheld", "reason"]
    assert code == 0
    assert all(list(line) == keys for line in found)
    assert (higher["numerator"], higher["base"], higher["value"]) == (16, 25, 0.64)
    assert 0 < higher["low"] < 0.64 < higher["high"] < 1
    assert (higher["withheld"], higher["reason"]) == (False, None)


def test_the_operator_reads_as_an_office_and_the_public_gets_whole_percents(
    trayecto: Trayecto,
) -> None:
    _, out, _ = trayecto("indicators", *ASKED, "--json")
    _, public, _ = trayecto("indicators", *ASKED, "--audience", "public", "--json")

    office = {(line["id"], line["category"]): line for line in json.loads(out)}
    (higher,) = (line for line in json.loads(public) if line["id"] == "S2")
    neither = office["S1", "ninguna"]
    assert (neither["withheld"], neither["value"]) == (True, None)
    assert "menos de 5 personas" in neither["reason"]
    assert higher["numerator"] is None
    assert higher["base"] in {25, None}
    assert higher["value"] in {0.64, None}


def test_indicators_by_a_trait_name_the_group(trayecto: Trayecto) -> None:
    code, out, _ = trayecto("indicators", *ASKED, "--by", "sexo", "--json")

    found = json.loads(out)
    assert code == 0
    assert {(line["by"], line["group"]) for line in found} == {("sexo", "M")}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("rates", "--unit", "99XXX9999X", *ASKED[2:]), "99XXX9999X"),
        (("rates", *ASKED[:2], "--generation", "ayer", *ASKED[4:]), "2013-2016"),
        (("rates", *ASKED[:2], "--generation", "2010-2013", *ASKED[4:]), "2010-2013"),
        (("indicators", *ASKED[:4], "--questionnaire", "3"), "Cuestionario 3"),
        (("indicators", *ASKED, "--by", "nombre"), "sexo, turno, tipo_bachillerato"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_one_line(
    trayecto: Trayecto, words: tuple[str, ...], said: str
) -> None:
    code, out, err = trayecto(*words)

    assert (code, out) == (1, "")
    assert len(err.strip().splitlines()) == 1
    assert said in err


def test_without_json_each_figure_is_a_line(trayecto: Trayecto) -> None:
    _, rates, _ = trayecto("rates", *ASKED)
    _, figures, _ = trayecto("indicators", *ASKED, "--audience", "own")

    assert "rr2               0.8333" in rates.splitlines()
    assert any(
        line.startswith("H1\tContinúa en educación superior") for line in figures.split("\n")
    )
