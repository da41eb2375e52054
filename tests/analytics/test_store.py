"""The columnar store says what the editions say, on any world, and is replaced in one step."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlmodel import Session, col, select

from app.analytics.editions import kept as kept_editions
from app.analytics.editions import store, store_building, store_columns
from app.analytics.editions.cuts import fielded
from app.analytics.editions.store import stored_part, stored_part_in, use_store
from app.analytics.editions.store_building import Rebuilt, rebuild_part
from app.analytics.figures.indicators import each, split
from app.analytics.figures.traits import LATTICE
from app.analytics.released import Audience
from app.analytics.reports import IndicatorsReport, WaveOfUnit, indicators_report
from app.db.transactions import Database
from app.directory.tables import PanelMember
from app.fieldwork.dispositions import Disposition
from app.fieldwork.tables import Case, CaseEvent, Wave
from app.responses.tables import Response
from app.responses.writing import erase_response
from app.units.scope import WHOLE
from app.units.tables import OrganisationUnit
from app.worker import cuts
from app.worker.columns import rebuild_store
from app.worker.deployment import Deployment
from tests.analytics.survey import COHORT, SILENT, Someone, a_surveyed_school, moment
from tests.analytics.test_editions import frozen
from tests.analytics.test_reports import CODES, MIXED, SEVEN
from tests.fieldwork.field import an_office
from tests.web.world import settings_for

pytestmark = pytest.mark.slow

pytest.importorskip("polars")
LATER = moment(3) + timedelta(days=400)


def somebody(chance: random.Random, number: int) -> Someone:
    if chance.random() < 0.2:
        return Someone(disposition=SILENT)
    first: dict[str, object] = {
        "plan_egreso": chance.choice([1, 2, 3, 4, 9]),
        "satisfaccion_global": 4,
    }
    studies, works = chance.choice([1, 2, 3, 5]), chance.choice([1, 2, 4])
    given: dict[str, object] = {
        "estudia": studies,
        "trabaja": works,
        "municipio_residencia": chance.choice(["15106", "09001"]),
        "horas_semana": chance.randint(1, 60) if works != 4 else None,
        "ingreso_mensual": chance.choice([1, 2, 3, 4, 5, 6]) if works != 4 else None,
        "motivo_no_estudio": chance.sample([1, 2, 3, 8], 2) if studies == 5 else None,
        "satisfaccion_global": chance.randint(1, 5),
        "empleo_previo": 2 if works != 4 else None,
        "primer_empleo": f"2026-{chance.randint(8, 12):02}" if works != 4 else None,
    }
    told: dict[str, object] = {k: v for k, v in given.items() if v is not None}
    answers = {number: told}
    if number == 1:
        answers = {1: first}
    elif chance.random() < 0.7:
        answers[1] = first
    return Someone(answers, sex=chance.choice("MH"))


def a_region(session: Session, seed: int, number: int) -> UUID:
    """Four schools of one office, from a few people to many; its id."""
    chance = random.Random(seed)
    office = an_office(session)
    for place in range(4):
        people = [somebody(chance, number) for _ in range(chance.choice([3, 12, 30]))]
        a_surveyed_school(session, number, people, code=f"15ECT{place:04}A", office=office)
    return office


def report_of(
    db: Database, office: UUID, number: int, audience: Audience, by: str | None, *, only: str = ""
) -> IndicatorsReport:
    with db.reading() as session:
        unit = session.get_one(OrganisationUnit, office)
        wave = WaveOfUnit(unit, COHORT, number)
        within = ("sexo", only) if only else None
        return indicators_report(
            session, WHOLE, wave, audience=audience, by=by, within=within, now=LATER
        )


def rebuilt(db: Database, folder: Path, number: int, now: datetime = LATER) -> Rebuilt:
    with db.reading() as session:
        assert (COHORT, number) in fielded(session)
        return rebuild_part(session, folder, COHORT, number, now=now)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A store that offices of any size read, and that groups however few they are."""
    monkeypatch.setattr(kept_editions, "STORED_FROM", 1)
    monkeypatch.setattr(store, "FEW", 0)
    use_store(tmp_path / "store")
    yield tmp_path / "store"
    use_store(None)


