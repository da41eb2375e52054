"""`trayecto questionnaire check`."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli.main import program
from tests.questionnaires.sources import BROKEN, FOLDER

RUNNER, PROGRAM = CliRunner(), program(["questionnaire"])


@pytest.mark.parametrize("number", [1, 2, 3])
def test_the_three_questionnaires_pass(number: int) -> None:
    result = RUNNER.invoke(PROGRAM, ["questionnaire", "check", str(FOLDER / f"{number}.yaml")])

    assert result.exit_code == 0
    assert f"{number}.yaml: sin problemas." in result.stdout
    assert result.stderr == ""


def test_a_broken_one_is_refused_with_place_and_fix() -> None:
    file = BROKEN / "unknown-variable.yaml"

    result = RUNNER.invoke(PROGRAM, ["questionnaire", "check", str(file), "--json"])

    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        (
            "Un problema: unknown-variable.yaml:43:20 (horas): No existe la variable «estudio». "
            "¿Quiso decir «estudia»? [variable.unknown]"
        )
    ]
    (problem,) = json.loads(result.stdout)["problems"]
    assert (problem["line"], problem["item"], problem["code"]) == (43, "horas", "variable.unknown")


def test_a_file_in_another_encoding_is_explained(tmp_path: Path) -> None:
    file = tmp_path / "latin.yaml"
    file.write_bytes("título: sí".encode("latin-1"))

    result = RUNNER.invoke(PROGRAM, ["questionnaire", "check", str(file)])

    assert result.exit_code == 1
    assert "UTF-8" in result.stderr


def test_no_file_is_wrong_usage() -> None:
    assert RUNNER.invoke(PROGRAM, ["questionnaire", "check"]).exit_code == 2
