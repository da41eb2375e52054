"""What each school withholds of its edition, worked out once and kept (decisions/0025).

A nation's sums are planned from all of them at once: forty milliseconds a school, when an edition
is frozen, are ten minutes of every plan.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy.orm import aliased
from sqlmodel import Session, col, delete, or_, select

from app.analytics.editions.content import read_back, tally_in
from app.analytics.editions.tables import EditionWithheld
from app.analytics.editions.texts import edition_texts
from app.analytics.figures.joint import Query
from app.analytics.frame.small_tallies import SmallTally
from app.analytics.frame.tallies import Tally
from app.analytics.release.sum_parts import Summand, summand_of
from app.analytics.tables import ResultEdition
from app.fieldwork.inserting import insert_missing
from app.garbage import collection_paused

BATCH = 200


@dataclass(frozen=True, slots=True)
class Told:
    """What a school withholds of an edition. `hidden`: None where it is all."""

    hidden: frozenset[Query] | None
    crossings: frozenset[str]


@cache
def release_rules() -> str:
    """A short name of the code that decides: of every file of analytics, changed or not."""
    found = sha256()
    for path in sorted(Path(__file__).parents[1].rglob("*.py")):
        found.update(path.read_bytes())
    return found.hexdigest()


def told_text(tally: Tally) -> str:
    """What a school withholds, as it is kept."""
    found = summand_of(tally)
    hidden = None if found.hidden is None else sorted(found.hidden)
    return json.dumps({"hidden": hidden, "crossings": sorted(found.crossings)})


def keep_withheld(session: Session, edition_id: UUID, text: str) -> None:
    """Keep it, in the place of what other code said."""
    session.exec(delete(EditionWithheld).where(col(EditionWithheld.edition_id) == edition_id))
    values = {"edition_id": edition_id, "rules": release_rules(), "withheld": text}
    insert_missing(session, EditionWithheld, values, key=["edition_id"])  # or another worker did


def not_told(session: Session, edition_ids: Sequence[UUID]) -> list[UUID]:
    """The editions of which this code has not said yet what is withheld."""
    found: set[UUID] = set()
    for some in _batches(edition_ids):
        found.update(
            session.exec(
                select(EditionWithheld.edition_id).where(
                    col(EditionWithheld.edition_id).in_(some),
                    EditionWithheld.rules == release_rules(),
                )
            )
        )
    return [one for one in edition_ids if one not in found]


def told_texts(session: Session, edition_ids: Sequence[UUID]) -> dict[UUID, str]:
    """What some schools withhold, from their editions."""
    texts = edition_texts(session, edition_ids)
    return {one: told_text(read_back(text).tally) for one, text in texts.items()}


def small_summands(session: Session, edition_ids: Sequence[UUID]) -> dict[UUID, Summand]:
    """Editions as the sums above their schools must know them, each in some fifteen kilobytes."""
    same: dict[object, Any] = {}  # each made once
    found: dict[UUID, Summand] = {}
    for some in _batches(edition_ids):
        with collection_paused():
            found.update(_small(session, some, same))
    return found


def _small(
    session: Session, edition_ids: Sequence[UUID], same: dict[object, Any]
) -> Iterator[tuple[UUID, Summand]]:
    told = _told(session, edition_ids, same)
    for edition_id, text in edition_texts(session, edition_ids).items():
        mine = told.get(edition_id)
        tally = read_back(text).tally if mine is None else tally_in(text)
        whole = summand_of(tally) if mine is None else mine
        yield edition_id, Summand(SmallTally(tally), whole.hidden, whole.crossings)


def summand_of_edition(session: Session, edition_id: UUID) -> Summand:
    """One school as the sums above it must know it; worked out only where nothing was kept."""
    (text,) = edition_texts(session, [edition_id]).values()
    tally = read_back(text).tally
    told = _told(session, [edition_id], {}).get(edition_id)
    return summand_of(tally) if told is None else Summand(tally, told.hidden, told.crossings)


def untold(session: Session, limit: int) -> list[UUID]:
    """Editions that are or may be in force, and of which this code has not said that; newest first.

    Superseded ones are not read any more, but for one that an office accepted.
    """
    newer = aliased(ResultEdition)
    superseded = (
        select(newer.id)
        .where(
            newer.wave_id == ResultEdition.wave_id, col(newer.number) > col(ResultEdition.number)
        )
        .exists()
    )
    said = (
        select(EditionWithheld.edition_id)
        .where(
            EditionWithheld.edition_id == ResultEdition.id,
            EditionWithheld.rules == release_rules(),
        )
        .exists()
    )
    return list(
        session.exec(
            select(ResultEdition.id)
            .where(~said, or_(~superseded, col(ResultEdition.accepted_at).is_not(None)))
            .order_by(col(ResultEdition.frozen_at).desc(), col(ResultEdition.id))
            .limit(limit)
        )
    )


def _told(
    session: Session, edition_ids: Sequence[UUID], same: dict[object, Any]
) -> dict[UUID, Told]:
    rows = session.exec(
        select(EditionWithheld.edition_id, EditionWithheld.withheld).where(
            col(EditionWithheld.edition_id).in_(edition_ids),
            EditionWithheld.rules == release_rules(),
        )
    )
    found = {}
    for edition_id, text in rows:
        said = json.loads(text)
        hidden = said["hidden"]
        if hidden is not None:
            queries = [(name, category) for name, category in hidden]
            hidden = frozenset(same.setdefault(query, query) for query in queries)
        crossings = frozenset(same.setdefault(name, name) for name in said["crossings"])
        found[edition_id] = Told(
            same.setdefault(hidden, hidden), same.setdefault(crossings, crossings)
        )
    return found


def _batches(ids: Iterable[UUID]) -> Iterable[Sequence[UUID]]:
    rest = iter(ids)
    while some := list(islice(rest, BATCH)):
        yield some
