"""The only door out of analytics: figures with their base, their words and their definition.

Process figures (sent, answered, rate) are live for whoever may see them (domain.md 3.8, 1).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from sqlmodel import Session

from app.analytics.crossed_release import CrossedRow, release_crossed
from app.analytics.datasets import AnalysisFrame, analysis_frame
from app.analytics.outcome_release import release_tally
from app.analytics.rates import Dispositions, OutcomeRates, knowledge_rate, outcome_rates
from app.analytics.released import Audience, Context, IndicatorRow
from app.analytics.tallies import tally_of
from app.analytics.traits import LATTICE, Trait
from app.chronology.wave_plan import Cohort
from app.errors import AppError
from app.fieldwork.dispositions import Outcome
from app.fieldwork.queries import OutcomeCounts
from app.units.scope import Scope
from app.units.tables import OrganisationUnit, UnitKind


class NothingFielded(AppError):
    """No wave of this questionnaire was opened for the generation in the unit."""

    code = "results.nothing_fielded"
    status = 404
    plantilla = (
        "No hay Cuestionario {questionnaire} levantado de la generación {cohort} en {unit}. "
        "Revise la generación y el número, o espere a que se abra."
    )


class TraitNotOffered(AppError):
    """Figures may be asked by the traits of the lattice only."""

    code = "results.trait_not_offered"
    status = 400
    plantilla = "No se puede dividir por «{asked}». Elija una de estas variables: {offered}."


class AudienceNotYours(AppError):
    """Somebody asked for figures as a reader who may see more."""

    code = "results.audience_not_yours"
    status = 403
    plantilla = "Con su cuenta no se ven las cifras de «{asked}». Pida las que le corresponden."


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
    """The response rates of a wave. `headline` is RR2: `answered` of `base`.

    `eligible_share` is AAPOR's e; None where nobody's eligibility is known.
    """

    answered: int
    base: int
    headline: Fraction | None
    rates: tuple[RateLine, ...]
    counts: tuple[CountLine, ...]
    eligible_share: Fraction | None


@dataclass(frozen=True, slots=True)
class WaveOfUnit:
    """One questionnaire of a generation, over all schools of a unit (a school: itself)."""

    unit: OrganisationUnit
    cohort: Cohort
    questionnaire: int


@dataclass(frozen=True, slots=True)
class FrameReport:
    """Every rate over the frame, exact. Counts are persons; rates None where undefined.

    `frame` and `frame_at_opening` are both denominators: `late` persons were added after the
    opening, each with a reason, and denials that came later left `frame` alone.
    """

    counts: Dispositions
    rates: OutcomeRates
    knowledge_rate: Fraction | None
    self_reported: int
    verified: int
    frame: int
    frame_at_opening: int
    late: int


@dataclass(frozen=True, slots=True)
class IndicatorsReport:
    """The outcomes of a wave as one audience may see them.

    `figures` are of everybody; `crossed` of each value of `by`, and then `figures` is empty.
    """

    audience: Audience
    by: Trait | None
    figures: tuple[IndicatorRow, ...]
    crossed: tuple[CrossedRow, ...]
    process: FrameReport
    small: bool  # so few that even the own school reads what an office may


# Persons of a generation. Below it one answer points at somebody whom everybody at the school
# knows, so that its own staff too read only what an office may (domain.md 3.8, "Consequence").
SMALL_FRAME = 23

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


def wave_rates(counts: OutcomeCounts) -> RatesReport:
    """The response rates of a wave with their words.

    Source: AAPOR, Standard Definitions (10th ed., 2023), RR1 to RR6; domain.md 3.1.
    """
    groups = Dispositions(**{group.value: counts[group] for group in Outcome})
    rates = outcome_rates(groups)
    return RatesReport(
        answered=groups.I + groups.P,
        base=groups.eligible + groups.UO,
        headline=rates.rr2,
        rates=_rate_lines(groups, rates),
        counts=tuple(
            CountLine(group.value, _COUNT_WORDS[group], counts[group]) for group in Outcome
        ),
        eligible_share=rates.e,
    )


def rates_report(session: Session, scope: Scope, asked: WaveOfUnit) -> FrameReport:
    """Rates of a questionnaire of a generation over all schools of a unit.

    Source: domain.md 3.1, R1 to R10.

    Raises:
        NothingFielded: no such wave was opened within the scope.
    """
    return _process(_frame(session, scope, asked))


def indicators_report(
    session: Session,
    scope: Scope,
    asked: WaveOfUnit,
    *,
    by: str | None = None,
    audience: Audience | None = None,
) -> IndicatorsReport:
    """Outcomes of a questionnaire of a generation, for the caller or for a stricter audience.

    Source: domain.md 3.2 to 3.6 for the figures, 3.8 for what may be told.

    Args:
        session: a reading one.
        scope: where the caller may see outcomes.
        asked: of a unit of the scope.
        by: a variable of the lattice (`LATTICE`).
        audience: None is the caller's own.

    Raises:
        NothingFielded, TraitNotOffered, AudienceNotYours.
    """
    reader = _reader(scope, asked.unit, audience)
    trait = None if by is None else LATTICE.get(by)
    if by is not None and trait is None:
        raise TraitNotOffered(asked=by, offered=", ".join(LATTICE))
    frame = _frame(session, scope, asked)
    tally = tally_of(frame.rows, asked.questionnaire)
    small = reader is Audience.OWN and frame.listed < SMALL_FRAME
    context = Context(
        audience=Audience.OFFICE if small else reader,
        schools=frame.schools,
        crossed=trait is not None,
        frame=frame.listed,
        answered=len(frame.rows),
    )
    crossed = () if trait is None else release_crossed(tally, trait, context)
    figures = () if trait is not None else release_tally(tally, context)
    return IndicatorsReport(
        audience=reader,
        by=trait,
        figures=tuple(figures),
        crossed=tuple(crossed),
        process=_process(frame),
        small=small,
    )


def audience_of(scope: Scope, unit: OrganisationUnit) -> Audience:
    """As who the caller reads a unit: its own school, or an office above (domain.md 3.8).

    The operator of the deployment stands above every school.
    """
    own = unit.kind is UnitKind.SCHOOL and unit.id in scope.whole_units
    return Audience.OWN if own else Audience.OFFICE


_STRICTER = (Audience.OWN, Audience.OFFICE, Audience.PUBLIC)


def _reader(scope: Scope, unit: OrganisationUnit, asked: Audience | None) -> Audience:
    """The audience asked for, if it is not wider than the caller's."""
    theirs = audience_of(scope, unit)
    if asked is None:
        return theirs
    if scope.unlimited:  # the operator may look as anybody, but an office is no school
        return asked if unit.kind is UnitKind.SCHOOL else max(asked, Audience.OFFICE, key=_rank)
    if _rank(asked) < _rank(theirs):
        raise AudienceNotYours(asked=asked.value)
    return asked


