"""What somebody said the last time: offered behind the second check, confirmed by Continuar."""

from datetime import timedelta

import pytest
from sqlmodel import select

from app.db.transactions import Database
from app.fieldwork.dispositions import Disposition
from app.fieldwork.tables import Case, Wave
from app.responses.tables import Answer, Response
from tests.responses.people import Person
from tests.web.respondent.site import Device, Seen, Site
from tests.web.respondent.test_answering import BORN, CURP

TOWN = "municipio_residencia"
LINK = "Confirmar que eres tú para ver lo que dijiste la vez pasada"


@pytest.fixture
def site(db: Database) -> Site:
    return Site(db, 2)


def somebody(site: Site, said: str | None) -> Person:
    """A person of this wave who answered the questionnaire before."""
    person = site.person(curp=CURP, birth_date=BORN)
    with site.db.unit_of_work() as session:
        now = site.wave
        values = session.get_one(Wave, now.wave_id).model_dump(exclude={"id", "questionnaire"})
        before = Wave(**values, questionnaire=1)
        session.add(before)
        session.flush()
        case = Case(
            wave_id=before.id,
            member_id=person.member_id,
            disposition=Disposition.COMPLETE,
            moved_at=site.clock.at,
            added_at=site.clock.at,
            link_key_id="",
            link_hash="before",
        )
        session.add(case)
        session.flush()
        at = site.clock.at - timedelta(days=150)
        response = Response(
            case_id=case.id, version_id=before.version_id, started_at=at, last_saved_at=at
        )
        session.add(response)
        session.flush()
        if said:
            session.add(
                Answer(response_id=response.id, variable=TOWN, value=said, revision=1, saved_at=at)
            )
    return person


def at_town(device: Device, person: Person) -> Seen:
    return device.answer(device.begin(person), aviso_q2="1")


def prove(device: Device) -> None:
    check = device.get("/responder/comprobar")
    year, month, day = BORN.split("-")
    typed = {"dia": day, "mes": str(int(month)), "anio": year, "fin": CURP[-4:]}
    device.post("/responder/comprobar", {**check.hidden, **typed})


def test_it_is_offered_hidden_and_confirmed_by_continuing(site: Site, db: Database) -> None:
    person, device = somebody(site, "Tonalá, Jalisco"), site.device()

    page = at_town(device, person)
    prove(device)
    shown = device.get(f"/responder?paso={TOWN}")
    following = device.answer(shown, **{TOWN: "Tonalá", f"{TOWN}.estado": "Jalisco"})

    assert (LINK in page.body, "Tonalá" in page.body) == (True, False)
    assert (LINK in shown.body, 'value="Tonalá"' in shown.body) == (False, True)
    assert following.step == "certificado_ems"
    with db.reading() as session:
        values = session.exec(select(Answer.value).where(Answer.variable == TOWN)).all()
    assert list(values) == ["Tonalá, Jalisco"] * 2


def test_it_is_not_offered_where_there_is_nothing(site: Site) -> None:
    assert LINK not in at_town(site.device(), somebody(site, None)).body


def test_a_phone_offers_it_and_gets_it_only_after_the_check(site: Site) -> None:
    person, device = somebody(site, "Tonalá, Jalisco"), site.device()
    device.begin(person)

    before = device.client.get("/responder/estado").json()
    prove(device)
    after = device.client.get("/responder/estado").json()

    assert LINK in before["h"][TOWN]
    assert "Tonalá" not in str(before)
    assert TOWN not in after["h"]
    assert after["f"][TOWN] == ["Tonalá"]
    assert after["f"][f"{TOWN}.estado"] == ["Jalisco"]
