"""How a problem of a file is told: row, column, what was found, what to do."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to correct or to know, in Spanish.

    `row` as a spreadsheet shows it, heading row included; 0 for the file as a whole.
    """

    row: int
    column: str  # heading as written in the file; empty when the whole row is meant
    code: str
    message: str


def as_json_list(findings: Iterable[Finding]) -> list[dict[str, object]]:
    """For `--json`, with the keys of the contract."""
    return [
        {"row": each.row, "column": each.column, "code": each.code, "message": each.message}
        for each in findings
    ]
