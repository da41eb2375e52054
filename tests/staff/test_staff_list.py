from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.staff.roles import Role, WantedGrant
from app.staff.staff_list import Listed, RowProblem, StaffListRefused, read_staff_list


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_list_is_read_however_the_spreadsheet_saved_it(separator: str, end: str) -> None:
    lines = [["Email ", "unit", "ROLE"], ["Ana@Escuela.mx", " A ", "Tutor"], ["", "", ""]]
    text = end.join(separator.join(cells) for cells in lines)

    assert read_staff_list(text) == [
        Listed(2, "ana@escuela.mx", WantedGrant("A", Role.TUTOR)),
    ]


def test_groups_are_separated_by_semicolons() -> None:
    text = 'email,unit,role,groups\nana@escuela.mx,A,tutor,"6A; 2023-2026/6B"\n'

    (one,) = read_staff_list(text)

    assert one.wanted.groups == ("6A", "2023-2026/6B")


def test_every_problem_is_told_with_its_row_and_column() -> None:
    text = "email,unit,role\nana,A,tutor\nbeto@escuela.mx,,jefe\ncarla@escuela.mx,B,viewer\n"

    with pytest.raises(StaffListRefused) as refusal:
        read_staff_list(text)

    assert [(problem.row, problem.column) for problem in refusal.value.problems] == [
        (2, "email"),
        (3, "role"),
        (3, "unit"),
    ]
    assert refusal.value.mensaje.startswith(
        "No se guardó nadie de la lista. Renglón 2, columna email: Escriba el correo completo"
    )
    assert "Problemas en total: 3." in refusal.value.mensaje


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", (1, "email")),
        ("correo,unidad\n", (1, "email")),
        ("email,unit\nana@escuela.mx,A\n", (1, "role")),
        ("email,unit,role\n", (2, "email")),
        ("\0email,unit,role\n\n", (2, "email")),
    ],
)
def test_a_list_without_anybody_is_refused(text: str, problem: tuple[int, str]) -> None:
    with pytest.raises(StaffListRefused) as refusal:
        read_staff_list(text)

    first = refusal.value.problems[0]
    assert isinstance(first, RowProblem)
    assert (first.row, first.column) == problem


@given(st.text(max_size=300).map("email,unit,role\n".__add__) | st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(StaffListRefused):
        assert read_staff_list(text)
