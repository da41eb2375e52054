"""Keep one step: check it, settle the whole response, move the case. One transaction.

A repeat with the same key and body changes nothing and leads to the same place; the same key with
another body is refused, and both answers are shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection
from sqlmodel import Session

from app.directory.consents import note_consent
from app.directory.keyed import MatchKeys
from app.errors import AppError
from app.fieldwork import entry, noes
from app.fieldwork.dispositions import Disposition, may_follow
from app.fieldwork.progress import advance_known
from app.fieldwork.tables import Mode
from app.questionnaires.completion import Completion, completion_on
from app.questionnaires.flow import (
    Walk,
    by_store,
)
from app.questionnaires.items import Store
from app.responses import writing
from app.responses.checking import (
    Checked,
    Faulty,
    StepGone,
    Submission,
    check,
    following_step,
)
from app.responses.clashing import revision_now
from app.responses.keeping import NO, forget_contacts, keep_elsewhere
from app.responses.sitting import Sitting

STAYS = "autoriza_red"  # Questionnaire 3: whether contact data are kept at all
_OUTCOMES = {
    Completion.COMPLETE: Disposition.COMPLETE,
    Completion.PARTIAL: Disposition.PARTIAL,
}


class KeyReused(AppError):
    """The same step of the same page came twice with different answers."""

    code = "answer.key_reused"
    status = 409
    plantilla = (
        "Esta página ya se había enviado con otra respuesta, y la primera quedó guardada. Elige "
        "con cuál te quedas."
    )

    def __init__(self, first: Mapping[str, object]) -> None:
        self.first = first  # variable → [value, missing]; not for the log
        super().__init__()


class AnswersClosed(AppError):
    """The period is over, and this was not typed before its end."""

    code = "answer.closed"
    status = 410
    plantilla = (
        "Este cuestionario cerró. Lo que contestaste antes del cierre quedó guardado y cuenta."
    )


class AlreadyComplete(AppError):
    """A refusal of the notice after everything was answered."""

    code = "answer.already_complete"
    status = 409
    plantilla = (
        "Ya recibimos tu cuestionario completo. Si quieres que borremos tus respuestas, pídelo a "
        "tu escuela con los datos del aviso de privacidad."
    )


@dataclass(frozen=True, slots=True)
class Saved:
    """The step is in the database once the transaction ends.

    `following`: where to go on; None when nothing is left to ask. `refused`: the notice was not
    accepted, and only that is kept.
    """

    following: str | None
    repeated: bool = False
    refused: bool = False


def save_step(
    connection: Connection,
    sitting: Sitting,
    submission: Submission,
    *,
    keys: MatchKeys,
    now: datetime,
) -> Saved | Faulty:
    """Keep a step of a sitting that was opened `to_save`, or say what is wrong with it.

    Raises:
        KeyReused: this key came before with another body.
        StepGone: the step is not on the path; the notice comes first.
        AnswersClosed: typed after the close, or later than the grace period.
    """
    _refuse_late(sitting, submission)
    checked = check(sitting, submission)
    if not isinstance(checked, Checked):
        return _repeated(connection, sitting, submission, checked)
    if _ends(checked):
        _decline(connection, sitting, checked, now=now)
        return Saved(None, refused=True)
    kept = _keep(connection, sitting, submission, checked, keys=keys, now=now)
    gone = StepGone(step=submission.step)
    return kept or _repeated(connection, sitting, submission, gone)


def _refuse_late(sitting: Sitting, submission: Submission) -> None:
    if not sitting.visit.closed:
        return
    typed = submission.client_at
    if typed is None or typed >= sitting.wave.closes_at:
        raise AnswersClosed(case=sitting.visit.case_id)


def _repeated(
    connection: Connection, sitting: Sitting, submission: Submission, fault: Faulty | StepGone
) -> Saved | Faulty:
    """The result of the first save with this key; `fault` where there was none."""
    first = writing.first_save(connection, sitting.response_id, submission.client_key)
    if first is not None:
        if first.body_hash != submission.body_hash:
            raise KeyReused(first.changed)
        following = following_step(sitting, submission.step, sitting.answers)
        return Saved(following.name if following else None, repeated=True)
    if isinstance(fault, StepGone):
        raise fault
    return fault


def _ends(checked: Checked) -> bool:
    # settle() leaves nothing after a refusal, so what was entered decides.
    return any(
        item.ends is not None and checked.settled.get(item.name) == NO
        for item in checked.step.items
    )


def _decline(connection: Connection, sitting: Sitting, checked: Checked, *, now: datetime) -> None:
    """The notice was not accepted: the refusal is kept, and nothing else."""
    if sitting.disposition is Disposition.REFUSED:
        return
    if not may_follow(sitting.disposition, Disposition.REFUSED):
        raise AlreadyComplete(case=sitting.visit.case_id)
    for item in checked.step.items:
        note_consent(
            connection,
            sitting.member_id,
            item.name,
            False,
            now=now,
            notice_id=sitting.wave.notice_id,
            case_id=sitting.visit.case_id,
        )
    with Session(connection) as session:
        noes.decline_notice(session, sitting.visit.case_id, now=now)
        session.flush()
    if sitting.response_id is not None:
        writing.erase_response(connection, sitting.visit.case_id, sitting.response_id)


def _keep(
    connection: Connection,
    sitting: Sitting,
    submission: Submission,
    checked: Checked,
    *,
    keys: MatchKeys,
    now: datetime,
) -> Saved | None:
    """None: the key was used before, and nothing was written."""
    response_id = sitting.response_id or writing.begin_response(connection, sitting, now=now)
    changes = writing.changes_of(sitting, checked.entered, checked.settled, checked.following)
    number = submission.revision
    if number is None:
        number = revision_now(sitting, now=now)
    revision = writing.Revision(
        submission.client_key, submission.body_hash, submission.step, number, submission.client_at
    )
    session_id = sitting.visit.session_id
    if not writing.write_revision(
        connection, response_id, revision, changes, session_id=session_id, now=now
    ):
        return None
    writing.write_changes(
        connection, response_id, changes, number=number, session_id=session_id, now=now
    )
    writing.touch(connection, sitting, response_id, answered=changes.answered, now=now)
    _beside(connection, sitting, checked, keys=keys, now=now)
    if checked.following is None:
        _finish(connection, sitting, response_id, checked.settled, now=now)
    return Saved(checked.following.name if checked.following else None)


def _beside(
    connection: Connection,
    sitting: Sitting,
    checked: Checked,
    *,
    keys: MatchKeys,
    now: datetime,
) -> None:
    """What a step changes outside the response: the directory, the case, the class clock."""
    target = _target(sitting, checked.path)
    moves = target is not sitting.disposition and may_follow(sitting.disposition, target)
    elsewhere = any(item.store is not Store.RESPONSE for item in checked.step.items)
    if moves:
        case_id = sitting.visit.case_id
        advance_known(connection, case_id, sitting.disposition, target, now=now)
    if elsewhere:
        kept = {n: v for n, v in checked.settled.items() if n in checked.entered}
        values = by_store(sitting.questionnaire, kept)
        keep_elsewhere(connection, sitting, values, keys=keys, now=now)
    if sitting.visit.mode is Mode.CLASS:
        with Session(connection) as session:
            entry.keep_alive(session, sitting.visit, now=now)
            session.flush()


def _target(sitting: Sitting, path: Walk) -> Disposition:
    reached = completion_on(sitting.questionnaire, path)
    waiting = Disposition.BREAK_OFF if sitting.visit.closed else Disposition.STARTED
    return _OUTCOMES.get(reached, waiting)


def _finish(
    connection: Connection,
    sitting: Sitting,
    response_id: UUID,
    settled: Mapping[str, object],
    *,
    now: datetime,
) -> None:
    writing.close_response(connection, sitting.visit.case_id, response_id, now=now)
    if settled.get(STAYS) == NO:
        with Session(connection) as session:
            forget_contacts(session, sitting.member_id)
            session.flush()
