"""The messages an institution wrote in its own words: the nearest text to a school counts.

Texts are rows that are only added to; a letter is written when it leaves, so a new text reaches
what already waits in the queue.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func
from sqlmodel import Session, col, select

from app.chronology.contact_plan import Step
from app.errors import NotFound
from app.fieldwork.short_texts import short_text
from app.fieldwork.tables import MessageTextRow
from app.fieldwork.texts import (
    SHORT_SUBJECT,
    MessageText,
    TextKey,
    checked_short,
    checked_text,
    example_values,
    text_of,
)
from app.units.nearest import nearest_choices
from app.units.queries import in_scope
from app.units.scope import Scope
from app.units.tables import OrganisationUnit, UnitAncestor


@dataclass(frozen=True, slots=True)
class TextInForce:
    """A text and who wrote it: None where it is as it comes with the program."""

    text: MessageText
    unit_id: UUID | None = None
    unit_name: str = ""
    at: datetime | None = None


def own_texts(session: Session, unit_id: UUID) -> Mapping[TextKey, MessageText]:
    """The texts in a unit's words or the nearest office's; what is absent is as it comes."""
    return {
        key: MessageText(row.subject or "", row.body or "")
        for key, row in _in_force(session, unit_id).items()
    }


def text_in_force(session: Session, scope: Scope, unit_id: UUID, key: TextKey) -> TextInForce:
    """One text of a unit, and where it comes from.

    Raises:
        NotFound: the unit is not the caller's.
    """
    mine = session.exec(
        select(OrganisationUnit.id).where(
            OrganisationUnit.id == unit_id, in_scope(scope, col(OrganisationUnit.id))
        )
    ).first()
    if mine is None:
        raise NotFound(unit=unit_id)
    row = _in_force(session, unit_id).get(key)
    if row is None:
        return TextInForce(original_of(key))
    name = session.get_one(OrganisationUnit, row.unit_id).name
    return TextInForce(MessageText(row.subject or "", row.body or ""), row.unit_id, name, row.at)


def original_of(key: TextKey) -> MessageText:
    """A text as it comes with the program."""
    if key.short:
        return short_text(key.questionnaire, key.step)
    return text_of(key.questionnaire, key.step, started=key.started)


def write_text(
    session: Session,
    unit_id: UUID,
    key: TextKey,
    text: MessageText,
    *,
    staff_id: UUID | None,
    now: datetime,
) -> None:
    """Set a text of a unit and of all below without one of their own; a `short` one has no subject.

    Raises:
        TemplateRefused: the text cannot be used; it says why in Spanish.
    """
    example = example_values(session.get_one(OrganisationUnit, unit_id).name)
    body = text.body.replace("\r\n", "\n").strip() + "\n"
    if key.short:
        checked_short(body, example)
    else:
        checked_text(text, example)
    subject = SHORT_SUBJECT if key.short else text.subject
    _add(session, unit_id, key, MessageText(subject, body), staff_id=staff_id, now=now)


def give_up_text(
    session: Session, unit_id: UUID, key: TextKey, *, staff_id: UUID | None, now: datetime
) -> None:
    """Take the text from above again, or the one that comes with the program."""
    _add(session, unit_id, key, None, staff_id=staff_id, now=now)


def _add(
    session: Session,
    unit_id: UUID,
    key: TextKey,
    text: MessageText | None,
    *,
    staff_id: UUID | None,
    now: datetime,
) -> None:
    last = session.exec(
        select(func.max(MessageTextRow.version)).where(
            MessageTextRow.unit_id == unit_id,
            MessageTextRow.questionnaire == key.questionnaire,
            MessageTextRow.step == key.step.value,
            col(MessageTextRow.started).is_(key.started),
            col(MessageTextRow.short).is_(key.short),
        )
    ).one()
    session.add(
        MessageTextRow(
            unit_id=unit_id,
            questionnaire=key.questionnaire,
            step=key.step.value,
            started=key.started,
            short=key.short,
            version=(last or 0) + 1,
            subject=None if text is None else text.subject,
            body=None if text is None else text.body,
            staff_id=staff_id,
            at=now,
        )
    )
    session.flush()


def _in_force(session: Session, unit_id: UUID) -> dict[TextKey, MessageTextRow]:
    above = select(UnitAncestor.ancestor_id).where(UnitAncestor.unit_id == unit_id)
    newest: dict[TextKey, dict[UUID, MessageTextRow]] = {}
    for row in session.exec(
        select(MessageTextRow)
        .where(col(MessageTextRow.unit_id).in_(above))
        .order_by(col(MessageTextRow.version))
    ):
        key = TextKey(row.questionnaire, Step(row.step), row.started, row.short)
        newest.setdefault(key, {})[row.unit_id] = row
    found = {}
    for key, rows in newest.items():
        written = {unit: row for unit, row in rows.items() if row.body is not None}
        nearest = nearest_choices(session, [unit_id], written.keys()).get(unit_id)
        if nearest is not None:
            found[key] = written[nearest]
    return found
