import json
from pathlib import Path

import pytest
from sqlmodel import select

from app.cli.main import main
from app.db.transactions import Database
from app.staff.tables import AuditEntry

FILE = "code,name,kind,parent\nSON,Sonora,state,\n26DPR0001A,Cajeme,school,SON\n"


class Trayecto:
    """`trayecto …` → exit code, what it printed, what it complained of."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.monkeypatch = monkeypatch
        self.capsys = capsys

    def __call__(self, *words: str) -> tuple[int, str, str]:
        self.monkeypatch.setattr("sys.argv", ["trayecto", *words])
        with pytest.raises(SystemExit) as left:
            main()
        out, err = self.capsys.readouterr()
        return int(left.value.code or 0), out, err


@pytest.fixture
def trayecto(
    db: Database,
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Trayecto:
    """The program, on an empty database."""
    assert db.engine_name in database_url
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRAYECTO_ENVIRONMENT", "development")
    monkeypatch.setenv("TRAYECTO_DATABASE_URL", database_url)
    return Trayecto(monkeypatch, capsys)


def test_units_are_imported_and_listed(trayecto: Trayecto, tmp_path: Path) -> None:
    (tmp_path / "units.csv").write_text(FILE)

    imported = trayecto("units", "import", "units.csv")
    listed = trayecto("units", "list")

    assert imported == (0, "Filas: 2. Nuevas: 2. Cambiadas: 0. Sin cambio: 0.\n", "")
    lines = [
        "SON\testado\tSonora\t\t\tAmerica/Hermosillo",
        "26DPR0001A\tescuela\tCajeme\tSON\t\tAmerica/Hermosillo",
    ]
    assert listed == (0, "\n".join([*lines, ""]), "")


def test_both_commands_speak_json(trayecto: Trayecto, tmp_path: Path) -> None:
    (tmp_path / "units.csv").write_text(FILE)

    _, imported, _ = trayecto("units", "import", "units.csv", "--json")
    _, listed, _ = trayecto("units", "list", "--json")

    assert json.loads(imported) == {
        "rows": 2,
        "created": 2,
        "updated": 0,
        "unchanged": 0,
        "rejected": [],
        "warnings": [],
    }
    assert [(unit["code"], unit["kind"], unit["parent"]) for unit in json.loads(listed)] == [
        ("SON", "state", None),
        ("26DPR0001A", "school", "SON"),
    ]


def test_a_refused_file_leaves_with_one_and_says_why(trayecto: Trayecto, tmp_path: Path) -> None:
    (tmp_path / "units.csv").write_text(FILE.replace(",SON\n", ",NADIE\n"))

    code, out, err = trayecto("units", "import", "units.csv")
    _, listed, _ = trayecto("units", "list", "--json")

    assert (code, len(err.splitlines())) == (1, 1)
    assert out.startswith("Fila 3, columna parent: No existe la unidad «NADIE», ni en el archivo")
    assert err == f"No se guardó nada por un problema: {out}"
    assert json.loads(listed) == []


def test_a_refused_file_is_json_too(trayecto: Trayecto, tmp_path: Path) -> None:
    (tmp_path / "units.csv").write_bytes(b"\x00\x01")

    code, out, err = trayecto("units", "import", "units.csv", "--json")

    assert (code, len(err.splitlines())) == (1, 1)
    assert [found["code"] for found in json.loads(out)["rejected"]] == ["file.not_text"]


def test_a_column_that_was_not_used_is_said(trayecto: Trayecto, tmp_path: Path) -> None:
    (tmp_path / "units.csv").write_text("code,name,kind,parent,director\nSON,Sonora,state,,Ana\n")

    _, out, _ = trayecto("units", "import", "units.csv")

    warning, summary = out.splitlines()
    assert warning.startswith("Aviso. Fila 1, columna director: La columna «director» no se usó")
    assert summary.startswith("Filas: 1. Nuevas: 1.")


def test_a_terminal_is_not_flooded(trayecto: Trayecto, tmp_path: Path) -> None:
    rows = "".join(f"Z{number},,zone,\n" for number in range(50))
    (tmp_path / "units.csv").write_text("code,name,kind,parent\n" + rows)

    _, out, err = trayecto("units", "import", "units.csv")

    assert len(out.splitlines()) == 21
    assert "… y 30 problemas más" in out
    assert err.startswith("No se guardó nada por 50 problemas; el primero: Fila 2")


@pytest.mark.parametrize("name", ["missing.csv", "."])
def test_a_file_that_is_not_there_is_one_line(trayecto: Trayecto, name: str) -> None:
    code, out, err = trayecto("units", "import", name)

    assert (code, out, len(err.splitlines())) == (1, "", 1)


def test_wrong_usage_is_two(trayecto: Trayecto) -> None:
    assert trayecto("units", "import")[0] == 2
    assert trayecto("units", "import", "a", "b")[0] == 2


def test_an_import_that_changes_something_is_in_the_audit_trail(
    trayecto: Trayecto, db: Database, tmp_path: Path
) -> None:
    (tmp_path / "units.csv").write_text(FILE)
    for _ in range(2):  # the second changes nothing
        trayecto("units", "import", "units.csv")

    with db.reading() as session:
        entries = [(entry.action, entry.details) for entry in session.exec(select(AuditEntry))]

    assert entries == [("units.imported", '{"created": 2, "updated": 0}')]
