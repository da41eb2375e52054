"""Outcome rates of a wave: what share answered, refused, was reached, is known.

Source of every formula with an AAPOR name: AAPOR, Standard Definitions (10th ed., 2023).
Rates are exact (Fraction) until a report rounds them; undefined is None, never 0.
"""

from dataclasses import dataclass, fields
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Dispositions:
    """Cases of one wave by AAPOR group. Whole persons, unweighted.

    The names are AAPOR's letters. A list of named persons has no UH: a source that counts
    some adds them to UO.

    Raises:
        ValueError: a negative count.
    """

    I: int = 0  # noqa: E741 -- complete
    P: int = 0  # partial
    R: int = 0  # refusal and break-off
    NC: int = 0  # no contact with the person
    O: int = 0  # noqa: E741 -- other
    UO: int = 0  # eligibility not known
    NE: int = 0  # not eligible: in no denominator

    def __post_init__(self) -> None:
        if any(getattr(self, field.name) < 0 for field in fields(self)):
            raise ValueError(f"a count of cases is negative: {self}")

    @property
    def eligible(self) -> int:
        """Cases known to be eligible: I + P + R + NC + O."""
        return self.I + self.P + self.R + self.NC + self.O


@dataclass(frozen=True, slots=True)
class OutcomeRates:
    """AAPOR's rates, each in [0, 1] or None. Numbers are part of the names: RR2, not "the rate"."""

    rr1: Fraction | None
    rr2: Fraction | None
    rr3: Fraction | None
    rr4: Fraction | None
    rr5: Fraction | None
    rr6: Fraction | None
    coop1: Fraction | None
    coop2: Fraction | None
    coop3: Fraction | None
    coop4: Fraction | None
    ref1: Fraction | None
    ref2: Fraction | None
    ref3: Fraction | None
    con1: Fraction | None
    con2: Fraction | None
    con3: Fraction | None
    e: Fraction | None


def outcome_rates(d: Dispositions, e: Fraction | float | None = None) -> OutcomeRates:
    """Every AAPOR rate of a wave (domain.md 3.1, R1 to R9).

    Args:
        d: cases by group.
        e: share of the cases of unknown eligibility taken to be eligible. Without it, the
            share among the cases whose eligibility is known (AAPOR's calculator). A float is
            read as the decimal it prints: 0.9 is 9/10.

    Returns:
        Fractions; None where a denominator is empty, and for RR3, RR4, REF2 and CON2 also
        where no eligibility is known and no `e` was given.

    Raises:
        ValueError: `e` outside [0, 1].
    """
    known = _known_share(d) if e is None else _given_share(e)
    interviews = d.I + d.P
    contacts = interviews + d.R + d.O
    all_cases = Fraction(d.eligible + d.UO)
    expected = None if known is None else d.eligible + known * d.UO
    sure = Fraction(d.eligible)
    return OutcomeRates(
        rr1=_over(d.I, all_cases),
        rr2=_over(interviews, all_cases),
        rr3=_over(d.I, expected),
        rr4=_over(interviews, expected),
        rr5=_over(d.I, sure),
        rr6=_over(interviews, sure),
        coop1=_over(d.I, Fraction(contacts)),
        coop2=_over(interviews, Fraction(contacts)),
        coop3=_over(d.I, Fraction(interviews + d.R)),
        coop4=_over(interviews, Fraction(interviews + d.R)),
        ref1=_over(d.R, all_cases),
        ref2=_over(d.R, expected),
        ref3=_over(d.R, sure),
        con1=_over(contacts, all_cases),
        con2=_over(contacts, expected),
        con3=_over(contacts, sure),
        e=known,
    )


def knowledge_rate(self_reported: int, verified: int, frame: int) -> Fraction | None:
    """Share of the frame whose situation is known, by themselves or by a checked third party.

    Source: NACE, first-destination survey standards; domain.md R10, T11. RR2 counts only
    self-report: report both.

    Args:
        self_reported: cases that answered the core (`estudia` and `trabaja`; in Q1 the plan).
        verified: cases known only through a relative, a teacher or an institution.
        frame: eligible graduates.
    """
    return share(self_reported + verified, frame) if min(self_reported, verified) >= 0 else _no()


def career_outcomes_rate(placed: int, seeking: int) -> Fraction | None:
    """NACE's outcomes rate: placed over placed and seeking; not seeking stays outside (T11)."""
    return share(placed, placed + seeking) if min(placed, seeking) >= 0 else _no()


def share(part: int, whole: int) -> Fraction | None:
    """Exact share of whole persons, for R11 (notice accepted), R12 (panel) and R13 (core items).

    Source: domain.md 3.1.

    Raises:
        ValueError: a negative number, or a part larger than its whole.
    """
    if not 0 <= part <= whole:
        raise ValueError(f"{part} is no part of {whole}")
    return Fraction(part, whole) if whole else None


def _known_share(d: Dispositions) -> Fraction | None:
    return _over(d.eligible, Fraction(d.eligible + d.NE))


def _given_share(e: Fraction | float) -> Fraction:
    given = e if isinstance(e, Fraction) else Fraction(str(e))
    if not 0 <= given <= 1:
        raise ValueError(f"e is a share from 0 to 1, not {e}")
    return given


def _over(part: int, whole: Fraction | None) -> Fraction | None:
    return part / whole if whole else None


def _no() -> Fraction:
    raise ValueError("a count of persons is negative")
