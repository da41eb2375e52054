"""What each school brings to the sums above it, by groups of indicators that are told alike.

A group is a family of the same answers, a line alone, a scale with its share, a crossing, or a
measure. What a school hides is what its own release withholds (outcome_release.py), so that it is
decided by its edition alone.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain

from app.analytics.figures.families import (
    CORE,
    FAMILIES,
    LINES,
    entries_of,
    parent_of,
    possible_states,
)
from app.analytics.figures.indicators import Indicator, Kind
from app.analytics.figures.joint import Query, State
from app.analytics.figures.registry import outcomes_of
from app.analytics.figures.traits import LATTICE
from app.analytics.frame.small_tallies import SmallTally
from app.analytics.frame.tallies import CROSSED, Counted, Tally, add_tallies
from app.analytics.protection.crossings import OF_SCHOOLS, crossing_name, crossings_of
from app.analytics.protection.exchanges import FREE, Bounds, Part
from app.analytics.protection.holding import Hidden, Schools, Secrets
from app.analytics.protection.holding_counts import Counts
from app.analytics.protection.holding_measures import Base, Measures
from app.analytics.protection.suppression import SMALL_GROUP
from app.analytics.release.crossed_release import told_crossings
from app.analytics.release.group_plan import Asked, GroupPlan, plan_of
from app.analytics.release.measures import MEDIAN_BASE, READ_AT
from app.analytics.release.outcome_release import lines_of, withheld_of
from app.analytics.release.pools import is_small
from app.analytics.release.told_before import ToldBefore, ToldSum
from app.analytics.released import OFFICE_SCHOOLS

OUT: State = frozenset()  # of no base
APART = 10  # schools of one shift or programme, below which a sum is not divided by it


@dataclass(frozen=True, slots=True)
class Summand:
    """A school's counts, and what its own figures withhold of them; None: all."""

    tally: Tally | SmallTally
    hidden: Hidden
    crossings: frozenset[str] = frozenset()  # by one trait, that it tells


def summand_of(tally: Tally) -> Summand:
    """A school as the sums above it must know it. What it hides depends on its edition alone."""
    if is_small(tally.answered):
        return Summand(tally, None)
    return _told(tally)


def _told(tally: Tally) -> Summand:
    hidden = withheld_of(tally)
    gone = {name.removeprefix("base ") for name, _ in hidden}
    whole = {
        entry.id
        for entry in outcomes_of(tally.wave)
        if entry.id not in gone
        and (not entry.minimum_base or tally.counts_of(entry).base >= entry.minimum_base)
    }
    return Summand(tally, hidden, told_crossings(tally, whole))


Each = Callable[[Callable[[int], list[GroupPlan]], int], Iterable[list[GroupPlan]]]


def one_by_one(plan: Callable[[int], list[GroupPlan]], pieces: int) -> Iterable[list[GroupPlan]]:
    """Each piece of a plan in turn, in this process."""
    return map(plan, range(pieces))


def withheld_of_sums(
    schools: Sequence[Summand],
    sums: Sequence[Schools],
    wave: int,
    *,
    told: Sequence[ToldSum] = (),
    each: Each = one_by_one,
) -> list[frozenset[Query]]:
    """What each sum of schools withholds: cells, bases ("base S1", "") and measures ("C1", "").

    Args:
        schools: every school of the deployment with an answer in its edition, and every edition
            that was in a sum before.
        sums: their places, two or more, for every unit; no two the same.
        wave: of the tallies.
        told: sums that readers already have, none of them among `sums`.
        each: how its pieces are worked out, none of which depends on another.
    """
    answered = [sum(schools[place].tally.answered for place in one) for one in sums]
    found = [set(_told_as_one(schools, one, wave)) for one in sums]
    of_one = _sums_of_one_value(schools, sums)
    finer = [one for one in dict.fromkeys(one for _, _, one in of_one) if len(one) >= APART]
    asked = Asked(sums, answered, [frozenset(one) for one in found], finer)
    gone_beside: dict[Schools, set[str]] = {one: set() for one in finer}
    pieces = _pieces(schools, wave)
    of_before = _sums_of_one_value(schools, [one.places for one in told])
    before = ToldBefore(told, [one for one in of_before if len(one[2]) >= APART])

    def plan(piece: int) -> list[GroupPlan]:
        return [
            plan_of(names, secrets, asked, before.of(names, secrets))
            for names, secrets in pieces[piece]()
        ]

    for group in chain.from_iterable(each(plan, len(pieces))):
        for mine, more in zip(found, group.held, strict=True):
            mine.update(more)
        for one, tells in zip(finer, group.told, strict=False):
            gone_beside[one].update(() if tells else group.names)
    crossed = [entry.id for entry in outcomes_of(wave) if entry.kind in CROSSED]
    for place, variable, one in of_one:
        gone = gone_beside.get(one, crossed)
        found[place] |= {(crossing_name(name, variable), "") for name in gone}
    return [with_what_follows(mine, wave) for mine in found]


