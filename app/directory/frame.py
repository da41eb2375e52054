"""The sampling frame of a wave, and what its questionnaire knows of a member beforehand."""

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, exists, select
from sqlalchemy.orm import Mapped, aliased
from sqlmodel import Session, col

from app.chronology.wave_plan import Cohort, exit_day
from app.directory.consents import FOLLOW_UP
from app.directory.contacts import USABLE, usable_contacts
from app.directory.mails import masked
from app.directory.states import ContactKind, ContactState, Standing
from app.directory.tables import CohortRow, Consent, ContactPoint, OptOut, PanelMember
from app.units.tables import OrganisationUnit, Programme, StudentGroup

OF_AGE = 18  # years


@dataclass(frozen=True, slots=True)
class FrameRow:
    """A member as fieldwork needs to see it when a wave freezes its frame."""

    member_id: UUID
    group_id: UUID | None
    left_on: date | None
    standing: Standing
    confirmed: bool  # eligibility is known; False: UO until confirmed, denied or answered
    minor: bool | None  # on the day asked about; None: birth date unknown
    guardian_consent: bool | None
    opted_out: bool
    follow_up_refused: bool  # said no to later questionnaires; never of Questionnaire 1
    has_usable_contact: bool
    simulated: bool


def sampling_frame(
    session: Session, cohort_id: UUID, wave: int, *, on: date
) -> tuple[FrameRow, ...]:
    """Everybody a wave is about: the cohort without those denied and those merged away.

    Questionnaire 1 asks whoever is enrolled in the last term, which is known. Questionnaires 2
    and 3 ask graduates, and those whose graduation is not confirmed yet. `on`: the day the wave
    opens, for ages.
    """
    later = aliased(Consent)
    refused = (
        exists()
        .where(
            col(Consent.member_id) == col(PanelMember.id),
            col(Consent.purpose) == FOLLOW_UP,
            col(Consent.granted).is_(False),
            ~exists().where(
                col(later.member_id) == col(Consent.member_id),
                col(later.purpose) == FOLLOW_UP,
                col(later.at) > col(Consent.at),
            ),
        )
        .correlate(PanelMember)
    )
    reachable = exists().where(
        col(ContactPoint.member_id) == col(PanelMember.id), col(ContactPoint.state).in_(USABLE)
    )
    columns: tuple[ColumnElement[Any] | Mapped[Any], ...] = (
        col(PanelMember.id).label("id"),
        col(PanelMember.group_id),
        col(PanelMember.left_on),
        col(PanelMember.standing),
        col(PanelMember.birth_date),
        col(PanelMember.guardian_consent),
        col(PanelMember.simulated),
        exists().where(col(OptOut.member_id) == col(PanelMember.id)).label("opted_out"),
        refused.label("refused"),
        reachable.label("reachable"),
    )
    query: Select[Any] = (
        select(*columns)
        .where(
            col(PanelMember.cohort_id) == cohort_id,
            col(PanelMember.standing) != Standing.LEFT,
            col(PanelMember.merged_into).is_(None),
        )
        .order_by(col(PanelMember.id))
    )
    return tuple(
        FrameRow(
            row.id,
            row.group_id,
            row.left_on,
            row.standing,
            wave == 1 or row.standing is Standing.GRADUATED,
            is_minor(row.birth_date, on),
            row.guardian_consent,
            bool(row.opted_out),
            wave > 1 and bool(row.refused),
            bool(row.reachable),
            row.simulated,
        )
        for row in session.connection().execute(query)
    )


def is_minor(birth_date: str | None, on: date) -> bool | None:
    """Under 18 on a day; born on 29 February, of age on 1 March. None: unknown."""
    if birth_date is None:
        return None
    born = date.fromisoformat(birth_date)
    return (on.year - born.year - ((on.month, on.day) < (born.month, born.day))) < OF_AGE


def exit_date(cohort: Cohort, exit_month: int) -> date:
    """When a cohort leaves where no row says it: the last day of its exit month."""
    first = exit_day(cohort.leaves, exit_month)
    return first.replace(day=monthrange(first.year, first.month)[1])


def prefilled(session: Session, member_id: UUID, *, on: date) -> Mapping[str, object]:
    """The `precargadas` of the questionnaires that the directory knows, by variable.

    A phone or mail counts as known only if the person confirmed it: whoever never answered is
    asked again. Only the masked forms are given. `primer_empleo_conocido` is of responses.
    """
    member = session.get_one(PanelMember, member_id)
    cohort = session.get_one(CohortRow, member.cohort_id)
    school = session.get_one(OrganisationUnit, member.school_id)
    group = session.get(StudentGroup, member.group_id) if member.group_id else None
    programme = session.get(Programme, member.programme_id) if member.programme_id else None
    subsystem = (
        session.get(OrganisationUnit, school.subsystem_parent_id)
        if school.subsystem_parent_id
        else None
    )
    generation = Cohort(cohort.entered, cohort.leaves)
    mobile = _confirmed(session, member_id, ContactKind.MOBILE)
    mail = _confirmed(session, member_id, ContactKind.EMAIL)
    return {
        "id_egresado": str(member.id),
        "matricula": member.student_id,
        "nombre": member.given_name,
        "primer_apellido": member.surname_1,
        "segundo_apellido": member.surname_2,
        "sexo": member.sex,
        "fecha_nacimiento": date.fromisoformat(member.birth_date) if member.birth_date else None,
        "cct": school.code,
        "plantel": school.name,
        "turno": int(member.shift) if member.shift else None,
        "subsistema": subsystem.name if subsystem else None,
        "tipo_bachillerato": int(member.track) if member.track else None,
        "carrera_tecnica": programme.name if programme else None,
        "grupo": group.name if group else None,
        "generacion": str(generation),
        "fecha_egreso": member.left_on or exit_date(generation, cohort.exit_month),
        "es_menor": is_minor(member.birth_date, on) is True,
        "autorizacion_tutor": member.guardian_consent is True,
        "celular_previo": mobile is not None,
        "correo_previo": mail is not None,
        "ult2": mobile[-2:] if mobile else None,
        "correo_tapado": masked(mail) if mail else None,
    }


def _confirmed(session: Session, member_id: UUID, kind: ContactKind) -> str | None:
    return next(
        (
            each.value
            for each in usable_contacts(session, member_id, kind=kind)
            if each.state is ContactState.CONFIRMED and not each.institutional
        ),
        None,
    )
