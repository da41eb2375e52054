"""`trayecto past …`: all figures of a file or none, with the row of every problem."""

import json
from pathlib import Path

import pytest
from sqlmodel import select

from app.analytics.tables import PastFigure
from app.db.transactions import Database
from app.staff.tables import AuditEntry
from tests.cli.test_units import FILE as UNITS
from tests.cli.test_units import Trayecto, trayecto

__all__ = ["trayecto"]  # the fixture
HEADING = "unidad,generacion,cuestionario,cifra,valor,base,fuente\n"
SCHOOL = "26DPR0001A,2012-2015,2,H1,26.9,516,Informe 2016 p. 12\n"
STATE = "SON,2012-2015,2,S1|solo_estudia,31.5,,Informe estatal 2016\n"


@pytest.fixture
def there(trayecto: Trayecto, tmp_path: Path) -> Path:
    (tmp_path / "units.csv").write_text(UNITS)
    trayecto("units", "import", "units.csv")
    return tmp_path


def test_figures_of_several_units_are_kept_once_and_listed(
    trayecto: Trayecto,
    there: Path,
    db: Database,
) -> None:
    (there / "past.csv").write_text(HEADING + SCHOOL + STATE)

    tried = trayecto("past", "import", "past.csv", "--dry-run")
    first = trayecto("past", "import", "past.csv", "--json")
    again = trayecto("past", "import", "past.csv")
    listed = trayecto("past", "list", "--unit", "26DPR0001A")

    assert tried == (0, "Filas: 2. Unidades: 2. Nada se guardó: era una revisión.\n", "")
    assert json.loads(first[1]) == {"rows": 2, "units": 2, "kept": 2, "rejected": []}
    assert again == (0, "Filas: 2. Unidades: 2. Guardadas: 2.\n", "")
    assert listed[1] == (
        "2012-2015*\tC2\tContinúa en educación superior\t26.9 %\t516\tInforme 2016 p. 12\n"
    )
    with db.reading() as session:
        assert len(session.exec(select(PastFigure)).all()) == 2
        noted = session.exec(select(AuditEntry).where(AuditEntry.action == "past_result.kept"))
        assert len(noted.all()) == 4


def test_one_wrong_row_keeps_nothing_and_every_problem_has_its_row(
    trayecto: Trayecto,
    there: Path,
    db: Database,
) -> None:
    (there / "past.csv").write_text(
        HEADING + SCHOOL + "26XXX,2012-2015,2,H1,10,,Informe 2016\n" + STATE.replace("31.5", "mil")
    )

    code, out, err = trayecto("past", "import", "past.csv", "--json")

    assert code == 1
    assert [one["row"] for one in json.loads(out)["rejected"]] == [3, 4]
    assert err.startswith("No se guardó nada: 2 problemas. El primero: Fila 3: No hay una unidad")
    with db.reading() as session:
        assert session.exec(select(PastFigure)).first() is None


def test_a_file_of_one_unit_takes_no_row_of_another(
    trayecto: Trayecto,
    there: Path,
) -> None:
    (there / "past.csv").write_text(HEADING + SCHOOL + STATE)
    (there / "bare.csv").write_text(HEADING.replace("unidad,", "") + SCHOOL.split(",", 1)[1])

    mixed = trayecto("past", "import", "past.csv", "--unit", "26DPR0001A")
    bare = trayecto("past", "import", "bare.csv", "--unit", "26DPR0001A")
    nowhere = trayecto("past", "import", "bare.csv")
    unknown = trayecto("past", "import", "bare.csv", "--unit", "nada")

    assert mixed[0] == 1
    assert "Fila 3: La unidad «SON» no es la de esta carga" in mixed[2]
    assert bare[0] == 0
    assert "Falta la clave de la unidad" in nowhere[2]
    assert unknown[0] == 1
