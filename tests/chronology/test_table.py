from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.chronology.table import (
    by_rules,
    cell_text,
    chronology_table,
    column_of,
    months,
    standard_cohorts,
)
from app.chronology.wave_plan import CALENDAR_B, Cohort, FieldPeriod, parse_cohort
from tests.chronology.sep_document import GRID


def test_the_table_of_the_document_cell_by_cell() -> None:
    table = chronology_table(standard_cohorts(2012, 2015))

    shown = [["Generación", *table.school_years]] + [
        [row.cohort.label, *map(cell_text, row.cells)] for row in table.rows
    ]
    assert shown == GRID


def test_cohorts_of_one_year_and_two_lengths_are_two_rows() -> None:
    table = chronology_table([Cohort(2013, 2016), Cohort(2014, 2016)])

    assert [str(row.cohort) for row in table.rows] == ["2013-2016", "2014-2016"]
    assert table.rows[0].cells == table.rows[1].cells


def test_an_exit_in_december_is_followed_by_calendar_b() -> None:
    table = chronology_table([Cohort(2023, 2026)], by_rules(CALENDAR_B))

    assert list(zip(table.school_years, map(cell_text, table.rows[0].cells), strict=True)) == [
        ("2026-2027", "CUESTIONARIO 1 Octubre-Noviembre / CUESTIONARIO 2 Abril-Mayo"),
        ("2027-2028", "CUESTIONARIO 3 Abril-Mayo"),
    ]


def test_a_window_of_one_month_is_said_once() -> None:
    assert months(FieldPeriod(1, date(2026, 5, 1), date(2026, 6, 1))) == "Mayo"


def test_today_is_found_in_its_school_year() -> None:
    table = chronology_table(standard_cohorts(2023, 2023))

    assert column_of(date(2026, 11, 22), table) == "2026-2027"
    assert column_of(date(2036, 11, 22), table) is None


@pytest.mark.parametrize("text", ["2013-2016", " 2013 - 2016 ", "2013-2016*", "2013–2016"])
def test_a_generation_is_read_as_people_write_it(text: str) -> None:
    assert parse_cohort(text) == Cohort(2013, 2016)


@pytest.mark.parametrize("text", ["", "2013", "2016-2013", "13-16", "2013-2016-2019", "x"])
def test_what_is_no_generation_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (three sources, one meaning)
        parse_cohort(text)


@given(st.integers(1995, 2080), st.integers(0, 8))
def test_every_row_has_one_cell_for_each_column(first: int, more: int) -> None:
    table = chronology_table(standard_cohorts(first, first + more))

    assert all(len(row.cells) == len(table.school_years) for row in table.rows)
    assert all(sum(map(len, row.cells)) == 3 for row in table.rows)
