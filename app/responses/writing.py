"""The rows of one accepted step: which change, and the statements that change them.

Statements are built once and compiled once per engine: this is the hot path.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import Connection, bindparam, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from app.fieldwork.tables import Case
from app.questionnaires.answers import MissingCode, Unreadable, read_answer, to_stored
from app.questionnaires.flow import Step
from app.questionnaires.items import Store
from app.responses.sitting import Sitting
from app.responses.tables import Answer, AnswerRevision, Response, ResponseMark

A_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Changes:
    """What differs between the rows as they are and as they should be."""

    answers: Mapping[str, tuple[object, int | None]]  # variable → value, missing
    marks: Mapping[str, object]  # variable → code, true for a text, None for a blank
    gone_answers: tuple[str, ...]  # was not applicable, now waits to be asked
    gone_marks: tuple[str, ...]

    @property
    def answered(self) -> bool:
        """Whether there is more than blanks and "no aplica" among them."""
        given = self.answers.values()
        return any(value is not None or missing in _WAYS_OUT for value, missing in given)


@dataclass(frozen=True, slots=True)
class Revision:
    """One accepted save of a step, as the client named it."""

    client_key: str
    body_hash: str
    step: str
    number: int
    client_at: datetime | None


@dataclass(frozen=True, slots=True)
class FirstSave:
    """What the first save of this key stored."""

    body_hash: str
    changed: Mapping[str, object]


def changes_of(
    sitting: Sitting,
    entered: Mapping[str, object],
    settled: Mapping[str, object],
    following: Step | None,
) -> Changes:
    """Compare what is kept with what `settled` says after `entered` was accepted.

    "No aplica" is written for orphans and for what the person has passed, not for what is ahead.
    """
    ahead = following.items[0].name if following else None
    answers: dict[str, tuple[object, int | None]] = {}
    marks: dict[str, object] = {}
    passed = True
    for name, leaf in sitting.questionnaire.variables.items():
        passed = passed and leaf.item != ahead
        kept = sitting.kept.get(name)
        if name not in settled or not (
            name in entered or (passed if kept is None else kept.answer != settled[name])
        ):
            continue
        answer = read_answer(leaf, settled[name])
        if isinstance(answer, Unreadable):
            continue
        if leaf.store is Store.RESPONSE:
            stored = to_stored(answer)
            answers[name] = (stored.value, stored.missing)
        elif answer is not MissingCode.NOT_APPLICABLE:
            marks[name] = True if isinstance(answer, str) else to_stored(answer).value
    gone = [name for name in sitting.kept if _gone(sitting, settled, name)]
    return Changes(answers, marks, *_by_table(sitting, gone))


def _gone(sitting: Sitting, settled: Mapping[str, object], name: str) -> bool:
    """Kept, and now either unasked again or, where marks are kept, not applicable."""
    if name not in settled:
        return True
    if settled[name] is not MissingCode.NOT_APPLICABLE:
        return False
    return sitting.questionnaire.variables[name].store is not Store.RESPONSE


def _by_table(sitting: Sitting, names: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    store = {name: sitting.questionnaire.variables[name].store for name in names}
    return (
        tuple(name for name in names if store[name] is Store.RESPONSE),
        tuple(name for name in names if store[name] is not Store.RESPONSE),
    )


def begin_response(connection: Connection, sitting: Sitting, *, now: datetime) -> UUID:
    """The response of this case, with what was known when it began. The case is locked."""
    response_id = uuid4()
    connection.execute(
        _NEW_RESPONSE,
        {
            "id": response_id,
            "case_id": sitting.visit.case_id,
            "version_id": sitting.version_id,
            "started_at": now,
            "last_saved_at": now,
            "language": sitting.visit.language.value,
        },
    )
    write_marks(connection, response_id, sitting.early, session_id=None)
    return response_id


def write_revision(
    connection: Connection,
    response_id: UUID,
    revision: Revision,
    changes: Changes,
    *,
    session_id: UUID | None,
    now: datetime,
) -> bool:
    """Note an accepted save. False: this key was used before, and nothing was written."""
    written = connection.execute(
        _NEW_REVISION[connection.dialect.name],
        {
            "response_id": response_id,
            "client_key": revision.client_key,
            "body_hash": revision.body_hash,
            "step": revision.step,
            "revision": revision.number,
            "changed": {name: list(stored) for name, stored in changes.answers.items()},
            "session_id": session_id,
            "at": now,
            "client_at": revision.client_at,
        },
    )
    return written.first() is not None


def write_changes(
    connection: Connection,
    response_id: UUID,
    changes: Changes,
    *,
    number: int,
    session_id: UUID | None,
    now: datetime,
) -> None:
    """Bring answers and marks to what they should be; the newest revision of each wins."""
    rows = [
        {
            "response_id": response_id,
            "variable": name,
            "value": value,
            "missing": missing,
            "revision": number,
            "saved_at": now,
            "session_id": session_id,
        }
        for name, (value, missing) in changes.answers.items()
    ]
    if rows:
        connection.execute(_UPSERT_ANSWER[connection.dialect.name], rows)
    write_marks(connection, response_id, changes.marks, session_id=session_id)
    for statement, names in (
        (_DROP_ANSWER, changes.gone_answers),
        (_DROP_MARK, changes.gone_marks),
    ):
        if names:
            gone = [{"response": response_id, "name": name} for name in names]
            connection.execute(statement, gone)


def write_marks(
    connection: Connection,
    response_id: UUID,
    marks: Mapping[str, object],
    *,
    session_id: UUID | None,
) -> None:
    """What the path must remember of answers that are kept elsewhere."""
    rows = [
        {"response_id": response_id, "variable": name, "value": value, "session_id": session_id}
        for name, value in marks.items()
    ]
    if rows:
        connection.execute(_UPSERT_MARK[connection.dialect.name], rows)


def touch(
    connection: Connection, sitting: Sitting, response_id: UUID, *, answered: bool, now: datetime
) -> None:
    """When the response last grew, to the minute, and when the case was first answered.

    The exact moments are in the revisions.
    """
    if sitting.last_saved_at is None or now - sitting.last_saved_at >= A_MINUTE:
        connection.execute(_TOUCH_RESPONSE, {"response": response_id, "now": now})
    if answered and sitting.first_answer_at is None:
        connection.execute(_FIRST_ANSWER, {"case": sitting.visit.case_id, "now": now})


def close_response(
    connection: Connection, case_id: UUID, response_id: UUID, *, now: datetime
) -> None:
    """Terminar was pressed: the link shows the receipt from now on."""
    connection.execute(_FINISH_RESPONSE, {"response": response_id, "now": now})
    connection.execute(_FINISH_CASE, {"case": case_id, "now": now})


def erase_response(connection: Connection, case_id: UUID, response_id: UUID) -> None:
    """After a refusal nothing but the refusal remains."""
    for statement in _ERASE:
        connection.execute(statement, {"response": response_id})
    connection.execute(_UNANSWERED, {"case": case_id})


def first_save(
    connection: Connection, response_id: UUID | None, client_key: str
) -> FirstSave | None:
    """What was saved with this key before, if anything."""
    if response_id is None:
        return None
    row = connection.execute(_REVISION_OF_KEY, {"response": response_id, "key": client_key}).first()
    return None if row is None else FirstSave(row.body_hash, row.changed)


_WAYS_OUT = frozenset({MissingCode.REFUSED, MissingCode.DONT_KNOW})
_TABLES = Answer.metadata.tables
_CASE, _RESPONSE = _TABLES[Case.__tablename__], _TABLES[Response.__tablename__]
_ANSWER, _MARK = _TABLES[Answer.__tablename__], _TABLES[ResponseMark.__tablename__]
_REVISION = _TABLES[AnswerRevision.__tablename__]
_REVISION_KEY = ["response_id", "client_key"]
_VARIABLE_KEY = ["response_id", "variable"]
_ANSWER_COLUMNS = ("value", "missing", "revision", "saved_at", "session_id")
_MARK_COLUMNS = ("value", "session_id")

_NEW_RESPONSE = insert(_RESPONSE)
_NEW_REVISION = {
    "sqlite": sqlite.insert(_REVISION)
    .on_conflict_do_nothing(index_elements=_REVISION_KEY)
    .returning(_REVISION.c.client_key),
    "postgresql": postgresql.insert(_REVISION)
    .on_conflict_do_nothing(index_elements=_REVISION_KEY)
    .returning(_REVISION.c.client_key),
}
_sqlite_answer, _postgresql_answer = sqlite.insert(_ANSWER), postgresql.insert(_ANSWER)
_UPSERT_ANSWER = {
    "sqlite": _sqlite_answer.on_conflict_do_update(
        index_elements=_VARIABLE_KEY,
        set_={name: _sqlite_answer.excluded[name] for name in _ANSWER_COLUMNS},
        where=_ANSWER.c.revision <= _sqlite_answer.excluded.revision,
    ),
    "postgresql": _postgresql_answer.on_conflict_do_update(
        index_elements=_VARIABLE_KEY,
        set_={name: _postgresql_answer.excluded[name] for name in _ANSWER_COLUMNS},
        where=_ANSWER.c.revision <= _postgresql_answer.excluded.revision,
    ),
}
_sqlite_mark, _postgresql_mark = sqlite.insert(_MARK), postgresql.insert(_MARK)
_UPSERT_MARK = {
    "sqlite": _sqlite_mark.on_conflict_do_update(
        index_elements=_VARIABLE_KEY,
        set_={name: _sqlite_mark.excluded[name] for name in _MARK_COLUMNS},
    ),
    "postgresql": _postgresql_mark.on_conflict_do_update(
        index_elements=_VARIABLE_KEY,
        set_={name: _postgresql_mark.excluded[name] for name in _MARK_COLUMNS},
    ),
}
_DROP_ANSWER = delete(_ANSWER).where(
    _ANSWER.c.response_id == bindparam("response"), _ANSWER.c.variable == bindparam("name")
)
_DROP_MARK = delete(_MARK).where(
    _MARK.c.response_id == bindparam("response"), _MARK.c.variable == bindparam("name")
)
_TOUCH_RESPONSE = (
    update(_RESPONSE)
    .where(_RESPONSE.c.id == bindparam("response"))
    .values(last_saved_at=bindparam("now"))
)
_FINISH_RESPONSE = (
    update(_RESPONSE)
    .where(_RESPONSE.c.id == bindparam("response"), _RESPONSE.c.finished_at.is_(None))
    .values(finished_at=bindparam("now"))
)
_FIRST_ANSWER = (
    update(_CASE)
    .where(_CASE.c.id == bindparam("case"), _CASE.c.first_answer_at.is_(None))
    .values(first_answer_at=bindparam("now"))
)
_FINISH_CASE = (
    update(_CASE)
    .where(_CASE.c.id == bindparam("case"), _CASE.c.completed_at.is_(None))
    .values(completed_at=bindparam("now"))
)
_UNANSWERED = update(_CASE).where(_CASE.c.id == bindparam("case")).values(first_answer_at=None)
_ERASE = (
    delete(_ANSWER).where(_ANSWER.c.response_id == bindparam("response")),
    delete(_REVISION).where(_REVISION.c.response_id == bindparam("response")),
    delete(_MARK).where(_MARK.c.response_id == bindparam("response")),
    delete(_RESPONSE).where(_RESPONSE.c.id == bindparam("response")),
)
_REVISION_OF_KEY = select(_REVISION.c.body_hash, _REVISION.c.changed).where(
    _REVISION.c.response_id == bindparam("response"), _REVISION.c.client_key == bindparam("key")
)
