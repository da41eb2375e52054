"""Whether messages are still wanted, asked for a few cases right before their texts leave.

The same answer as `invitations.objections`, from one small query built once: it is asked
for every handful of messages, in the transaction that writes down that they are leaving.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Executable, bindparam, exists
from sqlalchemy import select as select_columns  # SQLModel's stops at four
from sqlmodel import Session, col

from app.directory.tables import Consent, ContactKind, ContactPoint, OptOut, PanelMember
from app.fieldwork.addressees import FOLLOW_UP, USABLE, born_on, follow_up_refusals
from app.fieldwork.invitations import GONE, objection_to
from app.fieldwork.plans import Plans
from app.fieldwork.tables import Case, Wave, WaveState
from app.fieldwork.wanted import Addressee
from app.messaging.delivery import Objection
from app.messaging.states import Channel
from app.units.tables import OrganisationUnit


def _reached_by(channel: Channel) -> tuple[ColumnElement[bool], ...]:
    """What an address must be for a message of this channel, as `Correspondent.ways` says."""
    kind = ContactKind.EMAIL if channel is Channel.MAIL else ContactKind.MOBILE
    same = col(ContactPoint.kind) == kind
    if channel is Channel.WHATSAPP:
        return same, col(ContactPoint.whatsapp).is_(True)
    return (same,)


def _states(channel: Channel) -> Executable:
    return (
        select_columns(
            col(Case.id),
            col(Case.member_id),
            col(Case.disposition),
            col(Case.link_revoked_at),
            col(Wave.questionnaire),
            col(Wave.school_id),
            col(Wave.state).label("wave_state"),
            col(Wave.closes_at),
            col(Wave.paused_at),
            col(OrganisationUnit.time_zone),
            col(PanelMember.birth_date),
            col(PanelMember.guardian_consent),
            exists().where(col(OptOut.member_id) == col(Case.member_id)).label("opted_out"),
            exists()
            .where(
                col(Consent.member_id) == col(Case.member_id),
                col(Consent.purpose) == FOLLOW_UP,
                col(Consent.granted).is_(False),
            )
            .label("ever_refused"),
            exists()
            .where(
                col(ContactPoint.member_id) == col(Case.member_id),
                *_reached_by(channel),
                col(ContactPoint.state).in_(USABLE),
            )
            .label("has_address"),
        )
        .join(Wave, col(Wave.id) == col(Case.wave_id))
        .join(PanelMember, col(PanelMember.id) == col(Case.member_id))
        .join(OrganisationUnit, col(OrganisationUnit.id) == col(Wave.school_id))
        .where(col(Case.id).in_(bindparam("cases", expanding=True)))
    )


_STATES = {channel: _states(channel) for channel in Channel}


def last_objections(
    session: Session,
    case_ids: Collection[UUID],
    plans: Plans,
    *,
    now: datetime,
    channel: Channel = Channel.MAIL,
) -> dict[UUID, Objection]:
    """Why messages about these cases do not leave now; who is absent may be written to."""
    rows = session.connection().execute(_STATES[channel], {"cases": list(case_ids)}).all()
    doubtful = [row.member_id for row in rows if row.ever_refused]
    refusals = follow_up_refusals(session, doubtful) if doubtful else {}
    found = {case_id: Objection(GONE) for case_id in case_ids}
    for row in rows:
        refused = refusals.get(row.member_id, row.id) != row.id
        objection = objection_to(
            _state(row, follow_up_refused=refused),
            plans.of(row.school_id, row.questionnaire).hours,
            now=now,
            zone=row.time_zone,
        )
        if objection is None:
            del found[row.id]
        else:
            found[row.id] = objection
    return found


def _state(row: Any, *, follow_up_refused: bool) -> Addressee:
    return Addressee(
        disposition=row.disposition,
        closes_at=row.closes_at,
        open=row.wave_state is WaveState.OPEN,
        paused=row.paused_at is not None,
        link_revoked=row.link_revoked_at is not None,
        opted_out=row.opted_out,
        follow_up_refused=follow_up_refused,
        birth_date=born_on(row.birth_date),
        guardian_consent=row.guardian_consent,
        has_address=row.has_address,
    )
