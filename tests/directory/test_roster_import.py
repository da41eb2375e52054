"""Lists against the directory: what each row does, and that it is done once and whole."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import Session, select

from app.chronology.wave_plan import Cohort
from app.db.engine import make_engine
from app.db.transactions import Database
from app.directory.actions import settle_transfer
from app.directory.contacts import mark_dead, usable_contacts
from app.directory.roster.apply import apply_roster
from app.directory.roster.container import FileRefused
from app.directory.roster.planning import Target, preview, reading_of
from app.directory.roster.reading import open_roster
from app.directory.roster.review import Decision, Verdict
from app.directory.states import Standing
from app.directory.tables import (
    CohortRow,
    ContactPoint,
    PanelMember,
    TransferRequest,
)
from app.units.scope import WHOLE, Reach, Scope
from app.units.tables import Programme, StudentGroup
from tests.bench.roster import BENCH_KEYS, write_files
from tests.directory.builders import (
    CCT_A,
    CCT_B,
    COHORT,
    HEADINGS,
    JOSE,
    KEYS,
    LIST_OF_TWO,
    TODAY,
    a_curp,
    codes,
    load,
    numbers,
    only_member,
    two_schools,
)

ONE = f"{HEADINGS}\n{JOSE},001,José,Muñoz,Peña,6A,Programación,jose@gmail.com,5512345678\n"


def everything(session: Session) -> dict[str, list[dict[str, object]]]:
    return {
        table.__name__: sorted((row.model_dump() for row in session.exec(select(table))), key=repr)
        for table in (CohortRow, PanelMember, ContactPoint, StudentGroup, Programme)
    }


def test_a_list_becomes_a_directory(db: Database, now: datetime) -> None:
    school, _ = two_schools(db)

    report = load(db, LIST_OF_TWO, now, school)

    assert (numbers(report), codes(report)) == ((2, 0, 0, 0), [])
    with db.reading() as session:
        jose = session.exec(select(PanelMember).where(PanelMember.student_id == "001")).one()
        group = session.exec(select(StudentGroup)).one()
        programme = session.exec(select(Programme)).one()
        reached = [each.value for each in usable_contacts(session, jose.id)]
    assert (jose.given_name, jose.birth_date, jose.sex) == ("José", "2008-03-01", "H")
    assert (jose.standing, jose.track, jose.simulated) == (Standing.ENROLLED, "2", False)
    assert (group.name, group.cohort, jose.group_id) == ("6.º A", "2023-2026", group.id)
    assert (programme.name, programme.track) == ("Programación", "2")
    assert sorted(reached) == ["+525512345678", "jose@gmail.com"]


def test_personal_data_are_not_readable_in_the_database(db: Database, now: datetime) -> None:
    load(db, LIST_OF_TWO, now, two_schools(db)[0])

    with db.reading() as session:
        dump = "".join(
            repr(session.connection().exec_driver_sql(f"select * from {table}").all())
            for table in ("panel_member", "contact_point")
        )
    assert "001" in dump  # there is something to see
    assert not [each for each in (JOSE, "Muñoz", "jose@gmail", "5512345678") if each in dump]


def test_the_same_file_again_changes_nothing(db: Database, now: datetime) -> None:
    school, _ = two_schools(db)
    load(db, LIST_OF_TWO, now, school)
    with db.reading() as session:
        before = everything(session)

    report = load(db, LIST_OF_TWO, now + timedelta(days=1), school)

    assert numbers(report) == (0, 0, 2, 0)
    with db.reading() as session:
        assert everything(session) == before


def test_a_corrected_file_updates_in_place(db: Database, now: datetime) -> None:
    school, _ = two_schools(db)
    load(db, ONE, now, school)
    corrected = ONE.replace("jose@gmail.com", "jose.m@gmail.com").replace("6A", "6B")

    report = load(db, corrected, now, school)
    again = load(db, corrected, now, school)

    assert (numbers(report), numbers(again)) == ((0, 1, 0, 0), (0, 0, 1, 0))
    assert report.changed_members[0][1] == ("grupo", "correo")
    assert report.shown[0].changes[1].before == "jose@gmail.com"
    with db.reading() as session:
        assert len(session.exec(select(ContactPoint)).all()) == 2


def test_a_preview_says_the_same_and_writes_nothing(db: Database, now: datetime) -> None:
    school, _ = two_schools(db)
    file = open_roster(LIST_OF_TWO.encode())

    with db.reading() as session:
        reading = reading_of(session, WHOLE, file, Target(school, COHORT), KEYS, TODAY)
        seen = preview(session, file, reading)
    done = load(db, LIST_OF_TWO, now, school)

    assert numbers(seen) == numbers(done)
    assert [each.verdict for each in seen.shown] == [Verdict.NEW, Verdict.NEW]
    assert asdict(seen)["shown"] == asdict(done)["shown"]


def test_blank_cells_erase_nothing_and_late_facts_are_added(db: Database, now: datetime) -> None:
    school, _ = two_schools(db)
    load(db, f"{HEADINGS}\n,001,José,Muñoz,Peña,6A,,,\n", now, school)

    report = load(db, f"{HEADINGS}\n{JOSE},001,José,Muñoz,,,,,\n", now, school)

    assert report.changed_members[0][1] == ("CURP", "fecha de nacimiento", "sexo")
    with db.reading() as session:
        jose = session.exec(select(PanelMember)).one()
        assert (jose.curp, jose.surname_2, jose.group_id is None) == (JOSE, "Peña", False)


def test_one_file_may_hold_many_schools(db: Database, now: datetime) -> None:
    two_schools(db)
    text = (
        "CCT,GENERACIÓN,NOMBRE COMPLETO\n"
        f'{CCT_A},2023-2026,"Ruiz Gil, Ana"\n{CCT_B},23 - 25,"Tun Chan, Raúl"\n'
        f'99XXX0000Z,2023-2026,"Luz Sol, Eva"\n,2023-2026,"Paz Sol, Eva"\n'
        f'{CCT_A},2026,"Mar Sol, Eva"\n'
    )

    report = load(db, text, now, cohort=None)

    assert numbers(report) == (2, 0, 0, 3)
    assert [(each.row, each.column, each.code) for each in report.rejected] == [
        (4, "CCT", "roster.unknown_school"),
        (5, "CCT", "roster.no_school"),
        (6, "GENERACIÓN", "roster.no_cohort"),
    ]
    with db.reading() as session:
        cohorts = session.exec(select(CohortRow)).all()
    assert {(each.entered, each.leaves) for each in cohorts} == {(2023, 2026), (2023, 2025)}


def test_a_school_outside_the_scope_does_not_exist(db: Database) -> None:
    ours, _ = two_schools(db)
    file = open_roster(f"CCT,NOMBRE COMPLETO\n{CCT_B},Ruiz Gil Ana\n".encode())

    with db.reading() as session:
        scope = Scope((Reach(ours.id),))
        reading = reading_of(session, scope, file, Target(None, COHORT), KEYS, TODAY)
        report = preview(session, file, reading)

    assert [each.code for each in report.rejected] == ["roster.unknown_school"]


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        (f"{JOSE},9,Luis,Tun,Chan,,,,", "roster.contradiction"),
        (f"{a_curp('TUCL')},001,Luis,Tun,Chan,,,,", "roster.contradiction"),
        (",,José,,,,,,", "roster.no_name"),
        (f",,{'x' * 130},Tun,,,,,", "roster.long_name"),
        (f"{JOSE},001,José,Muñoz,Peña,,,,\n{JOSE},002,José,Muñoz,Peña,,,,", "roster.repeated_curp"),
        (",5,Ana,Gil,,,,,\n,5,Eva,Luz,,,,,", "roster.repeated_student_id"),
        (",,Ana,Gil,,,,,\n,,Ana,Gil,,,,,", "roster.repeated_person"),
        (f"{JOSE},,José,Muñoz,,,,,\n,001,José,Muñoz,Peña,,,,", "roster.one_person_twice"),
    ],
)
def test_what_a_person_must_decide_is_left_out_and_told(
    db: Database, now: datetime, rows: str, code: str
) -> None:
    school, _ = two_schools(db)
    load(db, ONE, now, school)

    report = load(db, f"{HEADINGS}\n{rows}\n", now, school)

    assert code in [each.code for each in report.rejected]
    assert all(each.message.endswith(".") and each.row >= 2 for each in report.rejected)


@pytest.mark.parametrize(
    ("heading", "value", "code"),
    [
        ("CURP", JOSE[:-1] + "X", "roster.curp"),
        ("CURP", a_curp("MUPJ", "080301", "XDFXRSA"), "roster.curp_sex"),
        ("FECHA NAC", "32/13/2008", "roster.birth_date"),
        ("FECHA NAC", "01/01/1900", "roster.birth_date"),
        ("SEXO", "Z", "roster.sex"),
        ("TURNO", "lunar", "roster.shift"),
        ("TIPO DE BACHILLERATO", "raro", "roster.track"),
        ("PROMEDIO", "mucho", "roster.grade"),
        ("FECHA DE EGRESO", "01/07/1999", "roster.left_on"),
        ("CORREO", "ana@", "roster.mail"),
        ("CORREO", "ana@gmial.com", "roster.mail_typo"),
        ("CORREO", "añá@gmail.com", "roster.mail_accents"),
        ("CELULAR", "123", "roster.phone"),
        ("CELULAR", "5.5E+09", "roster.phone"),
        ("CELULAR", "9012345678", "roster.phone_unassigned"),
        ("NOMBRE COMPLETO", "Muñoz Peña José", "roster.name_order"),
        ("EGRESÓ", "SI", "roster.confirmation_column"),
    ],
)
def test_what_cannot_be_used_is_told_and_the_person_stored(
    db: Database, now: datetime, heading: str, value: str, code: str
) -> None:
    school, _ = two_schools(db)
    names = ("", "") if heading == "NOMBRE COMPLETO" else (",NOMBRE COMPLETO", ',"Ruiz, Ana"')

    report = load(db, f"{heading}{names[0]}\n{value}{names[1]}\n", now, school)

    assert (report.created, codes(report)) == (1, [code])
    assert report.warnings[0].column == heading
    assert report.warnings[0].message.endswith(".")


def test_doubts_about_two_columns_are_told(db: Database, now: datetime) -> None:
    school, _ = two_schools(db)
    text = (
        "CURP,NOMBRE(S),PRIMER APELLIDO,SEXO,FECHA NAC\n"
        f"{JOSE},MuÃ±oz,Gil,M,02/03/2008\n,Ana3,Luz,,\n"
    )

    report = load(db, text, now, school)

    assert codes(report) == [
        "roster.mojibake", "roster.birth_differs", "roster.sex_differs", "roster.odd_name",
    ]  # fmt: skip
    assert "¿Quiso decir «Muñoz Gil»?" in report.warnings[0].message


def test_totals_signatures_and_blank_rows_are_passed_over_with_notice(
    db: Database, now: datetime
) -> None:
    school, _ = two_schools(db)
    text = 'No.,NOMBRE COMPLETO,GRUPO\n1,"Suma Ruiz, Ana",A\n,,\nTOTAL,1,\nElaboró: Luz,,\n'

    report = load(db, text, now, school)

    assert (report.rows, report.created) == (1, 1)
    assert [(each.row, each.code) for each in report.warnings] == [
        (4, "roster.totals_row"), (5, "roster.loose_row"), (0, "roster.blank_rows"),
    ]  # fmt: skip


def test_rows_of_another_school_or_cohort_do_not_slip_in(db: Database, now: datetime) -> None:
    school, _ = two_schools(db)
    text = (
        "CCT,GENERACIÓN,NOMBRE COMPLETO,ESTATUS\n"
        f'{CCT_B},2023-2026,"Ruiz, Ana",\n{CCT_A},2022-2025,"Luz, Eva",\n'
        f'{CCT_A},2026,"Paz, Eva",Regular\n{CCT_A},2026,"Mar, Eva",Baja temporal\n'
    )

    report = load(db, text, now, school)

    assert report.created == 1
    assert [each.code for each in report.rejected] == [
        "roster.other_school", "roster.other_cohort", "roster.dropped_out",
    ]  # fmt: skip


def test_brothers_may_share_an_address_and_it_is_told(db: Database, now: datetime) -> None:
    school, _ = two_schools(db)
    text = f"{HEADINGS}\n,1,Ana,Gil,,,,casa@gmail.com,\n,2,Eva,Gil,,,,CASA@gmail.com,\n"

    report = load(db, text, now, school)
    third = load(db, f"{HEADINGS}\n,3,Luz,Gil,,,,casa@gmail.com,\n", now, school)

    assert (report.created, codes(report)) == (2, ["roster.shared_contact"])
    assert (third.created, codes(third)) == (1, ["roster.shared_contact"])


def test_a_repeater_moves_to_the_next_generation_as_the_same_person(
    db: Database, now: datetime
) -> None:
    school, _ = two_schools(db)
    member = only_member(load(db, ONE, now, school))
    with db.unit_of_work() as session:
        row = session.get_one(PanelMember, member)
        row.standing, row.standing_reason = Standing.LEFT, "reprobó"

    moved = load(db, ONE, now, school, Cohort(2024, 2027))
    back = load(db, ONE, now, school)

    assert moved.changed_members == [(member, ("generación",))]
    assert [each.code for each in back.rejected] == ["roster.moved_on"]
    with db.reading() as session:
        row = session.get_one(PanelMember, member)
        group = session.get_one(StudentGroup, row.group_id)
        assert (row.standing, row.standing_reason, group.cohort) == (
            Standing.ENROLLED, None, "2024-2027",
        )  # fmt: skip


def test_a_graduate_does_not_move_on(db: Database, now: datetime) -> None:
    school, _ = two_schools(db)
    member = only_member(load(db, ONE, now, school))
    with db.unit_of_work() as session:
        session.get_one(PanelMember, member).standing = Standing.GRADUATED

    report = load(db, ONE, now, school, Cohort(2024, 2027))

    assert [each.code for each in report.rejected] == ["roster.already_graduated"]


def test_a_curp_of_another_school_is_a_request_never_a_merge(db: Database, now: datetime) -> None:
    ours, theirs = two_schools(db)
    member = only_member(load(db, ONE, now, theirs))

    asked = [load(db, ONE, now, ours) for _ in range(2)]
    with db.unit_of_work() as session:
        request = session.exec(select(TransferRequest)).one()
        assert settle_transfer(session, request.id, False, now=now)
        assert not settle_transfer(session, request.id, True, now=now)
    refused = load(db, ONE, now, ours)
    with db.unit_of_work() as session:
        row = session.exec(select(TransferRequest)).one()
        row.accepted = True
    taken = load(db, ONE, now, ours)

    assert [numbers(each) for each in asked] == [(0, 0, 0, 1)] * 2
    assert codes(refused) == ["roster.other_school_curp"]
    assert "José" not in asked[0].rejected[0].message  # nothing about another school's people
    assert taken.changed_members == [(member, ("plantel", "grupo"))] or taken.updated == 1
    with db.reading() as session:
        assert session.get_one(PanelMember, member).school_id == ours.id


def test_a_person_may_settle_a_conflict(db: Database, now: datetime) -> None:
    school, _ = two_schools(db)
    load(db, ONE, now, school)
    text = 'NOMBRE COMPLETO,MATRICULA,FECHA NAC\n"Muñoz Peña, José",777,01/03/2008\n'
    file = open_roster(text.encode())

    results = []
    for decision in (None, Decision.SEPARATE):
        with db.unit_of_work() as session:
            reading = reading_of(session, WHOLE, file, Target(school, COHORT), KEYS, TODAY)
            decided = {2: decision} if decision else {}
            results.append(apply_roster(session, file, reading, now=now, decisions=decided))

    assert [numbers(each) for each in results] == [(0, 0, 0, 1), (1, 0, 0, 0)]
    assert "Diga si es la misma persona" in results[0].rejected[0].message


def test_a_new_name_for_a_known_curp_is_joined_only_if_somebody_says_so(
    db: Database, now: datetime
) -> None:
    school, _ = two_schools(db)
    load(db, ONE, now, school)
    file = open_roster(ONE.replace("José,Muñoz,Peña", "Luz,Tun,Chan").encode())

    with db.unit_of_work() as session:
        reading = reading_of(session, WHOLE, file, Target(school, COHORT), KEYS, TODAY)
        report = apply_roster(session, file, reading, now=now, decisions={2: Decision.JOIN})

    assert report.changed_members[0][1] == ("nombre", "primer apellido", "segundo apellido")


def test_a_likely_match_is_joined_and_said(db: Database, now: datetime) -> None:
    school, _ = two_schools(db)
    load(db, 'NOMBRE COMPLETO\n"Muñoz Peña, José"\n', now, school)

    report = load(db, ONE, now, school)

    assert (report.updated, codes(report)) == (1, ["roster.likely_same"])


def test_an_address_that_died_is_not_revived_by_the_list(db: Database, now: datetime) -> None:
    school, _ = two_schools(db)
    member = only_member(load(db, ONE, now, school))
    with db.unit_of_work() as session:
        for each in usable_contacts(session, member):
            assert mark_dead(session, each.id)

    report = load(db, ONE, now, school)

    assert report.unchanged == 1
    with db.reading() as session:
        assert usable_contacts(session, member) == ()


def test_a_fault_in_the_middle_stores_nothing(
    db: Database, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    school, _ = two_schools(db)
    monkeypatch.setattr("app.directory.roster.planning.CHUNK", 1)  # the first row is written
    monkeypatch.setattr("app.directory.roster.reading.MOST_ROWS", 1)

    with pytest.raises(FileRefused, match="file_refused"):
        load(db, LIST_OF_TWO, now, school)

    with db.reading() as session:
        assert session.exec(select(PanelMember)).all() == []


@pytest.mark.slow
def test_a_killed_import_leaves_nothing(tmp_path: Path) -> None:
    write_files(4_000, tmp_path / "lista.csv", tmp_path / "lista.xlsx")
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.roster", "--child", str(tmp_path),
         str(tmp_path / "lista.csv")],
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    wal = tmp_path / "bench.db-wal"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and child.poll() is None:
        if wal.exists() and wal.stat().st_size > 1_500_000:  # chunks were written
            break
        time.sleep(0.01)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()

    engine = make_engine(f"sqlite:///{tmp_path}/bench.db", BENCH_KEYS)
    database = Database(engine)
    with database.reading() as session:
        left = [
            len(session.exec(select(table)).all())
            for table in (PanelMember, ContactPoint, CohortRow, StudentGroup)
        ]
    engine.dispose()
    assert left == [0, 0, 0, 0]
