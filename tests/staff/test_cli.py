from datetime import datetime
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from app.cli.asked import UnitUnknown
from app.cli.runtime import opened_runtime
from app.cli.staff import audit, staff
from app.db.transactions import Database
from app.staff import audit_chain, invitations, queries
from app.staff.invitations import AccountUnknown
from app.staff.staff_list import StaffListRefused
from app.units.scope import WHOLE
from tests.staff.house import a_group, two_schools

runner = CliRunner()
trayecto = typer.Typer()
trayecto.add_typer(staff)
trayecto.add_typer(audit)


@pytest.fixture(autouse=True)
def deployment(
    db: Database, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commands find the test's own database."""
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "DATABASE_URL": database_url,
        "DATA_DIR": str(tmp_path),
        "BASE_URL": "https://seguimiento.example/",
        "ENVIRONMENT": "production",
        "DATA_KEYS": "c1:a data key for the commands of this test",
        "SECRET_KEYS": "s1:a signing key for tests thirty-two bytes long",
    }.items():
        monkeypatch.setenv(f"TRAYECTO_{name}", value)
    with db.unit_of_work() as session:
        units = two_schools(session)
        a_group(session, units["A"], "6A")


def test_a_new_person_gets_a_link_of_this_deployment(db: Database) -> None:
    result = runner.invoke(
        trayecto,
        ["staff", "add", "ana@escuela.mx", "--unit", "A", "--role", "tutor", "--group", "6A"],
    )

    assert result.exit_code == 0
    email, link = result.stdout.split()
    assert email == "ana@escuela.mx"
    address, token = link.rsplit("/", 1)
    assert address == "https://seguimiento.example/panel/invitacion"
    with db.reading() as session:
        invitations_left = queries.audit_rows(session, WHOLE)
    assert token not in str(invitations_left)
    assert {row.action for row in invitations_left} == {"staff.granted", "staff.link_made"}


def test_a_wrong_role_is_wrong_usage() -> None:
    result = runner.invoke(trayecto, ["staff", "add", "a@b.mx", "--unit", "A", "--role", "jefe"])

    assert result.exit_code == 2


def test_an_unknown_unit_is_refused() -> None:
    result = runner.invoke(trayecto, ["staff", "add", "a@b.mx", "--unit", "Z", "--role", "tutor"])

    assert isinstance(result.exception, UnitUnknown)


def test_a_list_is_carried_out_whole(tmp_path: Path) -> None:
    (tmp_path / "lista.csv").write_bytes(
        "email,unit,role,groups\n"
        "ana@escuela.mx,A,tutor,6A\n"
        "ana@escuela.mx,B,viewer,\n"
        "beto@escuela.mx,S,analyst,\n".encode("utf-8-sig")
    )
    result = runner.invoke(trayecto, ["staff", "import", "lista.csv"])

    assert result.exit_code == 0
    assert [line.split("\t")[0] for line in result.stdout.splitlines()] == [
        "ana@escuela.mx",
        "beto@escuela.mx",
    ]
    token = result.stdout.splitlines()[0].rsplit("/", 1)[1]
    assert len(token) == 22


def test_a_list_with_one_wrong_row_gives_nobody_anything(tmp_path: Path, db: Database) -> None:
    (tmp_path / "lista.csv").write_text(
        "email,unit,role,groups\nana@escuela.mx,A,tutor,\nbeto@escuela.mx,Z,tutor,\n"
        "carla@escuela.mx,A,tutor,6Z\n"
    )
    result = runner.invoke(trayecto, ["staff", "import", "lista.csv"])

    assert isinstance(result.exception, StaffListRefused)
    first, second = result.stdout.splitlines()
    assert first == "Renglón 3, columna unit: No hay ninguna unidad con la clave Z."
    assert second.startswith("Renglón 4, columna groups: No hay un solo grupo «6Z» en A.")
    with db.reading() as session:
        assert queries.accounts(session, WHOLE) == []


def test_a_reset_is_for_those_who_have_an_account() -> None:
    runner.invoke(trayecto, ["staff", "add", "ana@escuela.mx", "--unit", "A", "--role", "tutor"])

    known = runner.invoke(trayecto, ["staff", "reset", "Ana@escuela.mx"])
    unknown = runner.invoke(trayecto, ["staff", "reset", "nadie@escuela.mx"])

    assert known.stdout.startswith("https://seguimiento.example/panel/invitacion/")
    assert isinstance(unknown.exception, AccountUnknown)


def test_verify_tells_a_whole_trail_from_an_altered_one(
    db: Database, now: datetime, tmp_path: Path
) -> None:
    runner.invoke(trayecto, ["staff", "add", "ana@escuela.mx", "--unit", "A", "--role", "tutor"])
    with db.unit_of_work() as session:
        audit_chain.seal(session)
        audit_chain.write_head(session, tmp_path / audit_chain.HEAD_FILE, now=now)

    whole = runner.invoke(trayecto, ["audit", "verify"])
    assert (whole.exit_code, whole.stdout) == (0, "sin alteraciones: 2 registros\n")

    with db.saving() as connection:
        connection.exec_driver_sql("delete from audit_entry where sequence = 2")
    altered = runner.invoke(trayecto, ["audit", "verify"])
    assert altered.exit_code == 1
    assert altered.stderr == "La bitácora fue alterada: registro 2 cortado al final.\n"


def test_the_link_of_the_console_opens() -> None:
    result = runner.invoke(
        trayecto, ["staff", "add", "ana@escuela.mx", "--unit", "A", "--role", "tutor"]
    )
    token = result.stdout.strip().rsplit("/", 1)[1]

    with opened_runtime() as runtime, runtime.database.reading() as session:
        shown = invitations.open_invitation(session, token, now=runtime.clock())
    assert shown.email == "ana@escuela.mx"
