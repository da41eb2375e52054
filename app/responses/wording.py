"""The words of a step for one person: which text pieces its labels need, and where from.

Reads only what the labels of this step name: most steps need nothing.
"""

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from sqlmodel import Session, col

from app.chronology.reference_week import ReferenceWeek
from app.chronology.wave_plan import FieldPeriod
from app.directory.tables import CohortRow, ContactPoint
from app.fieldwork.windows import cohorts_where, windows_in_force
from app.questionnaires.flow import Step
from app.questionnaires.items import Item, Label, Language
from app.questionnaires.library import minimum_wages
from app.questionnaires.piping import Facts, markers_in, pieces
from app.questionnaires.view import Wording
from app.questionnaires.wage_bands import BAND_MARKERS, monthly_wage
from app.responses.sitting import EMAIL, MOBILE, Sitting

_PERIODS = frozenset({"fechas_q2", "fechas_q3"})


def wording_of(
    session: Session, sitting: Sitting, steps: Iterable[Step], language: Language
) -> Wording:
    """How to say these steps to this person."""
    items = [item for step in steps for item in step.items]
    needed = {name for item in items for text in _texts(sitting, item) for name in markers_in(text)}
    if not needed:
        return Wording({}, language)
    wave = sitting.wave
    second, third = _periods(session, wave.cohort_id) if needed & _PERIODS else (None, None)
    return Wording(
        pieces(
            Facts(
                week=ReferenceWeek(wave.reference_monday, wave.reference_monday + _SIX_DAYS),
                wave_opens=wave.opens,
                second=second,
                third=third,
                left_on=sitting.left_on,
                mobile=_contact(session, sitting, MOBILE) if "ult2" in needed else None,
                email=_contact(session, sitting, EMAIL) if "correo_tapado" in needed else None,
                monthly_wage=monthly_wage(minimum_wages(), day=wave.opens)
                if needed & BAND_MARKERS
                else None,
            ),
            language,
        ),
        language,
    )


def _texts(sitting: Sitting, item: Item) -> Iterable[str]:
    labels: tuple[Label, ...] = sitting.questionnaire.choices_of(item.choices)
    if item.hint is not None:
        labels = (*labels, item.hint)
    return (label.es for label in (item.label, *labels))


def _periods(session: Session, cohort_id: UUID) -> tuple[FieldPeriod | None, FieldPeriod | None]:
    (cohort,) = cohorts_where(session, col(CohortRow.id) == cohort_id)
    windows = windows_in_force(session, [cohort])[cohort_id]
    by_number = {window.questionnaire: window.period for window in windows}
    return by_number.get(2), by_number.get(3)


def _contact(session: Session, sitting: Sitting, name: str) -> str | None:
    known = sitting.early.get(name)
    if not isinstance(known, str):
        return None
    point = session.get(ContactPoint, UUID(known))
    return None if point is None else point.value


_SIX_DAYS = timedelta(days=6)
