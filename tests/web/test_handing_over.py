"""Groups handed over, the list on paper, and what a tutor's first page says."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import Session, col, select

from app.db.transactions import Database
from app.directory.tables import OptOut
from app.fieldwork.dispositions import Disposition
from app.fieldwork.tables import Case
from app.fieldwork.worklist.people import Asked, ranked, standing_of, waves_waiting
from app.fieldwork.worklist.printing import paper_list
from app.staff.roles import Role
from app.staff.tables import StaffAccount, StaffGrant, StaffGrantGroup
from app.units.queries import unit_by_code
from app.units.scope import WHOLE, Reach, Scope
from app.units.tables import StudentGroup
from tests.web.in_field import Someone, people_of
from tests.web.test_wave_pages import audit_of, more_people, own, text_of, tutor_of
from tests.web.test_worklist import reachable
from tests.web.world import SCHOOL_A, SCHOOL_B, World, a_world, client_for, settings_for, sign_in


@pytest.fixture
def now() -> datetime:
    """Monday 2 March 2026, noon in Mexico City."""
    return datetime(2026, 3, 2, 18, tzinfo=UTC)


@pytest.fixture
def world(db: Database, database_url: str, now: datetime) -> World:
    return a_world(db, settings_for(database_url), now=now)


@pytest.fixture
def client(world: World, db: Database, now: datetime) -> TestClient:
    return client_for(world, db, now=now)


def a_group(session: Session, code: str, name: str) -> UUID:
    unit = unit_by_code(session, WHOLE, code)
    group = StudentGroup(school_id=unit.id, cohort="2022-2025", name=name)
    session.add(group)
    session.flush()
    return group.id


def account_of(db: Database, *, by_groups: bool) -> UUID:
    """The tutor of groups, or the one of the whole school A."""
    with db.reading() as session:
        unit = unit_by_code(session, WHOLE, SCHOOL_A)
        wanted = select(StaffGrant.account_id).where(
            StaffGrant.role == Role.TUTOR,
            StaffGrant.unit_id == unit.id,
            col(StaffGrant.by_groups).is_(by_groups),
        )
        return session.exec(wanted).one()


def officer_of(db: Database) -> UUID:
    with db.reading() as session:
        unit = unit_by_code(session, WHOLE, SCHOOL_A)
        wanted = select(StaffGrant.account_id).where(
            StaffGrant.role == Role.OFFICER, StaffGrant.unit_id == unit.id
        )
        return session.exec(wanted).one()


def groups_of(db: Database, account_id: UUID) -> set[UUID] | None:
    """The groups of a tutor; None: no such role."""
    with db.reading() as session:
        wanted = select(StaffGrant).where(
            StaffGrant.account_id == account_id, StaffGrant.role == Role.TUTOR
        )
        grant = session.exec(wanted).first()
        if grant is None:
            return None
        held = select(StaffGrantGroup.group_id).where(StaffGrantGroup.grant_id == grant.id)
        return set(session.exec(held))


def test_groups_go_to_another_tutor_in_one_step(
    world: World, client: TestClient, db: Database, now: datetime
) -> None:
    with db.unit_of_work() as session:
        group = a_group(session, SCHOOL_A, "6B")
    more_people(world, db, Someone("Berenice", group_id=group), now=now)
    tutor_of(db, client, "6B", now=now)
    tutors_cookies = dict(client.cookies)
    giver, taker = account_of(db, by_groups=True), officer_of(db)
    csrf = sign_in(client, world, SCHOOL_A, Role.ADMIN)

    preview = text_of(client.get(f"/panel/equipo/{giver}/grupos").text)
    form = {"csrf": csrf, "group": str(group), "taker": str(taker)}
    moved = client.post(f"/panel/equipo/{giver}/grupos", data=form)
    again = client.post(f"/panel/equipo/{giver}/grupos", data=form)

    assert "6B, generación 2022-2025 (Plantel A)" in preview
    assert "1 pendiente" in preview
    assert (moved.status_code, moved.headers["location"]) == (303, "/panel/equipo")
    assert again.status_code == 404  # the giver has no role left here
    assert (groups_of(db, giver), groups_of(db, taker)) == (None, {group})
    (entry,) = audit_of(db, "staff.groups_handed_over")
    assert (entry.object_id, str(taker) in entry.details) == (str(giver), True)
    client.cookies.clear()
    client.cookies.update(tutors_cookies)
    assert client.get("/panel/pendientes").status_code == 403


def test_a_tutor_of_the_whole_school_needs_no_second_grant(
    world: World, client: TestClient, db: Database, now: datetime
) -> None:
    with db.unit_of_work() as session:
        a_group(session, SCHOOL_A, "6B")
    tutor_of(db, client, "6B", now=now)
    giver, taker = account_of(db, by_groups=True), account_of(db, by_groups=False)
    group = groups_of(db, giver)
    csrf = sign_in(client, world, SCHOOL_A, Role.OFFICER)

    form = {"csrf": csrf, "group": [str(one) for one in group or ()], "taker": str(taker)}
    moved = client.post(f"/panel/equipo/{giver}/grupos", data=form)

    assert moved.status_code == 303
    assert (groups_of(db, giver), groups_of(db, taker)) == (None, set())


@pytest.mark.parametrize("wrong", ["nobody", "no group", "self", "closed", "stranger"])
def test_nothing_moves_by_half(
    world: World, client: TestClient, db: Database, now: datetime, wrong: str
) -> None:
    with db.unit_of_work() as session:
        group = a_group(session, SCHOOL_A, "6B")
    tutor_of(db, client, "6B", now=now)
    giver, taker = account_of(db, by_groups=True), officer_of(db)
    if wrong == "closed":
        with db.unit_of_work() as session:
            session.get_one(StaffAccount, taker).disabled_at = now
    csrf = sign_in(client, world, SCHOOL_A, Role.ADMIN)
    form = {"csrf": csrf, "group": str(group), "taker": str(taker)}
    changed = {
        "nobody": {"taker": ""},
        "no group": {"group": str(uuid4())},
        "self": {"taker": str(giver)},
        "closed": {},
        "stranger": {"taker": world.ids[SCHOOL_B]["account_id"]},
    }[wrong]

    refused = client.post(f"/panel/equipo/{giver}/grupos", data=form | changed)

    assert refused.status_code == (404 if wrong == "stranger" else 422)
    assert groups_of(db, giver) == {group}
    assert "6B" in client.get(f"/panel/equipo/{giver}/grupos").text


def test_the_first_page_of_a_tutor_counts_the_own_people(
    world: World, client: TestClient, db: Database, now: datetime
) -> None:
    group = UUID(world.ids[SCHOOL_A]["group_id"])
    more_people(world, db, Someone(group_id=group), Someone(), now=now)
    tutor_of(db, client, "6A", now=now)

    home = client.get("/panel").text

    assert "Le faltan 2 personas de sus grupos por responder." in home
    assert 'href="/panel/pendientes">Ver pendientes' in home


def test_the_first_page_of_an_officer_shows_what_waits_for_a_decision(
    world: World, client: TestClient, db: Database, now: datetime
) -> None:
    (ana,) = more_people(world, db, Someone(), now=now)
    csrf = sign_in(client, world, SCHOOL_A, Role.OFFICER)
    quiet = client.get("/panel").text
    tap = {"csrf": csrf, "attempt": "", "result": "did_not_graduate"}
    client.post(own(world, f"/casos/{ana}/dicho"), data=tap)

    home = client.get("/panel").text

    assert "no debe contar" not in quiet
    assert "Cuestionario 2: 1 aviso de que alguien no debe contar." in home


def test_paper_carries_telephones_and_links_only_when_asked(
    world: World, client: TestClient, db: Database, now: datetime
) -> None:
    ana, berta = reachable(world, db, Someone("Ana Luz"), Someone("Berta"), now=now)
    with db.unit_of_work() as session:
        silent = OptOut(member_id=session.get_one(Case, berta).member_id, at=now, source="page")
        session.add(silent)
    csrf = sign_in(client, world, SCHOOL_A, Role.TUTOR)
    address = own(world, "/pendientes/imprimir")

    plain = client.get(address).text
    phones = client.post(address, data={"csrf": csrf, "phones": "1"}).text
    full = client.post(address, data={"csrf": csrf, "phones": "1", "links": "1"})

    assert ("Ana Luz" in plain, "+52551234" in plain, "/e/" in plain) == (True, False, False)
    assert ("+525512345610" in phones, "/e/" in phones) == (True, False)
    assert "+525512345611" not in phones  # asked not to be written to
    assert full.text.count("/e/") == 2  # Ana Luz and the one of the world
    assert full.headers["cache-control"] == "no-store"
    assert [entry.object_kind for entry in audit_of(db, "worklist.printed")] == ["wave"] * 2
    assert client.get(f"{address}?grupo=nada").status_code == 404
    assert str(ana) not in plain


def test_paper_is_in_the_order_of_a_roll(
    world: World, client: TestClient, db: Database, now: datetime
) -> None:
    """An accent does not send a name to the end of its letter."""
    reachable(world, db, Someone("Gutierre"), Someone("Gómez"), Someone("Álvaro"), now=now)
    sign_in(client, world, SCHOOL_A, Role.TUTOR)

    paper = client.get(own(world, "/pendientes/imprimir")).text

    assert paper.index("Álvaro") < paper.index("Gómez") < paper.index("Gutierre")


@settings(max_examples=15)
@given(data=st.data())
def test_no_scope_of_groups_reaches_a_person_of_another(
    world: World, db: Database, now: datetime, data: st.DataObject
) -> None:
    """However people and groups are dealt: list, card, paper and counts agree with the grant."""
    names = [f"{place}-{uuid4().hex[:6]}" for place in range(3)]
    with db.unit_of_work() as session:
        unit = unit_by_code(session, WHOLE, SCHOOL_A)
        groups: list[UUID | None] = [a_group(session, SCHOOL_A, name) for name in names]
        where = data.draw(st.lists(st.sampled_from([*groups, None]), min_size=1, max_size=6))
        wave_id = UUID(world.ids[SCHOOL_A]["wave_id"])
        cases = people_of(
            session,
            wave_id,
            [Someone(group_id=one, disposition=Disposition.INVITED) for one in where],
            now=now,
        )
        mine = frozenset(data.draw(st.sets(st.sampled_from([g for g in groups if g]))))
        scope = Scope((Reach(unit.id, mine),))

        expected = {case for case, group in zip(cases, where, strict=True) if group in mine}
        listed = {one.case_id for one in ranked(session, scope, Asked(wave_id), now=now)}
        paper = {one.standing.case_id for one in paper_list(session, scope, Asked(), now=now)}
        alone = {one for one in cases if standing_of(session, scope, one, now=now)}
        counted = sum(wave.waiting for wave in waves_waiting(session, scope, now=now))

    assert listed == paper == alone == expected
    assert counted == len(expected)
