"""`trayecto roster import|confirm` as an operator types it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlmodel import SQLModel, select

from app.db.engine import make_engine
from app.db.transactions import Database
from app.directory.tables import PanelMember
from app.settings import Secret
from app.staff.tables import AuditEntry
from tests.directory.builders import CCT_A, JOSE, LIST_OF_TWO, two_schools

KEYS = (Secret("dev", b"development-only-data_keys-not-a-secret"),)


def trayecto(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app", "roster", *words],
        cwd=folder,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "TRAYECTO_ENVIRONMENT": "development",
            "TRAYECTO_DATA_DIR": str(folder),
        },
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_an_operator_loads_and_confirms_a_list(tmp_path: Path) -> None:  # noqa: PLR0915  # a day
    engine = make_engine(f"sqlite:///{tmp_path}/trayecto.db", KEYS)
    SQLModel.metadata.create_all(engine)
    database = Database(engine)
    two_schools(database)
    file = tmp_path / "lista.csv"
    file.write_text(LIST_OF_TWO.replace("jose@gmail.com", "jose@gmial.com") + ",,,,,,,,x\n")
    graduates = tmp_path / "egreso.csv"
    graduates.write_text(f'CURP,NOMBRE COMPLETO,EGRESÓ\n{JOSE},"Muñoz, José",SI\n')
    where = ("--school", CCT_A, "--generation", "2023-2026", "--json")

    dry = trayecto(tmp_path, "import", "lista.csv", *where, "--dry-run")
    done = trayecto(tmp_path, "import", "lista.csv", *where)
    told = trayecto(tmp_path, "import", "lista.csv", *where[:4])
    confirmed = trayecto(tmp_path, "confirm", "egreso.csv", *where)
    refused = trayecto(tmp_path, "confirm", "lista.csv", *where)
    unknown = trayecto(tmp_path, "import", "lista.csv", "--school", "99XXX0000Z")
    wrong = trayecto(tmp_path, "import", "lista.csv", "--generation", "2026")

    report = json.loads(done.stdout)
    assert json.loads(dry.stdout) == report
    assert {name: report[name] for name in ("rows", "created", "updated", "unchanged")} == {
        "rows": 2, "created": 2, "updated": 0, "unchanged": 0,
    }  # fmt: skip
    assert [(each["row"], each["column"], each["code"]) for each in report["warnings"]] == [
        (2, "CORREO", "roster.mail_typo"), (4, "", "roster.loose_row"),
    ]  # fmt: skip
    assert report["rejected"] == []
    assert "Sin cambio: 2." in told.stdout
    assert json.loads(confirmed.stdout) == {
        "rows": 1, "confirmed": 1, "denied": 0, "unmatched": 0, "undecided": 0, "findings": [],
    }  # fmt: skip
    assert [each.returncode for each in (dry, done, told, confirmed)] == [0, 0, 0, 0]
    assert [each.returncode for each in (refused, unknown, wrong)] == [1, 1, 2]
    assert "falta la columna EGRESÓ o CERTIFICADO" in refused.stderr
    assert len(unknown.stderr.splitlines()) == 1
    with database.reading() as session:
        actions = [each.action for each in session.exec(select(AuditEntry))]
        trail = "".join(each.details for each in session.exec(select(AuditEntry)))
        assert len(session.exec(select(PanelMember)).all()) == 2
    engine.dispose()
    assert sorted(actions) == ["roster.confirmed", "roster.imported", "roster.imported"]
    assert "José" not in trail
