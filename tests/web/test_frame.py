"""The denominator by hand, and what others told: what moves which rate."""

import json
from datetime import UTC, datetime
from re import findall
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from app.db.transactions import Database
from app.directory.tables import OptOut, PanelMember, Standing
from app.fieldwork.confirmations import follow_directory
from app.fieldwork.dispositions import Disposition
from app.fieldwork.eligibility import Ineligibility
from app.fieldwork.tables import Case
from app.fieldwork.worklist.tables import EligibilityDoubt, FrameChange, ThirdPartyReport
from app.staff.roles import Role
from tests.cli.test_units import Trayecto
from tests.fieldwork.field import KEYS
from tests.web.in_field import Someone
from tests.web.test_wave_pages import audit_of, more_people, own, text_of, tutor_of
from tests.web.test_worklist import case_now, of
from tests.web.world import SCHOOL_A, World, a_world, client_for, settings_for, sign_in

D = Disposition
ASKED = ("--unit", SCHOOL_A, "--generation", "2022-2025", "--questionnaire", "2", "--json")


@pytest.fixture
def now() -> datetime:
    """Monday 2 March 2026, noon in Mexico City; the wave of the world opened on 16 February."""
    return datetime(2026, 3, 2, 18, tzinfo=UTC)


@pytest.fixture
def world(db: Database, database_url: str, now: datetime) -> World:
    return a_world(db, settings_for(database_url), now=now)


@pytest.fixture
def client(world: World, db: Database, now: datetime) -> TestClient:
    return client_for(world, db, now=now)


