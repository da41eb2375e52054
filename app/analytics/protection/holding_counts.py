"""When a sum may tell counts of which schools withhold theirs (holding.py)."""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet

from app.analytics.figures.joint import Query
from app.analytics.protection.exchanges import (
    Bits,
    Exchange,
    Looks,
    Part,
    bits_of,
    side_of,
)
from app.analytics.protection.holding import Hidden, Schools, Secret, Secrets, Together
from app.analytics.protection.suppression import MINIMUM_CELL, SMALL_GROUP

TOGETHER = 12  # schools whose exchanges are looked for at once
MANY = 48  # and where those do not suffice
MOST_FEW = 10_000  # of these
MOST_ORDERS = 500
MOST_SUMS = 20_000


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

        `order`: indicators, the most important first. `whole`: those are told whole or not at all.
        `zeros`: a sum of many tells that nobody is in a category (rule 2). `parent`: the count of
        the base.
        """
        self.minimum, self.zeros, self.order, self.whole = minimum, zeros, order, whole
        found = dict.fromkeys(state for part in parts for state in part.people)
        states = sorted(found, key=sorted)
        self.queries = sorted({query for state in states for query in state})
        self._bits = {query: 1 << i for i, query in enumerate(self.queries)}
        self._states = [bits_of(state, self._bits) for state in states]
        self._sides = [side_of(part, states, self._bits) for part in parts]
        self._bases = {
            place
            for place, part in enumerate(parts)
            if parent is not None and (part.hidden is None or parent in part.hidden)
        }
        self._numbers: dict[AbstractSet[Query], Bits] = {}
        self._looks: dict[Bits, Looks] = {}
        self._fews: dict[tuple[int, ...], Exchange] = {}  # by places, and what is not told of each
        self._orders: dict[Schools, tuple[list[int], dict[int, int]]] = {}
        self._sizes: dict[Query, list[int]] = {}
        self._hiders: dict[Query, Schools] = {}
        self._sums: dict[tuple[Schools, Query], int] = {}
        self._secrets: list[Secret] | None = None

    def all(self) -> Iterator[Secret]:
        if self._secrets is None:
            self._secrets = list(self._every())
        return iter(self._secrets)

    def _every(self) -> Iterator[Secret]:
        for place, side in enumerate(self._sides):
            looks = self._looks_beside(side.hidden)
            for query, bit in self._bits.items():
                # A base is none by itself, but where it is the count of somebody else's line.
                if side.hidden & bit and (query[1] or place in self._bases):
                    need = side.own_width(looks, bit, enough=self.minimum)
                    if need:
                        yield Secret(place, query, need)

    def alone(self, secret: Secret, hidden: Hidden) -> bool:
        if hidden is None:
            return True
        return self._openness(secret, bits_of(hidden, self._bits)) >= secret.need

    def among(self, secret: Secret, together: Together) -> bool:
        gone, side = self._gone(secret.place, together), self._sides[secret.place]
        looks, bit = self._looks_beside(gone), self._bits[secret.query]
        if self._is_nobody(secret.query, together.schools, told_apart=not gone & bit):
            return True
        if gone != side.hidden and side.own_width(looks, bit, enough=secret.need) < secret.need:
            return False  # beside sums that tell it from the others
        return any(self._moves(secret, gone, few) for few in self._few(secret, together))

    def _moves(self, secret: Secret, gone: Bits, few: Exchange) -> bool:
        """Whether some schools can exchange enough; asked once, as long as they hide the same."""
        bit = self._bits[secret.query]
        key = secret.place, gone, bit
        known = few.known.get(key)
        if known is None:
            side, looks = self._sides[secret.place], self._looks_beside(gone)
            known = few.opens(secret.place, side, looks, bit, need=secret.need)
            few.known[key] = known
        return known

    def _told_as(self, places: Sequence[int], together: Together) -> Exchange:
        every = [self._gone(place, together) for place in places]
        key = *places, *every
        found = self._fews.get(key)
        if found is None:
            if len(self._fews) >= MOST_FEW:
                self._fews.clear()
            sides, looks = self._sides, [self._looks_beside(gone) for gone in every]
            found = Exchange(places, [sides[place] for place in places], looks)
            self._fews[key] = found
        return found

    def _gone(self, place: int, together: Together) -> Bits:
        """What is told neither by a school nor by the sums that tell it from those together."""
        if place not in together.gone:
            hidden, mine = together.hidden_of(place), self._sides[place].hidden
            gone = mine if hidden is None else mine & self._bits_of(hidden)
            together.gone[place] = gone
        return together.gone[place]

    def _bits_of(self, hidden: AbstractSet[Query]) -> Bits:
        if hidden not in self._numbers:
            self._numbers[hidden] = bits_of(hidden, self._bits)
        return self._numbers[hidden]

    def _looks_beside(self, gone: Bits) -> Looks:
        if gone not in self._looks:
            self._looks[gone] = Looks(self._states, gone)
        return self._looks[gone]

    def helps(self, secret: Secret, places: Schools) -> bool:
        if secret.query not in self._hiders:
            bit = self._bits[secret.query]
            found = frozenset(i for i, side in enumerate(self._sides) if side.hidden & bit)
            self._hiders[secret.query] = found
        return not self._hiders[secret.query].isdisjoint(places)

    def more(self, secret: Secret, hidden: AbstractSet[Query], places: Schools) -> set[Query]:
        left = [query for query in self.queries if query not in hidden]
        if self.whole:  # with the shares of its answers only where that does not suffice
            own = {query for query in left if query[0].removeprefix("base ") in self.order}
            return own or set(left)
        name = secret.query[0].removeprefix("base ")
        among = [query for query in left if query[0] == name]
        line = sorted(among, key=lambda q: (self._persons(q, places), q))
        mine = [query for query in line if self._hides(secret.place, query)]
        if secret.query in mine:
            company = [q for q in (*mine, *line) if q != secret.query]
            return {secret.query, *company[:1]}
        if mine:
            return {mine[0]}
        base = (f"base {name}", "")
        if base in left and self._hides(secret.place, base):
            return {base, *line}
        return self._line_that_helps(secret, hidden, left)

    def _line_that_helps(
        self, secret: Secret, hidden: AbstractSet[Query], left: Sequence[Query]
    ) -> set[Query]:
        """The least important line whose absence leaves the secret more open; else the last."""
        found, now = [], bits_of(hidden, self._bits)
        before = self._openness(secret, now)
        for name in reversed(self.order):
            line = {q for q in left if q[0] == name}
            base = {q for q in left if q == (f"base {name}", "") and self._hides(secret.place, q)}
            for more in (line, line | base):
                if more and any(self._hides(secret.place, q) for q in more):
                    if self._openness(secret, now | bits_of(more, self._bits)) > before:
                        return more
                    found.append(more)
        return found[0] if found else set(left)

    def _hides(self, place: int, query: Query) -> bool:
        return bool(self._sides[place].hidden & self._bits[query])

    def _openness(self, secret: Secret, hidden: Bits) -> int:
        side = self._sides[secret.place]
        looks = self._looks_beside(side.hidden & hidden)
        return side.own_width(looks, self._bits[secret.query], enough=secret.need)

    def _is_nobody(self, query: Query, schools: Schools, *, told_apart: bool) -> bool:
        """Whether a sum tells that nobody is there: of nobody asked, or of many (rule 2).

        `told_apart`: a sum of some of them tells the same, and may be of few.
        """
        base = (query[0] if not query[1] else f"base {query[0]}", "")
        asked = self._persons(base, schools)
        if not asked:
            return True
        if told_apart or not self.zeros or asked < SMALL_GROUP:
            return False
        return not self._persons(query, schools)

    def _persons(self, query: Query, schools: Schools) -> int:
        key = schools, query
        if key not in self._sums:
            if len(self._sums) >= MOST_SUMS:
                self._sums.clear()
            if query not in self._sizes:
                self._sizes[query] = self._size_of_each(self._bits.get(query, 0))
            self._sums[key] = sum(map(self._sizes[query].__getitem__, schools))
        return self._sums[key]

    def _size_of_each(self, bit: Bits) -> list[int]:
        inside = [i for i, state in enumerate(self._states) if state & bit]
        return [sum(side.people[i] for i in inside) for side in self._sides]

    def _few(self, secret: Secret, together: Together) -> Iterator[Exchange]:
        """Some of many schools: those that hide the most, in handfuls; then who hides the same."""
        kept = together.few
        if len(together.places) <= TOGETHER:
            if 0 not in kept:
                kept[0] = self._told_as(together.places, together)
            yield kept[0]
            return
        ordered, rank = self._ordered(together.schools)
        at = rank[secret.place] // TOGETHER * TOGETHER
        if at not in kept:
            kept[at] = self._told_as(ordered[at : at + TOGETHER], together)
        yield kept[at]
        bit = self._bits[secret.query]
        if -bit not in kept:
            alike = (i for i in ordered if self._sides[i].hidden & bit)
            some = [place for place, _ in zip(alike, range(MANY), strict=False)]
            kept[-bit] = self._told_as(some, together)
        yield kept[-bit]

    def _ordered(self, schools: Schools) -> tuple[list[int], dict[int, int]]:
        """Those first that hide the most, and where each is."""
        if schools not in self._orders:
            if len(self._orders) >= MOST_ORDERS:
                self._orders.clear()
            sides = self._sides
            ordered = sorted(schools, key=lambda place: (-sides[place].withheld, place))
            self._orders[schools] = ordered, {place: i for i, place in enumerate(ordered)}
        return self._orders[schools]
