"""The telephone mode: the person answers, staff type, and nothing told before is shown."""

from uuid import UUID

from sqlmodel import Session, select

from app.db.transactions import Database
from app.directory.tables import OptOut
from app.fieldwork.dispositions import Disposition
from app.fieldwork.tables import Case, EntrySession, Mode
from app.fieldwork.worklist.results import AttemptResult, Channel
from app.fieldwork.worklist.tables import ContactAttempt, TelephoneInterview
from app.responses.tables import Answer
from app.staff import sessions
from app.staff.addresses import staff_keys
from app.staff.invitations import invite
from app.staff.roles import Role, WantedGrant
from app.web import security
from tests.conftest import DATA_KEYS
from tests.responses.people import Person
from tests.web.respondent.site import Device, Seen, Site
from tests.web.respondent.test_answering import first_option

SCHOOL = "14DCT0137K"


def a_tutor(site: Site, device: Device, name: str = "tutora") -> tuple[UUID, str]:
    """Sign a tutor of the school in on this device; account and form token."""
    with site.db.unit_of_work() as session:
        account_id, token = _signed_in(session, site, name)
    device.client.cookies.set(security.cookie_name(security.STAFF_COOKIE, secure=False), token)
    return account_id, security.form_token(token)


def _signed_in(session: Session, site: Site, name: str) -> tuple[UUID, str]:
    wanted, keys = WantedGrant(SCHOOL, Role.TUTOR), staff_keys(DATA_KEYS)
    mail = f"{name}@escuela.mx"
    invited = invite(session, mail, wanted, keys=keys, by=None, now=site.clock())
    account_id = invited.account_id
    token = sessions.open_session(session, account_id, place="p", device="t", now=site.clock())
    return account_id, token


def telephone(person: Person) -> str:
    return f"/panel/olas/{person.wave_id}/casos/{person.case_id}/telefono"


def to_the_end(device: Device, page: Seen) -> Seen:
    """Answer everything with its first option."""
    for _ in range(80):
        if not page.step:
            return page
        page = device.answer(page, **first_option(page))
    raise AssertionError(page.title)


def test_an_interview_is_the_persons_own_answer_with_who_asked(db: Database) -> None:
    site = Site(db, 2)
    person, device = site.person(), site.device()
    tutor, csrf = a_tutor(site, device)

    read = device.get(telephone(person))
    first = device.post(telephone(person), {"csrf": csrf})
    last = to_the_end(device, first)

    assert "Lea en voz alta" in read.body
    assert "Tu escuela usa lo que contestes para mejorar." in read.body
    assert "/responder" in first.url
    assert "Gracias" in last.title
    assert 'class="answers"' not in last.body  # nothing typed stays on the screen
    with db.reading() as session:
        case = session.get_one(Case, person.case_id)
        (interview,) = session.exec(select(TelephoneInterview)).all()
        (attempt,) = session.exec(select(ContactAttempt)).all()
        entry = session.get_one(EntrySession, interview.session_id)
    assert case.disposition in {Disposition.COMPLETE, Disposition.PARTIAL}
    assert (case.mode, case.source) == (Mode.PHONE, "self")
    assert (interview.staff_id, interview.notice_read_at) == (tutor, site.clock())
    assert entry.mode is Mode.PHONE
    assert (attempt.channel, attempt.result) == (Channel.CALL, AttemptResult.INTERVIEWED)
    left = device.post("/responder", last.hidden)
    assert "Volver a pendientes" in left.body
    assert device.get("/responder").status != 200


def test_nobody_is_asked_against_their_wish(db: Database) -> None:
    """The list does not let them be called: neither does the telephone mode."""
    site = Site(db, 2)
    person, device = site.person(), site.device()
    _, csrf = a_tutor(site, device)
    with db.unit_of_work() as session:
        member_id = session.get_one(Case, person.case_id).member_id
        session.add(OptOut(member_id=member_id, at=site.clock(), source="one_click"))

    read = device.get(telephone(person))
    begun = device.post(telephone(person), {"csrf": csrf})

    assert "Pidió no recibir mensajes" in read.body
    assert "Lea en voz alta" not in read.body
    assert begun.status == 409
    with db.reading() as session:
        assert session.get_one(Case, person.case_id).contacts == 0
        assert not session.exec(select(TelephoneInterview)).all()


def test_who_began_alone_is_not_asked_by_telephone(db: Database) -> None:
    """The very path of a half-answered questionnaire would tell what was answered."""
    site = Site(db, 2)
    person, own, device = site.person(), site.device(), site.device()
    own.answer(own.answer(own.begin(person), aviso_q2="1"), municipio_residencia="Zapopan")
    _, csrf = a_tutor(site, device)

    read = device.get(telephone(person))
    refused = device.post(telephone(person), {"csrf": csrf})

    for seen in (read, refused):
        assert "ya empezó a contestar por su cuenta" in seen.body
        assert "Ya leí el aviso" not in seen.body
        assert "Por ahora no se le pregunta por teléfono" in seen.body
        assert "Falta corregir" not in seen.body  # nothing is wrong, and nothing can be mended
    assert (read.status, refused.status) == (200, 409)
    with db.reading() as session:
        assert session.exec(select(TelephoneInterview)).all() == []


def test_an_interrupted_call_goes_on_with_the_same_interviewer_alone(db: Database) -> None:
    site = Site(db, 2)
    person, device, other = site.person(), site.device(), site.device()
    _, csrf = a_tutor(site, device)
    page = device.post(telephone(person), {"csrf": csrf})
    page = device.answer(device.answer(page, aviso_q2="1"), municipio_residencia="Zapopan")
    device.client.cookies.clear()
    _, csrf = a_tutor(site, device)
    _, strange = a_tutor(site, other, "otro")

    again = device.post(telephone(person), {"csrf": csrf})
    refused = other.post(telephone(person), {"csrf": strange})

    assert (again.step, refused.status) == (page.step, 409)


def test_what_the_person_adds_later_stays_covered_for_the_interviewer(db: Database) -> None:
    """The call was interrupted, the person went on with the link, the session still lives."""
    site = Site(db, 2)
    person = site.person(birth_date="2008-05-01", student_id="77")
    device, own = site.device(), site.device()
    _, csrf = a_tutor(site, device)
    page = device.post(telephone(person), {"csrf": csrf})
    page = device.answer(page, aviso_q2="1")
    own.answer(own.begin(person), municipio_residencia="Zapopan")

    covered = device.get("/responder?paso=municipio_residencia")
    proof = device.get("/responder/comprobar")
    state = device.client.get("/responder/estado")

    assert covered.step == "municipio_residencia"
    assert "Zapopan" not in covered.body
    assert (proof.status, "Por teléfono no se muestra" in proof.body) == (403, True)
    assert state.status_code == 409
    with db.reading() as session:
        (kept,) = session.exec(select(Answer).where(Answer.variable == "municipio_residencia"))
    assert kept.value is not None


def test_a_call_ends_by_itself(db: Database) -> None:
    site = Site(db, 2)
    person, device = site.person(), site.device()
    _, csrf = a_tutor(site, device)
    device.post(telephone(person), {"csrf": csrf})

    site.clock.pass_(hours=2)

    assert device.get("/responder").status != 200


def test_the_script_of_the_phone_keeps_nothing_of_a_call(db: Database) -> None:
    site = Site(db, 2)
    person, device = site.person(), site.device()
    _, csrf = a_tutor(site, device)
    device.client.cookies.set("trayecto_js", "1")

    page = device.post(telephone(person), {"csrf": csrf})

    assert page.step == "aviso_q2"
    assert "/responder/guardar" not in page.body
