"""Which counts of a sum of schools are withheld, so that none gives away what a school hides.

A school's line is decided by its own edition alone; what adapts is the sum. A count of it is told
while every hidden count below it stays as open as its own school leaves it, for who knows every
other sum as well, in both hierarchies. Where it would not, the smallest sum withholds that count,
with company in its line; and where a larger sum would give the smaller one back, another small one
withholds the same, before the larger one must.
Source: domain.md 3.8, rules 1 and 2; decisions/0021.
"""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from app.analytics.figures.joint import Query, State
from app.analytics.protection.exchanges import Exchange, Looks, Part, looks_of, own_width
from app.analytics.protection.suppression import MINIMUM_CELL, SMALL_GROUP

TOGETHER = 12  # schools whose exchanges are looked for at once
MANY = 48  # and where those do not suffice
KEPT = 300  # exchanges
MOST_LOOKS = 20_000
MOST_ORDERS = 500
MOST_COMPANY = 4  # steps back that others take before a larger sum does

Hidden = AbstractSet[Query] | None  # counts that are withheld; None: all
Schools = frozenset[int]  # by their places


@dataclass(frozen=True, slots=True)
class Secret:
    """A count that a school withholds, and how open its own figures leave it (persons)."""

    place: int
    query: Query
    need: int


class Secrets(ABC):
    """What the schools hide of a group of indicators. `queries`: every count of it."""

    queries: Sequence[Query]

    @abstractmethod
    def all(self) -> Iterator[Secret]:
        """Every secret."""

    @abstractmethod
    def alone(self, secret: Secret, hidden: Hidden) -> bool:
        """Whether it is safe where no sum is exact, and those above it withhold `hidden`."""

    @abstractmethod
    def among(self, secret: Secret, places: Sequence[int], hidden: Sequence[Hidden]) -> bool:
        """Whether it is safe in an exact sum of `places`, first of them its own school's.

        `hidden`: for each school, what the sums that tell it from the others withhold.
        """

    def helps(self, secret: Secret, places: Schools) -> bool:  # noqa: ARG002 (of Secrets)
        """Whether some of these schools could exchange anything for it."""
        return True

    @abstractmethod
    def more(self, secret: Secret, hidden: AbstractSet[Query], places: Schools) -> set[Query]:
        """What a sum of `places` that withholds `hidden` withholds next for a secret's sake."""


