"""Who comes in by a link, and the session that Comenzar opens on one device.

Looking at a link writes nothing. `start` is the POST; after it the token is out of the address
and a secret, in a cookie or a hidden field, stands for one person on one device.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import exists, update
from sqlmodel import Session, col, select

from app.errors import AppError
from app.fieldwork.dispositions import Disposition
from app.fieldwork.progress import Why, advance_if_possible
from app.fieldwork.tables import WATCHED, Case, EntrySession, Mode, RevokedLink, Wave, WaveState
from app.fieldwork.tokens import parse_token, token_hash, written_again
from app.keys import PurposeKey
from app.questionnaires.items import Language

WEB_SESSION = timedelta(hours=24)  # trust.md SEC-21
CLASS_IDLE = timedelta(minutes=10)
CALL_SESSION = timedelta(hours=2)  # of an interview by telephone
GRACE = timedelta(hours=72)  # answers typed before the close may arrive this late (F-35)
_SECRET_BYTES = 16


class LinkState(StrEnum):
    """What a link opens. All but UNKNOWN are said only of a genuine token."""

    UNKNOWN = "unknown"
    REVOKED = "revoked"  # taken back or replaced
    EARLY = "early"
    OPEN = "open"
    CLOSED = "closed"
    FINISHED = "finished"
    NOT_EXPECTED = "not_expected"  # control escolar says that this person does not count


class LinkNotOpen(AppError):
    """Comenzar on a link that opens nothing (any more)."""

    code = "link.not_open"
    status = 410
    plantilla = (
        "Con este enlace ya no se puede responder. Abre el enlace otra vez para ver por qué y "
        "qué puedes hacer."
    )


@dataclass(frozen=True, slots=True)
class OpenedLink:
    """What a token leads to; ids are None for an unknown link."""

    state: LinkState
    case_id: UUID | None = None
    wave_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Started:
    """A session just opened. The secret is nowhere else: give it to the device."""

    session_id: UUID
    secret: str

    def __repr__(self) -> str:
        return f"Started(session_id={self.session_id!r})"  # a secret never reaches a log


@dataclass(frozen=True, slots=True)
class Visit:
    """A live session: who answers, from which device, and until when answers are taken."""

    session_id: UUID
    case_id: UUID
    wave_id: UUID
    mode: Mode
    first_device: bool
    second_check_at: datetime | None
    closed: bool  # only what was typed before the close is taken now
    language: Language = Language.SPANISH

    @property
    def may_see_earlier_answers(self) -> bool:
        """On another device they stay hidden until the second check; after the close, always."""
        return not self.closed and (self.first_device or self.second_check_at is not None)


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """What decides whether a session lives, as its rows stand; it was not ended."""

    session_id: UUID
    case_id: UUID
    wave_id: UUID
    mode: Mode
    first_device: bool
    second_check_at: datetime | None
    expires_at: datetime
    revoked: bool
    state: WaveState
    closes_at: datetime
    language: Language = Language.SPANISH


def open_link(
    session: Session, typed: str, keys: Sequence[PurposeKey], *, now: datetime
) -> OpenedLink:
    """What the token in `typed` opens. Writes nothing; the same answer for every bad token."""
    token = parse_token(typed)
    if token is None:
        return OpenedLink(LinkState.UNKNOWN)
    marked = token_hash(token)
    found = session.exec(
        select(Case, Wave)
        .join(Wave, col(Wave.id) == col(Case.wave_id))
        .where(Case.link_hash == marked)
    ).first()
    if found is None:
        replaced = session.get(RevokedLink, marked)
        if replaced is None:
            return OpenedLink(LinkState.UNKNOWN)
        return OpenedLink(LinkState.REVOKED, case_id=replaced.case_id)
    case, wave = found
    if token != written_again(keys, case.id, key_id=case.link_key_id, version=case.link_version):
        return OpenedLink(LinkState.UNKNOWN)  # its key was removed
    return OpenedLink(_state(case, wave, now=now), case.id, wave.id)


def start(
    session: Session,
    case_id: UUID,
    *,
    mode: Mode = Mode.WEB,
    language: Language = Language.SPANISH,
    now: datetime,
) -> Started:
    """Comenzar: open a session for this case on this device.

    Pressing it is the first act of a person (2.112 until an answer is kept), and takes a
    refusal back. Repeating it opens another session of the same response.

    Raises:
        LinkNotOpen: the wave is not open, the person has finished or does not count.
    """
    case = session.get_one(Case, case_id)
    wave = session.get_one(Wave, case.wave_id)
    if _state(case, wave, now=now) is not LinkState.OPEN:
        raise LinkNotOpen(case=case_id)
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    been_here = select(exists().where(col(EntrySession.case_id) == case_id))
    entry = EntrySession(
        secret_hash=secret_hash(secret),
        case_id=case_id,
        mode=mode,
        started_at=now,
        expires_at=now + _life(mode),
        first_device=not session.exec(been_here).one(),
        language=language,
    )
    session.add(entry)
    if case.mode is None or case.first_answer_at is None:
        case.mode = mode
    session.flush()
    advance_if_possible(session, case_id, Disposition.STARTED, why=Why("Comenzar"), now=now)
    return Started(entry.id, secret)


def session_of(session: Session, secret: str, *, now: datetime) -> Visit | None:
    """The live session of a secret; None when it ended, lapsed, or never was. Writes nothing.

    It outlives the close by the grace period, for answers that were typed in time.
    """
    found = session.exec(
        select(EntrySession, Case, Wave)
        .join(Case, col(Case.id) == col(EntrySession.case_id))
        .join(Wave, col(Wave.id) == col(Case.wave_id))
        .where(
            EntrySession.secret_hash == secret_hash(secret),
            col(EntrySession.ended_at).is_(None),
        )
    ).first()
    if found is None:
        return None
    entry, case, wave = found
    facts = SessionFacts(
        session_id=entry.id,
        case_id=case.id,
        wave_id=wave.id,
        mode=entry.mode,
        first_device=entry.first_device,
        second_check_at=entry.second_check_at,
        expires_at=entry.expires_at,
        revoked=case.link_revoked_at is not None,
        state=wave.state,
        closes_at=wave.closes_at,
        language=entry.language,
    )
    return visit_of(facts, now=now)


def visit_of(facts: SessionFacts, *, now: datetime) -> Visit | None:
    """The visit of a session that was not ended, or None where it lapsed. Pure."""
    closed = facts.state is WaveState.CLOSED or now >= facts.closes_at
    if facts.revoked or now >= _alive_until(facts, closed=closed):
        return None
    return Visit(
        session_id=facts.session_id,
        case_id=facts.case_id,
        wave_id=facts.wave_id,
        mode=facts.mode,
        first_device=facts.first_device,
        second_check_at=facts.second_check_at,
        closed=closed,
        language=facts.language,
    )


def secret_hash(secret: str) -> str:
    """SHA-256 of a session secret in hexadecimal, the only trace of it in the database."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def keep_alive(session: Session, visit: Visit, *, now: datetime) -> None:
    """Something was saved: ten idle minutes in class begin again. Elsewhere 24 h are fixed."""
    if visit.mode is Mode.CLASS:
        session.exec(
            update(EntrySession)
            .where(col(EntrySession.id) == visit.session_id, col(EntrySession.ended_at).is_(None))
            .values(expires_at=now + CLASS_IDLE)
        )


