"""`trayecto catalogue …`: the contract's words, exit codes and JSON."""

import json
from pathlib import Path

from tests.cli.test_units import Trayecto, trayecto
from tests.units.test_municipalities import OURS

__all__ = ["trayecto"]  # a fixture


def test_a_list_is_imported_and_listed(trayecto: Trayecto) -> None:
    Path("municipios.csv").write_text(OURS, "utf-8")

    empty = trayecto("catalogue", "list", "--json")
    done = trayecto("catalogue", "import", "municipios.csv", "--edition", "2025-11", "--json")
    listed = trayecto("catalogue", "list", "--json")

    assert (empty[0], json.loads(empty[1])) == (0, [])
    assert (done[0], json.loads(done[1])) == (0, {"rows": 5, "rejected": []})
    (line,) = json.loads(listed[1])
    assert (line["name"], line["edition"], line["rows"]) == ("municipalities", "2025-11", 5)
    assert line["source"].startswith("INEGI")


def test_a_bad_list_is_refused_in_one_line(trayecto: Trayecto) -> None:
    Path("municipios.csv").write_text("clave_municipio,municipio\n99001,Nada\n", "utf-8")

    code, out, err = trayecto("catalogue", "import", "municipios.csv")

    assert (code, len(err.splitlines())) == (1, 1)
    assert out.startswith("Renglón 2. La clave «99001»")
