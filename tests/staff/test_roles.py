from uuid import UUID

import pytest

from app.staff.roles import (
    ALSO_BY_GROUPS,
    GRANTABLE,
    ONLY_AT_SCHOOL,
    PERMISSIONS,
    Grant,
    Permission,
    Role,
)
from app.units.scope import Reach, Scope
from tests.staff.builders import an_actor

UNIT, OTHER, GROUP = (UUID(int=number) for number in (1, 2, 3))

# Columns: admin officer tutor counsellor analyst coder privacy viewer.
# `*` holds with a grant on the school itself only; `-` not at all.
MATRIX = """
own_account            x x x x x x x x
see_chronology         x x x x x x x x
move_window            x x - - - - - -
manage_units           x - - - - - - -
manage_staff           x x - - - - - -
manage_institution     x x - - - - - -
manage_questionnaires  x - - - - - - -
see_people             x x x x - - x -
see_contacts           * * * * - - - -
edit_people            x x - - - - - -
import_roster          x x - - - - - -
see_fieldwork          x x x - - - - -
record_contact         x x x - - - - -
run_classroom          * * * - - - - -
run_fieldwork          x x - - - - - -
see_messages           x x - - - - - -
see_links              * * * - - - - -
see_process            x x x - x - - x
see_outcomes           x x - - x - - x
see_free_text          - * - - - - - -
export_microdata       - - - - x - - -
answer_rights_requests - - - - - - x -
code_answers           - - - - - x - -
see_counselling        - - - * - - - -
sign_off               x x - - - - - -
see_audit              x x - - - - x -
"""


def cell(role: Role, permission: Permission) -> str:
    at_school = Grant(role, UNIT, at_school=True).gives(permission)
    at_office = Grant(role, UNIT, at_school=False).gives(permission)
    return {(True, True): "x", (True, False): "*", (False, False): "-"}[at_school, at_office]


def test_the_matrix_is_the_written_one() -> None:
    printed = "\n".join(
        f"{permission.value:<22} " + " ".join(cell(role, permission) for role in Role)
        for permission in Permission
    )

    assert printed == MATRIX.strip()


def test_every_role_is_in_the_matrix_and_every_permission_belongs_to_somebody() -> None:
    assert set(PERMISSIONS) == set(Role)
    assert frozenset().union(*PERMISSIONS.values()) == set(Permission)
    assert set(Permission) >= ONLY_AT_SCHOOL | ALSO_BY_GROUPS


@pytest.mark.parametrize("role", [Role.ANALYST, Role.VIEWER, Role.CODER])
def test_who_works_with_answers_sees_no_people(role: Role) -> None:
    people = {Permission.SEE_PEOPLE, Permission.SEE_CONTACTS, Permission.SEE_LINKS}

    assert PERMISSIONS[role] & people == set()


def test_a_scope_is_where_the_permission_is_held() -> None:
    actor = an_actor(
        Grant(Role.TUTOR, UNIT, at_school=True, groups=frozenset({GROUP})),
        Grant(Role.VIEWER, OTHER, at_school=False),
    )

    assert actor.scope(Permission.SEE_PEOPLE) == Scope((Reach(UNIT, frozenset({GROUP})),))
    assert actor.scope(Permission.SEE_OUTCOMES) == Scope((Reach(OTHER),))
    assert actor.scope(Permission.MANAGE_STAFF) == Scope()
    assert not actor.may(Permission.MANAGE_STAFF)


def test_an_officer_of_one_group_manages_no_school() -> None:
    whole = Grant(Role.OFFICER, UNIT, at_school=True)
    limited = Grant(Role.OFFICER, UNIT, at_school=True, groups=frozenset({GROUP}))

    assert whole.gives(Permission.MANAGE_STAFF)
    assert not limited.gives(Permission.MANAGE_STAFF)
    assert not limited.appoints(Role.TUTOR)
    assert limited.gives(Permission.SEE_PEOPLE)


def test_nobody_appoints_what_they_are_not_meant_to() -> None:
    assert GRANTABLE[Role.ADMIN] == set(Role)
    assert GRANTABLE[Role.OFFICER] == {Role.OFFICER, Role.TUTOR, Role.COUNSELLOR, Role.VIEWER}
    assert set(GRANTABLE) == {role for role in Role if Permission.MANAGE_STAFF in PERMISSIONS[role]}
