from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.chronology.calendar import civil_date, local_time
from app.chronology.contact_plan import (
    BY_LINK,
    CLASS_FIRST,
    DEFAULT_PLANS,
    EVENINGS,
    ORDER,
    WEEKDAY_EVENINGS,
    ContactPlan,
    SendingHours,
    Step,
    StepRule,
    planned_steps,
)
from app.chronology.due import (
    NOTHING_YET,
    ContactHistory,
    due_step,
    newest_due,
    not_before,
    quiet_until,
)
from app.chronology.wave_plan import FieldPeriod

AUTUMN = FieldPeriod(2, date(2026, 10, 1), date(2026, 12, 1))
SPRING = FieldPeriod(1, date(2026, 5, 1), date(2026, 7, 1))
MEXICO = "America/Mexico_City"
ZONES = [MEXICO, "America/Tijuana", "America/Cancun", "America/Hermosillo", "America/Ojinaga"]


def days_of(plan: ContactPlan, period: FieldPeriod) -> list[tuple[str, str]]:
    return [
        (planned.step.value, planned.day.isoformat()) for planned in planned_steps(plan, period)
    ]


def test_the_plan_by_link() -> None:
    assert days_of(BY_LINK, AUTUMN) == [
        ("invitation", "2026-10-01"),
        ("reminder_1", "2026-10-05"),
        ("reminder_2", "2026-10-12"),
        ("reminder_3", "2026-10-26"),
        ("last_call", "2026-11-24"),
    ]


def test_questionnaire_1_goes_through_the_class_first() -> None:
    assert days_of(CLASS_FIRST, SPRING) == [
        ("invitation", "2026-05-31"),
        ("reminder_1", "2026-06-10"),
        ("last_call", "2026-06-24"),
    ]


def test_a_short_window_loses_the_steps_outside_it() -> None:
    short = FieldPeriod(2, date(2026, 11, 20), date(2026, 12, 1))

    assert days_of(BY_LINK, short) == [("invitation", "2026-11-20"), ("last_call", "2026-11-24")]


def test_a_rule_has_one_day() -> None:
    with pytest.raises(ValueError, match="one of them"):
        StepRule(Step.INVITATION)


def test_before_its_first_day_and_after_the_window_nothing_is_due() -> None:
    assert newest_due(CLASS_FIRST, SPRING, today=date(2026, 5, 30)) is None
    assert newest_due(BY_LINK, AUTUMN, today=date(2026, 9, 30)) is None
    assert newest_due(BY_LINK, AUTUMN, today=date(2026, 12, 1)) is None


def test_after_silent_days_only_the_newest_step_is_due() -> None:
    invited = ContactHistory(Step.INVITATION, date(2026, 10, 1), 1)

    assert due_step(BY_LINK, AUTUMN, invited, today=date(2026, 10, 30)) is Step.REMINDER_3


def test_the_first_message_is_an_invitation_whatever_the_day() -> None:
    assert due_step(BY_LINK, AUTUMN, NOTHING_YET, today=date(2026, 10, 30)) is Step.INVITATION


def test_who_was_invited_late_has_had_the_step_of_that_day() -> None:
    late = ContactHistory(Step.INVITATION, date(2026, 10, 30), 1)

    assert due_step(BY_LINK, AUTUMN, late, today=date(2026, 11, 10)) is None
    assert due_step(BY_LINK, AUTUMN, late, today=date(2026, 11, 24)) is Step.LAST_CALL


def test_two_messages_are_days_apart() -> None:
    yesterday = ContactHistory(Step.INVITATION, date(2026, 10, 4), 1)

    assert due_step(BY_LINK, AUTUMN, yesterday, today=date(2026, 10, 6)) is None
    assert due_step(BY_LINK, AUTUMN, yesterday, today=date(2026, 10, 7)) is Step.REMINDER_1


def test_six_contacts_are_enough() -> None:
    often = ContactHistory(Step.INVITATION, date(2026, 10, 1), 6)

    assert due_step(BY_LINK, AUTUMN, often, today=date(2026, 10, 12)) is None


