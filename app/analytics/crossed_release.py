"""Indicators by one trait of the persons (sex, shift, kind of programme), released together.

The totals are figures of their own that the reader may have, and indicators of the same answers
can be subtracted from one another, so a crossing is told whole or not at all: only when no count
in it is small, its total is told too, and so is all of its family. Rules: domain.md 3.8.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from app.analytics.disclosure import Line, is_plain, release_lines, withhold_lines
from app.analytics.families import FAMILIES, entries_of, parent_of
from app.analytics.indicators import Counts, Indicator
from app.analytics.outcome_release import release_counted, reported_of
from app.analytics.registry import outcomes_of
from app.analytics.released import Context, IndicatorRow
from app.analytics.tallies import CROSSED, Counted
from app.analytics.traits import Trait, TraitValue


@dataclass(frozen=True, slots=True)
class CrossedRow:
    """A released figure of those who share one value of a trait."""

    group: str  # the value's code, as text
    row: IndicatorRow


def release_crossed(
    counted: Counted, trait: Trait, context: Context, *, only: str | None = None
) -> list[CrossedRow]:
    """Every indicator of the wave that has categories, by the values of a trait that occur.

    Persons whose value is not known are in no group, but the total tells of them: they hide a
    crossing as a small group does.

    Args:
        counted: who answered the wave.
        trait: of the lattice.
        context: for whom.
        only: one indicator; control is still that of all of them.
    """
    context = replace(context, crossed=True)
    entries = [entry for entry in outcomes_of(counted.wave) if entry.kind in CROSSED]
    if context.exact and only is not None:  # nothing is hidden, so nothing else need be counted
        entries = [entry for entry in entries if entry.id == only]
    lines = {
        (entry.id, value): _line(entry, counts)
        for entry in entries
        for value, counts in counted.counts_by(entry, trait.variable).items()
    }
    told = {entry.id for entry in entries}
    if not context.exact:
        told = _safe(entries, counted.wave, lines, _told_in_total(counted, context))
    found = []
    for (name, value), line in lines.items():
        if value is not None and len(line.cells) > 1 and only in {None, name}:
            figures = release_lines([line], context) if name in told else withhold_lines([line])
            found += [CrossedRow(str(value), figure) for figure in figures]
    return found


def _line(entry: Indicator, counts: Counts) -> Line:
    cells = counts.cells
    return Line(
        id=entry.id,
        cells=cells,
        reported=reported_of(entry, tuple(cells)) if cells else (),
        part=True,
        minimum_base=entry.minimum_base,
    )


def _told_in_total(counted: Counted, context: Context) -> set[str]:
    """Indicators of which this reader sees every figure over all persons."""
    figures = release_counted(counted, replace(context, crossed=False))
    return {row.id for row in figures} - {row.id for row in figures if row.withheld}


def _safe(
    entries: Sequence[Indicator],
    wave: int,
    lines: Mapping[tuple[str, TraitValue | None], Line],
    in_total: set[str],
) -> set[str]:
    """The indicators whose crossing may be told, of those told in total."""
    small = {name for (name, _), line in lines.items() if not is_plain(line.cells)}
    told = in_total - small
    for family in FAMILIES:
        mine = [entry.id for entry in entries_of(family, wave) if entry in entries]
        if small & set(mine):  # the others would tell what it hides: one line alone cannot
            told -= set([name for name in mine if name in told][1:])
    for entry in entries:
        parent = parent_of(entry, wave)
        if parent is not None and parent[0] not in told:
            told.discard(entry.id)  # its base is a count of the parent
    return told
