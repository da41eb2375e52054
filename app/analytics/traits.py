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
        Trait("sexo", "Sexo", {"M": "Mujeres", "H": "Hombres", "X": "Otro"}),
        Trait("turno", "Turno", {1: "Matutino", 2: "Vespertino", 3: "Nocturno", 4: "Mixto"}),
        Trait(
            "tipo_bachillerato",
            "Tipo de bachillerato",
            {1: "General", 2: "Tecnológico", 3: "Profesional técnico"},
        ),
    )
}
