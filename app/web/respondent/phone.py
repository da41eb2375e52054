"""The phone's side of /responder: the person's own state, and the answers that waited.

Answers come in any order, twice, and up to 72 hours after the close; each is a transaction of its
own, and each gets an answer of its own.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, TypeAlias

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field, ValidationError
from sqlalchemy import Connection
from sqlmodel import Session, col, select

from app.db.transactions import Database
from app.directory.keyed import MatchKeys
from app.errors import AppError
from app.fieldwork.dispositions import Disposition
from app.fieldwork.tables import EntrySession, Mode
from app.questionnaires.answers import (
    Answer,
    MissingCode,
    Unreadable,
    read_answer,
    read_preloaded,
)
from app.questionnaires.entry import fields_of
from app.questionnaires.expressions.types import Kind
from app.questionnaires.flow import Step
from app.questionnaires.items import Language
from app.questionnaires.piping import month_text
from app.questionnaires.validation import Issue, Severity
from app.questionnaires.view import Wording
from app.responses.checking import Faulty, StepGone, resume_at
from app.responses.clashing import COUNTED_FROM, clashing, newest_revision
from app.responses.collecting import AnswersClosed, KeyReused, save_step
from app.responses.queries import earlier_answers, say_answer
from app.responses.sitting import GIVEN, SessionOver, Sitting, open_sitting
from app.responses.wording import wording_of
from app.web.asgi import Swift, read_body
from app.web.assets import asset_url
from app.web.language import N_, Say
from app.web.render import html
from app.web.respondent.clash import asked
from app.web.respondent.messages import spoken
from app.web.respondent.phone_document import document_of, serve_document
from app.web.respondent.places import known_place
from app.web.respondent.posted import Posted, late_submission
from app.web.respondent.steps import above_steps, place_fields
from app.web.respondent.tapped import tapped_answer
from app.web.respondent.visiting import SHORT, Device, short_id
from app.web.security import mask_secret, unmask_secret
from app.web.wiring import ByLink, clean_text

SCRIPT_COOKIE = "trayecto_js"  # set by the script itself: this browser runs it
MOST_WAITING = 200
LATEST = 2_147_483_647
_BLANK = N_("En blanco")
_ELSEWHERE = N_("La diste en otro dispositivo; aquí no se muestra.")

# Of the dialog on a page of steps: title, then each answer with its button.
_CHOICE = (
    N_("Hay dos respuestas distintas. Elige con cuál te quedas."),
    *(N_("La que está guardada"), N_("Dejar esta")),
    *(N_("La de este teléfono"), N_("Cambiar por esta")),
)
# What the phone learns of one step: `d` it need not keep it, `e` what is to be mended, `f` it is
# somebody else's; `q`, `a`, `b` a question with the kept answer and this one, for the person to
# choose, and `r` the count that the choice must pass; nothing: closed while that choice is open.
Outcome: TypeAlias = Mapping[str, object]
DONE: Outcome = {"d": True}
GONE: Outcome = {"d": True}

router = APIRouter()

RawBody = Annotated[bytes, Depends(read_body)]
_Text = Annotated[str, Field(max_length=12_000)]
_Name = Annotated[str, Field(max_length=80)]


class Waiting(BaseModel):
    """One step as it waited on a phone."""

    k: Annotated[str, Field(pattern=r"^[0-9a-f]{8}-[A-Za-z0-9_-]{8,50}$")]
    p: _Name  # step
    r: Annotated[int, Field(ge=1, le=LATEST)]  # when it was typed, by our clock; unverified
    v: Annotated[list[_Name], Field(max_length=500)] = []  # soft issues that were shown
    t: Annotated[dict[_Name, list[_Text]], Field(max_length=100)]  # fields of the form


@dataclass(frozen=True, slots=True)
class Batch:
    """What a phone sends: the secret of its session, and what waited, in any order.

    None stands for something that cannot be read: the phone need not keep it.
    """

    secret: str
    waiting: tuple[tuple[str, Waiting | None], ...]


class UnreadableBatch(AppError):
    """The body is not what our script sends."""

    code = "answer.unreadable_batch"
    status = 422
    plantilla = "No pudimos leer lo que envió la página. Vuelve a abrir tu enlace para seguir."


def read_batch(body: bytes) -> Batch:
    """The body of a save.

    Raises:
        UnreadableBatch: not JSON, or not of the right shape.
    """
    try:
        said = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise UnreadableBatch(length=len(body)) from error
    match said:
        case {"s": str(masked), "w": list(records)} if len(records) <= MOST_WAITING:
            read = ((_key(record), _waiting(record)) for record in records)
            return Batch(unmask_secret(masked), tuple(read))
        case _:
            raise UnreadableBatch(length=len(body))


def _key(record: object) -> str:
    return str(record.get("k", ""))[:80] if isinstance(record, dict) else ""


def _waiting(record: object) -> Waiting | None:
    try:
        return Waiting.model_validate(record)
    except ValidationError:
        return None


def phone_page(request: Request, sitting: Sitting) -> Response | None:
    """The whole questionnaire, where the browser runs our script and nothing is covered here."""
    runs_script = SCRIPT_COOKIE in request.cookies
    # A call is written down on the computer of somebody else: nothing may wait there.
    if sitting.visit.mode is Mode.PHONE:
        return None
    over = sitting.visit.closed or sitting.finished or sitting.disposition is Disposition.REFUSED
    if not runs_script or over or sitting.hidden or resume_at(sitting) is None:
        return None
    return serve_document(document_of(sitting, sitting.visit.language), request)


@router.get("/responder/estado")
def state(request: Request, here: ByLink, r: str = "") -> Response:
    """What the document does not know: this person's answers, dates and text pieces."""
    now, device, secret = here.now, Device(request, here.site.secure), ""
    try:
        secret = device.secret(r)
        with here.db.reading() as session:
            sitting = open_sitting(session.connection(), secret, now=now)
            if sitting.hidden or sitting.visit.closed:
                return JSONResponse({"z": True}, 409)
            return JSONResponse(_state(session, sitting, device, secret, now=now))
    except AppError as refusal:
        return JSONResponse({"z": spoken(here.db, secret).refusal(refusal)}, refusal.status)


