"""Keep open and closed waves in step with the directory: late rows, confirmed and denied exits.

The denominator changes only here, after the freeze, and always with a dated reason.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, or_, update
from sqlmodel import Session, col, select

from app.chronology.calendar import civil_date
from app.db.marks import marked
from app.db.tables import DeploymentMark
from app.directory.tables import PanelMember, Standing
from app.fieldwork.dispositions import Disposition
from app.fieldwork.eligibility import FIRST_AFTER_EXIT, FrameMember, Ineligibility
from app.fieldwork.frame import GRADUATED, Candidate, Frame, log_events, make_cases
from app.fieldwork.inserting import insert_missing
from app.fieldwork.tables import Case, Wave, WaveState
from app.keys import PurposeKey
from app.units.tables import OrganisationUnit

SWEPT = "directory_swept"  # deployment mark: the day of the last complete comparison
# The last zone of Mexico in which a day begins: then every exit date of that day has come, and it
# is still night everywhere, so whoever joins is written to on that very day.
LAST_TO_BEGIN = "America/Tijuana"
RECENT = timedelta(days=2)  # longer than any import takes to commit
LATE = "Alta posterior a la apertura"


@dataclass(frozen=True, slots=True)
class Followed:
    """Cases that changed because the directory did."""

    joined: int = 0
    confirmed: int = 0
    denied: int = 0
    restored: int = 0


def follow_directory(session: Session, *, now: datetime, keys: Sequence[PurposeKey]) -> Followed:
    """Compare cases with what changed in the directory; everything, once a day.

    A tick looks only at members changed in the last two days. The first of each day looks
    at all: exit dates that came, and whatever changed while the scheduler was silent.
    """
    since = None if _take_sweep(session, now=now) else now - RECENT
    joined = join_late(session, now=now, keys=keys, since=since)
    moved = apply_confirmations(session, now=now, since=since)
    return Followed(joined, moved.confirmed, moved.denied, moved.restored)


def _take_sweep(session: Session, *, now: datetime) -> bool:
    """Whether this worker compares everything today. A rival waits for the outcome of ours."""
    today = civil_date(now, LAST_TO_BEGIN).isoformat()
    if marked(session, SWEPT) == today:
        return False
    values = {"name": SWEPT, "value": today, "at": now}
    if insert_missing(session, DeploymentMark, values, key=["name"]):
        return True
    taken = session.exec(
        update(DeploymentMark)
        .where(col(DeploymentMark.name) == SWEPT, col(DeploymentMark.value) != today)
        .values(value=today, at=now)
        .returning(col(DeploymentMark.name))
    )
    return taken.first() is not None


def join_late(
    session: Session,
    *,
    now: datetime,
    keys: Sequence[PurposeKey],
    since: datetime | None = None,
    reason: str = LATE,
) -> int:
    """Members without a case enter the open waves of their cohort, with a reason; how many.

    Args:
        session: the caller's transaction.
        now: the instant; a person joins no earlier than the own exit date.
        keys: of links, newest first.
        since: look only at members changed since; None for all.
        reason: kept with each case.
    """
    waves = session.exec(
        select(
            col(Wave.id),
            col(Wave.questionnaire),
            col(OrganisationUnit.time_zone),
        )
        .join(OrganisationUnit, col(OrganisationUnit.id) == col(Wave.school_id))
        .where(
            col(Wave.state) == WaveState.OPEN,
            col(Wave.closes_at) > now,
            _has_missing_member(since, now.astimezone(UTC).date()),
        )
        .order_by(col(Wave.id))
    ).all()
    joined = 0
    for wave_id, questionnaire, zone in waves:
        # Two workers must not both add: the second waits here, and then finds nobody.
        session.exec(select(Wave.id).where(Wave.id == wave_id).with_for_update()).one()
        frame = Frame(wave_id, questionnaire, civil_date(now, zone))
        missing = _missing_members(session, wave_id, since)
        joined += make_cases(session, frame, missing, keys=keys, late_reason=reason, now=now)
    return joined


def apply_confirmations(
    session: Session, *, now: datetime, since: datetime | None = None
) -> Followed:
    """Move cases whose member was confirmed, denied or corrected, in open and closed waves.

    Questionnaire 1 is for who was enrolled: a graduation denied later changes nothing there.
    """
    recent = _changed_since(since)
    of_graduates = _wave_of(FIRST_AFTER_EXIT)
    denied = _move(
        session,
        _members(col(PanelMember.standing) == Standing.LEFT, _left_in_time(), recent),
        col(Case.disposition) != Disposition.NOT_ELIGIBLE,
        Disposition.NOT_ELIGIBLE,
        Ineligibility.DENIED,
        now=now,
    )
    denied += _move(
        session,
        _members(col(PanelMember.merged_into).is_not(None), recent),
        col(Case.disposition) != Disposition.NOT_ELIGIBLE,
        Disposition.NOT_ELIGIBLE,
        Ineligibility.DUPLICATE,
        now=now,
    )
    restored = _move(
        session,
        _members(
            col(PanelMember.standing) != Standing.LEFT,
            col(PanelMember.merged_into).is_(None),
            recent,
        ),
        col(Case.ineligibility) == Ineligibility.DENIED,
        Disposition.PLANNED,
        None,
        now=now,
    )
    graduated = _members(col(PanelMember.standing) == Standing.GRADUATED, recent)
    confirmed = _confirm(session, and_(graduated, of_graduates), confirmed=True, now=now)
    enrolled = _members(col(PanelMember.standing) == Standing.ENROLLED, recent)
    _confirm(session, and_(enrolled, of_graduates), confirmed=False, now=now)
    return Followed(confirmed=confirmed, denied=denied, restored=restored)


def _changed_since(since: datetime | None) -> ColumnElement[bool]:
    return (
        col(PanelMember.id).is_not(None) if since is None else col(PanelMember.changed_at) >= since
    )


def _members(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(col(PanelMember.id) == col(Case.member_id), *conditions)


def _wave_of(first: int) -> ColumnElement[bool]:
    return exists().where(col(Wave.id) == col(Case.wave_id), col(Wave.questionnaire) >= first)


def _left_in_time() -> ColumnElement[bool]:
    """The denial concerns the wave: one after the exit, or Questionnaire 1 before its close."""
    concerned = exists().where(
        col(Wave.id) == col(Case.wave_id),
        or_(
            col(Wave.questionnaire) >= FIRST_AFTER_EXIT,
            col(PanelMember.standing_since) < col(Wave.closes),
        ),
    )
    # Said aloud: by itself SQLAlchemy looks one level up, and the case is two levels up.
    return concerned.correlate(Case, PanelMember)


_REASONS = {
    Ineligibility.DENIED: "Control escolar no confirmó el egreso",
    Ineligibility.DUPLICATE: "La persona estaba dos veces en la lista",
    None: "Control escolar corrigió: sí cuenta",
}


def _move(
    session: Session,
    member: ColumnElement[bool],
    case: ColumnElement[bool],
    following: Disposition,
    ineligibility: Ineligibility | None,
    *,
    now: datetime,
) -> int:
    """Every disposition may become not eligible, and that one planned: no case is left out."""
    moved = session.exec(
        update(Case)
        .where(member, case)
        .values(disposition=following, ineligibility=ineligibility, moved_at=now)
        .returning(col(Case.id))
        .execution_options(synchronize_session=False)
    ).all()
    reason = _REASONS[ineligibility]
    log_events(
        session,
        [
            {"case_id": case_id, "disposition": following, "reason": reason, "at": now}
            for (case_id,) in moved
        ],
    )
    return len(moved)


def _confirm(
    session: Session, cases: ColumnElement[bool], *, confirmed: bool, now: datetime
) -> int:
    changed = session.exec(
        update(Case)
        .where(
            cases,
            col(Case.eligibility_confirmed).is_(not confirmed),
            col(Case.disposition) != Disposition.NOT_ELIGIBLE,
        )
        .values(eligibility_confirmed=confirmed)
        .returning(col(Case.id), col(Case.disposition))
        .execution_options(synchronize_session=False)
    ).all()
    reason = "Egreso confirmado" if confirmed else "Se retiró la confirmación del egreso"
    log_events(
        session,
        [
            {"case_id": case_id, "disposition": disposition, "reason": reason, "at": now}
            for case_id, disposition in changed
        ],
    )
    return len(changed)


def _has_missing_member(since: datetime | None, utc_day: date) -> ColumnElement[bool]:
    """Somebody of the cohort has no case and has left by tomorrow, whatever the zone."""
    return exists().where(
        col(PanelMember.cohort_id) == col(Wave.cohort_id),
        col(PanelMember.merged_into).is_(None),
        _changed_since(since),
        or_(
            col(Wave.questionnaire) < FIRST_AFTER_EXIT,
            col(PanelMember.standing) == Standing.LEFT,
            col(PanelMember.left_on).is_(None),
            col(PanelMember.left_on) <= utc_day + timedelta(days=1),
        ),
        ~exists()
        .where(col(Case.wave_id) == col(Wave.id), col(Case.member_id) == col(PanelMember.id))
        .correlate(Wave, PanelMember),  # the wave is two levels up, as above
    )


def _missing_members(session: Session, wave_id: UUID, since: datetime | None) -> list[Candidate]:
    rows = session.exec(
        select(col(PanelMember.id), col(PanelMember.standing), col(PanelMember.left_on))
        .join(Wave, col(Wave.cohort_id) == col(PanelMember.cohort_id))
        .where(
            Wave.id == wave_id,
            col(PanelMember.merged_into).is_(None),
            _changed_since(since),
            ~exists().where(
                col(Case.wave_id) == col(Wave.id), col(Case.member_id) == col(PanelMember.id)
            ),
        )
        .order_by(col(PanelMember.id))
    )
    return [Candidate(i, FrameMember(GRADUATED[standing], left)) for i, standing, left in rows]
