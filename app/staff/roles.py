"""Who may do what: roles, permissions, and what an account may reach.

The matrix is written out, row by row, so that it can be read and argued about
(trust.md SEC-01). A role is granted on a unit; the level comes from the unit.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from app.units.scope import Reach, Scope


class Role(StrEnum):
    """What a person does in the follow-up. One person may have several."""

    ADMIN = "admin"
    OFFICER = "officer"
    TUTOR = "tutor"
    COUNSELLOR = "counsellor"
    ANALYST = "analyst"
    CODER = "coder"
    PRIVACY = "privacy"
    VIEWER = "viewer"


class Permission(StrEnum):
    """What a route may ask for. Every route declares exactly one."""

    OWN_ACCOUNT = "own_account"  # own password and sessions
    SEE_CHRONOLOGY = "see_chronology"  # the chronological table, the units
    MOVE_WINDOW = "move_window"
    MANAGE_UNITS = "manage_units"
    MANAGE_STAFF = "manage_staff"
    MANAGE_INSTITUTION = "manage_institution"  # privacy notice, sender, footer
    MANAGE_QUESTIONNAIRES = "manage_questionnaires"  # versions, catalogues
    SEE_PEOPLE = "see_people"  # names and standing
    SEE_CONTACTS = "see_contacts"  # e-mails, telephones, relatives
    EDIT_PEOPLE = "edit_people"
    IMPORT_ROSTER = "import_roster"
    SEE_FIELDWORK = "see_fieldwork"  # worklists
    RECORD_CONTACT = "record_contact"  # what happened when somebody was called
    RUN_CLASSROOM = "run_classroom"
    RUN_FIELDWORK = "run_fieldwork"  # open, pause, send again
    SEE_MESSAGES = "see_messages"
    SEE_LINKS = "see_links"  # a personal link answers in the person's name
    SEE_PROCESS = "see_process"  # sent, answered, rates
    SEE_OUTCOMES = "see_outcomes"  # what the answers say, as tables
    SEE_FREE_TEXT = "see_free_text"
    EXPORT_MICRODATA = "export_microdata"
    ANSWER_RIGHTS_REQUESTS = "answer_rights_requests"
    CODE_ANSWERS = "code_answers"
    SEE_COUNSELLING = "see_counselling"
    SIGN_OFF = "sign_off"
    SEE_AUDIT = "see_audit"


P = Permission
_EVERYBODY = frozenset({P.OWN_ACCOUNT, P.SEE_CHRONOLOGY})

PERMISSIONS: Mapping[Role, frozenset[Permission]] = {
    # Keeps the house: units, accounts, sender. Nothing that a single person said or asked for:
    # no free text, microdata, counselling or rights requests.
    Role.ADMIN: _EVERYBODY
    | {P.MOVE_WINDOW, P.MANAGE_UNITS, P.MANAGE_STAFF, P.MANAGE_INSTITUTION}
    | {P.MANAGE_QUESTIONNAIRES, P.SEE_PEOPLE, P.SEE_CONTACTS, P.EDIT_PEOPLE, P.IMPORT_ROSTER}
    | {P.SEE_FIELDWORK, P.RECORD_CONTACT, P.RUN_CLASSROOM, P.RUN_FIELDWORK, P.SEE_MESSAGES}
    | {P.SEE_LINKS, P.SEE_PROCESS, P.SEE_OUTCOMES, P.SIGN_OFF, P.SEE_AUDIT},
    # Runs the follow-up of a school, or watches over the schools of an office.
    Role.OFFICER: _EVERYBODY
    | {P.MOVE_WINDOW, P.MANAGE_STAFF, P.MANAGE_INSTITUTION}
    | {P.SEE_PEOPLE, P.SEE_CONTACTS, P.EDIT_PEOPLE, P.IMPORT_ROSTER}
    | {P.SEE_FIELDWORK, P.RECORD_CONTACT, P.RUN_CLASSROOM, P.RUN_FIELDWORK, P.SEE_MESSAGES}
    | {P.SEE_LINKS, P.SEE_PROCESS, P.SEE_OUTCOMES, P.SEE_FREE_TEXT, P.SIGN_OFF, P.SEE_AUDIT},
    # Looks for the own groups, with the own telephone; never sees what somebody answered.
    Role.TUTOR: _EVERYBODY
    | {P.SEE_PEOPLE, P.SEE_CONTACTS, P.SEE_FIELDWORK, P.RECORD_CONTACT}
    | {P.RUN_CLASSROOM, P.SEE_LINKS, P.SEE_PROCESS},
    # Speaks with those who asked for guidance, and with nobody else (their own consent).
    Role.COUNSELLOR: _EVERYBODY | {P.SEE_PEOPLE, P.SEE_CONTACTS, P.SEE_COUNSELLING},
    # Works with answers, never with people: the role of contact and that of analysis are apart.
    Role.ANALYST: _EVERYBODY | {P.SEE_PROCESS, P.SEE_OUTCOMES, P.EXPORT_MICRODATA},
    # Reads occupations and studies as they were typed, without knowing whose they are.
    Role.CODER: _EVERYBODY | {P.CODE_ANSWERS},
    # Answers rights requests and watches who saw what; no outcomes.
    Role.PRIVACY: _EVERYBODY | {P.SEE_PEOPLE, P.ANSWER_RIGHTS_REQUESTS, P.SEE_AUDIT},
    # Looks at figures.
    Role.VIEWER: _EVERYBODY | {P.SEE_PROCESS, P.SEE_OUTCOMES},
}

# Only with a grant on the very school: an office sees no e-mails and no texts (SEC-05), and
# does not answer in the name of people it does not know.
ONLY_AT_SCHOOL = frozenset(
    {P.SEE_CONTACTS, P.SEE_LINKS, P.SEE_FREE_TEXT, P.SEE_COUNSELLING, P.RUN_CLASSROOM}
)

# All that a grant limited to groups can carry: the rest is about whole units (an officer of
# one group does not appoint officers of the school; a rate of one group says who answered).
ALSO_BY_GROUPS = _EVERYBODY | {
    *(P.SEE_PEOPLE, P.SEE_CONTACTS, P.EDIT_PEOPLE, P.SEE_FIELDWORK, P.RECORD_CONTACT),
    *(P.RUN_CLASSROOM, P.SEE_LINKS, P.SEE_PROCESS, P.SEE_COUNSELLING),
}

# Whom each role may appoint. An officer composes the own team, but makes nobody an
# administrator, and nobody who reads microdata or answers for privacy.
GRANTABLE: Mapping[Role, frozenset[Role]] = {
    Role.ADMIN: frozenset(Role),
    Role.OFFICER: frozenset({Role.OFFICER, Role.TUTOR, Role.COUNSELLOR, Role.VIEWER}),
}


@dataclass(frozen=True, slots=True)
class Grant:
    """A role on a unit and all below it; `groups` limits it to people of those groups."""

    role: Role
    unit_id: UUID
    at_school: bool
    groups: frozenset[UUID] | None = None

    def gives(self, permission: Permission) -> bool:
        """Whether this grant carries the permission, at its level and with its limit."""
        return (
            permission in PERMISSIONS[self.role]
            and (self.at_school or permission not in ONLY_AT_SCHOOL)
            and (self.groups is None or permission in ALSO_BY_GROUPS)
        )

    def appoints(self, role: Role) -> bool:
        """Whether the holder may give `role` in this unit and below."""
        return self.gives(P.MANAGE_STAFF) and role in GRANTABLE.get(self.role, frozenset())


@dataclass(frozen=True, slots=True)
class WantedGrant:
    """A role as somebody asks for it: unit by code; groups by name, none for the whole unit."""

    unit: str
    role: Role
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who signed in, as of this request."""

    account_id: UUID
    session_id: UUID
    last_seen_at: datetime
    email: str
    display_name: str
    grants: tuple[Grant, ...]

    def may(self, permission: Permission) -> bool:
        """Whether the permission is held anywhere. Where: `scope`."""
        return any(grant.gives(permission) for grant in self.grants)

    def scope(self, permission: Permission) -> Scope:
        """Where the permission is held; empty if nowhere, and then nothing exists."""
        return _scope(grant for grant in self.grants if grant.gives(permission))

    def appointing_scope(self, role: Role) -> Scope:
        """Where this person may give `role` to somebody."""
        return _scope(grant for grant in self.grants if grant.appoints(role))


def _scope(grants: Iterable[Grant]) -> Scope:
    reaches = (Reach(grant.unit_id, grant.groups) for grant in grants)
    return Scope(tuple(dict.fromkeys(reaches)))
