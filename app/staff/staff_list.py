"""A list of staff as a spreadsheet saves it: text -> roles to give, or what is wrong, by row.

Columns email, unit, role and, if wanted, groups (several with `;`). Knows neither units nor
accounts: whether they exist is seen when the list is carried out.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.errors import AppError
from app.staff.addresses import EmailRefused, normal_email
from app.staff.roles import Role, WantedGrant

COLUMNS = ("email", "unit", "role")
_ROLES = ", ".join(Role)


@dataclass(frozen=True, slots=True)
class Listed:
    """One row of the list; `row` as a spreadsheet numbers it, headings included."""

    row: int
    email: str
    wanted: WantedGrant


@dataclass(frozen=True, slots=True)
class RowProblem:
    """What to correct, and where."""

    row: int
    column: str
    message: str


class StaffListRefused(AppError):
    """Something in the list is wrong, so nothing of it was done."""

    code = "staff.list_refused"
    status = 422
    plantilla = (
        "No se guardó nadie de la lista. Renglón {row}, columna {column}: {message} "
        "Problemas en total: {count}. Corríjalos y cargue la lista otra vez."
    )

    def __init__(self, problems: Sequence[RowProblem]) -> None:
        first = problems[0]
        super().__init__(
            row=first.row, column=first.column, message=first.message, count=len(problems)
        )
        self.problems = problems


def read_staff_list(text: str) -> Sequence[Listed]:
    """Rows of the list, in its order.

    Raises:
        StaffListRefused: with every problem that the text alone shows.
    """
    text = text.replace("\0", "")
    heading = text.partition("\n")[0]
    separator = max(",;\t", key=heading.count)
    reader = csv.DictReader(text.splitlines(keepends=True), delimiter=separator)
    names = {str(name).strip().lower(): name for name in reader.fieldnames or ()}
    missing = [column for column in COLUMNS if column not in names]
    if missing:
        raise StaffListRefused(
            [RowProblem(1, name, "Falta esta columna en los encabezados.") for name in missing]
        )
    listed: list[Listed] = []
    problems: list[RowProblem] = []
    try:
        for cells in reader:
            row = {name: (cells.get(key) or "").strip() for name, key in names.items()}
            if any(row.values()):
                _read_row(reader.line_num, row, listed, problems)
    except csv.Error:
        problems.append(RowProblem(reader.line_num, "email", "Este renglón no se puede leer."))
    if not listed and not problems:
        problems.append(RowProblem(2, "email", "La lista no tiene a nadie."))
    if problems:
        raise StaffListRefused(problems)
    return listed


def _read_row(
    number: int, row: Mapping[str, str], listed: list[Listed], problems: list[RowProblem]
) -> None:
    found = len(problems)
    try:
        email = normal_email(row["email"])
    except EmailRefused as error:
        email = ""
        problems.append(RowProblem(number, "email", error.mensaje))
    role = row["role"].lower()
    if role not in list(Role):
        problems.append(RowProblem(number, "role", f"Escriba uno de estos papeles: {_ROLES}."))
    if not row["unit"]:
        problems.append(RowProblem(number, "unit", "Escriba la clave de la unidad o la CCT."))
    if len(problems) == found:
        groups = tuple(name.strip() for name in row.get("groups", "").split(";") if name.strip())
        listed.append(Listed(number, email, WantedGrant(row["unit"], Role(role), groups)))
