"""Steps kept one by one: repeats, other tabs, other devices, and what each table gets."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

import pytest
from sqlmodel import Session, col, select

from app.chronology.calendar import local_midnight
from app.db.transactions import Database
from app.directory.states import ContactKind, ContactSource
from app.directory.tables import Consent, ContactPoint, CorrectionRequest
from app.fieldwork.dispositions import Disposition
from app.fieldwork.planning import close_due_waves
from app.fieldwork.tables import Case, EntrySession
from app.questionnaires.items import Store
from app.responses.checking import Faulty, StepGone, resume_at
from app.responses.collecting import AlreadyComplete, AnswersClosed, KeyReused, Saved
from app.responses.forgetting import forget_unwilling
from app.responses.rows import response_rows
from app.responses.sitting import SessionOver
from app.responses.tables import Answer, AnswerRevision, Response, ResponseMark
from tests.responses.desk import Desk, a_desk, a_device, a_respondent, a_wave
from tests.responses.people import CLOSES, DURING, MATCHING, ZONE, a_person


def kept(session: Session) -> dict[str, tuple[object, int | None]]:
    return {row.variable: (row.value, row.missing) for row in session.exec(select(Answer))}


def disposition(db: Database, case_id: UUID) -> Disposition:
    with db.reading() as session:
        return session.get_one(Case, case_id).disposition


CORE: tuple[Mapping[str, object], ...] = (
    {"aviso_q2": "1"},
    {"municipio_residencia": None},
    {"certificado_ems": "1"},
    {"estudia": "5"},
    {"trabaja": "4"},
)


def test_a_step_is_kept_with_its_revision_and_what_was_passed(db: Database) -> None:
    desk = a_desk(db)

    desk.through(*CORE)

    with db.reading() as session:
        answers = kept(session)
        steps = [row.step for row in session.exec(select(AnswerRevision))]
    assert answers == {
        "municipio_residencia": (None, None),
        "certificado_ems": (1, None),
        "estudia": (5, None),
        "trabaja": (4, None),
        "actividad_principal": (None, -1),
    }
    assert sorted(steps) == sorted(next(iter(entries)) for entries in CORE)


def test_the_same_key_and_body_is_one_save(db: Database) -> None:
    desk = a_desk(db)
    desk.through({"aviso_q2": "1"})

    first = desk.save("municipio_residencia", key="same", municipio_residencia="Zapopan")
    again = desk.save("municipio_residencia", key="same", municipio_residencia="Zapopan")

    assert (first, again) == (Saved("certificado_ems"), Saved("certificado_ems", repeated=True))
    with db.reading() as session:
        assert len(session.exec(select(AnswerRevision)).all()) == 2


def test_the_same_key_with_another_body_keeps_the_first(db: Database) -> None:
    desk = a_desk(db)
    desk.through({"aviso_q2": "1"})
    desk.save("municipio_residencia", key="same", municipio_residencia="Zapopan")

    with pytest.raises(KeyReused) as clash:
        desk.save("municipio_residencia", key="same", municipio_residencia="Tonalá")

    assert clash.value.first == {"municipio_residencia": ["Zapopan", None]}
    with db.reading() as session:
        assert kept(session)["municipio_residencia"] == ("Zapopan", None)


def test_a_repeat_leads_on_although_the_step_has_gone_since(db: Database) -> None:
    desk = a_desk(db)
    desk.through(*CORE)
    desk.save("actividad_otra", key="same", actividad_otra="1", actividad_otra_otro=None)
    desk.through({"trabaja": "1"})

    again = desk.save("actividad_otra", key="same", actividad_otra="1", actividad_otra_otro=None)

    assert isinstance(again, Saved)
    assert again.repeated
    with pytest.raises(StepGone):
        desk.save("actividad_otra", actividad_otra="1", actividad_otra_otro=None)


def test_a_key_stays_free_while_its_body_has_faults(db: Database) -> None:
    desk = a_desk(db)
    desk.through(*CORE[:3])

    faulty = desk.save("estudia", key="same", estudia="77")
    mended = desk.save("estudia", key="same", estudia="5")

    assert isinstance(faulty, Faulty)
    assert faulty.hard
    assert mended == Saved("trabaja")


def test_a_blank_is_asked_about_once_and_then_kept(db: Database) -> None:
    desk = a_desk(db)
    desk.through({"aviso_q2": "1"})

    asked = desk.save("municipio_residencia", seen=frozenset(), municipio_residencia=None)
    assert isinstance(asked, Faulty)
    assert (asked.hard, [issue.code for issue in asked.issues]) == (False, ["blank"])

    assert desk.save("municipio_residencia", municipio_residencia=None) == Saved("certificado_ems")


def test_answers_of_a_closed_branch_become_not_applicable(db: Database) -> None:
    """Routing vector 4."""
    desk = a_desk(db)
    desk.through(*CORE[:4], {"trabaja": "1"})
    desk.through({"ocupacion": "Cajera"}, {"posicion": "1"}, {"contrato": "3"})

    desk.through({"trabaja": "4"})

    with db.reading() as session:
        answers = kept(session)
    assert {answers[name] for name in ("ocupacion", "posicion", "contrato")} == {(None, -1)}


def test_a_branch_that_opens_again_is_asked_again(db: Database) -> None:
    desk = a_desk(db)
    desk.through(*CORE)

    desk.through({"estudia": "1"}, {"trabaja": "1"})

    assert [step.name for step in desk.sitting().steps if step.name == "actividad_principal"]
    resume = resume_at(desk.sitting())
    assert resume is not None
    assert resume.name == "actividad_principal"
    with db.reading() as session:
        assert "actividad_principal" not in kept(session)


def test_a_refused_notice_leaves_the_refusal_and_nothing_else(db: Database) -> None:
    """Routing vector 6."""
    desk = a_desk(db, 1)

    outcome = desk.save("aviso_q1", aviso_q1="2")

    assert outcome == Saved(None, refused=True)
    assert disposition(db, desk.person.case_id) is Disposition.REFUSED
    with db.reading() as session:
        assert [(c.purpose, c.granted) for c in session.exec(select(Consent))] == [
            ("aviso_q1", False)
        ]
        for table in (Response, Answer, AnswerRevision, ResponseMark):
            assert session.exec(select(table)).all() == []


def test_who_refuses_half_way_leaves_nothing_behind(db: Database) -> None:
    desk = a_desk(db)
    desk.through(*CORE)

    desk.save("aviso_q2", aviso_q2="2")

    assert disposition(db, desk.person.case_id) is Disposition.REFUSED
    with db.reading() as session:
        for table in (Response, Answer, AnswerRevision, ResponseMark):
            assert session.exec(select(table)).all() == []


def test_the_same_link_takes_a_refusal_back(db: Database) -> None:
    wave = a_wave(db)
    person = a_respondent(db, wave)
    a_device(db, wave, person).save("aviso_q2", aviso_q2="2")

    desk = a_device(db, wave, person)
    desk.through({"aviso_q2": "1"}, {"municipio_residencia": "Tlaquepaque"})

    assert disposition(db, person.case_id) is Disposition.STARTED


def test_a_refusal_told_twice_is_one_refusal(db: Database) -> None:
    desk = a_desk(db)

    outcomes = [desk.save("aviso_q2", aviso_q2="2") for _ in range(2)]

    assert outcomes == [Saved(None, refused=True)] * 2
    with db.reading() as session:
        assert len(session.exec(select(Consent)).all()) == 1


def test_nothing_is_asked_before_the_notice(db: Database) -> None:
    desk = a_desk(db)

    with pytest.raises(StepGone):
        desk.save("estudia", estudia="1")


def test_directory_and_consent_answers_never_reach_the_answer_tables(db: Database) -> None:
    """Routing vector 15."""
    desk = a_desk(db, 1)
    desk.through(
        {"aviso_q1": "1"},
        {"datos_correctos": "2"},
        {"dato_por_corregir": "Mi apellido lleva ñ"},
        {"autoriza_seguimiento": "1"},
        {"autoriza_ofertas": "2"},
        {"autoriza_orientacion": "2"},
        {"celular": "5512345678"},
        {"celular_whatsapp": "1"},
        {"correo_personal": "ana@correo.test"},
        {"canal_preferido": "3"},
    )

    questionnaire = desk.sitting().questionnaire
    elsewhere = {n for n, leaf in questionnaire.variables.items() if leaf.store != Store.RESPONSE}
    with db.reading() as session:
        contacts = {(c.kind.value, c.value, c.whatsapp) for c in session.exec(select(ContactPoint))}
        corrections = [row.text for row in session.exec(select(CorrectionRequest))]
        granted = {c.purpose: c.granted for c in session.exec(select(Consent))}
        changed = [row.changed for row in session.exec(select(AnswerRevision))]
        marks = {row.variable: row.value for row in session.exec(select(ResponseMark))}
        rows = list(response_rows(session, [desk.person.wave_id]))
        assert kept(session) == {}
    assert contacts == {("mobile", "+525512345678", True), ("email", "ana@correo.test", None)}
    assert corrections == ["Mi apellido lleva ñ"]
    assert granted == {
        "aviso_q1": True,
        "autoriza_seguimiento": True,
        "autoriza_ofertas": False,
        "autoriza_orientacion": False,
    }
    assert changed == [{}] * 10
    assert not [value for value in marks.values() if isinstance(value, str)]
    assert not elsewhere.intersection(rows[0].values)


def test_no_contact_at_all_is_warned_about_once(db: Database) -> None:
    """Routing vector 10."""
    desk = a_desk(db, 1)
    desk.through({"aviso_q1": "1"}, {"datos_correctos": "1"}, {"autoriza_seguimiento": "1"})
    desk.through({"autoriza_ofertas": "2"}, {"autoriza_orientacion": "2"})
    desk.save("celular", seen=frozenset({"blank:celular"}), celular=None)

    warned = desk.save("correo_personal", seen=frozenset(), correo_personal=None)
    assert isinstance(warned, Faulty)
    assert [issue.code for issue in warned.issues] == ["warn"]

    seen = frozenset({"warn:correo_personal"})
    assert isinstance(desk.save("correo_personal", seen=seen, correo_personal=None), Saved)


def test_complete_is_told_without_terminar(db: Database) -> None:
    desk = a_desk(db)
    steps: list[Mapping[str, object]] = [
        *CORE,
        {"actividad_otra": "1", "actividad_otra_otro": None},
        {"intento_ingreso": "4"},
        {"motivo_no_estudio": ("1",), "motivo_no_estudio_otro": None},
        {"plan_retomar": "1"},
        {"busca_trabajo": "4"},
        {"trabajo_desde_egreso": "2"},
        {"satisfaccion_global": "5"},
    ]
    desk.through(*steps)
    assert disposition(db, desk.person.case_id) is Disposition.PARTIAL
    leaves = desk.sitting().questionnaire.leaves["competencias"]
    desk.put("competencias", {leaf.name: "3" for leaf in leaves})
    desk.through({"misma_escuela": "1"}, {"autoriza_seguimiento": "2"}, {"autoriza_ofertas": "2"})

    assert disposition(db, desk.person.case_id) is Disposition.COMPLETE
    assert not desk.sitting().finished

    last = desk.save("comentario", seen=frozenset({"blank:comentario"}), comentario=None)
    assert last == Saved(None)
    assert desk.sitting().finished
    with pytest.raises(AlreadyComplete):
        desk.save("aviso_q2", aviso_q2="2")


def test_two_tabs_keep_their_own_questions(db: Database) -> None:
    """F-23: a tab left behind saves its question, and overwrites nothing else."""
    desk = a_desk(db)
    desk.through(*CORE)

    desk.through({"certificado_ems": "2"})

    with db.reading() as session:
        answers = kept(session)
    assert (answers["certificado_ems"], answers["trabaja"]) == ((2, None), (4, None))


def test_an_older_revision_of_a_phone_changes_nothing_newer(db: Database) -> None:
    """F-34: queued steps may arrive in any order."""
    desk = a_desk(db)
    desk.through({"aviso_q2": "1"})
    desk.save("municipio_residencia", revision=7, municipio_residencia="Zapopan")

    desk.save("municipio_residencia", revision=5, municipio_residencia="Tonalá")

    with db.reading() as session:
        assert kept(session)["municipio_residencia"] == ("Zapopan", None)


def test_another_device_goes_on_and_does_not_show_what_the_first_said(db: Database) -> None:
    wave = a_wave(db)
    person = a_respondent(db, wave)
    first = a_device(db, wave, person)
    first.through(*CORE[:4])

    second = a_device(db, wave, person)

    resume = resume_at(second.sitting())
    assert resume is not None
    assert resume.name == "trabaja"
    assert second.sitting().hidden == first.sitting().kept.keys()
    assert first.sitting().hidden == frozenset()
    assert second.save("estudia", estudia=None) == Saved("trabaja")
    with db.reading() as session:
        assert kept(session)["estudia"] == (5, None)
        assert len(session.exec(select(Response)).all()) == 1


def test_after_the_close_only_what_was_typed_before_it_is_taken(db: Database) -> None:
    """F-35."""
    desk = a_desk(db)
    desk.through(*CORE[:3])
    closes = desk.sitting().wave.closes_at
    with db.unit_of_work() as session:
        entry_row = session.exec(select(EntrySession)).one()
        entry_row.expires_at = closes
    desk.at = closes + timedelta(hours=5)

    early = desk.save("estudia", client_at=closes - timedelta(minutes=1), estudia="5")
    assert early == Saved("trabaja")
    with pytest.raises(AnswersClosed):
        desk.save("trabaja", client_at=closes, trabaja="4")
    desk.at = closes + timedelta(hours=73)
    with pytest.raises(SessionOver):
        desk.save("trabaja", client_at=closes - timedelta(minutes=1), trabaja="4")


def test_who_leaves_the_directory_is_not_kept_in_it(db: Database) -> None:
    wave = a_wave(db, 3)
    person = a_respondent(db, wave)
    with db.unit_of_work() as session:
        other = a_person(session, wave, name="Beto")
        for member_id in (person.member_id, other.member_id):
            session.add(a_phone(member_id))
    desk = a_device(db, wave, person)
    answer_everything(desk, autoriza_red="2")

    with db.reading() as session:
        left = session.exec(select(ContactPoint.member_id)).all()
        consent = session.exec(select(Consent).where(col(Consent.purpose) == "autoriza_red")).one()
    assert (left, consent.granted) == ([other.member_id], False)


def test_who_never_pressed_terminar_is_forgotten_at_the_close(db: Database) -> None:
    wave = a_wave(db, 3)
    said_no, said_yes = a_respondent(db, wave), a_respondent(db, wave)
    with db.unit_of_work() as session:
        for person in (said_no, said_yes):
            session.add(a_phone(person.member_id))
    for person, answer in ((said_no, "2"), (said_yes, "1")):
        answer_everything(a_device(db, wave, person), until="comentario", autoriza_red=answer)
    over = local_midnight(CLOSES[3], ZONE)

    with db.unit_of_work() as session:
        before = forget_unwilling(session, now=over - timedelta(hours=1))
        close_due_waves(session, now=over)
    with db.unit_of_work() as session:
        after = forget_unwilling(session, now=over)
        again = forget_unwilling(session, now=over)
        left = session.exec(select(ContactPoint.member_id)).all()

    assert (before, after, again) == (0, 1, 0)
    assert left == [said_yes.member_id]


def a_phone(member_id: UUID) -> ContactPoint:
    return ContactPoint(
        member_id=member_id,
        kind=ContactKind.MOBILE,
        value="+525512345678",
        value_hash=MATCHING.contact("+525512345678"),
        source=ContactSource.ROSTER,
        added_at=DURING[1],
    )


def answer_everything(desk: Desk, *, until: str = "", **chosen: object) -> None:
    """Walk to the end, or to a step, with the first option of everything."""
    while (step := resume_at(desk.sitting())) is not None and step.name != until:
        entries: dict[str, object] = {}
        for item in step.items:
            for leaf in desk.sitting().questionnaire.leaves[item.name]:
                first = str(leaf.choices[0].code) if leaf.choices else None
                many = leaf.type.value == "select_multiple"
                entries[leaf.name] = chosen.get(leaf.name, (first,) if many else first)
        blanks = frozenset(f"blank:{name}" for name in entries)
        outcome = desk.put(step.name, entries, seen=blanks)
        assert isinstance(outcome, Saved), (step.name, outcome)
