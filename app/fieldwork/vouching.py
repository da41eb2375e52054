"""What a school vouches for: which of its messages are real, told without naming anybody."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, select

from app.chronology.wave_plan import Cohort
from app.directory.tables import CohortRow
from app.fieldwork.entry import LinkState, open_link
from app.fieldwork.tables import Case, Wave, WaveState
from app.keys import PurposeKey
from app.units.queries import profile_of
from app.units.scope import WHOLE
from app.units.tables import OrganisationUnit, UnitKind


@dataclass(frozen=True, slots=True)
class Asking:
    """A questionnaire that the school is asking now; `last_day` still takes answers."""

    questionnaire: int
    generation: str
    last_day: date


@dataclass(frozen=True, slots=True)
class Voucher:
    """A school as its messages present it. Empty where it has said nothing."""

    school: str
    code: str
    sender_name: str
    reply_to: str
    contact: str
    asking: tuple[Asking, ...]


def voucher_of_link(
    session: Session, typed: str, keys: Sequence[PurposeKey], *, now: datetime
) -> Voucher | None:
    """The school that a genuine link comes from, whatever its state; None for any other text."""
    opened = open_link(session, typed, keys, now=now)
    if opened.state is LinkState.UNKNOWN or opened.case_id is None:
        return None
    wave = session.get_one(Wave, session.get_one(Case, opened.case_id).wave_id)
    return _voucher(session, wave.school_id, now=now)


def voucher_of_school(session: Session, code: str, *, now: datetime) -> Voucher | None:
    """The school with this key (CCT); None if none takes part."""
    found = session.exec(
        select(OrganisationUnit.id).where(
            OrganisationUnit.code == code, OrganisationUnit.kind == UnitKind.SCHOOL
        )
    ).first()
    return None if found is None else _voucher(session, found, now=now)


def _voucher(session: Session, school_id: UUID, *, now: datetime) -> Voucher:
    school = session.get_one(OrganisationUnit, school_id)
    profile = profile_of(session, WHOLE, school_id)
    waves = session.exec(
        select(Wave, CohortRow)
        .join(CohortRow, col(CohortRow.id) == col(Wave.cohort_id))
        .where(Wave.school_id == school_id, Wave.state == WaveState.OPEN, col(Wave.closes_at) > now)
        .order_by(col(Wave.questionnaire), col(CohortRow.leaves))
    ).all()
    return Voucher(
        school=school.name,
        code=school.code,
        sender_name=school.name if profile is None else profile.sender_name,
        reply_to="" if profile is None else profile.reply_to,
        contact="" if profile is None else profile.contact,
        asking=tuple(
            Asking(
                wave.questionnaire,
                str(Cohort(cohort.entered, cohort.leaves)),
                wave.closes - timedelta(days=1),
            )
            for wave, cohort in waves
        ),
    )
