"""Beside an edition, the coded persons it was counted from: the columnar store is built of them.

Only where a store is kept, and only while all of them stand by their answers (decisions/0025).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import aliased
from sqlmodel import Session, col, delete, select

from app.analytics.editions.rows import KeptRows, coded_rows, packed, rules_of, unpacked
from app.analytics.editions.store import STORED_FROM, installed
from app.analytics.editions.tables import EditionRows
from app.analytics.editions.withheld import keep_withheld, told_text
from app.analytics.frame.grouped_rows import ColumnRows
from app.analytics.frame.tallies import Tally
from app.analytics.tables import ResultEdition
from app.fieldwork.tables import Case
from app.responses.rows import ANSWERED
from app.units.queries import count_schools


@dataclass(frozen=True, slots=True)
class KeptBlock:
    """The persons of an edition. `same_rules`: whether they are still counted as they were."""

    kept: KeptRows
    same_rules: bool


@dataclass(frozen=True, slots=True)
class RowsToKeep:
    """The persons of an edition that is not kept yet, and the cases that had been answered.

    `told`: what its school withholds (withheld.py).
    """

    block: bytes
    rules: str
    cases: frozenset[UUID]
    told: str


def who_answered(session: Session, wave_id: UUID, *, until_kept: bool = False) -> frozenset[UUID]:
    """What the persons of a wave answered, in any wave: those cases.

    `until_kept`: none leaves until the transaction ends. Whoever leaves in between waits for it,
    and then takes out what was kept meanwhile.
    """
    here = aliased(Case)
    asked = select(Case.id).where(
        col(Case.member_id).in_(select(here.member_id).where(col(here.wave_id) == wave_id)),
        col(Case.disposition).in_(ANSWERED),
    )
    if until_kept:
        asked = asked.order_by(col(Case.id)).with_for_update(read=True)
    return frozenset(session.exec(asked))


def rows_to_keep(
    session: Session, rows: ColumnRows, tally: Tally, cases: frozenset[UUID]
) -> RowsToKeep | None:
    """The persons as they are kept; None where this deployment builds no store.

    `cases`: those that were answered before the rows were read.
    """
    if not installed() or count_schools(session) < STORED_FROM:
        return None
    block = packed(coded_rows(rows, tally.wave))
    return RowsToKeep(block, rules_of(tally.wave), cases, told_text(tally))


def keep_rows(session: Session, edition_id: UUID, wave_id: UUID, rows: RowsToKeep) -> None:
    """Keep the persons of a new edition; of earlier ones only those that an office accepted.

    Not where somebody took the answers back since they were read.
    """
    accepted = select(ResultEdition.id).where(
        col(ResultEdition.wave_id) == wave_id, col(ResultEdition.accepted_at).is_not(None)
    )
    session.exec(
        delete(EditionRows).where(
            col(EditionRows.wave_id) == wave_id, col(EditionRows.edition_id).not_in(accepted)
        )
    )
    keep_withheld(session, edition_id, rows.told)
    if rows.cases <= who_answered(session, wave_id, until_kept=True):
        session.add(
            EditionRows(edition_id=edition_id, wave_id=wave_id, rules=rows.rules, block=rows.block)
        )
        session.flush()


def kept_blocks(
    session: Session, edition_ids: Sequence[UUID], questionnaire: int
) -> Mapping[UUID, KeptBlock]:
    """What was kept of some editions, by their ids; one query."""
    found = session.exec(
        select(EditionRows.edition_id, EditionRows.rules, EditionRows.block).where(
            col(EditionRows.edition_id).in_(edition_ids)
        )
    )
    rules = rules_of(questionnaire)
    return {one: KeptBlock(unpacked(block), said == rules) for one, said, block in found}
