from datetime import datetime, timedelta

import pytest

from app.db.transactions import Database
from app.errors import AppError, NotFound
from app.keys import keys_for
from app.settings import Secret
from app.staff import accounts, grants, invitations, queries, sessions
from app.staff.addresses import EmailRefused
from app.staff.roles import Permission, Role, WantedGrant
from app.staff.tables import InvitationPurpose
from app.units.scope import WHOLE
from app.units.tables import StudentGroup
from tests.staff.house import (
    KEYS,
    a_group,
    actor,
    hashed,
    signed_in,
    somebody,
    try_to_enter,
    two_schools,
)

TUTOR = WantedGrant("A", Role.TUTOR)


def an_invitation(db: Database, now: datetime) -> str:
    with db.unit_of_work() as session:
        two_schools(session)
        invited = invitations.invite(session, "beto@escuela.mx", TUTOR, keys=KEYS, by=None, now=now)
    assert invited.token is not None
    return invited.token


def test_an_invitation_says_whom_it_is_for_and_is_not_used_up_by_looking(
    db: Database, now: datetime
) -> None:
    token = an_invitation(db, now)

    for _ in range(3):
        with db.reading() as session:
            shown = invitations.open_invitation(session, token, now=now)
        assert (shown.email, shown.display_name) == ("beto@escuela.mx", "beto")
        assert shown.purpose is InvitationPurpose.INVITE


def test_an_invitation_sets_a_password_once(db: Database, now: datetime) -> None:
    token = an_invitation(db, now)

    with db.unit_of_work() as session:
        invitations.accept_invitation(session, token, hashed(), now=now, display_name=" Beto \0")
    with pytest.raises(invitations.InvitationUnusable), db.unit_of_work() as session:
        invitations.accept_invitation(session, token, hashed(), now=now)
    with db.unit_of_work() as session:
        secret = try_to_enter(session, "beto@escuela.mx", now=now, proven=True)
        assert secret is not None
        found = sessions.actor_of(session, secret, now=now)
        assert found is not None
        assert found.display_name == "Beto"


@pytest.mark.parametrize("token", ["", "unknown", "\ud800"])
def test_another_token_opens_nothing(db: Database, now: datetime, token: str) -> None:
    an_invitation(db, now)

    with pytest.raises(invitations.InvitationUnusable), db.reading() as session:
        invitations.open_invitation(session, token, now=now)


def test_an_invitation_lives_two_days(db: Database, now: datetime) -> None:
    token = an_invitation(db, now)

    with db.reading() as session:
        invitations.open_invitation(session, token, now=now + timedelta(hours=47, minutes=59))
    with pytest.raises(invitations.InvitationUnusable), db.reading() as session:
        invitations.open_invitation(session, token, now=now + timedelta(hours=48))


def test_a_new_link_kills_the_old_one(db: Database, now: datetime) -> None:
    old = an_invitation(db, now)
    with db.unit_of_work() as session:
        again = invitations.invite(session, "Beto@escuela.mx", TUTOR, keys=KEYS, by=None, now=now)
    assert again.token is not None

    with pytest.raises(invitations.InvitationUnusable), db.reading() as session:
        invitations.open_invitation(session, old, now=now)
    with db.reading() as session:
        invitations.open_invitation(session, again.token, now=now)


def test_who_has_an_account_gets_the_role_and_no_link(db: Database, now: datetime) -> None:
    with db.unit_of_work() as session:
        two_schools(session)
        alicia = somebody(session, "alicia@escuela.mx", "A", now=now)
        again = invitations.invite(
            session,
            "alicia@escuela.mx",
            WantedGrant("B", Role.VIEWER),
            keys=KEYS,
            by=None,
            now=now,
        )

        assert again == invitations.Invited(alicia, None)
        roles = {grant.role for grant in actor(session, alicia, now=now).grants}
        assert roles == {Role.OFFICER, Role.VIEWER}


def test_inviting_somebody_of_elsewhere_is_no_way_to_become_them(
    db: Database, now: datetime
) -> None:
    with db.unit_of_work() as session:
        two_schools(session)
        alicia = somebody(session, "alicia@escuela.mx", "A", now=now)
        state = WantedGrant("S", Role.PRIVACY)
        waiting = invitations.invite(session, "dora@sep.mx", state, keys=KEYS, by=None, now=now)
        by = actor(session, alicia, now=now)

        again = invitations.invite(session, "dora@sep.mx", TUTOR, keys=KEYS, by=by, now=now)

        assert again.token is None
        with pytest.raises(NotFound):
            invitations.reset(session, again.account_id, by=by, now=now)
        with pytest.raises(NotFound):
            accounts.disable(session, again.account_id, by=by, now=now)
        assert waiting.token is not None
        invitations.open_invitation(session, waiting.token, now=now)  # hers still works


@pytest.mark.parametrize(
    ("wanted", "refusal"),
    [
        (WantedGrant("B", Role.TUTOR), NotFound),
        (WantedGrant("S", Role.TUTOR), NotFound),
        (WantedGrant("nowhere", Role.TUTOR), NotFound),
        (WantedGrant("A", Role.ADMIN), grants.RoleNotYours),
        (WantedGrant("A", Role.ANALYST), grants.RoleNotYours),
        (WantedGrant("A", Role.TUTOR, ("6Z",)), grants.GroupUnknown),
        (WantedGrant("A", Role.TUTOR, ("6A",)), grants.GroupUnknown),  # it is of B
    ],
)
def test_an_officer_appoints_the_own_team_only(
    db: Database, now: datetime, wanted: WantedGrant, refusal: type[AppError]
) -> None:
    with db.unit_of_work() as session:
        units = two_schools(session)
        a_group(session, units["B"], "6A")
        alicia = somebody(session, "alicia@escuela.mx", "A", now=now)
        by = actor(session, alicia, now=now)

    with pytest.raises(refusal), db.unit_of_work() as session:
        invitations.invite(session, "nuevo@escuela.mx", wanted, keys=KEYS, by=by, now=now)
    with db.unit_of_work() as session:
        invitations.invite(session, "nuevo@escuela.mx", TUTOR, keys=KEYS, by=by, now=now)


