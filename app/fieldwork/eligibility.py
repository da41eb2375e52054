"""Who belongs to the frame of a wave: member × questionnaire × day → in, in doubt, or why not.

Eligibility comes from control escolar, never from delivery (domain.md §3). Questionnaire 1 asks
who is enrolled in the last term; 2 and 3 ask graduates, once their own exit date has come.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

FIRST_AFTER_EXIT = 2  # questionnaires 2 and 3 are for those who left
ADULT = 18  # years


class Ineligibility(StrEnum):
    """Why a person of the list does not count. Stored with the case."""

    DENIED = "denied"  # control escolar: did not graduate, or left school
    DUPLICATE = "duplicate"  # merged into another row
    DECEASED = "deceased"  # before the wave opened; later it is another outcome (O)


class Membership(StrEnum):
    """How a person stands in a frame."""

    ELIGIBLE = "eligible"
    UNCONFIRMED = "unconfirmed"  # in the frame; UO until confirmed, denied or answered
    NOT_ELIGIBLE = "not_eligible"  # in the list, and known not to count: `e` needs them
    NOT_YET = "not_yet"  # the exit date is still to come: joins on that day


@dataclass(frozen=True, slots=True)
class FrameMember:
    """What decides about one person.

    `graduated`: what control escolar said; None while it has said nothing. `left_on` is
    fecha_egreso; `merged`, that another row stands for the person.
    """

    graduated: bool | None
    left_on: date | None = None
    merged: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """A membership, with the reason where it is NOT_ELIGIBLE."""

    membership: Membership
    ineligibility: Ineligibility | None = None

    @property
    def confirmed(self) -> bool:
        return self.membership is Membership.ELIGIBLE


def verdict(member: FrameMember, *, questionnaire: int, day: date) -> Verdict:
    """Whether `member` belongs to the wave of `questionnaire` on `day`, a civil date.

    A wave never opens for a person before their own exit, under any calendar; Questionnaire 1
    is the one that comes before it.
    """
    if member.merged:
        return Verdict(Membership.NOT_ELIGIBLE, Ineligibility.DUPLICATE)
    if member.graduated is False:
        return Verdict(Membership.NOT_ELIGIBLE, Ineligibility.DENIED)
    if questionnaire < FIRST_AFTER_EXIT:
        return Verdict(Membership.ELIGIBLE)
    if member.left_on is not None and day < member.left_on:
        return Verdict(Membership.NOT_YET)
    if member.graduated:
        return Verdict(Membership.ELIGIBLE)
    return Verdict(Membership.UNCONFIRMED)


def is_minor(birth_date: date, on: date) -> bool:
    """Whether a person has not yet turned 18 on a day. 29 February turns on 1 March."""
    birthday_to_come = (on.month, on.day) < (birth_date.month, birth_date.day)
    return on.year - birth_date.year - birthday_to_come < ADULT
