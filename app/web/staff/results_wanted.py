"""What the address of the exploration asks for: an indicator, a variable and a filter."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

from fastapi import Request

from app.analytics.figures.indicators import Indicator
from app.analytics.figures.registry import indicator, outcomes_of
from app.analytics.figures.traits import LATTICE
from app.analytics.frame.tallies import CROSSED
from app.errors import NotFound
from app.web.staff.results_pages import Choice
from app.web.staff.worked import SHARES

FIRST = {1: "X0", 2: "S1", 3: "S1"}
NOT_CROSSED = (
    "En esta pregunta cada persona puede dar varias respuestas: se cuenta solo de todas juntas."
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the address asks for. `kept`: variable and value of the filter, or nothing."""

    entry: Indicator
    variable: str
    kept: tuple[str, str] | None
    note: str = ""

    @property
    def by(self) -> str | None:
        """The variable that the door divides by: a filter alone is a group of its variable."""
        return self.variable or (self.kept[0] if self.kept else None)

    @property
    def within(self) -> tuple[str, str] | None:
        """The filter, where it is of another variable."""
        return self.kept if self.kept and self.kept[0] != self.by else None

    @property
    def only(self) -> str:
        """The group to show, where the filter is of the variable itself."""
        return self.kept[1] if self.kept and self.kept[0] == self.by else ""

    @property
    def kept_name(self) -> str:
        """The filter in words."""
        if self.kept is None:
            return ""
        values = LATTICE[self.kept[0]].values.items()
        return next(name for value, name in values if str(value) == self.kept[1])

    @property
    def query(self) -> str:
        """The choices, as in the address."""
        kept = ":".join(self.kept) if self.kept else ""
        return urlencode(
            {"indicador": self.entry.id, "variable": self.variable, "filtro": kept}, safe=":"
        )


@dataclass(frozen=True, slots=True)
class ChoiceGroup:
    """Options of a list that belong together."""

    name: str
    choices: tuple[Choice, ...]


def wanted_of(request: Request, number: int) -> Wanted:
    """What is asked of a questionnaire.

    Raises:
        NotFound: it has no such indicator of shares, or the filter no such value.
    """
    entry = _entry(request.query_params.get("indicador", ""), number)
    variable = request.query_params.get("variable", "")
    name, _, value = request.query_params.get("filtro", "").partition(":")
    if not name and (group := request.query_params.get("grupo", "")):
        name, value = variable, group  # an address of before there were filters
    if name and (name not in LATTICE or value not in {str(v) for v in LATTICE[name].values}):
        raise NotFound(filter=name)
    kept = (name, value) if name else None
    if (variable or kept) and entry.kind not in CROSSED:
        return Wanted(entry, "", None, NOT_CROSSED)
    return Wanted(entry, variable, kept)


def _entry(name: str, number: int) -> Indicator:
    offered = {one.id: one for one in outcomes_of(number) if one.kind in SHARES}
    if name in offered:
        return offered[name]
    elsewhere = {one.id for n in FIRST for one in outcomes_of(n)}
    if name and name not in elsewhere:
        raise NotFound(indicator=name)
    return indicator(FIRST[number])


def filters_of(wanted: Wanted) -> Iterator[ChoiceGroup]:
    """Every value of every trait."""
    for trait in LATTICE.values():
        yield ChoiceGroup(
            trait.name,
            tuple(
                Choice(
                    f"{trait.variable}:{value}",
                    name,
                    chosen=wanted.kept == (trait.variable, str(value)),
                )
                for value, name in trait.values.items()
            ),
        )
