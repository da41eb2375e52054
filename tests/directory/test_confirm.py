"""Graduation by control escolar's list."""

from datetime import date, datetime

import pytest
from sqlmodel import select

from app.db.transactions import Database
from app.directory.roster.candidates import School
from app.directory.roster.confirm import (
    DEFAULT_REASON,
    ConfirmReport,
    apply_confirmation,
    counts,
    review_confirmation,
    said_graduated,
)
from app.directory.roster.container import FileRefused
from app.directory.roster.planning import Target, reading_of
from app.directory.roster.reading import open_roster
from app.directory.states import Standing
from app.directory.tables import PanelMember
from app.units.scope import WHOLE
from tests.directory.builders import ANA, COHORT, JOSE, KEYS, LIST_OF_TWO, TODAY, load, two_schools


def confirm(db: Database, text: str, school: School, now: datetime) -> ConfirmReport:
    file = open_roster(text.encode())
    with db.unit_of_work() as session:
        reading = reading_of(session, WHOLE, file, Target(school, COHORT), KEYS, TODAY)
        return apply_confirmation(session, file, reading, now=now)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("SÍ", True), ("x", True), ("1", True), ("Egresó", True), ("F-0012", True),
        ("15/07/2026", True), ("No", False), ("BAJA", False), ("no egresó", False), ("0", False),
        ("", None), ("N/A", None), ("tal vez", None), ("pendiente", None),
    ],
)  # fmt: skip
def test_words_folios_and_dates_say_who_graduated(  # a table
    *, typed: str, said: bool | None
) -> None:
    assert said_graduated(typed) is said


def test_a_list_confirms_denies_and_reports_who_it_does_not_find(
    db: Database, now: datetime
) -> None:
    school, _ = two_schools(db)
    load(db, LIST_OF_TWO, now, school)
    text = (
        "CURP,NOMBRE COMPLETO,EGRESÓ,FECHA DE EGRESO,MOTIVO\n"
        f'{JOSE},"Muñoz Peña, José",SÍ,10/07/2026,\n'
        f'{ANA},"López de la Cruz, Ana",NO,,Debe materias\n'
        f',"Nadie Así, Luz",SÍ,,\n{JOSE},"Muñoz Peña, José",NO,,\n'
    )

    first, again = (confirm(db, text, school, now) for _ in range(2))

    assert counts(first) == {
        "rows": 4, "confirmed": 1, "denied": 1, "unmatched": 1, "undecided": 0,
    }  # fmt: skip
    assert [(each.row, each.code) for each in first.findings] == [
        (4, "confirm.unmatched"), (5, "confirm.one_person_twice"),
    ]  # fmt: skip
    assert (len(first.confirmed_members), len(first.denied_members)) == (1, 1)
    assert (again.confirmed, again.confirmed_members, again.denied_members) == (1, [], [])
    with db.reading() as session:
        members = {each.given_name: each for each in session.exec(select(PanelMember))}
    jose, ana = members["José"], members["Ana"]
    assert (jose.standing, jose.standing_since) == (Standing.GRADUATED, date(2026, 7, 10))
    assert (ana.standing, ana.standing_since, ana.standing_reason) == (
        Standing.LEFT, TODAY, "Debe materias",
    )  # fmt: skip


def test_a_list_may_correct_itself(db: Database, now: datetime) -> None:
    school, _ = two_schools(db)
    load(db, LIST_OF_TWO, now, school)
    text = f'CURP,NOMBRE COMPLETO,CERTIFICADO\n{JOSE},"Muñoz Peña, José",NO\n'

    confirm(db, text, school, now)
    second = confirm(db, text.replace("NO\n", "SI\n"), school, now)

    assert len(second.confirmed_members) == 1
    with db.reading() as session:
        jose = session.exec(select(PanelMember).where(PanelMember.student_id == "001")).one()
    assert (jose.standing, jose.standing_reason) == (Standing.GRADUATED, None)


def test_an_empty_cell_leaves_graduation_to_be_confirmed(db: Database, now: datetime) -> None:
    school, _ = two_schools(db)
    load(db, LIST_OF_TWO, now, school)
    text = f'CURP,NOMBRE COMPLETO,EGRESÓ\n{JOSE},"Muñoz Peña, José",\n,,NO\n,Ana,SI\n'
    file = open_roster(text.encode())

    with db.reading() as session:
        reading = reading_of(session, WHOLE, file, Target(school, COHORT), KEYS, TODAY)
        report, answers = review_confirmation(session, file, reading)

    assert (report.undecided, report.unmatched, answers) == (1, 1, [])
    assert [each.code for each in report.findings] == [
        "roster.loose_row", "roster.no_name", "confirm.undecided",
    ] or {each.code for each in report.findings} == {
        "confirm.undecided", "roster.loose_row", "roster.no_name",
    }  # fmt: skip


def test_a_denial_without_a_reason_gets_one(db: Database, now: datetime) -> None:
    school, _ = two_schools(db)
    load(db, LIST_OF_TWO, now, school)

    confirm(db, f'CURP,NOMBRE COMPLETO,EGRESÓ\n{JOSE},"Muñoz, José",NO\n', school, now)

    with db.reading() as session:
        jose = session.exec(select(PanelMember).where(PanelMember.student_id == "001")).one()
    assert jose.standing_reason == DEFAULT_REASON


def test_a_list_without_the_column_is_refused(db: Database, now: datetime) -> None:
    school, _ = two_schools(db)

    with pytest.raises(FileRefused) as caught:
        confirm(db, "NOMBRE COMPLETO\nRuiz Ana\n", school, now)

    assert "EGRESÓ o CERTIFICADO" in caught.value.mensaje