def _sums_of_one_value(
    schools: Sequence[Summand], sums: Sequence[Schools]
) -> list[tuple[int, str, Schools]]:
    """The sums that a crossing tells of schools in which everybody has one shift or programme.

    Everybody knows of such a school which it is: those of a sum are a smaller sum. Of few schools
    it is nearly the schools themselves, and not told at all (APART).
    """
    found = []
    for variable in OF_SCHOOLS:
        values = [
            next(iter(groups)) if len(groups := one.tally.values_had(variable)) == 1 else None
            for one in schools
        ]
        for place, mine in enumerate(sums):
            for value in sorted({v for p in mine if (v := values[p]) is not None}, key=str):
                among = frozenset(p for p in mine if values[p] == value)
                if among != mine:
                    found.append((place, variable, among))
    return found


def _told_as_one(schools: Sequence[Summand], places: Schools, wave: int) -> frozenset[Query]:
    """What a sum of two schools withholds anyway: it is told as one (released.py)."""
    if len(places) >= OFFICE_SCHOOLS:
        return frozenset()
    total = add_tallies([schools[place].tally.whole() for place in sorted(places)], wave)
    told = _told(total)
    names = {
        crossing_name(entry.id, variable)
        for entry in outcomes_of(wave)
        if entry.kind in CROSSED
        for variable in LATTICE
    }
    return frozenset({*(told.hidden or ()), *((name, "") for name in names - told.crossings)})


def with_what_follows(withheld: set[Query], wave: int) -> frozenset[Query]:
    """With measures of answers that are withheld go, and indicators whose base is withheld."""
    entries = outcomes_of(wave)
    names = {query[0] for query in withheld}
    variables = {entry.variable for entry in entries if entry.id in names}
    for entry in entries:
        parent = parent_of(entry, wave)
        if parent is not None:
            if parent in withheld:
                withheld |= {(f"base {entry.id}", ""), (entry.id, "")}
            for variable in LATTICE:
                if (crossing_name(parent[0], variable), "") in withheld:
                    withheld.add((crossing_name(entry.id, variable), ""))
        if entry.kind not in LINES and entry.variable in variables:
            withheld.add((entry.id, ""))
    return frozenset(withheld)


Piece = Callable[[], Iterator[tuple[Sequence[str], Secrets]]]  # a few groups, made when asked for


def _pieces(schools: Sequence[Summand], wave: int) -> list[Piece]:
    """What the schools hide of each group of indicators, and which of them are crossed."""
    entries = outcomes_of(wave)
    families = (i for i, one in enumerate(FAMILIES) if len(entries_of(one, wave)) > 1)
    return [
        *(partial(_family, schools, wave, i) for i in families),
        *(partial(_by_itself, schools, wave, entry) for entry in entries),
        *(partial(_crossed, schools, entry) for entry in entries if entry.kind in CROSSED),
    ]


def _family(
    schools: Sequence[Summand], wave: int, i: int
) -> Iterator[tuple[Sequence[str], Secrets]]:
    names = [entry.id for entry in entries_of(FAMILIES[i], wave)]
    possible = possible_states(wave) if FAMILIES[i] is CORE else frozenset[State]()
    parts = [
        Part({**dict.fromkeys(possible, 0), **one.tally.states[i]}, one.hidden) for one in schools
    ]
    yield names, Counts(parts, order=names)


def _by_itself(
    schools: Sequence[Summand], wave: int, entry: Indicator
) -> Iterator[tuple[Sequence[str], Secrets]]:
    for secrets in _secrets_of(entry, schools, wave):
        yield [entry.id] if entry.kind in CROSSED else [], secrets


def _crossed(
    schools: Sequence[Summand], entry: Indicator
) -> Iterator[tuple[Sequence[str], Secrets]]:
    told = [one.crossings for one in schools]
    for crossing in crossings_of([one.tally for one in schools], told, [entry]):
        yield [], crossing


def _secrets_of(entry: Indicator, schools: Sequence[Summand], wave: int) -> Iterator[Secrets]:
    if entry.kind in LINES:
        yield from _lines(entry, schools, wave)
    elif entry.kind in {Kind.SCALE, Kind.SCORE, Kind.MEAN}:
        yield _answers(entry, schools, wave)
    elif entry.kind is Kind.CURVE:
        yield _curve(entry, schools)
    elif entry.kind is Kind.CROSSING:
        yield _crossing(entry, schools)
    else:
        yield _measure(entry, schools)


def _lines(entry: Indicator, schools: Sequence[Summand], wave: int) -> Iterator[Secrets]:
    """One group for each line: mentions are lines of their own."""
    parts: dict[str, dict[int, Part]] = {}
    for place, school in enumerate(schools):
        for line in lines_of(entry, school.tally.counts_of(entry), wave):
            key = line.reported[0][0] if entry.kind is Kind.MULTIPLE else ""
            parts.setdefault(key, {})[place] = _line_part(entry.id, line.cells, school)
    zeros = entry.kind is Kind.MULTIPLE or len(entry.categories) != 2
    for found in parts.values():
        nobody = [Part({OUT: one.tally.answered}, one.hidden) for one in schools]
        mine = [found.get(i, nobody[i]) for i in range(len(schools))]
        yield Counts(mine, order=[entry.id], zeros=zeros, parent=parent_of(entry, wave))


