"""Two schools in two states, with staff of every role in each: what the crawl walks through.

Alicia runs plantel A, Beto helps her, Carla belongs to plantel B and must be refused at A.
"""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

from fastapi.testclient import TestClient
from sqlmodel import Session, select

from app.db.transactions import Database
from app.directory import uploads
from app.fieldwork.tables import LinkRequest, RequestState
from app.messaging import mailbox, outbox
from app.messaging.delivery import Outgoing, PlannedMessage
from app.messaging.queries import messages_about
from app.settings import Settings, read_settings
from app.staff import invitations, sessions
from app.staff.addresses import staff_keys
from app.staff.roles import Role, WantedGrant
from app.staff.tables import StaffGrant, StaffSession
from app.units.importing import import_units
from app.units.queries import unit_by_code
from app.units.scope import WHOLE
from app.units.tables import StudentGroup
from app.web import security
from app.web.main import create_app
from tests.classroom.room import a_class
from tests.conftest import DATA_KEYS, SECRET_KEYS
from tests.web.cards import a_card, curp_of
from tests.web.in_field import Someone, a_wave_in_field, people_of

UNITS = """code,name,kind,parent
MX,México,nation,
09,Ciudad de México,state,MX
02,Baja California,state,MX
09DCT0001A,Plantel A,school,09
02DCT0002B,Plantel B,school,02
02DCT0003C,Plantel C,school,02
"""
ROSTER = """Matrícula;Nombre;Primer apellido;Segundo apellido;Grupo;Correo
001;Íñigo;Muñoz;Peña;6A;inigo@correo.invalid
002;Ana;López;;6A;ana@correo.invalid
"""
SCHOOL_A, SCHOOL_B = "09DCT0001A", "02DCT0002B"
SCHOOL_C = "02DCT0003C"  # asks for a person of each of the others
CURPS = {SCHOOL_A: curp_of("PAAA"), SCHOOL_B: curp_of("PEBA")}


@dataclass(slots=True)
class World:
    """Ids of everything, by school; sessions by role and unit."""

    settings: Settings
    ids: dict[str, dict[str, str]] = field(default_factory=dict)
    tokens: dict[tuple[str, Role], str] = field(default_factory=dict)


def settings_for(url: str, base_url: str = "http://127.0.0.1:8000") -> Settings:
    """Settings of a test deployment."""
    found = read_settings(
        {
            "TRAYECTO_ENVIRONMENT": "development",
            "TRAYECTO_DATABASE_URL": url,
            "TRAYECTO_BASE_URL": base_url,
        }
    )
    values = {name: getattr(found, name) for name in found.__dataclass_fields__}
    return Settings(**{**values, "secret_keys": SECRET_KEYS, "data_keys": DATA_KEYS})


def a_world(database: Database, settings: Settings, *, now: datetime) -> World:
    """The two schools with their staff."""
    world = World(settings)
    with database.unit_of_work() as session:
        assert not import_units(session, UNITS.encode()).rejected
    with database.unit_of_work() as session:
        for code in (SCHOOL_A, SCHOOL_B):
            unit = unit_by_code(session, WHOLE, code)
            group = StudentGroup(school_id=unit.id, cohort="2023-2026", name="6A")
            session.add(group)
            session.flush()
            batch_id = uploads.keep_upload(
                session,
                unit.id,
                ROSTER.encode("cp1252"),
                kind="roster",
                file_name="lista.csv",
                staff_id=None,
                options={"generation": "2023-2026"},
                now=now,
            )
            wave_id = a_wave_in_field(session, unit, now=now)
            someone = Someone(group_id=group.id)
            (case_id,) = people_of(session, wave_id, [someone], now=now)
            world.ids[code] = {
                "wave_id": str(wave_id),
                "case_id": str(case_id),
                **a_card(session, case_id, curp=CURPS[code], asked_by=SCHOOL_C, now=now),
                "batch_id": str(batch_id),
                "unit_code": code,
                "unit_id": str(unit.id),
                "group_id": str(group.id),
                "classroom_id": str(a_class(session, wave_id, group.id, now=now)[0]),
                "message_id": str(a_kept_message(session, unit.id, code, now=now)),
                "lost_link_id": str(a_lost_link(session, unit.id, code, now=now)),
            }
        for code in (SCHOOL_A, SCHOOL_B, "09"):
            for role in Role:
                _staff(session, world, code, role, now=now)
    return world


def a_kept_message(session: Session, unit_id: UUID, code: str, *, now: datetime) -> UUID:
    """A message of a school in the development mailbox."""
    planned = PlannedMessage(
        f"world/{code}", uuid4(), "invitation", "escuela.mx", now, unit_id=unit_id
    )
    outbox.enqueue(session, [planned], now=now)
    (row,) = messages_about(session, [planned.context_id])
    address = f"ana@{code.lower()}.invalid"
    content = f"Subject: hola\r\nTo: {address}\r\n\r\nhttp://127.0.0.1:8000/e/x\r\n".encode()
    mailbox.keep(session, Outgoing(row.id, 1, address, "b@r.mx", content), now=now)
    return row.id


def a_lost_link(session: Session, unit_id: UUID, code: str, *, now: datetime) -> UUID:
    """Somebody who asked for a link and waits for the school."""
    request = LinkRequest(
        contact=f"{code.lower()}@escuela.mx",
        contact_hash=code,
        typed_name="Íñigo Muñoz",
        typed_school=code,
        school_id=unit_id,
        state=RequestState.OPEN,
        reason="unknown_contact",
        asked_at=now,
    )
    session.add(request)
    session.flush()
    return request.id


def _staff(session: Session, world: World, code: str, role: Role, *, now: datetime) -> None:
    email = f"{role.value}.{code.lower()}@escuela.mx"
    invited = invitations.invite(
        session,
        email,
        WantedGrant(code, role),
        keys=staff_keys(DATA_KEYS),
        by=None,
        now=now,
    )
    token = sessions.open_session(session, invited.account_id, place="p", device="t", now=now)
    session.flush()
    world.tokens[code, role] = token
    ids = world.ids.setdefault(code, {})
    ids.setdefault("account_id", str(invited.account_id))
    ids["session_id"] = _id_of_session(session, invited.account_id)
    ids["grant_id"] = _id_of_grant(session, invited.account_id)


def _id_of_session(session: Session, account_id: UUID) -> str:
    row = session.exec(select(StaffSession.id).where(StaffSession.account_id == account_id)).first()
    return str(row)


def _id_of_grant(session: Session, account_id: UUID) -> str:
    row = session.exec(select(StaffGrant.id).where(StaffGrant.account_id == account_id)).first()
    return str(row)


def client_for(world: World, database: Database, *, now: datetime) -> TestClient:
    """A browser without a session."""
    app = create_app(world.settings, database, lambda: now)
    return TestClient(app, base_url="http://127.0.0.1:8000", follow_redirects=False)


def sign_in(client: TestClient, world: World, code: str, role: Role) -> str:
    """Give the browser the session of a role at a unit; returns its form token."""
    token = world.tokens[code, role]
    client.cookies.clear()
    client.cookies.set(security.cookie_name(security.STAFF_COOKIE, secure=False), token)
    return security.form_token(token)