def speak(session: Session, session_id: UUID, language: Language) -> None:
    """How the person reads from now on: as they chose on the start page."""
    session.exec(
        update(EntrySession).where(col(EntrySession.id) == session_id).values(language=language)
    )


def language_of(session: Session, secret: str) -> Language:
    """The language of a session, lapsed or not: it is still how this person reads."""
    found = session.exec(
        select(EntrySession.language).where(EntrySession.secret_hash == secret_hash(secret))
    ).first()
    return Language.SPANISH if found is None else Language(found)


def pass_second_check(session: Session, visit: Visit, *, now: datetime) -> None:
    """The person proved who they are: earlier answers may be shown on this device."""
    session.exec(
        update(EntrySession)
        .where(col(EntrySession.id) == visit.session_id)
        .values(second_check_at=now)
    )


def end(session: Session, secret: str, *, now: datetime) -> bool:
    """Terminar y salir: nobody comes back by this secret. False if it had ended."""
    ended = session.exec(
        update(EntrySession)
        .where(
            col(EntrySession.secret_hash) == secret_hash(secret),
            col(EntrySession.ended_at).is_(None),
        )
        .values(ended_at=now)
        .returning(col(EntrySession.id))
    )
    return ended.first() is not None


def _state(case: Case, wave: Wave, *, now: datetime) -> LinkState:
    if case.link_revoked_at is not None:
        return LinkState.REVOKED
    if case.disposition is Disposition.NOT_ELIGIBLE:
        return LinkState.NOT_EXPECTED
    if case.completed_at is not None:
        return LinkState.FINISHED
    if now < wave.opens_at:
        return LinkState.EARLY
    if wave.state is WaveState.CLOSED or now >= wave.closes_at:
        return LinkState.CLOSED
    return LinkState.OPEN


def _alive_until(facts: SessionFacts, *, closed: bool) -> datetime:
    """A phone without network delivers after the close; a class or a call never waits."""
    if closed and facts.mode not in WATCHED:
        return facts.closes_at + GRACE
    return facts.expires_at


def _life(mode: Mode) -> timedelta:
    return {Mode.CLASS: CLASS_IDLE, Mode.PHONE: CALL_SESSION}.get(mode, WEB_SESSION)