def _line_part(name: str, cells: Mapping[str, int], school: Summand) -> Part:
    base, hidden = sum(cells.values()), school.hidden
    people = {_cell(name, cell): n for cell, n in cells.items()}
    people[OUT] = school.tally.answered - base
    return Part(people, hidden, line_bounds(name, cells, hidden))


def _cell(name: str, cell: str) -> State:
    return frozenset({(name, cell), (f"base {name}", "")})


def line_bounds(name: str, cells: Mapping[str, int], hidden: Hidden) -> dict[State, Bounds]:
    """What the rule tells of withheld cells: above 0 in a large group, below what is shown."""
    if hidden is None or (f"base {name}", "") in hidden:
        return {}
    least = 0 if sum(cells.values()) < SMALL_GROUP else 1
    shown = [n for cell, n in cells.items() if n and (name, cell) not in hidden]
    most = min(shown, default=None)
    found: dict[State, Bounds] = {}
    for cell, n in cells.items():
        if (name, cell) in hidden:
            low = min(n, least)
            high = None if most is None or n >= most else most - 1
            if (low, high) != FREE:
                found[_cell(name, cell)] = (low, high)
    return found


def _answers(entry: Indicator, schools: Sequence[Summand], wave: int) -> Secrets:
    """Persons by answer, with the shares of these answers: a scale, a mean or a score.

    An exact mean with its interval, or an exact score, tells of a sum nearly what a scale does. Who
    tells a mean may hide the scale, and exchanges no answers with who hides both.
    """
    shares = [
        other
        for other in outcomes_of(wave)
        if other.variable == entry.variable
        and other.kind is Kind.PROPORTION
        and other.among == entry.among
    ]
    states: dict[str, State] = {}
    for category in entry.categories:
        told = set(_cell(entry.id, category.id))
        for share in shares:
            for one in share.categories:
                if category.codes <= one.codes:
                    told |= _cell(share.id, one.id)
        states[category.id] = frozenset(told)
    parts = []
    for school in schools:
        cells = _by_answer(entry, school.tally)
        people = {states[name]: n for name, n in cells.items()}
        people[OUT] = school.tally.answered - sum(cells.values())
        parts.append(Part(people, _hidden_answers(entry, school)))
    return Counts(parts, order=[entry.id], whole=True, zeros=True)


def _by_answer(entry: Indicator, tally: Counted) -> Mapping[str, int]:
    if entry.kind is not Kind.MEAN:
        return tally.counts_of(entry).cells
    numbers = tally.values_of(entry).tally
    return {
        one.id: sum(n for number, n in numbers.items() if number in one.codes)
        for one in entry.categories
    }


def _hidden_answers(entry: Indicator, school: Summand) -> Hidden:
    """Who withholds a mean withholds how many gave each answer; who tells it does not say more."""
    hidden = school.hidden
    if hidden is None or (entry.id, "") not in hidden:
        return hidden
    return hidden | {(entry.id, one.id) for one in entry.categories}


def _curve(entry: Indicator, schools: Sequence[Summand]) -> Secrets:
    """Persons by the quarter in which their wait ended, or in which they were last seen waiting."""
    parts = []
    for school in schools:
        wait, people = school.tally.waits_of(entry), Counter[State]()
        for name, persons in (("ended", wait.ended), ("watched", wait.watched)):
            for month, n in persons.items():
                quarter = next((f"{last}" for last in READ_AT if month <= last), "later")
                people[_cell(entry.id, f"{name} {quarter}")] += n
        people[OUT] = school.tally.answered - people.total()
        hidden = school.hidden
        if hidden is not None and (entry.id, "") in hidden:
            hidden = hidden | {query for state in people for query in state}
        parts.append(Part(people, hidden))
    return Counts(parts, whole=True, zeros=True)


def _crossing(entry: Indicator, schools: Sequence[Summand]) -> Secrets:
    parts = []
    for school in schools:
        found = school.tally.crossing_of(entry)
        people = {
            _cell(entry.id, f"{row}|{column}"): n
            for row, line in zip(found.rows, found.table, strict=False)
            for column, n in zip(found.columns, line, strict=False)
        }
        people[OUT] = school.tally.answered - sum(people.values())
        parts.append(Part(people, school.hidden))
    return Counts(parts, whole=True, zeros=True)


def _measure(entry: Indicator, schools: Sequence[Summand]) -> Secrets:
    bases = []
    for school in schools:
        tally = school.tally
        if entry.kind is Kind.SURVIVAL:
            wait = tally.waits_of(entry)
            persons = sum(wait.ended.values()) + sum(wait.watched.values())
        elif entry.kind is Kind.MEDIAN:
            persons = sum(tally.values_of(entry).tally.values())
        else:
            persons = tally.counts_of(entry).base
        hidden = school.hidden is None or (entry.id, "") in school.hidden
        bases.append(Base(persons, hidden))
    return Measures(entry.id, bases, MEDIAN_BASE)