@pytest.fixture
def trayecto(
    database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Trayecto:
    monkeypatch.setenv("TRAYECTO_ENVIRONMENT", "development")
    monkeypatch.setenv("TRAYECTO_DATABASE_URL", database_url)
    return Trayecto(monkeypatch, capsys)


def rates(trayecto: Trayecto) -> dict[str, float]:
    _, out, _ = trayecto("rates", *ASKED)
    found: dict[str, float] = json.loads(out)
    return found


def test_a_doubt_of_the_tutor_and_a_decision_of_the_school(
    world: World, client: TestClient, db: Database, trayecto: Trayecto, now: datetime
) -> None:
    """From the tap "No egresó" to 4.10: only the school takes somebody out (NE)."""
    ana, _ = more_people(world, db, Someone(), Someone(disposition=D.COMPLETE), now=now)
    csrf = sign_in(client, world, SCHOOL_A, Role.TUTOR)
    tap = {"csrf": csrf, "attempt": "", "result": "did_not_graduate"}
    client.post(of(world, ana, "dicho"), data=tap)
    said = rates(trayecto)
    assert client.get(of(world, ana, "lista")).status_code == 403

    csrf = sign_in(client, world, SCHOOL_A, Role.OFFICER)
    listed = client.get(own(world, "/pendientes")).text
    page = text_of(client.get(of(world, ana, "lista")).text)
    form = {"csrf": csrf, "kind": "denied", "since": "2025-07-31", "reason": "Baja en quinto"}
    done = client.post(of(world, ana, "lista"), data=form)
    history = text_of(client.get(done.headers["location"]).text)

    assert (said["NE"], said["frame"]) == (0, 3)
    assert "1 aviso por decidir" in listed
    assert "Hoy: 33 % (1 de 3).</strong><br>Sin contarle: 50 % (1 de 2)." in page
    assert "avisaron: no egresó." in page
    assert "Salió de la lista: no egresó, desde el 31 de julio de 2025." in history
    assert "Baja en quinto" in history
    assert "Antes: 33 % (1 de 3). Después: 50 % (1 de 2)." in history
    after = rates(trayecto)
    assert (after["NE"], after["frame"], after["rr2"]) == (1, 2, 0.5)
    with db.reading() as session:
        case = session.get_one(Case, ana)
        member = session.get_one(PanelMember, case.member_id)
        (doubt,) = session.exec(select(EligibilityDoubt)).all()
    assert (case.disposition, case.ineligibility) == (D.NOT_ELIGIBLE, Ineligibility.DENIED)
    assert (member.standing, member.standing_reason) == (Standing.LEFT, "Baja en quinto")
    assert (doubt.accepted, len(audit_of(db, "frame.reduced"))) == (True, 1)


def test_a_denial_is_corrected_and_stays_corrected(
    world: World, client: TestClient, db: Database, now: datetime
) -> None:
    (ana,) = more_people(world, db, Someone(), now=now)
    csrf = sign_in(client, world, SCHOOL_A, Role.OFFICER)
    form = {"csrf": csrf, "kind": "denied", "since": "2025-07-31", "reason": "Baja"}
    client.post(of(world, ana, "lista"), data=form)

    back = form | {"kind": "back", "reason": "Control escolar corrigió"}
    client.post(of(world, ana, "lista"), data=back)
    with db.unit_of_work() as session:
        follow_directory(session, now=now, keys=KEYS)  # the daily comparison agrees

    case = case_now(db, ana)
    assert (case.disposition, case.ineligibility) == (D.PLANNED, None)
    assert case.eligibility_confirmed
    with db.reading() as session:
        rows = session.exec(select(FrameChange).order_by(FrameChange.frame_after)).all()  # type: ignore[arg-type]
    assert [(row.frame_before, row.frame_after) for row in rows] == [(2, 1), (1, 2)]
    assert client.post(of(world, ana, "lista"), data=back).status_code == 409


def test_who_died_before_the_opening_leaves_this_list_alone(
    world: World, client: TestClient, db: Database, now: datetime
) -> None:
    ana, berta = more_people(world, db, Someone(), Someone("Berta"), now=now)
    csrf = sign_in(client, world, SCHOOL_A, Role.OFFICER)
    form = {"csrf": csrf, "kind": "deceased", "since": "2026-02-01", "reason": "Avisó su familia"}

    late = client.post(of(world, berta, "lista"), data=form | {"since": "2026-02-20"})
    client.post(of(world, ana, "lista"), data=form)

    assert (late.status_code, "anótelo como «Falleció»" in late.text) == (422, True)
    assert case_now(db, berta).disposition is D.INVITED
    case = case_now(db, ana)
    assert (case.disposition, case.ineligibility) == (D.NOT_ELIGIBLE, Ineligibility.DECEASED)
    with db.reading() as session:
        assert session.get_one(OptOut, case.member_id).source == "staff"
    client.post(of(world, ana, "lista"), data=form | {"kind": "back"})
    assert case_now(db, ana).disposition is D.PLANNED


@pytest.mark.parametrize(
    ("typed", "words", "at"),
    [
        ({"reason": " "}, "falta el motivo", "reason"),
        ({"since": ""}, "elija desde qué día", "since"),
        ({"kind": "duplicate"}, "elija el motivo", None),
    ],
)
def test_nothing_changes_without_reason_and_date(
    world: World,
    client: TestClient,
    db: Database,
    typed: dict[str, str],
    words: str,
    at: str | None,
) -> None:
    ana = UUID(world.ids[SCHOOL_A]["case_id"])
    csrf = sign_in(client, world, SCHOOL_A, Role.OFFICER)
    form = {"csrf": csrf, "kind": "denied", "since": "2025-07-31", "reason": "Baja"} | typed

    refused = client.post(of(world, ana, "lista"), data=form)

    assert (refused.status_code, words in refused.text) == (422, True)
    assert findall(r'id="(\w+)-error"', refused.text) == ([at] if at else [])
    assert case_now(db, ana).disposition is D.INVITED


def test_a_doubt_may_be_wrong(
    world: World, client: TestClient, db: Database, now: datetime
) -> None:
    (ana,) = more_people(world, db, Someone(), now=now)
    csrf = sign_in(client, world, SCHOOL_A, Role.OFFICER)
    tap = {"csrf": csrf, "attempt": "", "result": "listed_twice"}
    client.post(of(world, ana, "dicho"), data=tap)
    waits = client.get(own(world, "/pendientes")).text

    client.post(of(world, ana, "lista/cuenta"), data={"csrf": csrf})

    assert "falta que la escuela lo confirme" in waits
    assert "falta que la escuela lo confirme" not in client.get(own(world, "/pendientes")).text
    with db.reading() as session:
        assert session.exec(select(EligibilityDoubt.accepted)).one() is False


def test_what_others_tell_raises_knowledge_and_never_the_response(
    world: World, client: TestClient, db: Database, trayecto: Trayecto, now: datetime
) -> None:
    group = UUID(world.ids[SCHOOL_A]["group_id"])
    people = (Someone(group_id=group), Someone(group_id=group), Someone("De otro grupo"))
    ana, berta, other = more_people(world, db, *people, now=now)
    csrf = tutor_of(db, client, "6A", now=now)
    form = {"csrf": csrf, "source": "familiar", "studies": "si", "works": "no"}

    nobody = rates(trayecto)
    halfway = client.post(of(world, ana, "terceros"), data=form | {"works": ""})
    client.post(of(world, ana, "terceros"), data=form)
    client.post(of(world, ana, "terceros"), data=form | {"source": "institución"})
    client.post(of(world, berta, "terceros"), data=form | {"source": "docente"})
    strange = client.post(of(world, other, "terceros"), data=form)
    told = rates(trayecto)
    page = text_of(client.get(of(world, ana, "contacto")).text)
    wave = client.get(own(world)).text
    client.post(of(world, berta, "terceros/quitar"), data={"csrf": csrf})
    left = rates(trayecto)

    assert (halfway.status_code, strange.status_code) == (422, 404)
    assert [one["knowledge_rate"] for one in (nobody, told, left)] == [0, 0.5, 0.25]
    assert {one["rr2"] for one in (nobody, told, left)} == {0}
    assert {one["NC"] for one in (nobody, told, left)} == {4}
    assert "De 2 personas más contó alguien de su familia" in wave
    assert "Una institución contó su situación el 2 mar 2026, 12:00." in page
    assert "¿Estudia?" not in page  # what was told is not shown, nor asked twice
    assert (case_now(db, ana).source, case_now(db, berta).source) == ("institución", "self")
    assert case_now(db, ana).disposition is D.INVITED
    with db.reading() as session:
        assert len(session.exec(select(ThirdPartyReport)).all()) == 3


def test_nobody_speaks_for_who_refused(
    world: World, client: TestClient, db: Database, now: datetime
) -> None:
    (ana,) = more_people(world, db, Someone(disposition=D.REFUSED), now=now)
    csrf = sign_in(client, world, SCHOOL_A, Role.TUTOR)
    form = {"csrf": csrf, "source": "familiar", "studies": "si", "works": "no"}

    assert client.post(of(world, ana, "terceros"), data=form).status_code == 409
    assert case_now(db, ana).source == "self"
