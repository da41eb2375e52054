"""Figures that passed disclosure control, and for whom they were released.

Only disclosure.py and measures.py hold the key to build them (a test looks), so pages, files and
charts that accept nothing else cannot show an unchecked number. Audiences: domain.md 3.8.
"""

from collections.abc import Mapping
from dataclasses import InitVar, dataclass
from enum import StrEnum

OFFICE_SCHOOLS = 3  # sums of fewer could be undone by one of the schools

KEY = object()  # whoever builds a released figure shows it


class Audience(StrEnum):
    """Who reads (domain.md 3.8)."""

    OWN = "own"  # a grant on this very school
    OFFICE = "office"  # a grant on an ancestor
    PUBLIC = "public"


class Reason(StrEnum):
    """Why a number is missing, or to be read with care; for people."""

    SMALL = (
        "No se muestra porque son menos de 5 personas o permitiría deducirlas. "
        "Podría verse al juntar varias generaciones."
    )
    SMALL_BASE = (
        "No se muestra porque son menos de 23 respuestas. "
        "Podría verse al juntar varias generaciones."
    )
    PARTS = (
        "No se muestra porque, al restarle los planteles que sí se muestran, diría lo que "
        "alguno de los demás oculta."
    )
    SOME = "Suma solo a los planteles que sí se muestran; con los demás se sabría lo que ocultan."
    FEW_FOR_A_MEASURE = (
        "No se muestra porque son menos de 8 respuestas. "
        "Podría verse al juntar varias generaciones."
    )
    FEW_FOR_A_MEDIAN = (
        "No se muestra porque son menos de 10 respuestas. "
        "Podría verse al juntar varias generaciones."
    )
    EXTREME = (
        "No se muestra porque, siendo tan pocas, diría casi exactamente qué respondió cada quien. "
        "Podría verse al juntar varias generaciones."
    )
    IN_FIELD = (
        "Los planteles se suman cuando cierran y pasan los tres días para respuestas tardías. "
        "Mientras tanto puede ver cada plantel."
    )
    NO_EDITION = (
        "Todavía no hay edición: la primera sale con veinte respuestas, o tres días después del "
        "cierre."
    )
    NOBODY = "Nadie respondió esta pregunta."
    CAREFUL = "Son menos de 23 respuestas: tome la cifra con reserva."
    NOT_REACHED = "La mitad no se alcanza: está en el último rango o aún espera."


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """For whom, and of how many, figures are released."""

    audience: Audience
    schools: int = 1  # whose persons are summed
    crossed: bool = False  # two traits at once
    frame: int | None = None  # eligible persons
    answered: int | None = None  # of them, to scale the frame of a part
    # Of a sum of schools: the counts, bases and measures that would give away a part of it.
    withheld: frozenset[tuple[str, str]] = frozenset()

    @property
    def gone(self) -> frozenset[str]:
        """The indicators of which a sum withholds anything."""
        return frozenset(name.removeprefix("base ") for name, _ in self.withheld)

    @property
    def exact(self) -> bool:
        """Own school, one way; or an office over three schools or more."""
        if self.audience is Audience.OWN:
            return not self.crossed
        return self.audience is Audience.OFFICE and self.schools >= OFFICE_SCHOOLS

    def population(self, base: int, *, part: bool) -> float | None:
        """Persons of whom `base` answered: the frame, or its share for a part of it."""
        if self.frame is None:
            return None
        if part and self.answered:
            return max(base, base * self.frame / self.answered)
        return max(base, self.frame)


class _Guarded:
    """Refuses to be built without the key, by dataclasses.replace too."""

    __slots__ = ()

    def __post_init__(self, key: object) -> None:
        if key is not KEY:
            raise TypeError("only app.analytics.disclosure releases figures")


@dataclass(frozen=True, slots=True)
class ReleasedRow(_Guarded):
    """Exact counts the office may see. None stands where a number must not be."""

    total: int | None
    cells: Mapping[str, int | None]
    key: InitVar[object] = None


@dataclass(frozen=True, slots=True)
class PublicShare:
    """Whole percents: the share and its 95 % interval."""

    percent: int
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class PublicRow(_Guarded):
    """What anyone may see: a base to the nearest 5, and no count beside a percentage."""

    base: int | None
    shares: Mapping[str, PublicShare | None]
    key: InitVar[object] = None


@dataclass(frozen=True, slots=True)
class ReleasedTable(_Guarded):
    """A table of two traits with totals in the last row and column; None where withheld.

    For the public, counts are to the nearest 5. `shares`: of each row, its cells over its total,
    for the public whole percents of the unrounded counts, and of 23 persons or more.
    """

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: tuple[tuple[int | None, ...], ...]
    shares: tuple[tuple[float | None, ...], ...]
    key: InitVar[object] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IndicatorRow(_Guarded):
    """One figure as it may be told. Proportions from 0 to 1; None where withheld or undefined."""

    id: str
    category: str
    numerator: int | None
    base: int | None
    value: float | None
    low: float | None
    high: float | None
    withheld: bool
    reason: str | None
    key: InitVar[object] = None


@dataclass(frozen=True, slots=True)
class Weighted:
    """Weighted shares by indicator and category, for the own school, and what the weights cost.

    `traits`: those raked over. `n_eff` and `deff`: Kish (1965).
    """

    traits: tuple[str, ...]
    shares: Mapping[tuple[str, str], float]
    n_eff: float
    deff: float