@pytest.mark.parametrize(
    ("seed", "number", "few"), [(1, 1, 0), (2, 2, 0), (3, 2, 2_000), (4, 3, 0)]
)
def test_the_store_says_what_the_editions_say(
    db: Database, folder: Path, monkeypatch: pytest.MonkeyPatch, seed: int, number: int, few: int
) -> None:
    monkeypatch.setattr(store, "FEW", few)
    with db.unit_of_work() as session:
        office = a_region(session, seed, number)
    frozen(db, LATER)
    asked = [(a, by) for a in (Audience.OFFICE, Audience.PUBLIC) for by in (None, *LATTICE)]
    before = [report_of(db, office, number, *one) for one in asked]
    before.append(report_of(db, office, number, Audience.OFFICE, "turno", only="M"))

    assert rebuilt(db, folder, number).parts == 1
    after = [report_of(db, office, number, *one) for one in asked]
    after.append(report_of(db, office, number, Audience.OFFICE, "turno", only="M"))

    for old, new in zip(before, after, strict=True):
        assert old.editions is not None
        assert new.editions is not None
        assert (old.editions.cut_at, new.editions.cut_at) == (LATER, LATER)
        assert new.figures == old.figures
        assert new.crossed == old.crossed
        assert new.verdict == old.verdict
        assert (new.editions.answered, new.editions.frame) == (
            old.editions.answered,
            old.editions.frame,
        )


def test_what_a_sum_withholds_is_told_of_some_of_its_schools(db: Database, folder: Path) -> None:
    with db.unit_of_work() as session:
        office = an_office(session)
        for code, people in zip(CODES, (MIXED * 4, MIXED * 4, SEVEN), strict=True):
            a_surveyed_school(session, 2, people, code=code, office=office)
    frozen(db, LATER)
    before = report_of(db, office, 2, Audience.OFFICE, None)

    rebuilt(db, folder, 2)
    after = report_of(db, office, 2, Audience.OFFICE, None)

    assert stored_part(COHORT, 2) is not None
    assert [row.id for row in before.in_part] == ["X1e"]
    assert after.in_part == before.in_part


def test_a_frozen_figure_stays_when_somebody_is_erased(db: Database, folder: Path) -> None:
    with db.unit_of_work() as session:
        office = a_region(session, 5, 2)
    frozen(db, LATER)
    before = report_of(db, office, 2, Audience.OFFICE, None)
    with db.unit_of_work() as session:
        case = session.exec(
            select(Case)
            .join(Wave, col(Wave.id) == col(Case.wave_id))
            .where(Wave.questionnaire == 2, Case.disposition == Disposition.COMPLETE)
        ).first()
        assert case is not None
        case.disposition = Disposition.REFUSED

    rebuilt(db, folder, 2)
    after = report_of(db, office, 2, Audience.OFFICE, None)

    part = stored_part(COHORT, 2)
    assert part is not None
    assert sum(bool(wave.apart) for wave in part.waves) == 1
    assert after.figures == before.figures


def test_who_takes_the_answers_back_leaves_the_columns_and_the_figures_stay(
    db: Database, folder: Path
) -> None:
    with db.unit_of_work() as session:
        office = a_region(session, 5, 2)
        taken_back = session.exec(
            select(Case)
            .join(Wave, col(Wave.id) == col(Case.wave_id))
            .where(Wave.questionnaire == 2, Case.disposition == Disposition.COMPLETE)
        ).first()
        assert taken_back is not None
        case_id, wave_id = taken_back.id, taken_back.wave_id
        session.add(CaseEvent(case_id=case_id, disposition=Disposition.COMPLETE, at=moment(2)))
    frozen(db, LATER)
    first = rebuilt(db, folder, 2)
    before = report_of(db, office, 2, Audience.OFFICE, None)
    with db.unit_of_work() as session:
        response = session.exec(select(Response).where(Response.case_id == case_id)).one()
        erase_response(session.connection(), case_id, response.id)
        case = session.get_one(Case, case_id)
        case.disposition, case.moved_at = Disposition.REFUSED, LATER + timedelta(minutes=1)

    soon = LATER + timedelta(hours=1)
    second, third = rebuilt(db, folder, 2, soon), rebuilt(db, folder, 2, soon)
    after = report_of(db, office, 2, Audience.OFFICE, None)

    part = stored_part(COHORT, 2)
    assert part is not None
    (left,) = (wave for wave in part.waves if wave.apart)
    assert (left.wave_id, second.waves_read, third) == (wave_id, 1, Rebuilt(0, 0, 0))
    assert first.persons - second.persons == left.answered  # no row of the wave is kept
    assert after.figures == before.figures


