"""The groups of a frame and how many of each answered, for the verdict on non-response."""

from collections import Counter
from collections.abc import Collection
from uuid import UUID

from sqlalchemy import and_, func
from sqlalchemy import select as select_columns  # SQLModel's stops at four
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app.analytics.datasets import ANSWERED
from app.analytics.nonresponse import TRAITS, Balance, Group
from app.directory.tables import PanelMember
from app.fieldwork.dispositions import Disposition
from app.fieldwork.tables import Case, Wave
from app.responses.tables import Answer, Response
from app.units.tables import Programme

UNKNOWN = "sin dato"
PLAN = "plan_egreso"


def balance_of(session: Session, wave_ids: Collection[UUID], questionnaire: int) -> Balance:
    """By sex, shift, programme and, after Questionnaire 1, the plan told in it. One query.

    Everybody who is or may be eligible; who was not asked for a plan is a group of their own.
    """
    first, first_wave = aliased(Case), aliased(Wave)
    plan = (
        select_columns(col(first.member_id).label("member_id"), col(Answer.value).label("plan"))
        .join(first_wave, col(first_wave.id) == col(first.wave_id))
        .join(Response, col(Response.case_id) == col(first.id))
        .join(
            Answer,
            and_(col(Answer.response_id) == col(Response.id), col(Answer.variable) == PLAN),
        )
        .where(col(first_wave.questionnaire) == 1, col(first.disposition).in_(ANSWERED))
        .subquery()
    )
    answered = col(Case.disposition).in_(ANSWERED)
    columns = (
        col(PanelMember.sex),
        col(PanelMember.shift),
        col(Programme.name),
        plan.c.plan,
        answered,
    )
    rows = session.connection().execute(
        select_columns(*columns, func.count())
        .select_from(Case)
        .join(PanelMember, col(PanelMember.id) == col(Case.member_id))
        .outerjoin(Programme, col(Programme.id) == col(PanelMember.programme_id))
        .outerjoin(plan, plan.c.member_id == col(Case.member_id))
        .where(col(Case.wave_id).in_(wave_ids), col(Case.disposition) != Disposition.NOT_ELIGIBLE)
        .group_by(*columns)
    )
    frame: dict[str, Counter[str]] = {trait: Counter() for trait in TRAITS}
    replied: dict[str, Counter[str]] = {trait: Counter() for trait in TRAITS}
    for sex, shift, programme, told, replies, n in rows:
        values = (sex, shift, programme, told)
        for trait, value in zip(TRAITS, values, strict=True):
            name = UNKNOWN if value is None else str(value)
            frame[trait][name] += n
            replied[trait][name] += n * bool(replies)
    return {
        trait: tuple(Group(v, frame[trait][v], replied[trait][v]) for v in sorted(frame[trait]))
        for trait in TRAITS
        if trait != "plan" or questionnaire > 1
    }
