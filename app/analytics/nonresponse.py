"""Whether those who answered resemble the frame, and so whether results may be presented.

The working measure is how unevenly groups of the frame answered: the coefficient of variation of
their response rates, S(r)/r. A proportion cannot be further from that of the frame, by that
trait, than half of it (Schouten, Cobben and Bethlehem 2009, "Indicators for the representativeness
of survey response", Survey Methodology 35(1): maximal absolute bias, with S(y) = 1/2 at most).
What chance alone would make of it is taken off first. Thresholds are judgement, and say so:
5 and 10 points, the half widths that domain.md 3.7 plans with; 65 % is NACE's knowledge rate.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from math import sqrt

from app.fieldwork.percents import in_percent

PRESENT_RATE = Fraction(65, 100)  # NACE: a knowledge rate to aim at
LEAST_RATE = Fraction(30, 100)  # below it silence decides (judgement)
PRESENT_BIAS = 0.05  # points: the ±5 of domain.md 3.7
LEAST_BIAS = 0.10
PLAN = "plan"  # told in Questionnaire 1: an answer, where the others are of the list
TRAITS: Mapping[str, str] = {
    "sexo": "sexo",
    "turno": "turno",
    "programa": "carrera",
    PLAN: "plan del Cuestionario 1",
}


class Advice(StrEnum):
    """What to do with the results of a wave."""

    PRESENT = "presentar"
    CAREFUL = "con reserva"
    WITHHOLD = "no presentar"


@dataclass(frozen=True, slots=True)
class Group:
    """People of the frame who share a value, and how many of them answered."""

    value: str
    frame: int
    answered: int


Balance = Mapping[str, tuple[Group, ...]]  # by trait


@dataclass(frozen=True, slots=True)
class TraitBalance:
    """How evenly the groups of one trait answered. `bias`: None where it cannot be said."""

    trait: str
    groups: tuple[Group, ...]
    bias: float | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The advice, in words too. `worst`: the trait with the largest possible bias."""

    advice: Advice
    rate: Fraction | None
    traits: tuple[TraitBalance, ...]
    worst: TraitBalance | None
    words: str


def verdict(balance: Balance) -> Verdict:
    """Whether the results of a wave may be presented (domain.md 3.7, representativeness panel).

    The rate is RR2 over the frame of the first trait; every trait has the same persons.

    Raises:
        ValueError: more answers than persons in a group, or traits of different frames.
    """
    traits = tuple(_balance(trait, groups) for trait, groups in balance.items() if groups)
    sizes = {(_sum_frame(one.groups), _sum_answered(one.groups)) for one in traits}
    if len(sizes) > 1:
        raise ValueError(f"traits of different frames: {sorted(sizes)}")
    frame, answered = next(iter(sizes), (0, 0))
    if not frame:
        words = "No hay personas en la lista: no hay resultados que presentar."
        return Verdict(Advice.WITHHOLD, None, traits, None, words)
    rate = Fraction(answered, frame)
    if rate == 1:
        words = "Presentar: respondieron todas las personas de la lista."
        return Verdict(Advice.PRESENT, rate, traits, None, words)
    worst = max(
        (one for one in traits if one.bias is not None), key=lambda one: one.bias or 0, default=None
    )
    bias = 0.0 if worst is None or worst.bias is None else worst.bias
    advice = _advice(rate, bias)
    return Verdict(advice, rate, traits, worst, _words(advice, rate, worst))


def add_balances(balances: Iterable[Balance]) -> Balance:
    """The groups of several schools together."""
    total: dict[str, dict[str, Group]] = {}
    for balance in balances:
        for trait, groups in balance.items():
            into = total.setdefault(trait, {})
            for group in groups:
                had = into.get(group.value, Group(group.value, 0, 0))
                into[group.value] = Group(
                    group.value, had.frame + group.frame, had.answered + group.answered
                )
    return {trait: tuple(groups[v] for v in sorted(groups)) for trait, groups in total.items()}


def possible_bias(groups: Sequence[Group]) -> float | None:
    """Half the coefficient of variation of the groups' response rates, less what chance makes.

    Where everybody is as likely to answer, the mean of S²(r) over all ways in which `answered`
    of `frame` persons can answer is r(1 - r)(groups - 1)/(frame - 1).

    Returns:
        A share from 0 up; None where nobody answered, or there are fewer than two groups.

    Raises:
        ValueError: more answers than persons in a group.
    """
    if any(not 0 <= group.answered <= group.frame for group in groups):
        raise ValueError("more answers than persons")
    filled = [group for group in groups if group.frame]
    frame, answered = _sum_frame(filled), _sum_answered(filled)
    if len(filled) < 2 or not answered:
        return None
    rate = Fraction(answered, frame)
    spread = sum(
        (Fraction(g.frame, frame) * (Fraction(g.answered, g.frame) - rate) ** 2 for g in filled),
        Fraction(),
    )
    by_chance = rate * (1 - rate) * Fraction(len(filled) - 1, frame - 1)
    return sqrt(max(Fraction(), spread - by_chance)) / (2 * float(rate))


def _advice(rate: Fraction, bias: float) -> Advice:
    if rate < LEAST_RATE or bias > LEAST_BIAS:
        return Advice.WITHHOLD
    if rate < PRESENT_RATE or bias > PRESENT_BIAS:
        return Advice.CAREFUL
    return Advice.PRESENT


def _words(advice: Advice, rate: Fraction, worst: TraitBalance | None) -> str:
    """One sentence for people: the advice and its reason."""
    said = f"{advice.value.capitalize()}: respondió {_percent(rate)} de la lista"
    bias = 0.0 if worst is None or worst.bias is None else worst.bias
    if worst is not None and bias > PRESENT_BIAS:
        name, points = TRAITS.get(worst.trait, worst.trait), in_percent(bias)
        return f"{said}, y no por igual según {name}: podría desviar un porcentaje {points} puntos."
    if advice is Advice.PRESENT:
        return f"{said}, y quienes respondieron se parecen a quienes no."
    if rate < LEAST_RATE:
        return f"{said}; con menos de {_percent(LEAST_RATE)} decide el silencio."
    return f"{said}; la meta para presentar es {_percent(PRESENT_RATE)}."


def _percent(rate: Fraction) -> str:
    return f"{int(100 * rate)}\u00a0%"  # never up to a threshold that was not reached


def _balance(trait: str, groups: Sequence[Group]) -> TraitBalance:
    return TraitBalance(trait, tuple(groups), possible_bias(groups))


def _sum_frame(groups: Iterable[Group]) -> int:
    return sum(group.frame for group in groups)


def _sum_answered(groups: Iterable[Group]) -> int:
    return sum(group.answered for group in groups)
