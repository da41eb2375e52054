"""Indicators by one or two traits of the persons (sex, shift, programme), released together.

The totals are figures of their own that the reader may have, and indicators of the same answers
can be subtracted from one another, so a crossing is told whole or not at all: only when no count
in it is small, its total is told too, and so is all of its family. Rules: domain.md 3.8.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import TypeVar

from app.analytics.asking import Division, PairNotKept
from app.analytics.disclosure import Line, is_plain, release_lines, withhold_lines
from app.analytics.figures.families import FAMILIES, entries_of, parent_of
from app.analytics.figures.indicators import Counts, Indicator
from app.analytics.figures.registry import outcomes_of
from app.analytics.figures.traits import LATTICE, Trait, TraitValue
from app.analytics.frame.tallies import CROSSED, Both, Counted
from app.analytics.protection.crossings import crossing_name
from app.analytics.release.outcome_release import release_counted, reported_of
from app.analytics.released import Context, IndicatorRow, Reason

Group = TypeVar("Group")  # a value of a trait, or of both


@dataclass(frozen=True, slots=True)
class CrossedRow:
    """A released figure of those who share one value of a trait."""

    group: str  # the value's code, as text
    row: IndicatorRow


def release_divided(
    counted: Counted, asked: Division, context: Context, *, only: str | None = None
) -> list[CrossedRow]:
    """`release_crossed` or `release_pair`, as was asked.

    Raises:
        PairNotKept: an edition among them has no such crossing.
    """
    if asked.within is None:
        return release_crossed(counted, asked.by, context, only=only)
    return release_pair(counted, asked, context, only=only)


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
    entries = _entries(counted, context, only)
    lines = _lines(counted, trait, entries)
    told = {
        entry.id
        for entry in entries
        if not {entry.id, crossing_name(entry.id, trait.variable)} & context.gone
    }
    if not context.exact:
        told &= _safe(entries, counted.wave, lines, _told_in_total(counted, context))
    return [
        CrossedRow(str(value), figure)
        for (name, value), line in lines.items()
        if value is not None and only in {None, name}
        for figure in _figures(line, context, told=name in told)
    ]


def told_crossings(counted: Counted, in_total: AbstractSet[str]) -> frozenset[str]:
    """The crossings by one trait that an office reads of one school (`crossing_name`).

    Args:
        counted: who answered the wave at the school.
        in_total: indicators of which the office reads every figure over all persons.
    """
    entries = [entry for entry in outcomes_of(counted.wave) if entry.kind in CROSSED]
    return frozenset(
        crossing_name(name, variable)
        for variable, trait in LATTICE.items()
        for name in _safe(entries, counted.wave, _lines(counted, trait, entries), set(in_total))
    )


def release_pair(
    counted: Counted, asked: Division, context: Context, *, only: str | None = None
) -> list[CrossedRow]:
    """The same of those who share a value of a second trait.

    A reader may ask for every value of the second, and for each trait alone. So the table of both
    is told whole or not at all: no count in it is small, both of its faces are told too, and so
    is all of its family.

    Args:
        counted: who answered the wave.
        asked: both traits.
        context: for whom.
        only: one indicator; control is still that of all of them.

    Raises:
        PairNotKept: an edition among them has no such crossing.
        ValueError: not a pair of the lattice.
    """
    context = replace(context, crossed=True)
    pair, within = asked.pair, asked.within
    if pair is None or within is None:
        raise ValueError("two traits that are no pair")
    entries = _entries(counted, context, only)
    lines: dict[tuple[str, Both], Line] = {}
    for entry in entries:
        found = counted.counts_by_both(entry, pair)
        if found is None:
            raise PairNotKept(by=asked.by.name, within=within.name)
        lines |= {(entry.id, both): _line(entry, counts) for both, counts in found.items()}
    told = {
        entry.id
        for entry in entries
        if not {entry.id, *(crossing_name(entry.id, one) for one in pair)} & context.gone
    }
    if not context.exact:
        in_total = _told_in_total(counted, context)
        for name in pair:
            face = _lines(counted, LATTICE[name], entries)
            told &= _safe(entries, counted.wave, face, in_total)
        told &= _safe(entries, counted.wave, lines, told, lenient=False)
    place = pair.index(asked.by.variable)
    return [
        CrossedRow(str(both[place]), figure)
        for (name, both), line in lines.items()
        if both[place] is not None and both[1 - place] == asked.value and only in {None, name}
        for figure in _figures(line, context, told=name in told)
    ]


def _entries(counted: Counted, context: Context, only: str | None) -> list[Indicator]:
    entries = [entry for entry in outcomes_of(counted.wave) if entry.kind in CROSSED]
    if context.exact and only is not None:  # nothing is hidden, so nothing else need be counted
        return [entry for entry in entries if entry.id == only]
    return entries


def _lines(
    counted: Counted, trait: Trait, entries: Sequence[Indicator]
) -> dict[tuple[str, TraitValue | None], Line]:
    return {
        (entry.id, value): _line(entry, counts)
        for entry in entries
        for value, counts in counted.counts_by(entry, trait.variable).items()
    }


def _figures(line: Line, context: Context, *, told: bool) -> list[IndicatorRow]:
    if len(line.cells) < 2:
        return []
    if told:
        return release_lines([line], context)
    return withhold_lines([line], Reason.PARTS if context.exact else Reason.SMALL)


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
    lines: Mapping[tuple[str, Group], Line],
    in_total: set[str],
    *,
    lenient: bool = True,
) -> set[str]:
    """The indicators whose crossing may be told, of those told in total.

    `lenient`: of a family with a small count the first one may stay; one line alone cannot tell.
    """
    small = {name for (name, _), line in lines.items() if not is_plain(line.cells)}
    told = in_total - small
    for family in FAMILIES:
        mine = [entry.id for entry in entries_of(family, wave) if entry in entries]
        if small & set(mine):  # the others would tell what it hides
            told -= set([name for name in mine if name in told][1 if lenient else 0 :])
    for entry in entries:
        parent = parent_of(entry, wave)
        if parent is not None and parent[0] not in told:
            told.discard(entry.id)  # its base is a count of the parent
    return told
