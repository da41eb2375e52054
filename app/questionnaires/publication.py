"""Publish a checked file as a version that never changes; fetch one, ready to use.

Published once per content: the same text again is the version that is already there.
"""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from threading import Lock
from uuid import UUID, uuid4

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel import Session, col, select

from app.errors import AppError, NotFound
from app.questionnaires.format import Questionnaire
from app.questionnaires.problems import Problems
from app.questionnaires.reader import read
from app.questionnaires.tables import QuestionnaireVersion

MOST_KEPT = 64  # parsed versions in memory; a site has a handful


class QuestionnaireRefused(AppError):
    """The text has problems; `problems` holds them all."""

    code = "questionnaire.refused"
    status = 422
    plantilla = (
        "El cuestionario «{file}» tiene {count} problemas; el primero, en la línea {line}: "
        "{first} Corríjalo y publíquelo otra vez."
    )

    def __init__(self, problems: Problems) -> None:
        self.problems = problems
        first = problems[0]
        super().__init__(file=first.file, count=len(problems), line=first.line, first=first.message)


class PublishedMeanwhile(AppError):
    """Another process published a version of the same questionnaire at the same moment."""

    code = "questionnaire.published_meanwhile"
    status = 409
    plantilla = "Alguien publicó otra versión al mismo tiempo. Vuelva a intentarlo."


@dataclass(frozen=True, slots=True)
class PublishedVersion:
    """A version, without its text."""

    id: UUID
    number: int
    version: str
    revision: int
    content_hash: str
    published_at: datetime


def content_hash(text: str) -> str:
    """SHA-256 of the text with Unix line ends, in hexadecimal."""
    return sha256(_unix(text).encode()).hexdigest()


def publish(
    session: Session, text: str, *, now: datetime, file: str = "cuestionario.yaml"
) -> PublishedVersion:
    """The version of this text: the one that exists, or a new one.

    Raises:
        QuestionnaireRefused: the text has problems.
        PublishedMeanwhile: two different texts were published at once; ask again.
    """
    digest = content_hash(text)
    existing = _by_hash(session, digest)
    if existing is not None:
        return existing
    questionnaire = read(text, file)
    if isinstance(questionnaire, tuple):
        raise QuestionnaireRefused(questionnaire)
    _insert_missing(session, questionnaire, _unix(text), now)
    published = _by_hash(session, digest)
    if published is None:
        raise PublishedMeanwhile(number=questionnaire.questionnaire)
    return published


def latest(session: Session, number: int) -> PublishedVersion | None:
    """The version of questionnaire `number` published last."""
    row = session.exec(
        select(QuestionnaireVersion)
        .where(col(QuestionnaireVersion.number) == number)
        .order_by(col(QuestionnaireVersion.revision).desc())
        .limit(1)
    ).first()
    return None if row is None else _published(row)


def in_memory(version_id: UUID) -> Questionnaire | None:
    """The questionnaire of a version, if this process has parsed it already."""
    return _parsed.get(version_id)


def fetch(session: Session, version_id: UUID) -> Questionnaire:
    """The questionnaire of a version, parsed once per process.

    Raises:
        NotFound: there is no such version.
    """
    kept = _parsed.get(version_id)
    if kept is not None:
        return kept
    text = session.exec(
        select(QuestionnaireVersion.text).where(col(QuestionnaireVersion.id) == version_id)
    ).first()
    if text is None:
        raise NotFound(version=version_id)
    questionnaire = read(text)
    if isinstance(questionnaire, tuple):
        # Published means checked: only a later, stricter program can end here. Say so loudly.
        raise QuestionnaireRefused(questionnaire)
    _parsed.put(version_id, questionnaire)
    return questionnaire


class _Parsed:
    """Parsed versions by id. Rows never change, so nothing here grows old."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: OrderedDict[UUID, Questionnaire] = OrderedDict()

    def get(self, version_id: UUID) -> Questionnaire | None:
        with self._lock:
            return self._kept.get(version_id)

    def put(self, version_id: UUID, questionnaire: Questionnaire) -> None:
        with self._lock:
            self._kept[version_id] = questionnaire
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)


_parsed = _Parsed()


def _by_hash(session: Session, digest: str) -> PublishedVersion | None:
    row = session.exec(
        select(QuestionnaireVersion).where(col(QuestionnaireVersion.content_hash) == digest)
    ).first()
    return None if row is None else _published(row)


def _published(row: QuestionnaireVersion) -> PublishedVersion:
    return PublishedVersion(
        id=row.id,
        number=row.number,
        version=row.version,
        revision=row.revision,
        content_hash=row.content_hash,
        published_at=row.published_at,
    )


def _insert_missing(
    session: Session, questionnaire: Questionnaire, text: str, now: datetime
) -> None:
    """One row, unless its text or its revision was taken since we looked."""
    number = questionnaire.questionnaire
    newest = session.exec(
        select(func.max(QuestionnaireVersion.revision)).where(
            col(QuestionnaireVersion.number) == number
        )
    ).one()
    values = {
        "id": uuid4(),
        "number": number,
        "version": questionnaire.version,
        "revision": (newest or 0) + 1,
        "content_hash": content_hash(text),
        "text": text,
        "published_at": now,
    }
    if session.get_bind().dialect.name == "postgresql":
        session.exec(
            postgresql_insert(QuestionnaireVersion).values(values).on_conflict_do_nothing()
        )
    else:
        session.exec(sqlite_insert(QuestionnaireVersion).values(values).on_conflict_do_nothing())


def _unix(text: str) -> str:
    return text.replace("\r\n", "\n")
