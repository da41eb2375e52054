"""`trayecto simulate` and `trayecto demo`, as an operator meets them."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest
from sqlmodel import func, select

from app.cli.demo import PortTaken, _refuse_taken
from app.cli.main import main
from app.db.transactions import Database
from app.directory.tables import PanelMember

ROOT = Path(__file__).parents[2]


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


def test_a_world_is_simulated_once(trayecto: Trayecto, db: Database) -> None:
    words = ("simulate", "--schools", "1", "--generations", "2025-2028", "--now", "2026-11-22")

    code, out, _ = trayecto(*words, "--seed", "7", "--json")
    again, _, complaint = trayecto(*words)

    counts = json.loads(out)
    with db.reading() as session:
        stored = session.exec(select(func.count()).select_from(PanelMember)).one()
    assert (code, again) == (0, 1)
    assert counts["members"] == stored == 95
    assert counts["generations"] == ["2025-2028"]
    assert counts["waves"] == 0  # that generation leaves in a year and a half
    assert complaint.startswith("Esta base de datos ya tiene datos simulados.")
    assert complaint.count("\n") == 1


def test_a_generation_nobody_understands_is_refused(trayecto: Trayecto) -> None:
    code, _, complaint = trayecto("simulate", "--generations", "2025-2028,ayer")

    assert code == 1
    assert "«ayer»" in complaint


def test_a_taken_port_is_said_before_anything_is_loaded() -> None:
    with closing(socket.socket()) as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(PortTaken, match="port_taken"):
            _refuse_taken(other.getsockname()[1])


@pytest.mark.slow
@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM])
def test_the_demonstration_starts_serves_and_leaves_nobody_behind(
    tmp_path: Path, told: signal.Signals
) -> None:
    port = _free_port()
    with _demo(tmp_path, port) as first:
        words = _read_until(first, "Para terminar")
        links = [word for word in words.split() if "/e/" in word]
        pages = []
        for link in links:
            with urlopen(link, timeout=20) as page:  # loopback
                pages.append((page.status, page.read().decode()))
        children = _children(first.pid)
        first.send_signal(told)
        code = first.wait(15)

    assert len(links) == 3
    assert all(status == 200 and "Cuestionario" in text for status, text in pages)
    assert "estado@demo.test" in words
    assert len(children) == 2
    assert code == 0
    assert [child for child in children if Path(f"/proc/{child}").exists()] == []

    begun = time.monotonic()
    with _demo(tmp_path, port) as second:
        words_again = _read_until(second, "Para terminar")
        taken = time.monotonic() - begun
        second.send_signal(told)
        code_again = second.wait(15)

    assert [word for word in words_again.split() if "/e/" in word] == links
    assert "una sola vez" not in words_again
    assert taken < 20
    assert code_again == 0


@contextmanager
def _demo(folder: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "TRAYECTO_ENVIRONMENT": "development",
        "TRAYECTO_DATA_DIR": str(folder / "var"),
    }
    environment.pop("TRAYECTO_DATABASE_URL", None)
    with subprocess.Popen(
        [sys.executable, "-m", "app", "demo", "--port", str(port)],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()


def _read_until(process: subprocess.Popen[str], last: str) -> str:
    assert process.stdout is not None
    found = ""
    for line in process.stdout:
        found += line
        if last in line:
            return found
    raise AssertionError(found)


def _children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