class Counts(Secrets):
    """Counts of persons: lines, families of lines, crossings."""

    def __init__(
        self,
        parts: Sequence[Part],
        *,
        order: Sequence[str] = (),
        whole: bool = False,
        zeros: bool = False,
        parent: Query | None = None,
        minimum: int = MINIMUM_CELL,
    ) -> None:
        """One part for each school.

        `order`: indicators, the most important first. `whole`: told whole or not at all. `zeros`: a
        sum of many tells that nobody is in a category (rule 2). `parent`: the count of the base.
        """
        self.parts, self.minimum, self.zeros, self.parent = parts, minimum, zeros, parent
        self.order, self.whole = order, whole
        states = dict.fromkeys(state for part in parts for state in part.people)
        self.states: Sequence[State] = sorted(states, key=sorted)
        self.queries = sorted({query for state in self.states for query in state})
        every = frozenset(self.queries)
        self._mine: list[Hidden] = [None if p.hidden is None else every & p.hidden for p in parts]
        self._made: dict[tuple[Hidden, Hidden], Looks] = {}
        self._looks = [self._looks_beside(place, None) for place in range(len(parts))]
        self._exchanges: dict[tuple[Sequence[int], ...], tuple[Exchange, object]] = {}
        self._orders: dict[tuple[int, ...], Sequence[int]] = {}
        self._sizes: dict[tuple[int, Query], int] = {}
        self._sums: dict[tuple[tuple[int, ...], Query], int] = {}

    def _looks_beside(self, place: int, also: Hidden) -> Looks:
        """The looks of a school; made once for all that hide the same."""
        key = self._mine[place], also
        if key not in self._made:
            if len(self._made) >= MOST_LOOKS:
                self._made.clear()
            self._made[key] = looks_of(self.parts[place], also, self.states)
        return self._made[key]

    def all(self) -> Iterator[Secret]:
        for place, part in enumerate(self.parts):
            for query in self.queries:
                if part.hides(query) and self._is_secret(part, query):
                    need = own_width(part, query, self._looks[place], enough=self.minimum)
                    if need:
                        yield Secret(place, query, need)

    def _is_secret(self, part: Part, query: Query) -> bool:
        """A base is none by itself, but where it is the count of somebody else's line."""
        return bool(query[1]) or (self.parent is not None and part.hides(self.parent))

    def alone(self, secret: Secret, hidden: Hidden) -> bool:
        return hidden is None or self._openness_of(secret, hidden) >= secret.need

    def among(self, secret: Secret, places: Sequence[int], hidden: Sequence[Hidden]) -> bool:
        if self._is_nobody(secret.query, tuple(places)):
            return True
        for few in self._few(secret, places):
            exchange = self._exchange(places, hidden, few)
            at = few.index(places.index(secret.place))
            if exchange.width(at, secret.query, enough=secret.need) >= secret.need:
                return True
        return False

    def helps(self, secret: Secret, places: Schools) -> bool:
        return any(self.parts[place].hides(secret.query) for place in places)

    def _exchange(
        self, places: Sequence[int], hidden: Sequence[Hidden], few: Sequence[int]
    ) -> Exchange:
        """Kept as long as the counts are: many secrets ask for the same."""
        mine = [hidden[i] for i in few]
        key = tuple(places[i] for i in few), tuple(map(id, mine))
        if key not in self._exchanges:
            if len(self._exchanges) >= KEPT:
                self._exchanges.clear()
            looks = [self._looks_beside(places[i], also) for i, also in zip(few, mine, strict=True)]
            made = Exchange([self.parts[places[i]] for i in few], looks)
            self._exchanges[key] = made, mine  # kept with it, so that no id comes again
        return self._exchanges[key][0]

    def more(self, secret: Secret, hidden: AbstractSet[Query], places: Schools) -> set[Query]:
        left = [query for query in self.queries if query not in hidden]
        if self.whole:
            return set(left)
        part, name = self.parts[secret.place], secret.query[0].removeprefix("base ")
        among = tuple(sorted(places))
        size = {query: self._persons(query, among) for query in left}
        line = sorted((q for q in left if q[0] == name), key=lambda q: (size[q], q))
        mine = [query for query in line if part.hides(query)]
        if secret.query in mine:
            company = [q for q in (*mine, *line) if q != secret.query]
            return {secret.query, *company[:1]}
        if mine:
            return {mine[0]}
        base = (f"base {name}", "")
        if base in left and part.hides(base):
            return {base, *line}
        return self._line_that_helps(secret, hidden, left)

    def _line_that_helps(
        self, secret: Secret, hidden: AbstractSet[Query], left: Sequence[Query]
    ) -> set[Query]:
        """The least important line whose absence leaves the secret more open; else the last."""
        part, found = self.parts[secret.place], []
        before = self._openness_of(secret, hidden)
        for name in reversed(self.order):
            line = {q for q in left if q[0] == name}
            base = {q for q in left if q == (f"base {name}", "") and part.hides(q)}
            for more in (line, line | base):
                if more and any(part.hides(q) for q in more):
                    if self._openness_of(secret, hidden | more) > before:
                        return more
                    found.append(more)
        return found[0] if found else set(left)

    def _openness_of(self, secret: Secret, hidden: AbstractSet[Query]) -> int:
        part = self.parts[secret.place]
        looks = looks_of(part, hidden, self.states)
        return own_width(part, secret.query, looks, enough=secret.need)

    def _is_nobody(self, query: Query, places: tuple[int, ...]) -> bool:
        """Whether a sum tells that nobody is there: of nobody asked, or of many (rule 2)."""
        base = (query[0] if not query[1] else f"base {query[0]}", "")
        asked = self._persons(base, places)
        if not asked:
            return True
        return self.zeros and asked >= SMALL_GROUP and not self._persons(query, places)

    def _persons(self, query: Query, places: tuple[int, ...]) -> int:
        if (places, query) not in self._sums:
            if len(self._sums) >= MOST_LOOKS:
                self._sums.clear()
            self._sums[places, query] = sum(self._size(place, query) for place in places)
        return self._sums[places, query]

    def _size(self, place: int, query: Query) -> int:
        if (place, query) not in self._sizes:
            people = self.parts[place].people.items()
            self._sizes[place, query] = sum(n for state, n in people if query in state)
        return self._sizes[place, query]

    def _few(self, secret: Secret, places: Sequence[int]) -> Iterator[Sequence[int]]:
        """Some of many schools: those that hide the most, in handfuls; then who hides the same."""
        if len(places) <= TOGETHER:
            yield list(range(len(places)))
            return
        ordered = self._ordered(tuple(places))
        mine = places.index(secret.place)
        at = ordered.index(mine) // TOGETHER * TOGETHER
        yield ordered[at : at + TOGETHER]
        alike = [i for i in ordered if self.parts[places[i]].hides(secret.query)][:MANY]
        yield alike if mine in alike else [mine, *alike]

    def _ordered(self, places: tuple[int, ...]) -> Sequence[int]:
        """The places of places, those first that hide the most."""
        if places not in self._orders:
            if len(self._orders) >= MOST_ORDERS:
                self._orders.clear()
            self._orders[places] = sorted(
                range(len(places)), key=lambda i: (self._openness(places[i]), places[i])
            )
        return self._orders[places]

    def _openness(self, place: int) -> int:
        hidden = self.parts[place].hidden
        return -1 << 20 if hidden is None else -len(hidden)


