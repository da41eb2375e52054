"""Which counts of a sum of schools are withheld, so that none gives away what a school hides.

A school's line is decided by its own edition alone; what adapts is the sum. A count of it is told
while every hidden count below it stays as open as its own school leaves it, for who knows every
other sum as well, in both hierarchies. Where it would not, the smallest sum withholds that count,
with company in its line; and where a larger sum would give the smaller one back, another small one
withholds the same, before the larger one must. Sums that were told before stay as they were
(decisions/0031).
In a nation a step concerns few schools: what it leaves as it was is not looked at again.
Source: domain.md 3.8, rules 1 and 2; decisions/0021.
"""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain

from app.analytics.figures.joint import Query
from app.analytics.protection.exchanges import Exchange

MOST_COMPANY = 4  # steps back that others take before a larger sum does

Hidden = AbstractSet[Query] | None  # counts that are withheld; None: all
Schools = frozenset[int]  # by their places
Sum = tuple[Schools, AbstractSet[Query]]  # and what it withholds


@dataclass(frozen=True, slots=True)
class Secret:
    """A count that a school withholds, and how open its own figures leave it (persons)."""

    place: int
    query: Query
    need: int


@dataclass(slots=True, eq=False)
class Together:
    """Schools that are in the same exact sums. `places`: in order.

    `hidden_of`: what the sums that tell one of them from the others withhold. `holds`: whether no
    sum has withheld more since. `gone`, `few`: what was worked out of it (holding_counts.py).
    """

    places: Sequence[int]
    schools: Schools
    touched: AbstractSet[int]  # every sum that one of them is in
    hidden_of: Callable[[int], Hidden]
    holds: bool = True
    gone: dict[int, int] = field(default_factory=dict)
    few: dict[int, Exchange] = field(default_factory=dict)


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
    def among(self, secret: Secret, together: Together) -> bool:
        """Whether it is safe in an exact sum of some schools, one of them its own."""

    def helps(self, secret: Secret, places: Schools) -> bool:  # noqa: ARG002 (of Secrets)
        """Whether some of these schools could exchange anything for it."""
        return True

    @abstractmethod
    def more(self, secret: Secret, hidden: AbstractSet[Query], places: Schools) -> set[Query]:
        """What a sum of `places` that withholds `hidden` withholds next for a secret's sake."""


def hold(
    secrets: Secrets,
    sums: Sequence[Schools],
    *,
    answered: Sequence[int],
    at_first: Sequence[AbstractSet[Query]],
    before: Sequence[Sum] = (),
) -> list[set[Query]]:
    """What each sum withholds of a group of indicators.

    Args:
        secrets: what the schools hide of it.
        sums: the schools of each, two or more; no two the same.
        answered: persons of each sum.
        at_first: what each withholds anyway.
        before: sums that were told already. A secret that stays unsafe when every sum near it
            withholds all is theirs, and is left.
    """
    state = _Holding(secrets, sums, answered, at_first, before)
    pending = list(secrets.all())
    while pending := [one for one in pending if not state.is_safe(one)]:
        pending = state.step_back(pending)
    return state.withheld[: len(sums)]


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

    def beside_those(told: Sequence[bool]) -> _Holding:
        at_first = [*withheld, *(set[Query]() if one else every for one in told)]
        return _Holding(secrets, [*sums, *beside], answered, at_first)

    suffer = _suffering(secrets, beside_those([True] * len(beside)), beside)
    places = {one.place for one in suffer}
    told = [not one & places for one in beside]
    if suffer and any(told):
        state = beside_those(told)
        if not all(state.is_safe(one) for one in chain(suffer, secrets.all())):
            return [False] * len(beside)
    return told


def _suffering(secrets: Secrets, state: "_Holding", beside: Sequence[Schools]) -> list[Secret]:
    """Secrets that are not safe, until all is known that follows from them."""
    inside: dict[int, set[int]] = {}
    for i, one in enumerate(beside):
        for place in one:
            inside.setdefault(place, set()).add(i)
    left, found = set(range(len(beside))), list[Secret]()
    for secret in secrets.all():
        mine = inside.get(secret.place, set())
        matters = not found or not left.isdisjoint(mine)
        if matters and not state.is_safe(secret):
            found.append(secret)
            left -= mine
            if not left:
                break
    return found