def save(body: RawBody, here: ByLink) -> Response:
    """Keep what waited. 409 where the person must choose between two answers."""
    secret = ""
    try:
        batch = read_batch(body)
        secret = batch.secret
        results = _save_all(here.db, batch, here.site.match_keys, here.now)
    except (SessionOver, AnswersClosed, UnreadableBatch) as refusal:
        return JSONResponse({"z": spoken(here.db, secret).refusal(refusal)}, refusal.status)
    clash = any("a" in result for result in results)
    return JSONResponse({"l": results}, 409 if clash else 200)


router.add_api_route("/responder/guardar", save, methods=["POST"], route_class_override=Swift)


def _save_all(db: Database, batch: Batch, keys: MatchKeys, now: datetime) -> list[Outcome]:
    """What became of each, in the order they came; the oldest is kept first."""
    results: list[Outcome] = [{"k": key, **DONE} for key, _ in batch.waiting]
    readable = [(place, each) for place, (_, each) in enumerate(batch.waiting) if each]
    clash = False
    for place, waiting in sorted(readable, key=lambda each: each[1].r):
        outcome = _save_one(db, batch.secret, waiting, keys, now)
        clash = clash or "a" in outcome
        results[place] = {"k": waiting.k, **({} if clash and outcome is GONE else outcome)}
    return results


def _save_one(
    db: Database, secret: str, waiting: Waiting, keys: MatchKeys, now: datetime
) -> Outcome:
    """What became of one step."""
    with db.saving() as connection:
        sitting = open_sitting(connection, secret, now=now, to_save=True)
        try:
            outcome = _keep(connection, sitting, waiting, keys, now)
        except StepGone:
            outcome = GONE
        except (SessionOver, AnswersClosed):
            raise
        except AppError as refusal:
            if refusal.status >= 500:
                raise
            outcome = DONE
    return outcome


def _keep(
    connection: Connection, sitting: Sitting, waiting: Waiting, keys: MatchKeys, now: datetime
) -> Outcome:
    if not _is_own(connection, sitting, waiting.k[:SHORT]):
        return {"f": True}
    submission = late_submission(_posted(waiting), sitting, waiting.r)
    submission = known_place(connection, sitting, submission)
    kept = clashing(connection, sitting, submission)
    if kept:
        return _clash(connection, sitting, kept, submission.entries)
    try:
        saved = save_step(connection, sitting, submission, keys=keys, now=now)
    except KeyReused:
        # Somebody else's program: our script never uses a key twice. The first answer stays.
        return _clash(connection, sitting, sitting.answers, submission.entries)
    if isinstance(saved, Faulty):
        return {**DONE, "e": [_issue(issue) for issue in saved.issues]}
    return DONE


def _posted(waiting: Waiting) -> Posted:
    return Posted(
        secret="",
        token="",
        key=waiting.k,
        step=clean_text(waiting.p),
        act="",
        seen=frozenset(waiting.v),
        shown_at=COUNTED_FROM + timedelta(seconds=waiting.r),
        language=Language.SPANISH,
        typed={
            clean_text(name): tuple(clean_text(text) for text in texts)
            for name, texts in waiting.t.items()
        },
    )