def test_the_other_school_does_not_exist_for_carla(db: Database, now: datetime) -> None:
    with db.unit_of_work() as session:
        two_schools(session)
        alicia = somebody(session, "alicia@escuela.mx", "A", now=now)
        beto = somebody(session, "beto@escuela.mx", "A", Role.TUTOR, now=now)
        carla = actor(session, somebody(session, "carla@escuela.mx", "B", now=now), now=now)

    for account_id in (alicia, beto):
        for refused in (invitations.reset, accounts.disable, accounts.enable):
            with pytest.raises(NotFound), db.unit_of_work() as session:
                refused(session, account_id, by=carla, now=now)
    with db.unit_of_work() as session:  # what she is refused, the school's own officer may
        by = actor(session, alicia, now=now)
        invitations.reset(session, beto, by=by, now=now)
        assert accounts.disable(session, beto, by=by, now=now)
        assert not accounts.disable(session, beto, by=by, now=now)
        assert accounts.enable(session, beto, by=by, now=now)
        with pytest.raises(accounts.OwnAccount):
            accounts.disable(session, alicia, by=by, now=now)


def test_another_school_s_role_cannot_be_taken_back(db: Database, now: datetime) -> None:
    with db.unit_of_work() as session:
        two_schools(session)
        alicia = somebody(session, "alicia@escuela.mx", "A", now=now)
        admin = somebody(session, "admin@escuela.mx", "A", Role.ADMIN, now=now)
        carla = somebody(session, "carla@escuela.mx", "B", now=now)
        held = {row.account_id: row.roles[0].grant_id for row in queries.accounts(session, WHOLE)}
        by = actor(session, alicia, now=now)

        with pytest.raises(NotFound):
            grants.take_back(session, held[carla], by=by, now=now)
        with pytest.raises(grants.RoleNotYours):
            grants.take_back(session, held[admin], by=by, now=now)


def test_a_forgotten_password_is_set_again_and_ends_every_session(
    db: Database, now: datetime
) -> None:
    with db.unit_of_work() as session:
        two_schools(session)
        alicia = somebody(session, "alicia@escuela.mx", "A", now=now)
        secret = signed_in(session, alicia, now=now)
        token = invitations.ask_for_reset(session, "alicia@escuela.mx", keys=KEYS, now=now)
        assert token is not None
        assert invitations.ask_for_reset(session, "nadie@escuela.mx", keys=KEYS, now=now) is None

        assert sessions.actor_of(session, secret, now=now) is not None
        invitations.accept_invitation(session, token, hashed(), now=now)
        assert sessions.actor_of(session, secret, now=now) is None


def test_a_closed_account_gets_no_link(db: Database, now: datetime) -> None:
    with db.unit_of_work() as session:
        two_schools(session)
        alicia = somebody(session, "alicia@escuela.mx", "A", now=now)
        token = invitations.reset(session, alicia, by=None, now=now)
        accounts.disable(session, alicia, by=None, now=now)

        assert invitations.ask_for_reset(session, "alicia@escuela.mx", keys=KEYS, now=now) is None
        with pytest.raises(invitations.InvitationUnusable):
            invitations.accept_invitation(session, token, hashed(), now=now)


def test_an_account_is_found_after_the_key_was_rotated(db: Database, now: datetime) -> None:
    newer = (*keys_for("staff", [Secret("t2", b"a newer key for tests, 32 bytes long")]), *KEYS)
    with db.unit_of_work() as session:
        two_schools(session)
        alicia = somebody(session, "alicia@escuela.mx", "A", now=now)

        found = invitations.account_by_email(session, "alicia@escuela.mx", keys=newer)
        assert found is not None
        assert found.id == alicia


@pytest.mark.parametrize(
    "email", ["", "ana", "ana@", "a b@x.mx", "ana@x.mx\r\nBcc: b@x.mx", "á\0@x"]
)
def test_what_is_no_address_is_refused(db: Database, now: datetime, email: str) -> None:
    with db.unit_of_work() as session:
        two_schools(session)

    with pytest.raises(EmailRefused), db.unit_of_work() as session:
        invitations.invite(session, email, TUTOR, keys=KEYS, by=None, now=now)


def test_a_repeated_group_needs_its_generation(db: Database, now: datetime) -> None:
    with db.unit_of_work() as session:
        units = two_schools(session)
        group = a_group(session, units["A"], "6A")
        session.add(StudentGroup(school_id=units["A"].id, cohort="2024-2027", name="6A"))

    with pytest.raises(grants.GroupUnknown), db.unit_of_work() as session:
        somebody(session, "beto@escuela.mx", "A", Role.TUTOR, now=now, groups=("6A",))
    with db.unit_of_work() as session:
        beto = somebody(
            session, "beto@escuela.mx", "A", Role.TUTOR, now=now, groups=("2023-2026/6A",)
        )
        scope = actor(session, beto, now=now).scope(Permission.SEE_PEOPLE)
        assert scope.only_groups == {group}
