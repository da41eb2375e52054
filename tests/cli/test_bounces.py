"""`trayecto bounces ingest`: one raw message a file, or a pipe."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.messaging.reports import away, delivery_report


def run(folder: Path, *arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    environ = {
        **os.environ,
        "TRAYECTO_ENVIRONMENT": "development",
        "TRAYECTO_DATA_DIR": str(folder),
        "TRAYECTO_BOUNCE_DOMAIN": "rebotes.cbtis8.mx",
    }
    environ.pop("TRAYECTO_DATABASE_URL", None)
    command = [sys.executable, "-m", "app", *arguments]
    return subprocess.run(command, env=environ, input=given, capture_output=True, check=False)


def test_files_and_a_pipe_say_what_each_message_is(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(delivery_report("ana@correo.mx"))
    (tmp_path / "b.eml").write_bytes(delivery_report("ana@correo.mx", to="b@rebotes.cbtis8.mx"))
    (tmp_path / "c.eml").write_bytes(away())
    assert run(tmp_path, "migrate").returncode == 0
    names = [str(tmp_path / f"{name}.eml") for name in "abc"]

    done = run(tmp_path, "bounces", "ingest", *names, "--json")
    piped = run(tmp_path, "bounces", "ingest", "-", given=delivery_report("beto@correo.mx"))
    missing = run(tmp_path, "bounces", "ingest", str(tmp_path / "none.eml"))

    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout)
    assert [one["verdict"] for one in shown] == ["hard", "forged", "auto_reply"]
    assert shown[0] == {
        "file": names[0],
        "recipient": "ana@correo.mx",
        "verdict": "hard",
        "status": "5.1.1",
        "applied": False,
        "repeated": False,
    }
    assert piped.stdout.decode().splitlines() == [
        "-: la dirección no existe (beto@correo.mx)",
        "definitivos 1",
    ]
    assert (missing.returncode, missing.stdout) == (1, b"")
    assert b"No se pudo leer" in missing.stderr