def test_only_a_new_edition_is_read_again(db: Database, folder: Path) -> None:
    with db.unit_of_work() as session:
        a_region(session, 6, 2)
    frozen(db, LATER)

    first = rebuilt(db, folder, 2)
    again = rebuilt(db, folder, 2)
    part = stored_part(COHORT, 2)

    assert (first.waves_read, again) == (4, Rebuilt(0, 0, 0))
    assert part is not None
    assert len(list(part.path.parent.glob("*.arrow"))) == 1
    with db.unit_of_work() as session:
        people = [somebody(random.Random(n), 2) for n in range(30)]
        a_surveyed_school(session, 2, people, code="16ECT0009A", office=an_office(session, "16"))
    frozen(db, LATER)
    third = rebuilt(db, folder, 2, LATER + timedelta(days=1))
    assert (third.waves_read, third.persons > first.persons) == (1, True)
    newest = stored_part(COHORT, 2)
    assert newest is not None
    assert (newest.made_at, len(newest.waves)) == (LATER + timedelta(days=1), 5)
    assert stored_part_in(folder, COHORT, 3) is None


def test_it_is_the_same_however_little_is_held_at_once(
    db: Database, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with db.unit_of_work() as session:
        a_region(session, 10, 3)
    frozen(db, LATER)
    rebuilt(db, folder, 3)
    at_once = stored_part_in(folder, COHORT, 3)

    monkeypatch.setattr(store_building, "TOGETHER", 1)
    monkeypatch.setattr(store_columns, "PACKED", 5)
    rebuilt(db, tmp_path / "other", 3)
    piece_by_piece = stored_part_in(tmp_path / "other", COHORT, 3)

    assert at_once is not None
    assert piece_by_piece is not None
    assert piece_by_piece.waves == at_once.waves
    places = range(len(at_once.waves))
    monkeypatch.setattr(store, "FEW", 2_000)  # walked, in their order
    assert list(piece_by_piece.rows(places)) == list(at_once.rows(places))
    assert len(at_once.rows(places)) > 10


def test_the_worker_writes_the_parts_of_big_offices_only(
    db: Database, folder: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with db.unit_of_work() as session:
        a_region(session, 9, 2)
    frozen(db, LATER)
    deployment = Deployment(settings_for(database_url), db, lambda: LATER)

    monkeypatch.setattr(cuts, "STORED_FROM", 5)
    small = rebuild_store(deployment)
    monkeypatch.setattr(cuts, "STORED_FROM", 4)
    big, again = rebuild_store(deployment), rebuild_store(deployment)

    assert (small, big, again) == (0, 2, 0)  # questionnaires 1 and 2
    assert stored_part_in(folder, COHORT, 2) is not None


def test_nobody_can_be_told_from_a_column(db: Database, folder: Path) -> None:
    """No id, no name, no text that somebody wrote: only codes."""
    with db.unit_of_work() as session:
        a_region(session, 7, 2)
    frozen(db, LATER)
    rebuilt(db, folder, 2)

    part = stored_part(COHORT, 2)
    assert part is not None
    content = part.path.read_bytes() + (part.path.parent / store.MANIFEST).read_bytes()
    with db.reading() as session:
        people = session.exec(select(PanelMember)).all()
    assert people
    assert not any(person.id.hex.encode() in content for person in people)
    assert not any(str(person.id).encode() in content for person in people)
    assert not any(name.endswith(("_nombre", "_texto", "correo")) for name in part.columns)


def test_groups_of_rows_are_those_of_the_rows_themselves(db: Database, folder: Path) -> None:
    with db.unit_of_work() as session:
        a_region(session, 8, 2)
    frozen(db, LATER)
    rebuilt(db, folder, 2)
    part = stored_part(COHORT, 2)
    assert part is not None

    rows = part.rows([0, 2])
    walked = list(rows)

    assert len(walked) == len(rows) > 0
    for names in ((), ("situacion",), ("situacion", "sexo", "motivo_no_estudio")):
        from_walk: dict[tuple[object, ...], int] = {}
        for row in walked:
            key = tuple(row.get(name) for name in names)
            from_walk[key] = from_walk.get(key, 0) + 1
        grouped = {tuple(row[n] for n in names): persons for row, persons in each(rows, names)}
        assert grouped == from_walk
    parts = split(rows, "sexo")
    assert sum(len(one) for one in parts.values()) == len(rows)
    assert walked[0] in rows
    assert split(rows, "nunca_preguntada") == {None: rows}
