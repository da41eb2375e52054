"""What is kept of a wave is never older than its answers, whoever changes what."""

import random
from collections.abc import Mapping
from uuid import UUID

from sqlmodel import Session, col, select, update

from app.analytics.frame.datasets import AnalysisFrame, analysis_frame, live_frame
from app.analytics.frame.kept_frames import KeptFrames
from app.chronology.wave_plan import Cohort
from app.db.transactions import Database
from app.directory.tables import PanelMember
from app.fieldwork.dispositions import Disposition
from app.fieldwork.tables import Case
from app.units.scope import WHOLE, Scope
from tests.responses.desk import Desk, a_device, a_respondent, a_wave

COHORT = Cohort(2023, 2026)
TO_PARTIAL: tuple[Mapping[str, object], ...] = (
    {"aviso_q2": "1"},
    {"municipio_residencia": None},
    {"certificado_ems": "1"},
    {"estudia": "5"},
    {"trabaja": "4"},
    {"actividad_otra": "1", "actividad_otra_otro": None},
    {"intento_ingreso": "4"},
    {"motivo_no_estudio": ("1",), "motivo_no_estudio_otro": None},
    {"plan_retomar": "1"},
    {"busca_trabajo": "4"},
    {"trabajo_desde_egreso": "2"},
    {"satisfaccion_global": "5"},
)


def told(frame: AnalysisFrame) -> tuple[object, ...]:
    counts = (frame.groups, frame.late, frame.self_reported, frame.verified, frame.schools)
    return (list(frame.rows), *counts, frame.wave_ids)


def both(db: Database, school: UUID) -> tuple[tuple[object, ...], tuple[object, ...]]:
    """As it is kept, and as it is."""
    with db.reading() as session:
        kept = told(live_frame(session, WHOLE, school, COHORT, 2))
        return kept, told(analysis_frame(session, WHOLE, school, COHORT, 2))


def school_control(session: Session, desk: Desk, chance: random.Random) -> None:
    """What the directory knows changes without any answer."""
    changed = chance.choice([{"sex": chance.choice("MHX")}, {"track": chance.choice("123")}])
    session.exec(
        update(PanelMember).where(col(PanelMember.id) == desk.person.member_id).values(**changed)
    )


def denied(session: Session, desk: Desk) -> None:
    session.exec(
        update(Case)
        .where(col(Case.id) == desk.person.case_id)
        .values(disposition=Disposition.NOT_ELIGIBLE)
    )


def changed_at_random(db: Database, desk: Desk, chance: random.Random) -> None:
    """Every save in the same instant: no moment tells one from another."""
    what = chance.randrange(5)
    if what == 4:
        with db.unit_of_work() as session:
            school_control(session, desk, chance)
        return
    desk.through(
        (
            {"certificado_ems": chance.choice("12")},
            {"satisfaccion_global": chance.choice("12345")},
            {"estudia": chance.choice("1345")},
            {"busca_trabajo": chance.choice("124")},
        )[what]
    )


def test_a_kept_wave_is_the_wave_as_it_is(db: Database) -> None:
    chance = random.Random(7)
    wave = a_wave(db)
    desks = [a_device(db, wave, a_respondent(db, wave)) for _ in range(3)]
    for desk in desks:
        desk.through(*TO_PARTIAL)
    seen = set()

    for _ in range(30):
        changed_at_random(db, chance.choice(desks), chance)
        kept, is_now = both(db, wave.school_id)
        assert kept == is_now
        seen.add(repr(kept))
    desks[0].save("aviso_q2", aviso_q2="2")  # nothing of the person remains
    kept, is_now = both(db, wave.school_id)
    assert kept == is_now
    with db.unit_of_work() as session:
        denied(session, desks[1])
    kept, is_now = both(db, wave.school_id)
    assert kept == is_now

    rows = kept[0]
    assert isinstance(rows, list)
    assert len(rows) == 1
    assert len(seen) > 10


def test_a_wave_that_did_not_change_is_not_read_again(db: Database) -> None:
    wave = a_wave(db)
    desk = a_device(db, wave, a_respondent(db, wave))
    desk.through(*TO_PARTIAL)

    with db.reading() as session:
        first = live_frame(session, WHOLE, wave.school_id, COHORT, 2)
        again = live_frame(session, WHOLE, wave.school_id, COHORT, 2)
    desk.through({"certificado_ems": "2"})
    with db.reading() as session:
        after = live_frame(session, WHOLE, wave.school_id, COHORT, 2)
        assert session.exec(select(Case.disposition)).all() == [Disposition.PARTIAL]

    assert again is first
    assert after is not first


def test_those_asked_for_longest_ago_make_room() -> None:
    kept: KeptFrames[str] = KeptFrames(room=10)
    kept.put("a", "A", size=4)
    kept.put("b", "B", size=4)
    assert kept.get("a") == "A"

    kept.put("c", "C", size=4)
    kept.put("too many", "D", size=11)

    found = {key: kept.get(key) for key in ("a", "b", "c", "too many")}
    assert found == {"a": "A", "b": None, "c": "C", "too many": None}


def test_a_stranger_reads_nothing_of_what_is_kept(db: Database) -> None:
    wave = a_wave(db)
    a_device(db, wave, a_respondent(db, wave)).through(*TO_PARTIAL)
    with db.reading() as session:
        assert len(live_frame(session, WHOLE, wave.school_id, COHORT, 2).rows) == 1

        stranger = live_frame(session, Scope(), wave.school_id, COHORT, 2)

    assert (len(stranger.rows), stranger.wave_ids) == (0, ())
