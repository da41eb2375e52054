"""The list of commands says what each command says of itself, and imports none of them."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from app.cli.main import LISTED, program


@pytest.mark.parametrize("name", LISTED)
def test_a_line_of_the_list_is_the_first_of_the_command(name: str) -> None:
    help_of_it = CliRunner(env={"COLUMNS": "200"}).invoke(program([name]), [name, "--help"])

    assert help_of_it.exit_code == 0, help_of_it.output
    assert LISTED[name].line in help_of_it.output
    assert f"trayecto {name}" in help_of_it.output


def test_the_list_has_every_command_and_imports_no_database() -> None:
    look = (
        "import sys; from typer.testing import CliRunner; from app.cli.main import program;"
        "print(CliRunner(env={'COLUMNS': '200'}).invoke(program(['--help']), ['--help']).output);"
        "print('imported', 'sqlalchemy' in sys.modules, 'fastapi' in sys.modules)"
    )

    listed = subprocess.run(
        [sys.executable, "-c", look], capture_output=True, text=True, check=True
    ).stdout

    assert [name for name in LISTED if f" {name} " not in listed] == []
    assert "imported False False" in listed


def test_a_command_that_is_not_there_is_wrong_usage() -> None:
    result = CliRunner().invoke(program(["calendario"]), ["calendario"])

    assert result.exit_code == 2
