"""The response rates of a wave in words: every AAPOR rate with its part and its base.

Process figures are live for whoever may see them (domain.md 3.8, rule 1).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from app.analytics.rates import Dispositions, OutcomeRates, outcome_rates
from app.fieldwork.dispositions import Outcome
from app.fieldwork.queries import OutcomeCounts


@dataclass(frozen=True, slots=True)
class RateLine:
    """One AAPOR rate: its name, what it says in Spanish, and `part` of `base`.

    `base` is a fraction of a person where unknown eligibility is weighed (RR3, RR4), and None,
    like `value`, where it is not defined.
    """

    name: str
    meaning: str
    part: int
    base: Fraction | None
    value: Fraction | None


@dataclass(frozen=True, slots=True)
class CountLine:
    """One AAPOR group: its letters, what it says in Spanish, and its cases."""

    letters: str
    meaning: str
    cases: int


@dataclass(frozen=True, slots=True)
class RatesReport:
    """The outcome rates of a wave. `headline` is RR2: `answered` of `base`.

    `eligible_share` is AAPOR's e; None where nobody's eligibility is known.
    """

    answered: int
    base: int
    headline: Fraction | None
    rates: tuple[RateLine, ...]
    contact: tuple[RateLine, ...]  # COOP, REF and CON
    counts: tuple[CountLine, ...]
    eligible_share: Fraction | None


_COUNT_WORDS: Mapping[Outcome, str] = {
    Outcome.COMPLETE: "Respondieron el cuestionario completo",
    Outcome.PARTIAL: "Respondieron una parte suficiente",
    Outcome.REFUSAL: "No quisieron responder, o empezaron y lo dejaron",
    Outcome.NON_CONTACT: "Egreso confirmado y todavía sin respuesta",
    Outcome.OTHER: "No pudieron responder por otra causa",
    Outcome.UNKNOWN_ELIGIBILITY: "Sin respuesta, y falta confirmar si egresaron",
    Outcome.NOT_ELIGIBLE: "No cuentan: no egresaron, o estaban dos veces en la lista",
}
_RATE_WORDS = (
    ("RR1", "Completos, entre todas las personas que cuentan o podrían contar"),
    ("RR2", "Completos y parciales, entre las mismas personas: la cifra de esta página"),
    ("RR3", "Completos; de quienes falta confirmar cuenta solo la parte e"),
    ("RR4", "Completos y parciales; de quienes falta confirmar cuenta solo la parte e"),
    ("RR5", "Completos, sin contar a quienes falta confirmar"),
    ("RR6", "Completos y parciales, sin contar a quienes falta confirmar"),
)
_CONTACT_WORDS = (
    ("COOP1", "Completos, entre las personas contactadas"),
    ("COOP2", "Completos y parciales, entre las personas contactadas"),
    ("COOP3", "Completos, sin contar a quienes no pudieron responder"),
    ("COOP4", "Completos y parciales, sin contar a quienes no pudieron responder"),
    ("REF1", "Rechazos, entre todas las personas que cuentan o podrían contar"),
    ("REF2", "Rechazos; de quienes falta confirmar cuenta solo la parte e"),
    ("REF3", "Rechazos, sin contar a quienes falta confirmar"),
    ("CON1", "Contactadas, entre todas las personas que cuentan o podrían contar"),
    ("CON2", "Contactadas; de quienes falta confirmar cuenta solo la parte e"),
    ("CON3", "Contactadas, sin contar a quienes falta confirmar"),
)


def wave_rates(counts: OutcomeCounts) -> RatesReport:
    """The outcome rates of a wave with their words.

    Source: AAPOR, Standard Definitions (10th ed., 2023), RR, COOP, REF and CON; domain.md 3.1.
    """
    groups = Dispositions(**{group.value: counts[group] for group in Outcome})
    rates = outcome_rates(groups)
    return RatesReport(
        answered=groups.I + groups.P,
        base=groups.eligible + groups.UO,
        headline=rates.rr2,
        rates=_rate_lines(groups, rates),
        contact=_contact_lines(groups, rates),
        counts=tuple(
            CountLine(group.value, _COUNT_WORDS[group], counts[group]) for group in Outcome
        ),
        eligible_share=rates.e,
    )


def _rate_lines(groups: Dispositions, rates: OutcomeRates) -> tuple[RateLine, ...]:
    complete, both = groups.I, groups.I + groups.P
    everybody, expected, sure = _bases(groups, rates)
    return _lines(
        _RATE_WORDS,
        (
            (complete, everybody, rates.rr1),
            (both, everybody, rates.rr2),
            (complete, expected, rates.rr3),
            (both, expected, rates.rr4),
            (complete, sure, rates.rr5),
            (both, sure, rates.rr6),
        ),
    )


def _contact_lines(groups: Dispositions, rates: OutcomeRates) -> tuple[RateLine, ...]:
    both = groups.I + groups.P
    contacted = both + groups.R + groups.O
    everybody, expected, sure = _bases(groups, rates)
    return _lines(
        _CONTACT_WORDS,
        (
            (groups.I, Fraction(contacted), rates.coop1),
            (both, Fraction(contacted), rates.coop2),
            (groups.I, Fraction(both + groups.R), rates.coop3),
            (both, Fraction(both + groups.R), rates.coop4),
            (groups.R, everybody, rates.ref1),
            (groups.R, expected, rates.ref2),
            (groups.R, sure, rates.ref3),
            (contacted, everybody, rates.con1),
            (contacted, expected, rates.con2),
            (contacted, sure, rates.con3),
        ),
    )


def _bases(groups: Dispositions, rates: OutcomeRates) -> tuple[Fraction, Fraction | None, Fraction]:
    """Of RR1, RR3 and RR5: everybody, with the part e of the unconfirmed, and without them."""
    expected = None if rates.e is None else groups.eligible + rates.e * groups.UO
    return Fraction(groups.eligible + groups.UO), expected, Fraction(groups.eligible)


def _lines(
    words: Sequence[tuple[str, str]],
    figures: Sequence[tuple[int, Fraction | None, Fraction | None]],
) -> tuple[RateLine, ...]:
    return tuple(
        RateLine(name, meaning, part, base, value)
        for (name, meaning), (part, base, value) in zip(words, figures, strict=True)
    )
