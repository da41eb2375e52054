from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.messaging.retry import (
    Meaning,
    enhanced_status,
    meaning_of_reply,
    meaning_of_silence,
    next_attempt,
    reason_for_staff,
)
from app.messaging.states import Outcome, Pause, Stage


@pytest.mark.parametrize(
    ("stage", "code", "text", "outcome", "pause"),
    [
        (Stage.CONNECTING, 421, "busy", Outcome.RELEASED, Pause.SERVER),
        (Stage.CONNECTING, 535, "5.7.8 bad password", Outcome.RELEASED, Pause.CONFIGURATION),
        (Stage.SENDER, 451, "later", Outcome.DEFERRED, Pause.NOTHING),
        (Stage.SENDER, 421, "closing", Outcome.DEFERRED, Pause.SERVER),
        (Stage.SENDER, 550, "5.7.1 not your domain", Outcome.RELEASED, Pause.CONFIGURATION),
        (Stage.SENDER, 552, "5.3.4 too big", Outcome.REFUSED, Pause.NOTHING),
        (Stage.RECIPIENT, 450, "4.2.1 busy", Outcome.DEFERRED, Pause.NOTHING),
        (Stage.RECIPIENT, 421, "4.7.28 slow down", Outcome.DEFERRED, Pause.DOMAIN),
        (Stage.RECIPIENT, 550, "5.1.1 no such user", Outcome.ADDRESS_DEAD, Pause.NOTHING),
        (Stage.RECIPIENT, 550, "5.4.4 no such domain", Outcome.ADDRESS_DEAD, Pause.NOTHING),
        (Stage.RECIPIENT, 550, "5.1.10 null MX", Outcome.ADDRESS_DEAD, Pause.NOTHING),
        (Stage.RECIPIENT, 550, "5.7.1 policy", Outcome.REFUSED, Pause.NOTHING),
        (Stage.RECIPIENT, 550, "no such user", Outcome.REFUSED, Pause.NOTHING),
        (Stage.RECIPIENT, 550, "4.1.1 odd", Outcome.REFUSED, Pause.NOTHING),
        (Stage.RECIPIENT, 552, "5.2.2 full", Outcome.REFUSED, Pause.NOTHING),
        (Stage.DATA, 554, "no", Outcome.REFUSED, Pause.NOTHING),
        (Stage.ANSWERED, 554, "5.1.1 spam", Outcome.REFUSED, Pause.NOTHING),
        (Stage.ANSWERED, 451, "later", Outcome.DEFERRED, Pause.NOTHING),
        (Stage.ANSWERED, 421, "4.7.28 slow down", Outcome.DEFERRED, Pause.DOMAIN),
        (Stage.HANDING_OVER, 354, "what", Outcome.UNKNOWN, Pause.NOTHING),
    ],
)
def test_what_a_refusal_means(
    stage: Stage, code: int, text: str, outcome: Outcome, pause: Pause
) -> None:
    meaning = meaning_of_reply(stage, code, text)

    assert (meaning.outcome, meaning.pause) == (outcome, pause)


@pytest.mark.parametrize("stage", Stage)
def test_only_silence_after_the_final_dot_is_a_doubt(stage: Stage) -> None:
    doubtful = meaning_of_silence(stage).outcome is Outcome.UNKNOWN

    assert doubtful == (stage is Stage.HANDING_OVER)


@given(st.sampled_from(Stage), st.integers(-1, 999), st.text(max_size=40))
def test_every_reply_has_a_meaning_and_none_is_success(stage: Stage, code: int, text: str) -> None:
    meaning = meaning_of_reply(stage, code, text)

    assert isinstance(meaning, Meaning)
    assert meaning.outcome is not Outcome.SENT


def test_an_enhanced_code_must_agree_with_the_code() -> None:
    assert enhanced_status(550, " 5.1.1 x") == "5.1.1"
    assert enhanced_status(550, "4.1.1 x") is None
    assert enhanced_status(550, "see 5.1.1") is None


def test_the_waits_grow_and_end_with_the_window(now: datetime) -> None:
    waits = [next_attempt(count, now=now) for count in range(1, 7)]

    hours = [timedelta(minutes=5), timedelta(minutes=15), timedelta(minutes=45)]
    hours += [timedelta(hours=2), timedelta(hours=4), timedelta(hours=4)]
    assert waits == [now + wait for wait in hours]
    assert next_attempt(1, now=now, not_after=now + timedelta(minutes=5)) is None


@given(st.text(max_size=500))
def test_the_words_of_a_server_can_be_stored_anywhere(text: str) -> None:
    reason = reason_for_staff(text)

    assert len(reason) <= 300
    assert reason.isprintable()
    assert reason.encode().decode() == reason
