import csv
import io
import json
import subprocess
import sys
from pathlib import Path

from tests.chronology.sep_document import GRID


def trayecto(*words: str) -> "subprocess.CompletedProcess[str]":
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "app", *words]
    return subprocess.run(command, capture_output=True, text=True, cwd=root, check=False)


def test_csv_is_the_table_of_the_document() -> None:
    done = trayecto("chronology", "--from", "2012", "--to", "2015", "--format", "csv")

    assert done.returncode == 0, done.stderr
    assert list(csv.reader(io.StringIO(done.stdout))) == GRID


def test_json_names_waves_and_days() -> None:
    done = trayecto("chronology", "--from", "2015", "--to", "2015", "--json")

    (generation,) = json.loads(done.stdout)
    assert generation["generation"] == "2015-2018"
    assert generation["waves"][2] == {
        "questionnaire": 3,
        "school_year": "2019-2020",
        "opens": "2019-10-01",
        "closes": "2019-12-01",
    }


def test_backwards_years_are_refused_in_one_spanish_line() -> None:
    done = trayecto("chronology", "--from", "2016", "--to", "2012")

    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "es posterior a la última" in done.stderr


def test_wrong_usage_ends_with_two() -> None:
    assert trayecto("chronology", "--format", "pdf").returncode == 2
