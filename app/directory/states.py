"""The words by which a person's standing and ways of being reached are kept.

Apart from the tables, so that pure modules may use them.
"""

from enum import StrEnum


class Standing(StrEnum):
    """Where a member stands with the school. Only control escolar moves it."""

    ENROLLED = "enrolled"  # próximo a egresar; graduation not confirmed yet
    GRADUATED = "graduated"  # confirmed by the graduation list
    LEFT = "left"  # denied: did not graduate


class ContactKind(StrEnum):
    EMAIL = "email"
    MOBILE = "mobile"
    PHONE = "phone"


class ContactSource(StrEnum):
    ROSTER = "roster"
    RESPONDENT = "respondent"
    STAFF = "staff"


class Proof(StrEnum):
    """How it was seen that an address reaches its person."""

    CODE = "code"  # digits sent to it came back
    MESSAGE = "message"  # a message came from it
    STAFF = "staff"  # a member of staff reached the person by it


class ContactState(StrEnum):
    """An address, never a person, is given up."""

    UNCONFIRMED = "unconfirmed"
    CONFIRMED = "confirmed"  # the person said so, or it was proven
    DEAD = "dead"  # hard bounce, or "ya no es mío"
    WITHDRAWN = "withdrawn"  # not to be used, by the person's wish
