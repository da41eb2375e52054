"""The import contracts fail when violated: a wall that never stops anybody is a painting."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINTER = Path(sys.executable).parent / "lint-imports"

# Where a forbidden line is added, the line, and the contract that must catch it.
VIOLATIONS = [
    ("messaging/outbox.py", "import app.fieldwork.tables", "Packages look only downwards"),
    ("units/tree.py", "import app.staff.roles", "Packages look only downwards"),
    ("utils/__init__.py", "", "Packages look only downwards"),
    ("web/render.py", "import app.worker.dispatch", "Packages look only downwards"),
    ("chronology/wave_plan.py", "import sqlmodel", "Pure modules do no input or output"),
    ("analytics/rates.py", "import random", "Pure modules do no input or output"),
    ("fieldwork/tokens.py", "import secrets", "Pure modules do no input or output"),
    ("directory/queries.py", "import fastapi", "Only web speaks HTTP and HTML"),
    ("fieldwork/planning.py", "import app.db.transactions", "Only entry points open transactions"),
    ("messaging/outbox.py", "import aiosmtplib", "One door to each outside thing: SMTP"),
    ("fieldwork/deliveries.py", "import app.messaging.tables", "Outbox rows change only"),
    ("web/staff/audit.py", "import app.staff.tables", "Accounts and the audit trail are written"),
    ("web/staff/audit.py", "import app.analytics.estimates", "Results leave analytics only"),
    ("units/tree.py", "import app.units.queries", "No cycles between sibling modules"),
]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sources in which walls may be broken."""
    folder = tmp_path_factory.mktemp("house")
    shutil.copytree(ROOT / "app", folder / "app", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def lint(folder: Path) -> "subprocess.CompletedProcess[str]":
    command = [str(LINTER), "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_the_house_as_it_stands_keeps_every_contract(house: Path) -> None:
    done = lint(house)

    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize(("module", "line", "contract"), VIOLATIONS, ids=lambda value: value[:30])
def test_a_violation_is_caught(house: Path, module: str, line: str, contract: str) -> None:
    path = house / "app" / module
    before = path.read_text("utf-8") if path.exists() else None
    path.parent.mkdir(exist_ok=True)
    path.write_text((before or "") + f"\n{line}\n", "utf-8")
    try:
        done = lint(house)
    finally:
        if before is None:
            shutil.rmtree(path.parent)
        else:
            path.write_text(before, "utf-8")

    broken = [told for told in done.stdout.splitlines() if told.endswith("BROKEN")]
    assert done.returncode == 1
    assert any(contract in told for told in broken), done.stdout[-2000:]
