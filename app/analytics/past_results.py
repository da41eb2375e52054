"""Keep and list figures of earlier generations; the newest entry of a figure stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, delete, select

from app.analytics.past_figures import TypedFigure, offered
from app.analytics.tables import PastFigure
from app.chronology.wave_plan import Cohort
from app.errors import NotFound
from app.fieldwork.steering import Steward
from app.staff import audit
from app.units.queries import in_scope
from app.units.scope import Scope
from app.units.tables import OrganisationUnit


@dataclass(frozen=True, slots=True)
class PastLine:
    """A figure of the past as it was told. `value` from 0 to 1. Not comparable with any other."""

    id: UUID
    cohort: Cohort
    questionnaire: int
    indicator: str
    category: str
    words: str
    value: float
    base: int | None
    source: str


def past_figures(session: Session, scope: Scope, unit_id: UUID) -> tuple[PastLine, ...]:
    """The figures told of a unit itself, newest generation first, in the order of the registry."""
    order = {one.key: (place, one.words) for place, one in enumerate(offered())}
    rows = session.exec(
        select(PastFigure).where(
            PastFigure.unit_id == unit_id, in_scope(scope, col(PastFigure.unit_id))
        )
    ).all()
    lines = []
    for row in rows:
        place, words = order.get(f"{row.indicator}|{row.category}", (len(order), row.indicator))
        line = PastLine(
            id=row.id,
            cohort=Cohort(row.entered, row.leaves),
            questionnaire=row.questionnaire,
            indicator=row.indicator,
            category=row.category,
            words=words,
            value=row.value,
            base=row.base,
            source=row.source,
        )
        lines.append(((-row.leaves, -row.entered, row.questionnaire, place), line))
    return tuple(line for _, line in sorted(lines, key=lambda pair: pair[0]))


def keep_figures(
    session: Session,
    unit: OrganisationUnit,
    figures: Sequence[TypedFigure],
    *,
    staff_id: UUID | None,
    now: datetime,
) -> int:
    """Keep what was told of a unit; a figure told again replaces the one before. How many.

    `staff_id`: None for the operator of the deployment.
    """
    newest = {_key(one): one for one in figures}
    for one in newest.values():
        session.exec(
            delete(PastFigure).where(
                col(PastFigure.unit_id) == unit.id,
                col(PastFigure.entered) == one.cohort.entered,
                col(PastFigure.leaves) == one.cohort.leaves,
                col(PastFigure.questionnaire) == one.questionnaire,
                col(PastFigure.indicator) == one.indicator,
                col(PastFigure.category) == one.category,
            )
        )
        session.add(
            PastFigure(
                unit_id=unit.id,
                entered=one.cohort.entered,
                leaves=one.cohort.leaves,
                questionnaire=one.questionnaire,
                indicator=one.indicator,
                category=one.category,
                value=one.value,
                base=one.base,
                source=one.source,
                staff_id=staff_id,
                at=now,
            )
        )
    _note(session, "past_result.kept", unit, staff_id, now=now, figures=len(newest))
    return len(newest)


def drop_figure(
    session: Session, unit: OrganisationUnit, figure_id: UUID, *, by: Steward, now: datetime
) -> None:
    """Take one figure back.

    Raises:
        NotFound: the unit has no such figure.
    """
    gone = session.exec(
        delete(PastFigure)
        .where(col(PastFigure.id) == figure_id, col(PastFigure.unit_id) == unit.id)
        .returning(col(PastFigure.id))
    ).first()
    if gone is None:
        raise NotFound(figure=figure_id)
    _note(session, "past_result.dropped", unit, by.staff_id, now=now, figures=1)


def _key(one: TypedFigure) -> tuple[Cohort, int, str, str]:
    return (one.cohort, one.questionnaire, one.indicator, one.category)


def _note(
    session: Session,
    action: str,
    unit: OrganisationUnit,
    staff_id: UUID | None,
    *,
    now: datetime,
    figures: int,
) -> None:
    audit.append(
        session,
        action,
        actor_id=staff_id,
        about=("unit", unit.code),
        unit_id=unit.id,
        now=now,
        figures=figures,
    )
