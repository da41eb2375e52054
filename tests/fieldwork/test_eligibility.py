from datetime import date

import pytest

from app.fieldwork.eligibility import (
    FrameMember,
    Ineligibility,
    Membership,
    Verdict,
    is_minor,
    verdict,
)

DAY = date(2026, 10, 1)
IN = Verdict(Membership.ELIGIBLE)
IN_DOUBT = Verdict(Membership.UNCONFIRMED)
NOT_YET = Verdict(Membership.NOT_YET)
DENIED = Verdict(Membership.NOT_ELIGIBLE, Ineligibility.DENIED)
DUPLICATE = Verdict(Membership.NOT_ELIGIBLE, Ineligibility.DUPLICATE)


@pytest.mark.parametrize(
    ("member", "of_enrolled", "of_graduates"),
    [
        (FrameMember(graduated=True), IN, IN),
        (FrameMember(graduated=None), IN, IN_DOUBT),
        (FrameMember(graduated=False), DENIED, DENIED),
        (FrameMember(graduated=True, merged=True), DUPLICATE, DUPLICATE),
        (FrameMember(graduated=True, left_on=DAY), IN, IN),
        (FrameMember(graduated=True, left_on=date(2026, 10, 2)), IN, NOT_YET),
        (FrameMember(graduated=None, left_on=date(2026, 10, 2)), IN, NOT_YET),
    ],
)
def test_who_belongs_to_a_frame(
    member: FrameMember, of_enrolled: Verdict, of_graduates: Verdict
) -> None:
    assert verdict(member, questionnaire=1, day=DAY) == of_enrolled
    assert verdict(member, questionnaire=2, day=DAY) == of_graduates
    assert verdict(member, questionnaire=3, day=DAY) == of_graduates


@pytest.mark.parametrize(
    ("born", "minor"),
    [("2008-10-02", True), ("2008-10-01", False), ("2008-02-29", False), ("1990-01-01", False)],
)
def test_a_person_comes_of_age_on_the_birthday(born: str, *, minor: bool) -> None:
    assert is_minor(date.fromisoformat(born), DAY) is minor


def test_a_leap_day_birthday_is_the_first_of_march() -> None:
    assert is_minor(date(2008, 2, 29), date(2026, 2, 28))
    assert not is_minor(date(2008, 2, 29), date(2026, 3, 1))