def hold(
    secrets: Secrets,
    sums: Sequence[Schools],
    *,
    answered: Sequence[int],
    at_first: Sequence[AbstractSet[Query]],
) -> list[set[Query]]:
    """What each sum withholds of a group of indicators.

    Args:
        secrets: what the schools hide of it.
        sums: the schools of each, two or more; no two the same.
        answered: persons of each sum.
        at_first: what each withholds anyway.
    """
    state = _Holding(secrets, sums, answered, at_first)
    pending = list(secrets.all())
    while pending := [one for one in pending if not state.is_safe(one)]:
        state.step_back(pending)
    return state.withheld


def told_beside(
    secrets: Secrets,
    sums: Sequence[Schools],
    withheld: Sequence[AbstractSet[Query]],
    beside: Sequence[Schools],
) -> list[bool]:
    """Which smaller sums may be told exactly beside sums of which it is known what they withhold.

    One that holds a school whose secrets would suffer is not; and none where others still would.
    """
    every, answered = set(secrets.queries), [0] * (len(sums) + len(beside))
    told = [True] * len(beside)
    for last in (False, True):
        at_first = [*withheld, *(set[Query]() if one else every for one in told)]
        state = _Holding(secrets, [*sums, *beside], answered, at_first)
        suffer = {one.place for one in secrets.all() if not state.is_safe(one)}
        if not suffer:
            return told
        told = [not last and not one & suffer for one in beside]
    return told


