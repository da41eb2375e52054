"""The close of a wave: a school submits it, the office returns it with a comment or accepts it.

What was accepted stays in force. Answers that change later are told in a corrected edition with
its reason, which is in force once the office accepts it too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import func, or_
from sqlmodel import Session, and_, col, select, update

from app.analytics.editions.freezing import (
    GRACE,
    STEP,
    DueEdition,
    EditionHead,
    draft_edition,
    editions_of,
    keep_edition,
)
from app.analytics.tables import EditionKind, ResultEdition, SignOffAct, SignOffStep
from app.errors import AppError, NotFound
from app.fieldwork.dispositions import Disposition
from app.fieldwork.inserting import insert_missing
from app.fieldwork.steering import Steward
from app.fieldwork.tables import Case, Wave, WaveState
from app.responses.rows import ANSWERED
from app.responses.tables import Answer, Response
from app.staff import audit
from app.staff.queries import names_of
from app.units.queries import in_scope
from app.units.scope import Scope

LONGEST_COMMENT = 300  # characters: of result_edition.reason, the shorter of the two


class SignOffState(StrEnum):
    """Where the close of a wave stands."""

    IN_FIELD = "in_field"
    SETTLING = "settling"  # closed, and answers that waited without a network may arrive
    TO_SUBMIT = "to_submit"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    ACCEPTED = "accepted"


class TooEarlyToSubmit(AppError):
    """The wave is in the field, or its last answers are on the way."""

    code = "sign_off.too_early"
    status = 409
    plantilla = (
        "Todavía no se puede entregar: las respuestas guardadas sin conexión pueden llegar hasta "
        "tres días después del cierre. No cambió nada; inténtelo después."
    )


class SignOffMoved(AppError):
    """Somebody else was quicker, or the page is old."""

    code = "sign_off.moved"
    status = 409
    plantilla = (
        "El cierre cambió mientras usted lo veía y no guardamos nada. Revise cómo está ahora y "
        "vuelva a decidir."
    )


class NotTheirStep(AppError):
    """The school judges its own close, or an office submits for a school."""

    code = "sign_off.not_their_step"
    status = 403
    plantilla = (
        "No cambió nada: el plantel entrega su cierre, y una oficina de arriba lo devuelve o lo "
        "acepta. Nadie acepta lo propio."
    )


class CommentMissing(AppError):
    """A return or a correction that says nothing."""

    code = "sign_off.comment_missing"
    status = 422
    plantilla = "No cambió nada: falta decir qué y por qué. Escríbalo en una o dos líneas."


class CorrectionTooSmall(AppError):
    """Fewer changed answers than an edition may show beside the one before it."""

    code = "sign_off.correction_too_small"
    status = 409
    plantilla = (
        "Lo aceptado sigue vigente: cambiaron {changed} respuestas, y comparar dos ediciones que "
        "difieren en menos de {least} mostraría lo que alguien respondió. Podrá corregirse cuando "
        "sean más; en su plantel ya ve las cifras al día."
    )


@dataclass(frozen=True, slots=True)
class ActLine:
    """A step of the history, newest first; `edition` is the number of the one it was about."""

    step: SignOffStep
    at: datetime
    by: str
    comment: str
    edition: int


@dataclass(frozen=True, slots=True)
class SignOff:
    """The close of one wave. `editions`: in force first. `changed`: answers since the newest."""

    state: SignOffState
    history: tuple[ActLine, ...]
    editions: tuple[EditionHead, ...]
    submitted: int | None  # number of the edition that waits for the office
    changed: int


def sign_off_of(session: Session, scope: Scope, wave_id: UUID, *, now: datetime) -> SignOff:
    """How the close of a wave stands, with its history and its editions.

    Raises:
        NotFound: there is no such wave, or it is not the caller's.
    """
    wave = _wave(session, scope, wave_id)
    acts = _acts(session, wave_id)
    editions = editions_of(session, wave_id)
    numbers = {one.id: one.number for one in editions}
    names = names_of(session, [act.staff_id for act in acts])
    state = _state(wave, acts, now=now)
    return SignOff(
        state=state,
        history=tuple(
            ActLine(
                act.step,
                act.at,
                names.get(act.staff_id, ""),
                act.comment,
                numbers[act.edition_id],
            )
            for act in acts
        ),
        editions=tuple(editions),
        submitted=numbers[acts[0].edition_id] if state is SignOffState.SUBMITTED else None,
        changed=_changed(session, wave_id, editions),
    )


def submit(
    session: Session, wave_id: UUID, comment: str, *, by: Steward, now: datetime
) -> SignOffState:
    """The school hands in the figures of its wave, or hands them in again.

    After a return the newest answers go into a corrected edition if there are enough of them;
    after an acceptance only a correction is handed in, with its reason.

    Raises:
        NotFound, NotTheirStep, TooEarlyToSubmit, SignOffMoved, CommentMissing.
        CorrectionTooSmall: of accepted figures fewer than ten answers changed.
    """
    wave = _wave(session, by.scope, wave_id)
    if wave.school_id not in by.scope.whole_units:
        raise NotTheirStep
    acts = _acts(session, wave_id)
    state, said = _state(wave, acts, now=now), _said(comment)
    if state in {SignOffState.IN_FIELD, SignOffState.SETTLING}:
        raise TooEarlyToSubmit
    if state is SignOffState.SUBMITTED:
        raise SignOffMoved
    if state is not SignOffState.TO_SUBMIT and not said:
        raise CommentMissing
    edition_id = _edition_to_submit(session, wave_id, said, state=state, by=by, now=now)
    _add(session, wave, acts, _Step(SignOffStep.SUBMITTED, edition_id, said), by=by, now=now)
    return SignOffState.SUBMITTED


def return_to_school(
    session: Session, wave_id: UUID, comment: str, *, seen: int, by: Steward, now: datetime
) -> SignOffState:
    """The office hands the figures back, and says why. `seen`: number of the edition it read.

    Raises:
        NotFound, NotTheirStep, SignOffMoved, CommentMissing.
    """
    said = _said(comment)
    wave, acts = _to_judge(session, wave_id, seen, by=by, now=now)
    if not said:
        raise CommentMissing
    step = _Step(SignOffStep.RETURNED, acts[0].edition_id, said)
    _add(session, wave, acts, step, by=by, now=now)
    return SignOffState.RETURNED


def accept(
    session: Session, wave_id: UUID, comment: str, *, seen: int, by: Steward, now: datetime
) -> SignOffState:
    """The office accepts exactly the edition it read, which is in force from now on.

    Raises:
        NotFound, NotTheirStep, SignOffMoved.
    """
    wave, acts = _to_judge(session, wave_id, seen, by=by, now=now)
    edition_id = acts[0].edition_id
    taken = session.exec(
        update(ResultEdition)
        .where(col(ResultEdition.id) == edition_id)
        .values(accepted_at=now)
        .returning(col(ResultEdition.id))
    ).first()
    if taken is None:
        raise SignOffMoved
    step = _Step(SignOffStep.ACCEPTED, edition_id, _said(comment))
    _add(session, wave, acts, step, by=by, now=now)
    return SignOffState.ACCEPTED


def _wave(session: Session, scope: Scope, wave_id: UUID) -> Wave:
    wave = session.exec(
        select(Wave).where(Wave.id == wave_id, in_scope(scope, col(Wave.school_id)))
    ).first()
    if wave is None:
        raise NotFound(wave=wave_id)
    return wave


def _acts(session: Session, wave_id: UUID) -> Sequence[SignOffAct]:
    """Newest first."""
    return session.exec(
        select(SignOffAct)
        .where(SignOffAct.wave_id == wave_id)
        .order_by(col(SignOffAct.number).desc())
    ).all()


def _state(wave: Wave, acts: Sequence[SignOffAct], *, now: datetime) -> SignOffState:
    if acts:
        return SignOffState(acts[0].step.value)
    if wave.state is not WaveState.CLOSED:
        return SignOffState.IN_FIELD
    return SignOffState.SETTLING if now < wave.closes_at + GRACE else SignOffState.TO_SUBMIT


def _to_judge(
    session: Session, wave_id: UUID, seen: int, *, by: Steward, now: datetime
) -> tuple[Wave, Sequence[SignOffAct]]:
    wave = _wave(session, by.scope, wave_id)
    if wave.school_id in by.scope.whole_units:
        raise NotTheirStep
    acts = _acts(session, wave_id)
    if _state(wave, acts, now=now) is not SignOffState.SUBMITTED:
        raise SignOffMoved
    if session.get_one(ResultEdition, acts[0].edition_id).number != seen:
        raise SignOffMoved
    return wave, acts


def _edition_to_submit(
    session: Session,
    wave_id: UUID,
    said: str,
    *,
    state: SignOffState,
    by: Steward,
    now: datetime,
) -> UUID:
    editions = editions_of(session, wave_id)
    newest = max(editions, key=lambda one: one.number, default=None)
    number = 1 if newest is None else newest.number + 1
    if newest is None or newest.kind is EditionKind.STEP:
        due = DueEdition(wave_id, number, EditionKind.CLOSE, None)
        return _kept(session, due, None, by=by, now=now)
    changed = _changed(session, wave_id, editions)
    if changed >= STEP:
        due = DueEdition(wave_id, number, EditionKind.CORRECTED, None)
        return _kept(session, due, said, by=by, now=now)
    if state is SignOffState.ACCEPTED:
        raise CorrectionTooSmall(changed=changed, least=STEP)
    return newest.id


def _kept(
    session: Session, due: DueEdition, reason: str | None, *, by: Steward, now: datetime
) -> UUID:
    draft = draft_edition(session, due)
    kept = keep_edition(session, draft, now=now, reason=reason, by=by.staff_id)
    if kept is None:
        raise SignOffMoved
    return kept


def _changed(session: Session, wave_id: UUID, editions: Sequence[EditionHead]) -> int:
    """Persons whose answers are not what the newest edition counted."""
    newest = max(editions, key=lambda one: one.number, default=None)
    if newest is None:
        return 0
    in_it, answers = col(Case.disposition).in_(ANSWERED), col(Answer.saved_at)
    touched = session.exec(
        select(func.count(func.distinct(col(Case.id))))
        .join(Response, col(Response.case_id) == col(Case.id))
        .outerjoin(Answer, col(Answer.response_id) == col(Response.id))
        .where(
            col(Case.wave_id) == wave_id,
            or_(
                and_(in_it, answers > newest.frozen_at),
                and_(
                    or_(in_it, col(Case.disposition) == Disposition.NOT_ELIGIBLE),
                    col(Case.moved_at) > newest.frozen_at,
                ),
            ),
        )
    ).one()
    answered = session.exec(select(func.count()).where(col(Case.wave_id) == wave_id, in_it)).one()
    return max(touched, abs(answered - newest.answered))


def _said(comment: str) -> str:
    return " ".join(comment.split())[:LONGEST_COMMENT]


@dataclass(frozen=True, slots=True)
class _Step:
    """A step to take, of which edition, and what is said with it."""

    kind: SignOffStep
    edition_id: UUID
    comment: str


def _add(
    session: Session,
    wave: Wave,
    acts: Sequence[SignOffAct],
    step: _Step,
    *,
    by: Steward,
    now: datetime,
) -> None:
    values = {
        "id": uuid4(),
        "wave_id": wave.id,
        "number": acts[0].number + 1 if acts else 1,
        "step": step.kind,
        "edition_id": step.edition_id,
        "comment": step.comment,
        "staff_id": by.staff_id,
        "at": now,
    }
    if not insert_missing(session, SignOffAct, values, key=["wave_id", "number"]):
        raise SignOffMoved
    audit.append(
        session,
        f"sign_off.{step.kind.value}",
        actor_id=by.staff_id,
        about=("wave", wave.id),
        unit_id=wave.school_id,
        now=now,
        edition=str(step.edition_id),
    )
