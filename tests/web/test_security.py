import sqlite3
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import select

from app.db.transactions import Database
from app.errors import StorageBroken, StorageBusy, StorageFull
from app.staff.roles import Role
from app.units.tables import InstitutionProfile
from app.web import security
from app.web.errors import refusal_response
from app.web.security import ForeignPost
from tests.web.world import SCHOOL_A, World, a_world, client_for, settings_for, sign_in


@pytest.fixture
def world(db: Database, database_url: str, now: datetime) -> World:
    return a_world(db, settings_for(database_url), now=now)


@given(st.text(st.characters(codec="ascii", exclude_categories=["C"]), min_size=1, max_size=60))
def test_a_masked_secret_is_different_each_time_and_comes_back(secret: str) -> None:
    one, other = security.mask_secret(secret), security.mask_secret(secret)

    assert security.unmask_secret(one) == security.unmask_secret(other) == secret


@given(st.text(max_size=200))
def test_what_was_never_masked_is_no_crash(text: str) -> None:
    assert isinstance(security.unmask_secret(text), str)


@given(st.text(max_size=100))
def test_no_forged_form_token_passes(token: str) -> None:
    with pytest.raises(ForeignPost):
        security.accept_form_token(token, "the secret of a session")


def test_a_form_token_serves_its_own_session_only() -> None:
    token = security.form_token("mine")

    security.accept_form_token(token, "mine")
    with pytest.raises(ForeignPost):
        security.accept_form_token(token, "yours")


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        ("/panel/equipo", "/panel/equipo"),
        ("//evil.mx/panel", "/panel"),
        ("https://evil.mx", "/panel"),
        ("/panel\\evil", "/panel"),
        ("/panel\n", "/panel"),
        ("", "/panel"),
    ],
)
def test_after_signing_in_one_stays_here(asked: str, kept: str) -> None:
    assert security.safe_next(asked) == kept


def test_every_answer_carries_the_policy(world: World, db: Database, now: datetime) -> None:
    client = client_for(world, db, now=now)

    for path in ("/", "/panel/entrar", "/nada", "/healthz", "/static/x/staff.css"):
        headers = client.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"], path
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert "strict-transport-security" not in headers  # plain http: BASE_URL says so


def test_https_gets_hsts_and_host_cookies(db: Database, database_url: str, now: datetime) -> None:
    settings = settings_for(database_url, base_url="https://egresados.mx")
    world = a_world(db, settings, now=now)
    client = client_for(world, db, now=now)

    headers = client.get("/").headers

    assert headers["strict-transport-security"].startswith("max-age=63072000")
    assert security.cookie_name("staff", secure=True) == "__Host-staff"


@pytest.mark.parametrize("path", ["/", "/panel/entrar", "/healthz", "/readyz"])
def test_head_is_answered_as_get_without_a_body(
    world: World, db: Database, now: datetime, path: str
) -> None:
    client = client_for(world, db, now=now)

    answer = client.head(path)

    assert (answer.status_code, answer.content) == (200, b"")


def test_a_post_from_another_site_is_refused(world: World, db: Database, now: datetime) -> None:
    client = client_for(world, db, now=now)
    csrf = sign_in(client, world, SCHOOL_A, Role.ADMIN)

    for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "https://evil.mx"}):
        answer = client.post("/panel/salir", data={"csrf": csrf}, headers=headers)
        assert answer.status_code == 403


def test_the_same_words_for_unknown_and_wrong(world: World, db: Database, now: datetime) -> None:
    client = client_for(world, db, now=now)

    answers = {
        client.post("/panel/entrar", data={"email": email, "password": "no es esta"}).text.replace(
            email, ""
        )
        for email in ("nadie@escuela.mx", f"admin.{SCHOOL_A.lower()}@escuela.mx")
    }

    assert len(answers) == 1


@pytest.mark.parametrize("refusal", [StorageBusy, StorageFull, StorageBroken])
def test_a_store_that_is_not_there_asks_to_come_back(refusal: type[StorageBusy]) -> None:
    answer = refusal_response(refusal())

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "tu respuesta sigue aquí" in bytes(answer.body).decode()


def test_a_locked_database_is_a_503_in_spanish(
    world: World, db: Database, database_url: str, now: datetime
) -> None:
    if db.engine_name != "sqlite":
        pytest.skip("PostgreSQL has no lock on the whole database")
    client = client_for(world, db, now=now)
    csrf = sign_in(client, world, SCHOOL_A, Role.ADMIN)
    holder = sqlite3.connect(database_url.removeprefix("sqlite:///"), isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    form = {"csrf": csrf, "sender_name": "Otro", "reply_to": "a@escuela.mx"}

    answer = client.post(f"/panel/unidades/{SCHOOL_A}/remitente", data=form)

    holder.execute("ROLLBACK")
    holder.close()
    assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
    assert "La base de datos está ocupada y no se guardó nada" in answer.text
    with db.reading() as session:
        assert session.exec(select(InstitutionProfile)).all() == []


def test_a_body_over_the_limit_is_said_to_be_too_large(
    world: World, db: Database, now: datetime
) -> None:
    client = client_for(world, db, now=now)

    answer = client.post("/panel/entrar", data={"email": "x" * 3_000_000})

    assert answer.status_code == 413
    assert "Es demasiado grande" in answer.text


def test_junk_is_never_a_crash(world: World, db: Database, now: datetime) -> None:
    client = client_for(world, db, now=now)
    bodies = [
        (b"\xff\xfe\x00", "application/x-www-form-urlencoded"),
        (b"a=" + b"x" * 3_000_000, "application/x-www-form-urlencoded"),
        (b"&".join(b"f%d=1" % n for n in range(5000)), "application/x-www-form-urlencoded"),
        (b"{", "application/json"),
        (b"--x\r\nbroken", "multipart/form-data; boundary=x"),
        (b"email=%00%ED%A0%80&password=%00", "application/x-www-form-urlencoded"),
    ]
    for body, kind in bodies:
        answer = client.post("/panel/entrar", content=body, headers={"content-type": kind})
        assert answer.status_code < 500, (kind, body[:20])
    for path in ("/%00", "/panel/unidades/%ff", "/e/" + "x" * 9000, "/panel/%2e%2e/etc"):
        assert client.get(path).status_code < 500