@given(st.lists(st.integers(0, 90), max_size=40), st.sampled_from([1, 2, 3]))
def test_on_any_days_of_activity_the_steps_go_forward_and_stay_inside(
    offsets: list[int], questionnaire: int
) -> None:
    plan, period = DEFAULT_PLANS[questionnaire], AUTUMN
    history, sent = NOTHING_YET, list[tuple[Step, date]]()

    for offset in offsets:  # in any order: a clock may be set back
        today = period.opens - timedelta(days=10) + timedelta(days=offset)
        step = due_step(plan, period, history, today=today)
        if step is not None:
            sent.append((step, today))
            history = ContactHistory(step, today, history.contacts + 1)

    steps = [ORDER[step] for step, _ in sent]
    days = [day for _, day in sent]
    assert steps == sorted(set(steps))
    assert all(day in period for day in days)
    assert all((later - earlier).days >= plan.gap for earlier, later in zip(days, days[1:]))  # noqa: B905, RUF007
    assert not sent or sent[0][0] is Step.INVITATION


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.sampled_from(ZONES),
)
def test_nothing_leaves_in_quiet_hours(now: datetime, zone: str) -> None:
    hours = WEEKDAY_EVENINGS
    leaves = not_before(hours, now=now, zone=zone)
    again = quiet_until(hours, now=now, zone=zone)

    here = local_time(now, zone)
    if leaves is not None:
        clock = local_time(leaves, zone)
        assert hours.opens <= clock.time() < hours.closes
        assert (clock.date(), clock.weekday() < 5, leaves >= now) == (here.date(), True, True)
    if again is None:
        assert hours.opens <= here.time() < hours.closes
    else:
        assert again > now
        assert local_time(again, zone).time() == hours.opens


def test_a_weekday_evening_is_preferred() -> None:
    noon = datetime(2026, 10, 1, 18, tzinfo=UTC)
    saturday = datetime(2026, 10, 3, 18, tzinfo=UTC)

    assert not_before(WEEKDAY_EVENINGS, now=noon, zone=MEXICO) == datetime(
        2026, 10, 1, 23, tzinfo=UTC
    )
    assert not_before(WEEKDAY_EVENINGS, now=saturday, zone=MEXICO) is None
    assert civil_date(noon, MEXICO) == date(2026, 10, 1)


def test_what_waits_past_the_evening_leaves_in_the_morning() -> None:
    night = datetime(2026, 10, 2, 3, tzinfo=UTC)  # 21:00 in Mexico City

    assert quiet_until(SendingHours(), now=night, zone=MEXICO) == datetime(
        2026, 10, 2, 15, tzinfo=UTC
    )


def test_what_is_due_leaves_at_once_within_the_hours_any_day() -> None:
    saturday_noon = datetime(2026, 10, 3, 18, tzinfo=UTC)
    early = datetime(2026, 10, 3, 12, tzinfo=UTC)  # six in the morning

    assert not_before(SendingHours(), now=saturday_noon, zone=MEXICO) == saturday_noon
    assert not_before(SendingHours(), now=early, zone=MEXICO) == datetime(
        2026, 10, 3, 15, tzinfo=UTC
    )


def test_the_preference_moves_an_hour_and_never_a_day() -> None:
    thursday = datetime(2026, 10, 1, 18, tzinfo=UTC)
    saturday = datetime(2026, 10, 3, 18, tzinfo=UTC)

    assert not_before(EVENINGS, now=thursday, zone=MEXICO) == datetime(2026, 10, 1, 23, tzinfo=UTC)
    assert not_before(EVENINGS, now=thursday, zone=MEXICO, patient=False) == thursday
    assert not_before(EVENINGS, now=saturday, zone=MEXICO) == saturday


def test_what_a_friday_left_waits_for_monday_where_weekends_are_out() -> None:
    night = datetime(2026, 10, 3, 3, tzinfo=UTC)  # Friday, 21:00 in Mexico City
    saturday = datetime(2026, 10, 3, 18, tzinfo=UTC)
    monday = datetime(2026, 10, 5, 15, tzinfo=UTC)

    assert quiet_until(WEEKDAY_EVENINGS, now=night, zone=MEXICO) == monday
    assert quiet_until(WEEKDAY_EVENINGS, now=saturday, zone=MEXICO) == monday
    assert quiet_until(EVENINGS, now=saturday, zone=MEXICO) is None
