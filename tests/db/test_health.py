import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command

from app.cli.database import SCRIPTS, alembic_config
from app.db import marks
from app.db.engine import make_engine
from app.db.health import NotFitToServe, examine, file_system_of, refuse_unfit
from app.db.transactions import Database
from app.settings import read_settings

ROOT = Path(__file__).parents[2]
KEYS = {"TRAYECTO_SECRET_KEYS": "a:" + "s" * 40, "TRAYECTO_DATA_KEYS": "a:" + "d" * 40}
MOUNTS = """/dev/vda / ext4 rw 0 0
server:/export /srv nfs4 rw 0 0
//nas/egresados /srv/escuela\\040uno cifs rw 0 0
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/lib/trayecto.db", "ext4"),
        ("/srv/trayecto.db", "nfs4"),
        ("/srv/escuela uno/trayecto.db", "cifs"),
        ("/srvfiles/trayecto.db", "ext4"),
    ],
)
def test_a_folder_is_on_the_nearest_mount_above_it(path: str, kind: str) -> None:
    assert file_system_of(Path(path), MOUNTS) == kind


def a_store(folder: Path, *, simulated: bool = False) -> str:
    url = f"sqlite:///{folder / 'x.db'}"
    command.upgrade(alembic_config(url), "head")
    database = Database(make_engine(url))
    if simulated:
        with database.unit_of_work() as session:
            marks.mark(session, marks.SIMULATED, "demo", now=datetime(2026, 3, 2, tzinfo=UTC))
    database.dispose()
    return url


def unfit(url: str, environment: str) -> list[str]:
    settings = read_settings(
        {**KEYS, "TRAYECTO_DATABASE_URL": url, "TRAYECTO_ENVIRONMENT": environment}
    )
    database = Database(make_engine(url))
    found = [one.what for one in examine(settings, database, SCRIPTS) if not one.fit]
    database.dispose()
    return found


def test_a_fresh_store_is_fit(tmp_path: Path) -> None:
    assert unfit(a_store(tmp_path), "production") == []


def test_production_refuses_demonstration_data(tmp_path: Path) -> None:
    url = a_store(tmp_path, simulated=True)

    assert unfit(url, "production") == ["datos"]
    assert unfit(url, "development") == []


def test_a_store_that_was_not_migrated_is_told(tmp_path: Path) -> None:
    assert unfit(f"sqlite:///{tmp_path / 'bare.db'}", "production") == ["migraciones"]


def test_what_is_unfit_stops_the_start_with_words() -> None:
    settings = read_settings({**KEYS, "TRAYECTO_DATABASE_URL": "sqlite:////nowhere/x.db"})
    database = Database(make_engine(settings.database_url))

    with pytest.raises(NotFitToServe) as refusal:
        refuse_unfit(examine(settings, database, SCRIPTS))

    database.dispose()
    assert refusal.value.mensaje.startswith("No se puede iniciar: ")


def trayecto(folder: Path, *words: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    clean = {name: value for name, value in os.environ.items() if "TRAYECTO" not in name}
    return subprocess.run(
        [sys.executable, "-m", "app", *words],
        cwd=ROOT,
        env={**clean, "TRAYECTO_DATA_DIR": str(folder), **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.slow  # a process of its own
def test_serve_without_keys_says_one_spanish_line(tmp_path: Path) -> None:
    done = trayecto(tmp_path, "serve", "--port", "1")

    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "producción no arranca sin claves" in done.stderr


@pytest.mark.slow  # a process of its own
def test_check_answers_in_json_and_fails_when_unfit(tmp_path: Path) -> None:
    before = trayecto(tmp_path, "check", "--json", **KEYS)
    trayecto(tmp_path, "migrate", **KEYS)
    after = trayecto(tmp_path, "check", "--json", **KEYS)

    assert before.returncode == 1
    assert {one["what"] for one in json.loads(after.stdout)} >= {"disco", "migraciones"}


@pytest.mark.slow  # a process of its own
def test_a_command_on_a_bare_store_is_no_traceback(tmp_path: Path) -> None:
    done = trayecto(tmp_path, "units", "list", **KEYS)

    assert done.returncode == 1
    assert "trayecto migrate" in done.stderr
    assert "Traceback" not in done.stderr