def _is_own(connection: Connection, sitting: Sitting, short: str) -> bool:
    """Whether some session of this person has this public name: their phones' answers are theirs.

    Nearly always it is the one that asks.
    """
    if short == short_id(sitting.visit.session_id):
        return True
    with Session(connection) as session:
        ids = session.exec(
            select(EntrySession.id).where(col(EntrySession.case_id) == sitting.visit.case_id)
        )
        return short in {short_id(each) for each in ids}


def _clash(
    connection: Connection,
    sitting: Sitting,
    kept: Mapping[str, object],
    entries: Mapping[str, object],
) -> Outcome:
    """The question and both answers in words; the kept one only where it may be shown."""
    shown = {name: answer for name, answer in kept.items() if name not in sitting.hidden}
    mine = {name: answer for name, answer in entries.items() if name in kept}
    say = Say(sitting.visit.language)
    first = _said(sitting, shown) if len(shown) == len(kept) else say(_ELSEWHERE)
    with Session(connection) as session:
        question = asked(session, sitting, mine)
    return {
        "q": question,
        "a": first,
        "b": _said(sitting, mine),
        "r": newest_revision(sitting),
        "x": asset_url("choose.js"),
        "u": [say(words) for words in _CHOICE],
    }


def _said(sitting: Sitting, answers: Mapping[str, object]) -> str:
    texts = []
    for name, raw in answers.items():
        leaf = sitting.questionnaire.variables[name]
        answer = read_answer(leaf, raw)
        if not isinstance(answer, Unreadable):
            texts.append(say_answer(leaf, answer, Wording({}, sitting.visit.language)))
    return "; ".join(filter(None, texts)) or Say(sitting.visit.language)(_BLANK)


def _issue(issue: Issue) -> dict[str, object]:
    hard = issue.severity is Severity.HARD
    return {"v": issue.variable, "c": issue.code, "h": hard, "m": issue.message}


def _state(
    session: Session, sitting: Sitting, device: Device, secret: str, *, now: datetime
) -> dict[str, object]:
    """What the script needs of the person.

    `s` secret, `x` the script that can wait with its words `b`, `k` name of the session, `o`
    our clock, `r` count, `n` school, `c` in class, `a` answers, `f` the same as form fields, `w`
    the option tapped in a letter, `v` known before, `d` its dates in words, `p` text pieces,
    `h` what stands above a step.
    """
    everything = Step("", "", sitting.questionnaire.items)
    known = {
        name: read_preloaded(found.kind, sitting.preloaded.get(name))
        for name, found in sitting.questionnaire.preloaded_types.items()
    }
    answers = {name: kept.answer for name, kept in sitting.kept.items()}
    above = above_steps(session, sitting, device)
    say = Say(sitting.visit.language)
    return {
        "s": mask_secret(secret),
        "x": asset_url("later.js"),
        "b": "|".join((say("Leer en voz alta"), say("Detener la lectura"))),
        "k": short_id(sitting.visit.session_id),
        "o": int((now - COUNTED_FROM).total_seconds()),
        "r": newest_revision(sitting),
        "n": sitting.wave.school,
        "c": sitting.visit.mode is Mode.CLASS,
        "a": {name: _plain(answer) for name, answer in answers.items()},
        "f": _fields(sitting, {**earlier_answers(session, sitting), **answers}),
        "w": _fields(sitting, tapped_answer(session, sitting, device)),
        "v": known,
        "d": {
            name: month_text(text, sitting.visit.language)
            for name, text in known.items()
            if sitting.questionnaire.preloaded_types[name].kind is Kind.DATE
            and isinstance(text, str)
        },
        "p": wording_of(session, sitting, (everything,), sitting.visit.language).pieces,
        "h": {step: html(part, language=sitting.visit.language) for step, part in above.items()},
    }


def _fields(sitting: Sitting, answers: Mapping[str, Answer]) -> dict[str, list[str]]:
    """What stands in the form: own answers, and earlier ones to be confirmed."""
    found: dict[str, list[str]] = {}
    for name, answer in answers.items():
        leaf = sitting.questionnaire.variables[name]
        if answer != GIVEN:
            found |= place_fields(sitting, leaf, fields_of(leaf, answer))
    return found


def _plain(answer: Answer) -> object:
    if isinstance(answer, MissingCode):
        return {"x": answer.value}
    return list(answer) if isinstance(answer, tuple) else answer
