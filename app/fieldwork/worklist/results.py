"""What happened when somebody was looked for: plain words, AAPOR's code, and where the case goes.

Source: AAPOR, Standard Definitions (10th ed., 2023), codes of specifically named persons. The
code files the attempt; a rate counts the disposition, and a silence stays NC while the graduate
is confirmed (domain.md 3.1). Nobody leaves the denominator here: a doubt waits for an officer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from app.fieldwork.dispositions import Disposition
from app.fieldwork.eligibility import Ineligibility


class Channel(StrEnum):
    """How the tutor looks for a person. Stored as text; never reuse."""

    WHATSAPP = "whatsapp"
    CALL = "call"
    SMS = "sms"
    EMAIL = "email"
    IN_PERSON = "in_person"


class AttemptResult(StrEnum):
    """What the tutor says after coming back. Stored as text; never reuse."""

    SENT = "sent"
    WILL_ANSWER = "will_answer"
    NO_ANSWER = "no_answer"
    MESSAGE_LEFT = "message_left"
    CALL_AGAIN = "call_again"
    WRONG_NUMBER = "wrong_number"
    REFUSED = "refused"
    NO_MESSAGES = "no_messages"
    DECEASED = "deceased"
    UNABLE = "unable"
    DID_NOT_GRADUATE = "did_not_graduate"
    LISTED_TWICE = "listed_twice"
    INTERVIEWED = "interviewed"  # written by the telephone mode alone
    RELAYED = "relayed"  # somebody close passes the link on
    OTHER_REFUSED = "other_refused"  # somebody close wants no messages
    NOT_MADE = "not_made"


class Effect(StrEnum):
    """What a result does beside moving the case."""

    NOTHING = "nothing"
    GIVES_UP_ADDRESS = "gives_up_address"
    ASKS_WHEN = "asks_when"  # an appointment follows
    STOPS_MESSAGES = "stops_messages"
    DOUBTS_ELIGIBILITY = "doubts_eligibility"
    TAKES_BACK = "takes_back"  # it was not a contact after all


@dataclass(frozen=True, slots=True)
class ResultRule:
    """One button. `aapor`: "" where nothing was attempted. `leads_to`: None leaves the case."""

    words: str
    aapor: str
    leads_to: Disposition | None = None
    effect: Effect = Effect.NOTHING
    doubt: Ineligibility | None = None


R, D = AttemptResult, Disposition

RULES: Mapping[AttemptResult, ResultRule] = {
    R.SENT: ResultRule("Ya se lo mandé", "2.20", D.INVITED),
    R.WILL_ANSWER: ResultRule("Contestó y lo hará", "2.20", D.INVITED),
    R.NO_ANSWER: ResultRule("No contestó", "2.21"),
    R.MESSAGE_LEFT: ResultRule("Dejé recado", "2.22"),
    R.CALL_AGAIN: ResultRule("Pidió que le llame después", "2.21", D.INVITED, Effect.ASKS_WHEN),
    R.WRONG_NUMBER: ResultRule("Número equivocado", "2.20", None, Effect.GIVES_UP_ADDRESS),
    R.REFUSED: ResultRule("Ya no quiere", "2.111", D.REFUSED),
    R.NO_MESSAGES: ResultRule("No quiere más mensajes", "2.20", None, Effect.STOPS_MESSAGES),
    R.DECEASED: ResultRule("Falleció", "2.31", D.OTHER, Effect.STOPS_MESSAGES),
    R.UNABLE: ResultRule("No puede responder", "2.32", D.OTHER),
    R.DID_NOT_GRADUATE: ResultRule(
        "No egresó", "4.10", None, Effect.DOUBTS_ELIGIBILITY, Ineligibility.DENIED
    ),
    R.LISTED_TWICE: ResultRule(
        "Está dos veces en la lista",
        "4.81",
        None,
        Effect.DOUBTS_ELIGIBILITY,
        Ineligibility.DUPLICATE,
    ),
    R.INTERVIEWED: ResultRule("Entrevista por teléfono", "1.0"),
    R.RELAYED: ResultRule("Le pasará el enlace", "2.20"),
    R.OTHER_REFUSED: ResultRule("No quiere que le escribamos", "2.20"),
    R.NOT_MADE: ResultRule("No lo hice", "", None, Effect.TAKES_BACK),
}

# In the order of the buttons: what happens most comes first.
_ABOUT_THE_PERSON = (
    R.REFUSED,
    R.NO_MESSAGES,
    R.DECEASED,
    R.UNABLE,
    R.DID_NOT_GRADUATE,
    R.LISTED_TWICE,
)
_WRITTEN = (R.SENT, R.WILL_ANSWER, R.WRONG_NUMBER, R.NOT_MADE)
_FIRST: Mapping[Channel, tuple[AttemptResult, ...]] = {
    Channel.WHATSAPP: _WRITTEN,
    Channel.SMS: _WRITTEN,
    Channel.EMAIL: (R.SENT, R.WILL_ANSWER, R.NOT_MADE),
    Channel.CALL: (
        R.WILL_ANSWER,
        R.NO_ANSWER,
        R.MESSAGE_LEFT,
        R.CALL_AGAIN,
        R.WRONG_NUMBER,
        R.NOT_MADE,
    ),
    Channel.IN_PERSON: (R.WILL_ANSWER, R.CALL_AGAIN),
}


# Of somebody close to the person: nothing they say moves the case but a death.
_BY_OTHERS = (
    R.SENT,
    R.RELAYED,
    R.NO_ANSWER,
    R.WRONG_NUMBER,
    R.OTHER_REFUSED,
    R.NOT_MADE,
)


def choices_of_others() -> tuple[AttemptResult, ...]:
    """How an attempt over somebody close may have gone."""
    return _BY_OTHERS


def first_choices(channel: Channel) -> tuple[AttemptResult, ...]:
    """How an attempt over `channel` may have gone."""
    return _FIRST[channel]


def other_choices() -> tuple[AttemptResult, ...]:
    """What may be learned of a person over any channel."""
    return _ABOUT_THE_PERSON


def may_be_said(channel: Channel, result: AttemptResult) -> bool:
    """Whether the tutor may say `result` of an attempt over `channel`."""
    return result in _FIRST[channel] or result in _ABOUT_THE_PERSON