@lru_cache(maxsize=2)  # the same sums for every group of indicators
def _above(
    sums: tuple[Schools, ...],
) -> tuple[Mapping[int, tuple[int, ...]], Mapping[tuple[int, ...], Sequence[int]]]:
    """The sums that each place is in, the smallest first; and the places that are in the same."""
    found: dict[int, list[int]] = {}
    for i in sorted(range(len(sums)), key=lambda i: (len(sums[i]), sorted(sums[i]))):
        for place in sums[i]:
            found.setdefault(place, []).append(i)
    alike: dict[tuple[int, ...], list[int]] = {}
    for place, mine in found.items():
        alike.setdefault(tuple(mine), []).append(place)
    return {place: mine for mine, places in alike.items() for place in places}, alike


def _of_all(
    withheld: Sequence[AbstractSet[Query]],
    sums: Sequence[int],
    once: dict[frozenset[Query], frozenset[Query]],
) -> Hidden:
    """What all of some sums withhold, each such set once; None of no sum."""
    if not sums:
        return None
    found = frozenset(withheld[sums[0]]).intersection(*(withheld[i] for i in sums))
    return once.setdefault(found, found)


class _Holding:
    def __init__(
        self,
        secrets: Secrets,
        sums: Sequence[Schools],
        answered: Sequence[int],
        at_first: Sequence[AbstractSet[Query]],
        before: Sequence[Sum] = (),
    ) -> None:
        self.free = len(sums)  # of them may step back; those after them stay
        self.secrets, self.answered = secrets, answered
        self.sums = sums = [*sums, *(schools for schools, _ in before)]
        self.withheld: list[set[Query]] = [set(one) for one in at_first]
        self.withheld += [set(gone) for _, gone in before]
        self.company: Counter[tuple[int, int]] = Counter()
        self.above, alike = _above(tuple(sums))
        self._exact: dict[int, Schools] = {}  # by place: the sums above it that withhold nothing
        self._alike: dict[Schools, set[int]] = {}  # places by that
        for mine, places in alike.items():
            exact = frozenset(i for i in mine if not self.withheld[i])
            self._alike.setdefault(exact, set()).update(places)
            self._exact.update(dict.fromkeys(places, exact))
        self._together: dict[Schools, dict[int, Together]] = {}
        self._schools: dict[Schools, Schools] = {}  # each once: equal ones are slow to compare
        self._failed: dict[Secret, Sequence[Together]] = {}
        self._below: dict[Schools, list[int]] = {}
        self._hidden: dict[frozenset[Query], frozenset[Query]] = {}  # each once

    def is_safe(self, secret: Secret) -> bool:
        """Whether one exact sum, or none, is enough to see that it is."""
        failed = self._failed.get(secret, ())
        if failed and all(one.holds for one in failed):
            return False
        mine = self.above.get(secret.place, ())
        inner = [i for i in mine if self.withheld[i]]
        exact = len(inner) < len(mine)
        if not exact and self.secrets.alone(secret, _of_all(self.withheld, mine, self._hidden)):
            return True
        scopes = [*inner, -1] if exact else inner
        tried = []
        for scope in scopes:
            tried.append(self._together_in(secret.place, scope))
            if tried[-1] not in failed and self.secrets.among(secret, tried[-1]):
                self._failed.pop(secret, None)
                return True
        self._failed[secret] = tried
        return False

    def _together_in(self, place: int, scope: int) -> Together:
        """The schools that are in every exact sum of this one, and in `scope` (-1: in any)."""
        exact = self._exact[place]
        kept = self._together.setdefault(exact, {})
        if scope not in kept:
            alike = self._alike[exact]
            places = sorted(alike if scope < 0 else alike & self.sums[scope])
            above = {self.above[one] for one in places}
            of_all = set(next(iter(above))).intersection(*above)
            touched = set[int]().union(*above)
            every, once, hidden = self.above, self._hidden, dict[tuple[int, ...], Hidden]()
            withheld = self.withheld

            def hidden_of(one: int) -> Hidden:  # without `self`: else all waits for a collection
                mine = every[one]
                if mine not in hidden:
                    hidden[mine] = _of_all(withheld, [i for i in mine if i not in of_all], once)
                return hidden[mine]

            schools = frozenset(places)
            schools = self._schools.setdefault(schools, schools)
            kept[scope] = Together(places, schools, touched, hidden_of)
        return kept[scope]

    def step_back(self, pending: Sequence[Secret]) -> list[Secret]:
        """Let one sum withhold more for each school that needs it; those for which one can."""
        moved: set[int] = set()
        grown: set[int] = set()
        kept: list[Secret] = []
        begun = [i for i, withheld in enumerate(self.withheld) if withheld]
        for secret in pending:
            if not moved.isdisjoint(self.above.get(secret.place, ())):
                kept.append(secret)
                continue  # one step a round
            step = self._next(secret, moved)
            if step is None:
                continue
            kept.append(secret)
            i, more = step
            if i not in moved and not more <= self.withheld[i]:
                grown.add(i)
                self.withheld[i] |= more
            moved.add(i)
        self._forget(grown, grown.difference(begun))
        return kept

    def _forget(self, grown: AbstractSet[int], begun: AbstractSet[int]) -> None:
        """What was worked out beside sums that withhold more now, or for the first time."""
        changed = set[Schools]().union(*(self._not_exact_any_more(i) for i in begun))
        for exact, kept in list(self._together.items()):
            for scope, one in list(kept.items()):
                if exact in changed or not one.touched.isdisjoint(grown):
                    one.holds = False
                    del kept[scope]

    def _not_exact_any_more(self, i: int) -> set[Schools]:
        """Sets of exact sums that a school left or came to, because one of them is not."""
        changed: set[Schools] = set()
        after: dict[Schools, Schools] = {}
        for place in self.sums[i]:
            before = self._exact[place]
            now = after.setdefault(before, before - {i})
            self._alike[before].discard(place)
            self._alike.setdefault(now, set()).add(place)
            self._exact[place] = now
            changed |= {before, now}
        return changed

    def _next(
        self, secret: Secret, moved: AbstractSet[int]
    ) -> tuple[int, AbstractSet[Query]] | None:
        """The sum that steps back, and what it withholds next; None where none can."""
        above = self.above.get(secret.place, ())
        mine = [i for i in above if i < self.free]
        inner = [i for i in mine if self.withheld[i]]
        for i in inner:
            if not self.secrets.alone(secret, self.withheld[i]):
                return i, self._more(secret, i)
        target = next((i for i in mine if not self.withheld[i]), None)
        if target is None:
            return self._next_of_begun(secret, inner)
        below = [i for i in inner if self.sums[i] < self.sums[target]]
        if below and self.company[target, secret.place] < MOST_COMPANY:
            same = self.withheld[below[0]]
            within = self._in_all(frozenset(i for i in mine if not self.withheld[i]))
            if already := [i for i in within if i in moved]:
                return already[0], set()  # one step a round
            others = [
                i
                for i in within
                if secret.place not in self.sums[i]
                and not same <= self.withheld[i]
                and self.secrets.helps(secret, self.sums[i])
            ]
            if others:
                self.company[target, secret.place] += 1
                best = min(others, key=lambda i: (self.answered[i], sorted(self.sums[i])))
                return best, set(same)
        return target, self._more(secret, target)

    def _next_of_begun(
        self, secret: Secret, mine: Sequence[int]
    ) -> tuple[int, AbstractSet[Query]] | None:
        """Where all of its own sums withhold something, and each of them leaves it open.

        First not all of them together; then more of one, or of one that tells apart those with
        which it was told before.
        """
        every = set[Query]().union(*(self.withheld[i] for i in mine))
        for i in mine:
            if self.withheld[i] != every:
                return i, every
        for i in (*mine, *self._near(secret.place, mine)):
            if more := self._more(secret, i) - self.withheld[i]:
                return i, more
        return None

    def _near(self, place: int, mine: Sequence[int]) -> list[int]:
        """Sums of schools that were told with this one, and may tell them apart; small ones first.

        Before the others those of schools that were in every exact sum of it.
        """
        told = [self.sums[i] for i in self.above.get(place, ()) if i >= self.free]
        around = frozenset[int]().union(*told)
        exact = [self.sums[i] for i in self._exact.get(place, ()) if i >= self.free]
        among = frozenset.intersection(around, *exact)
        near = [i for i in range(self.free) if i not in mine and self.sums[i] & around]
        return sorted(
            near,
            key=lambda i: (not self.sums[i] & among, len(self.sums[i]), sorted(self.sums[i])),
        )

    def _in_all(self, sums: Schools) -> list[int]:
        """The sums of some, not all, of the schools that are in all of these sums."""
        if sums not in self._below:
            pool = frozenset.intersection(*(self.sums[i] for i in sums))
            self._below[sums] = [i for i in range(self.free) if self.sums[i] < pool]
        return self._below[sums]

    def _more(self, secret: Secret, i: int) -> set[Query]:
        return self.secrets.more(secret, self.withheld[i], self.sums[i])