class _Holding:
    def __init__(
        self,
        secrets: Secrets,
        sums: Sequence[Schools],
        answered: Sequence[int],
        at_first: Sequence[AbstractSet[Query]],
    ) -> None:
        self.secrets, self.sums, self.answered = secrets, sums, answered
        self.withheld: list[set[Query]] = [set(one) for one in at_first]
        self.company: Counter[tuple[int, int]] = Counter()
        self.above: dict[int, list[int]] = {}
        for i in sorted(range(len(sums)), key=lambda i: (len(sums[i]), sorted(sums[i]))):
            for place in sums[i]:
                self.above.setdefault(place, []).append(i)
        self._scopes: dict[tuple[int, int], tuple[list[int], list[Hidden]]] = {}

    def is_safe(self, secret: Secret) -> bool:
        """Whether one exact sum, or none, is enough to see that it is."""
        mine = self.above.get(secret.place, [])
        inner = [i for i in mine if self.withheld[i]]
        exact = len(inner) < len(mine)
        if not exact and self.secrets.alone(secret, self._hidden_above(mine)):
            return True
        scopes = [*inner, -1] if exact else inner
        return any(self._is_safe_in(secret, i) for i in scopes)

    def _is_safe_in(self, secret: Secret, scope: int) -> bool:
        found = self._scopes.get((secret.place, scope))
        if found is None:
            found = self._scope(secret.place, scope)
            for place in found[0]:  # the others of it are in the same
                self._scopes.setdefault((place, scope), found)
        return self.secrets.among(secret, *found)

    def _scope(self, place: int, scope: int) -> tuple[list[int], list[Hidden]]:
        """The schools that are in every exact sum of this one, and in `scope` (-1: in any)."""
        exact = self._exact(place)
        pool: AbstractSet[int] = self.sums[scope] if scope >= 0 else frozenset()
        if exact:
            least = min((self.sums[i] for i in exact), key=len)
            pool = least & pool if scope >= 0 else least
        places = sorted(one for one in pool if self._exact(one) == exact)
        together = frozenset(places)
        hidden = [
            self._hidden_above([i for i in self.above[one] if not together <= self.sums[i]])
            for one in places
        ]
        return places, hidden

    def _exact(self, place: int) -> frozenset[int]:
        return frozenset(i for i in self.above[place] if not self.withheld[i])

    def _hidden_above(self, sums: Sequence[int]) -> Hidden:
        """What all of some sums withhold; None of no sum."""
        found: Hidden = None
        for i in sums:
            found = frozenset(self.withheld[i]) if found is None else found & self.withheld[i]
        return found

    def step_back(self, pending: Sequence[Secret]) -> None:
        """Let one sum withhold more for each school that needs it."""
        moved: set[int] = set()
        for secret in pending:
            if moved & set(self.above[secret.place]):
                continue  # one step a round
            i, more = self._next(secret, moved)
            moved.add(i)
            self.withheld[i] |= more
        self._scopes.clear()

    def _next(self, secret: Secret, moved: AbstractSet[int]) -> tuple[int, set[Query]]:
        """The sum that steps back, and what it withholds next."""
        mine = self.above[secret.place]
        inner = [i for i in mine if self.withheld[i]]
        for i in inner:
            if not self.secrets.alone(secret, self.withheld[i]):
                return i, self._more(secret, i)
        if len(inner) == len(mine):  # each leaves it open, and not all of them together
            every = set[Query]().union(*(self.withheld[i] for i in mine))
            i = next(i for i in mine if self.withheld[i] != every)
            return i, every
        target = next(i for i in mine if not self.withheld[i])
        below = [i for i in inner if self.sums[i] < self.sums[target]]
        if below and self.company[target, secret.place] < MOST_COMPANY:
            same = self.withheld[below[0]]
            pool = frozenset.intersection(*(self.sums[i] for i in mine if not self.withheld[i]))
            others = [
                i
                for i in sorted({i for place in pool for i in self.above[place]})
                if self.sums[i] < pool
                and secret.place not in self.sums[i]
                and not same <= self.withheld[i]
                and self.secrets.helps(secret, self.sums[i])
            ]
            if already := [i for i in moved if self.sums[i] < pool]:
                return already[0], set()  # one step a round
            if others:
                self.company[target, secret.place] += 1
                best = min(others, key=lambda i: (self.answered[i], sorted(self.sums[i])))
                return best, set(same)
        return target, self._more(secret, target)

    def _more(self, secret: Secret, i: int) -> set[Query]:
        return self.secrets.more(secret, self.withheld[i], self.sums[i])