def _rank(audience: Audience) -> int:
    return _STRICTER.index(audience)


def _frame(session: Session, scope: Scope, asked: WaveOfUnit) -> AnalysisFrame:
    frame = analysis_frame(session, scope, asked.unit.id, asked.cohort, asked.questionnaire)
    if not frame.waves:
        raise NothingFielded(
            unit=asked.unit.name, cohort=asked.cohort, questionnaire=asked.questionnaire
        )
    return frame


def _process(frame: AnalysisFrame) -> FrameReport:
    return FrameReport(
        counts=frame.groups,
        rates=outcome_rates(frame.groups),
        knowledge_rate=knowledge_rate(frame.self_reported, frame.verified, frame.listed),
        self_reported=frame.self_reported,
        verified=frame.verified,
        frame=frame.listed,
        frame_at_opening=frame.at_opening,
        late=frame.late,
    )


def _rate_lines(groups: Dispositions, rates: OutcomeRates) -> tuple[RateLine, ...]:
    complete, both = groups.I, groups.I + groups.P
    everybody, sure = Fraction(groups.eligible + groups.UO), Fraction(groups.eligible)
    expected = None if rates.e is None else groups.eligible + rates.e * groups.UO
    figures = (
        (complete, everybody, rates.rr1),
        (both, everybody, rates.rr2),
        (complete, expected, rates.rr3),
        (both, expected, rates.rr4),
        (complete, sure, rates.rr5),
        (both, sure, rates.rr6),
    )
    return tuple(
        RateLine(name, meaning, part, base, value)
        for (name, meaning), (part, base, value) in zip(_RATE_WORDS, figures, strict=True)
    )
