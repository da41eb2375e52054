"""The declared lattice: by which variables figures may be asked, two at most (domain.md 3.8)."""

from collections.abc import Mapping
from dataclasses import dataclass

TraitValue = int | str


@dataclass(frozen=True, slots=True)
class Trait:
    """A variable of the lattice: by its values figures may be asked."""

    variable: str
    name: str  # Spanish
    values: Mapping[TraitValue, str]  # code and its word


LATTICE: Mapping[str, Trait] = {
    trait.variable: trait
    for trait in (
        Trait("sexo", "Sexo", {"M": "Mujeres", "H": "Hombres", "X": "No binario"}),
        Trait("turno", "Turno", {1: "Matutino", 2: "Vespertino", 3: "Nocturno", 4: "Mixto"}),
        Trait(
            "tipo_bachillerato",
            "Tipo de bachillerato",
            {1: "General", 2: "Tecnológico", 3: "Profesional técnico"},
        ),
    )
}

TraitPair = tuple[str, str]
# What may be divided and filtered at once. Shift and kind of programme are not crossed: with both
# of the others they would be the three faces of a table of three traits, from which its cells can
# be worked out. From two faces none can, where no count in them is small.
PAIRS: tuple[TraitPair, ...] = (("sexo", "turno"), ("sexo", "tipo_bachillerato"))


def pair_of(one: str, other: str) -> TraitPair | None:
    """The pair of the lattice that these two variables are, in either order."""
    return next((pair for pair in PAIRS if set(pair) == {one, other}), None)


def known_value(variable: str, value: object) -> TraitValue | None:
    """A value of a trait that has a word; None for any other."""
    known = isinstance(value, int | str) and value in LATTICE[variable].values
    return value if known and isinstance(value, int | str) else None
