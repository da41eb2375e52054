"""A posted step → who, what and which key; and back to hidden fields, so nothing typed is lost."""

import hashlib
import json
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.datastructures import FormData

from app.errors import AppError
from app.questionnaires.entry import form_fields, read_entry
from app.questionnaires.flow import Step
from app.questionnaires.items import Item, Language
from app.questionnaires.leaves import Leaf
from app.responses.checking import Submission
from app.responses.sitting import Sitting
from app.web.language import CHOICE, language_of
from app.web.respondent.pages import Field
from app.web.respondent.visiting import short_id
from app.web.security import mask_secret, unmask_secret
from app.web.wiring import clean_text, field

SECRET, TOKEN, KEY, STEP, ACT, SEEN, SHOWN = "s", "t", "k", "paso", "accion", "visto", "hora"
STATE_FIELD = "{}.estado"  # beside the name of a municipality
MUNICIPALITY = "municipality"
LATEST = 32503680000  # the year 3000: what is later is no clock
_OWN = frozenset({SECRET, TOKEN, KEY, STEP, ACT, SEEN, SHOWN, CHOICE})
_KEY = re.compile(r"([0-9a-f]{8})-[A-Za-z0-9_-]{8,50}")


class StrangeFields(AppError):
    """The form holds fields that this step does not have."""

    code = "answer.strange_fields"
    status = 422
    plantilla = (
        "La página trajo datos que no son de esta pregunta, y no los guardamos. Revisa tu "
        "respuesta y toca Continuar otra vez."
    )


class ForeignKey(AppError):
    """The key of the step belongs to somebody else's page."""

    code = "answer.foreign_key"
    status = 404
    plantilla = "No encontramos esa página. Abre otra vez tu enlace para seguir."


@dataclass(frozen=True, slots=True)
class Posted:
    """What came with a POST, cleaned."""

    secret: str
    token: str
    key: str
    step: str
    act: str
    seen: frozenset[str]
    shown_at: datetime | None
    language: Language  # of the start page; afterwards the session's counts
    typed: Mapping[str, tuple[str, ...]]  # the fields of questions


def read_posted(form: FormData) -> Posted:
    """Everything of the form; nothing is refused here."""
    typed: dict[str, tuple[str, ...]] = {}
    for name in form:
        clean = clean_text(name)
        if clean not in _OWN:
            values = (value for value in form.getlist(name) if isinstance(value, str))
            typed[clean] = tuple(clean_text(value) for value in values)
    return Posted(
        secret=unmask_secret(field(form, SECRET)),
        token=field(form, TOKEN),
        key=field(form, KEY),
        step=field(form, STEP),
        act=field(form, ACT),
        seen=frozenset(filter(None, field(form, SEEN).split(","))),
        shown_at=_moment(field(form, SHOWN)),
        language=language_of(field(form, CHOICE)),
        typed=typed,
    )


def submission_of(posted: Posted, sitting: Sitting) -> Submission:
    """The step as the domain takes it.

    Raises:
        StrangeFields: a field that is no question of this step.
        ForeignKey: the key was made for another session.
    """
    _refuse_strange(posted, sitting)
    return _submission(posted, sitting, _own_key(posted.key, short_id(sitting.visit.session_id)))


def late_submission(posted: Posted, sitting: Sitting, revision: int) -> Submission:
    """A step that waited on a phone: with its own key, whichever session of the person made it.

    Raises:
        StrangeFields: a field that is no question of this step.
    """
    _refuse_strange(posted, sitting)
    return _submission(posted, sitting, posted.key, revision)


def entries_of(posted: Posted, sitting: Sitting) -> dict[str, object]:
    """What the form says about each variable of its step, as typed."""
    items = items_of(sitting, posted.step)
    form = dict(posted.typed)
    for item in items:
        if item.catalogue == MUNICIPALITY:
            form[item.name] = (_place(form, item.name),)
    return read_entry(sitting.questionnaire, [item.name for item in items], form)


def items_of(sitting: Sitting, step: str) -> tuple[Item, ...]:
    """The items a step may hold, whether they apply to this person or not."""
    return sitting.questionnaire.plan.steps.get(step, ())


def step_fields(
    sitting: Sitting, secret: str, step: Step, seen: Iterable[str], now: datetime
) -> tuple[Field, ...]:
    """Hidden fields of a fresh form: a new key, so that a second press is a repeat."""
    key = f"{short_id(sitting.visit.session_id)}-{secrets.token_hex(8)}"
    return (
        Field(SECRET, mask_secret(secret)),
        Field(KEY, key),
        Field(STEP, step.name),
        Field(SEEN, ",".join(sorted(seen))),
        Field(SHOWN, str(int(now.timestamp()))),
    )


def act_fields(secret: str, act: str, step: str = "") -> tuple[Field, ...]:
    """Hidden fields of a form that is only a button."""
    return (Field(SECRET, mask_secret(secret)), Field(ACT, act), Field(STEP, step))


def same_fields(posted: Posted) -> tuple[Field, ...]:
    """The whole form again, as hidden fields with the same key."""
    own = (
        Field(SECRET, mask_secret(posted.secret)),
        Field(KEY, posted.key),
        Field(STEP, posted.step),
        Field(ACT, posted.act),
        Field(SEEN, ",".join(sorted(posted.seen))),
        Field(SHOWN, str(int(posted.shown_at.timestamp())) if posted.shown_at else ""),
    )
    return own + tuple(
        Field(name, value) for name, values in posted.typed.items() for value in values
    )


def _refuse_strange(posted: Posted, sitting: Sitting) -> None:
    items = items_of(sitting, posted.step)
    allowed = {name for leaf in _leaves(sitting, items) for name in form_fields(leaf)}
    allowed |= {STATE_FIELD.format(item.name) for item in items if item.catalogue == MUNICIPALITY}
    if not allowed.issuperset(posted.typed):
        raise StrangeFields(step=posted.step, count=len(posted.typed.keys() - allowed))


def _submission(
    posted: Posted, sitting: Sitting, key: str, revision: int | None = None
) -> Submission:
    entries = entries_of(posted, sitting)
    # Only what decides the result is compared, not on which screen it was warned about.
    body = json.dumps([posted.step, sorted(entries.items())], default=str)
    return Submission(
        step=posted.step,
        client_key=key,
        body_hash=hashlib.sha256(body.encode()).hexdigest(),
        entries=entries,
        seen=posted.seen,
        client_at=posted.shown_at,
        revision=revision,
        language=sitting.visit.language,
    )


def _leaves(sitting: Sitting, items: Iterable[Item]) -> Iterable[Leaf]:
    return (leaf for item in items for leaf in sitting.questionnaire.leaves[item.name])


def _place(form: Mapping[str, tuple[str, ...]], name: str) -> str:
    """A text and a list become one: "Zapopan, Jalisco"."""
    town, state = (next(iter(form.get(each, ())), "") for each in (name, STATE_FIELD.format(name)))
    return ", ".join(filter(None, (town, state)))


def _own_key(key: str, short: str) -> str:
    """The key of the page; one of our own where the page sent none that can be used."""
    found = _KEY.fullmatch(key)
    if found is None:
        return f"{short}-{secrets.token_hex(8)}"
    if found.group(1) != short:
        raise ForeignKey
    return key


def _moment(text: str) -> datetime | None:
    """When the page was shown, by its own word: unverified."""
    if not text.isascii() or not text.isdecimal() or len(text) > 11 or int(text) > LATEST:
        return None
    return datetime.fromtimestamp(int(text), UTC)
