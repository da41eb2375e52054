"""What may be asked of outcomes: by which variables of the lattice, and what is refused.

At most two variables: figures are divided by the values of one, and may be only of those who share
a value of another (domain.md 3.8, rule 1).
"""

from dataclasses import dataclass

from app.analytics.figures.traits import LATTICE, Trait, TraitPair, TraitValue, pair_of
from app.errors import AppError


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


class PairNotOffered(AppError):
    """These two variables of the lattice are not crossed."""

    code = "results.pair_not_offered"
    status = 400
    plantilla = (
        "«{by}» y «{within}» no se ofrecen juntas: de sus cruces podría deducirse lo que respondió "
        "una persona. Elija una de las dos, o crúcela con el sexo."
    )


class PairNotKept(AppError):
    """An edition was frozen before crossings of two variables were kept in it."""

    code = "results.pair_not_kept"
    status = 409
    plantilla = (
        "«{by}» y «{within}» no se pueden cruzar todavía: alguna de las ediciones se guardó sin "
        "ese cruce. Elija una sola de las dos; con la siguiente edición podrá cruzarlas."
    )


class AudienceNotYours(AppError):
    """Somebody asked for figures as a reader who may see more."""

    code = "results.audience_not_yours"
    status = 403
    plantilla = "Con su cuenta no se ven las cifras de «{asked}». Pida las que le corresponden."


@dataclass(frozen=True, slots=True)
class Division:
    """Figures by the values of `by`; only of those whose `within` is `value`, where it is there."""

    by: Trait
    within: Trait | None = None
    value: TraitValue | None = None

    @property
    def pair(self) -> TraitPair | None:
        """Both variables, as the lattice has them."""
        return None if self.within is None else pair_of(self.by.variable, self.within.variable)


def division_of(by: str | None, within: tuple[str, str] | None) -> Division | None:
    """What was asked by name; None where nothing is divided.

    Args:
        by: a variable.
        within: another one, and one of its values as text.

    Raises:
        TraitNotOffered: outside the lattice, or a filter without what it is crossed with.
        PairNotOffered: not these two together.
    """
    if by is None and within is None:
        return None
    trait = LATTICE.get(by or "")
    if trait is None:
        raise TraitNotOffered(asked=by or "", offered=", ".join(LATTICE))
    if within is None:
        return Division(trait)
    other = LATTICE.get(within[0])
    value = None if other is None else next((v for v in other.values if str(v) == within[1]), None)
    if other is None or value is None:
        raise TraitNotOffered(asked="=".join(within), offered=", ".join(LATTICE))
    if pair_of(trait.variable, other.variable) is None:
        raise PairNotOffered(by=trait.name, within=other.name)
    return Division(trait, other, value)
