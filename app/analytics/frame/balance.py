"""The groups of a frame and how many of each answered, for the verdict on non-response."""

from collections import Counter
from collections.abc import Collection
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ScalarSelect, Select, bindparam, func, null
from sqlalchemy import select as select_columns  # SQLModel's stops at four
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app.analytics.nonresponse import TRAITS, Balance, Group
from app.directory.tables import PanelMember
from app.fieldwork.dispositions import Disposition
from app.fieldwork.tables import Case, Wave
from app.responses.rows import ANSWERED
from app.responses.tables import Answer, Response
from app.units.tables import Programme

UNKNOWN = "sin dato"
PLAN = "plan_egreso"


def balance_of(session: Session, wave_ids: Collection[UUID], questionnaire: int) -> Balance:
    """By sex, shift, programme and, after Questionnaire 1, the plan told in it. One query.

    Everybody who is or may be eligible; who was not asked for a plan is a group of their own.
    """
    rows = session.connection().execute(
        _grouped(with_plan=questionnaire > 1), {"waves": list(wave_ids)}
    )
    frame: dict[str, Counter[str]] = {trait: Counter() for trait in TRAITS}
    replied: dict[str, Counter[str]] = {trait: Counter() for trait in TRAITS}
    for *values, replies, n in rows:
        for trait, value in zip(TRAITS, values, strict=True):
            name = UNKNOWN if value is None else str(value)
            frame[trait][name] += n
            replied[trait][name] += n * bool(replies)
    return {
        trait: tuple(Group(v, frame[trait][v], replied[trait][v]) for v in sorted(frame[trait]))
        for trait in TRAITS
        if trait != "plan" or questionnaire > 1
    }


@cache
def _grouped(*, with_plan: bool) -> Select[Any]:
    """Persons of `:waves` by all traits, built once: to build it takes as long as to run it."""
    persons = (
        select_columns(
            col(PanelMember.sex).label("sex"),
            col(PanelMember.shift).label("shift"),
            col(Programme.name).label("programme"),
            (_plan() if with_plan else null()).label("plan"),
            col(Case.disposition).in_(ANSWERED).label("replied"),
        )
        .select_from(Case)
        .join(PanelMember, col(PanelMember.id) == col(Case.member_id))
        .outerjoin(Programme, col(Programme.id) == col(PanelMember.programme_id))
        .where(
            col(Case.wave_id).in_(bindparam("waves", expanding=True)),
            col(Case.disposition) != Disposition.NOT_ELIGIBLE,
        )
        .subquery()
    )
    return select_columns(*persons.c, func.count()).group_by(*persons.c)


def _plan() -> ScalarSelect[Any]:
    """What the person of a case told in Questionnaire 1: looked up for each, not in the nation."""
    first, first_wave = aliased(Case), aliased(Wave)
    return (
        select_columns(func.min(col(Answer.value)))
        .join(Response, col(Response.id) == col(Answer.response_id))
        .join(first, col(first.id) == col(Response.case_id))
        .join(first_wave, col(first_wave.id) == col(first.wave_id))
        .where(
            col(first.member_id) == col(Case.member_id),
            col(first.disposition).in_(ANSWERED),
            col(first_wave.questionnaire) == 1,
            col(Answer.variable) == PLAN,
        )
        .correlate(Case)
        .scalar_subquery()
    )
