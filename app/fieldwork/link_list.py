"""The personal links of a wave, to be handed out by other means. The caller writes the audit."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session, col, select

from app.chronology.wave_plan import Cohort
from app.directory.tables import CohortRow, PanelMember
from app.fieldwork.dispositions import Disposition
from app.fieldwork.links import LinkMark, link_for
from app.fieldwork.tables import Case, Wave
from app.keys import PurposeKey
from app.units.queries import in_scope
from app.units.scope import Scope
from app.units.tables import OrganisationUnit, UnitAncestor


@dataclass(frozen=True, slots=True)
class PersonalLink:
    """Whoever holds `url` answers in the name of `name`."""

    case: UUID
    name: str
    url: str

    def __repr__(self) -> str:
        return f"PersonalLink({self.case!r})"  # a link never gets logged


@dataclass(frozen=True, slots=True)
class WaveOf:
    """One questionnaire of a generation, over all schools of a unit."""

    unit_id: UUID
    cohort: Cohort
    questionnaire: int


def links_of(
    session: Session, scope: Scope, wave: WaveOf, keys: Sequence[PurposeKey], *, base_url: str
) -> tuple[PersonalLink, ...]:
    """The links in force, by school and name; nobody who does not count, nor a revoked link.

    Raises:
        LinkKeyMissing: a link was made with a key that is gone.
    """
    below = select(UnitAncestor.unit_id).where(UnitAncestor.ancestor_id == wave.unit_id)
    rows = session.exec(
        select(OrganisationUnit.code, Case, PanelMember)
        .join(Wave, col(Wave.school_id) == col(OrganisationUnit.id))
        .join(CohortRow, col(CohortRow.id) == col(Wave.cohort_id))
        .join(Case, col(Case.wave_id) == col(Wave.id))
        .join(PanelMember, col(PanelMember.id) == col(Case.member_id))
        .where(
            in_scope(scope, col(Wave.school_id)),
            col(Wave.school_id).in_(below),
            col(Wave.questionnaire) == wave.questionnaire,
            col(CohortRow.entered) == wave.cohort.entered,
            col(CohortRow.leaves) == wave.cohort.leaves,
            col(Case.disposition) != Disposition.NOT_ELIGIBLE,
            col(Case.link_revoked_at).is_(None),
        )
    ).all()
    # Names are encrypted: their order is made here.
    ordered = sorted(rows, key=lambda row: (row[0], _name(row[2]).casefold(), row[1].id))
    return tuple(
        PersonalLink(
            case.id,
            _name(member),
            link_for(
                LinkMark(case.id, case.link_key_id, case.link_version), keys, base_url=base_url
            ),
        )
        for _, case, member in ordered
    )


def _name(member: PanelMember) -> str:
    return " ".join(filter(None, (member.surname_1, member.surname_2, member.given_name)))
