"""Whatever an operator gets wrong: an exit code and one Spanish line, never a trace."""

import socket
import sqlite3
import sys
from pathlib import Path

import pytest

from app.cli.main import main
from app.cli.serve import answering_at
from app.settings import read_settings


class Trayecto:
    """`trayecto …` in a folder of its own → exit code and complaints."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.monkeypatch = monkeypatch
        self.capsys = capsys

    def __call__(self, *words: str, **changed: str) -> tuple[int, list[str]]:
        for name, value in changed.items():
            self.monkeypatch.setenv(f"TRAYECTO_{name}", value)
        self.monkeypatch.setattr(sys, "argv", ["trayecto", *words])
        with pytest.raises(SystemExit) as left:
            main()
        return int(left.value.code or 0), self.capsys.readouterr().err.splitlines()


@pytest.fixture
def trayecto(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Trayecto:
    """The program, with nothing prepared."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRAYECTO_ENVIRONMENT", "development")
    monkeypatch.setenv("TRAYECTO_DATA_DIR", str(tmp_path / "data"))
    return Trayecto(monkeypatch, capsys)


@pytest.mark.parametrize("command", ["migrate", "check", "units list"])
def test_a_folder_that_cannot_be_made_is_one_line(
    trayecto: Trayecto, tmp_path: Path, command: str
) -> None:
    (tmp_path / "file").write_text("not a folder")

    code, said = trayecto(*command.split(), DATA_DIR=str(tmp_path / "file" / "data"))

    assert (code, len(said)) == (1, 1)
    assert "TRAYECTO_DATA_DIR" in said[0]


@pytest.mark.parametrize("command", ["migrate", "units list", "demo"])
def test_a_file_that_is_no_database_is_one_line(
    trayecto: Trayecto, tmp_path: Path, command: str
) -> None:
    (tmp_path / "noise.db").write_bytes(b"no database at all" * 100)

    code, said = trayecto(*command.split(), DATABASE_URL=f"sqlite:///{tmp_path / 'noise.db'}")

    assert (code, len(said)) == (1, 1)
    assert said[0].startswith("La base de datos no se puede abrir, leer o escribir")


def test_a_server_that_is_not_there_is_one_line_without_its_password(trayecto: Trayecto) -> None:
    code, said = trayecto("migrate", DATABASE_URL="postgresql://ana:clave@127.0.0.1:1/nada")

    assert (code, len(said)) == (1, 1)
    assert "clave" not in said[0]


def test_a_database_of_a_newer_program_is_left_alone(trayecto: Trayecto, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "newer.db") as database:
        database.execute("create table alembic_version (version_num varchar(32))")
        database.execute("insert into alembic_version values ('of tomorrow')")

    code, said = trayecto("migrate", DATABASE_URL=f"sqlite:///{tmp_path / 'newer.db'}")

    assert (code, len(said)) == (1, 1)
    assert "es de otra versión de Trayecto y no se tocó" in said[0]


def test_an_env_file_in_another_encoding_is_one_line(trayecto: Trayecto, tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes("TRAYECTO_MAIL_FROM=dirección@x.mx".encode("latin-1"))

    code, said = trayecto("check")

    assert (code, len(said)) == (1, 1)
    assert "archivo .env" in said[0]


@pytest.mark.parametrize("year", ["0", "-3", "9998", "99999999999"])
def test_a_year_nobody_means_is_wrong_usage(trayecto: Trayecto, year: str) -> None:
    assert trayecto("chronology", "--from", year)[0] == 2
    assert trayecto("chronology", "--to", year)[0] == 2


def test_a_port_somebody_has_is_one_line(trayecto: Trayecto) -> None:
    assert trayecto("migrate") == (0, [])
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        code, said = trayecto("serve", "--port", str(port))

    assert (code, len(said)) == (1, 1)
    assert f"127.0.0.1:{port}" in said[0]


def test_the_address_it_announces_is_where_it_listens() -> None:
    silent = read_settings({"TRAYECTO_ENVIRONMENT": "development"})
    chosen = read_settings(
        {"TRAYECTO_ENVIRONMENT": "development", "TRAYECTO_BASE_URL": "https://egresados.mx"}
    )

    assert answering_at(silent, "127.0.0.1", 18080).base_url == "http://127.0.0.1:18080"
    assert answering_at(silent, "0.0.0.0", 80).base_url == "http://127.0.0.1:80"
    assert answering_at(silent, "::1", 80).base_url == "http://[::1]:80"
    assert answering_at(chosen, "127.0.0.1", 18080).base_url == "https://egresados.mx"
