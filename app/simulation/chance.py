"""Draws from a stream of chance that the caller seeds: no randomness of its own.

The same stream gives the same world. A stream is anything with `random()`, such as
`random.Random(seed)`.
"""

from bisect import bisect
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import log
from typing import Generic, Protocol, TypeVar

Code = TypeVar("Code", bound=Hashable)
Item = TypeVar("Item")


class Chance(Protocol):
    """A stream of numbers in [0, 1)."""

    def random(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Weighted(Generic[Code]):
    """Codes with their weights, ready to be drawn; `bounds` grow to 1."""

    codes: tuple[Code, ...]
    bounds: tuple[float, ...]

    def at(self, height: float) -> Code:
        """The code at a height in [0, 1): the further up, the later in the list."""
        return self.codes[min(bisect(self.bounds, height), len(self.codes) - 1)]

    def draw(self, chance: Chance) -> Code:
        """One code, by its weight."""
        return self.at(chance.random())


def weighted(weights: Mapping[Code, float]) -> Weighted[Code]:
    """Codes in the order given, with weights of any sum.

    Raises:
        ValueError: there is nothing to draw, or a weight is negative.
    """
    total = sum(weights.values())
    if total <= 0 or min(weights.values()) < 0:
        raise ValueError(f"nothing to draw from {dict(weights)!r}")
    return Weighted(tuple(weights), tuple(w / total for w in accumulate(weights.values())))


def happens(chance: Chance, probability: float) -> bool:
    """True with this probability."""
    return chance.random() < probability


def whole(chance: Chance, low: int, high: int) -> int:
    """A whole number from `low` to `high`, both included."""
    return low + int(chance.random() * (high - low + 1))


def one_of(chance: Chance, items: Sequence[Item]) -> Item:
    """One of the items, all alike."""
    return items[int(chance.random() * len(items))]


def early_one_of(chance: Chance, items: Sequence[Item]) -> Item:
    """One of the items, the first ones more often: how names are spread."""
    return items[int(chance.random() ** 1.8 * len(items))]


def waiting(chance: Chance, mean: float) -> float:
    """A waiting time with this mean, in its unit (exponential)."""
    return -mean * log(1.0 - chance.random())
