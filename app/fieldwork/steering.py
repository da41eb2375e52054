"""What staff do to a wave in the field: pause, resume, write to one, hand out or revoke a link.

Each act asks whether the wave or the person is the caller's, and leaves its audit entry in
the same transaction. Answers are taken whatever is done here, but by a revoked link.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from app.errors import AppError, NotFound
from app.fieldwork.invitations import pause_wave, queue_one, resume_wave
from app.fieldwork.links import LinkMark, link_for, revoke_link, rewrite_link
from app.fieldwork.tables import Case, Wave, WaveState
from app.fieldwork.wave_people import CaseRef, WaveCase, case_of_wave
from app.keys import PurposeKey
from app.staff import audit
from app.units.queries import in_scope
from app.units.scope import Scope

LONGEST_REASON = 200  # characters, of wave.paused_reason


class PauseWithoutReason(AppError):
    """A pause that nobody could explain next week."""

    code = "wave.pause_without_reason"
    status = 422
    plantilla = (
        "Los mensajes siguen su curso: falta el motivo. Escriba en una línea por qué se pausan."
    )


class WaveOver(AppError):
    """Nothing is sent, paused or handed out once a wave is closed."""

    code = "wave.over"
    status = 409
    plantilla = (
        "Este levantamiento ya cerró y no cambiamos nada. "
        "Si hace falta más tiempo, mueva primero su fecha de cierre."
    )


class WaveDoesNotFit(AppError):
    """The messages of the wave wait because they could not leave in time."""

    code = "wave.does_not_fit"
    status = 409
    plantilla = (
        "Los mensajes siguen en pausa: no alcanzarían a salir a tiempo. El ensayo del plantel dice "
        "qué ayuda; en cuanto quepan, salen solos."
    )


class LinkIsRevoked(AppError):
    """The link of a case was asked for, and there is none that works."""

    code = "link.is_revoked"
    status = 409
    plantilla = "El enlace de esta persona está revocado. Dele uno nuevo y vuelva a pedirlo."


@dataclass(frozen=True, slots=True)
class Steward:
    """Who acts, and how far they reach with the permission of the act."""

    staff_id: UUID
    scope: Scope


def pause(session: Session, wave_id: UUID, reason: str, *, by: Steward, now: datetime) -> bool:
    """Let the messages of a wave wait. False if they waited already.

    Raises:
        NotFound: the wave is not the caller's.
        WaveOver: it closed.
        PauseWithoutReason: `reason` is empty.
    """
    wave = _open_wave(session, wave_id, by)
    kept = " ".join(reason.split())[:LONGEST_REASON]
    if not kept:
        raise PauseWithoutReason
    if not pause_wave(session, wave_id, reason=kept, now=now):
        return False
    audit.append(
        session,
        "wave.paused",
        actor_id=by.staff_id,
        about=("wave", wave_id),
        unit_id=wave.school_id,
        now=now,
        reason=kept,
    )
    return True


def resume(session: Session, wave_id: UUID, *, by: Steward, now: datetime) -> bool:
    """Let the messages of a wave go on. False if they did not wait.

    Raises:
        NotFound: the wave is not the caller's.
        WaveOver: it closed.
        WaveDoesNotFit: not staff paused it, but the limits of sending.
    """
    wave = _open_wave(session, wave_id, by)
    if wave.mail_held_advice is not None:
        raise WaveDoesNotFit
    if not resume_wave(session, wave_id):
        return False
    audit.append(
        session,
        "wave.resumed",
        actor_id=by.staff_id,
        about=("wave", wave_id),
        unit_id=wave.school_id,
        now=now,
    )
    return True


def send_to_one(
    session: Session, ref: CaseRef, *, mail_domain: str, by: Steward, now: datetime
) -> bool:
    """Queue one message to one person now. False if that was done today already.

    Raises:
        NotFound: the case is not the caller's.
        MessageNotWanted: the person answered, refused, opted out or cannot be reached.
    """
    case = case_of_wave(session, by.scope, ref)
    if not queue_one(session, ref.case_id, now=now, mail_domain=mail_domain):
        return False
    _note(session, "case.message_queued", case, by, now=now)
    return True


def show_link(
    session: Session,
    ref: CaseRef,
    keys: Sequence[PurposeKey],
    *,
    base_url: str,
    by: Steward,
    now: datetime,
) -> str:
    """The link of one person, to be handed over by other means.

    Raises:
        NotFound: the case is not the caller's.
        WaveOver, LinkIsRevoked, LinkKeyMissing: there is no link that works.
    """
    case = _case_in_field(session, ref, by)
    row = session.get_one(Case, ref.case_id)
    if row.link_revoked_at is not None:
        raise LinkIsRevoked
    mark = LinkMark(row.id, row.link_key_id, row.link_version)
    link = link_for(mark, keys, base_url=base_url)
    _note(session, "link.shown", case, by, now=now)
    return link


def revoke(
    session: Session, ref: CaseRef, keys: Sequence[PurposeKey], *, by: Steward, now: datetime
) -> bool:
    """Kill the link of one person; nothing is sent to them until `renew`. False: it was dead.

    Raises:
        NotFound: the case is not the caller's.
        WaveOver: the wave closed.
    """
    case = _case_in_field(session, ref, by)
    if case.link_revoked_at is not None:
        return False
    revoke_link(session, ref.case_id, keys, staff_id=by.staff_id, now=now)
    _note(session, "link.revoked", case, by, now=now)
    return True


def renew(
    session: Session, ref: CaseRef, keys: Sequence[PurposeKey], *, by: Steward, now: datetime
) -> bool:
    """Give a person whose link was revoked a new one. False: theirs works.

    Raises:
        NotFound: the case is not the caller's.
        WaveOver: the wave closed.
    """
    case = _case_in_field(session, ref, by)
    if case.link_revoked_at is None:
        return False
    rewrite_link(session, ref.case_id, keys, staff_id=by.staff_id, now=now)
    _note(session, "link.renewed", case, by, now=now)
    return True


def _open_wave(session: Session, wave_id: UUID, by: Steward) -> Wave:
    wave = session.exec(
        select(Wave).where(Wave.id == wave_id, in_scope(by.scope, col(Wave.school_id)))
    ).first()
    if wave is None:
        raise NotFound(wave=wave_id)
    if wave.state is not WaveState.OPEN:
        raise WaveOver
    return wave


def _case_in_field(session: Session, ref: CaseRef, by: Steward) -> WaveCase:
    case = case_of_wave(session, by.scope, ref)
    _open_wave(session, ref.wave_id, by)
    return case


def _note(session: Session, action: str, case: WaveCase, by: Steward, *, now: datetime) -> None:
    audit.append(
        session,
        action,
        actor_id=by.staff_id,
        about=("case", case.case_id),
        unit_id=case.school_id,
        now=now,
        wave=str(case.wave_id),
    )
