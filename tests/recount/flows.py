"""What was planned and what came of it, as streams and as a heat table: by the persons counted.

Streams and groups are shares of everybody who is linked; their thickness is in drawn.py.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isclose

from app.analytics.released import Audience
from tests.recount.drawn import Drawings, Drawn, number
from tests.recount.estimates import fives, half_up
from tests.recount.outcomes import Figure
from tests.recount.site import View, label_of

HEAT = re.compile(r'<td class="number heat-(\d)( kept)?">([\d.]+)[^<%]*%')
HALF_PERCENT = 0.0051
SHADES = 5


@dataclass(frozen=True)
class Linked:
    """Persons by what was before and what came of it, as a reader may know them."""

    persons: Mapping[str, float]  # by "before → after"

    @property
    def whole(self) -> float:
        return sum(self.persons.values())

    def differs(self, said: str, persons: float) -> bool:
        return not isclose(int(said) / 100, persons / self.whole, abs_tol=HALF_PERCENT)


def flows_checked(html: str, view: View) -> Iterator[str]:
    """The flow and the matrix of a page."""
    linked = linked_of(view)
    for drawn in Drawings(html).found:
        if drawn.of("rect", "node"):
            yield from _streams(drawn, linked)
            yield from _groups(drawn, linked)
    for shade, _, text in HEAT.findall(html):
        near = {min(SHADES - 1, int(SHADES * (float(text) + off) / 100)) for off in (-0.5, 0, 0.5)}
        if int(shade) not in near:
            yield f"a cell of {text} % has the shade {shade}"


def linked_of(view: View) -> Linked:
    """Of the plan and the situation, or of the situation before and that of today."""
    name, public = "X1" if view.wave.questionnaire == 2 else "X1b", view.audience is Audience.PUBLIC
    cells = {label_of(key): one for key, one in view.figures.items() if key[0] == name}
    return Linked({label: _known(one, public=public) for label, one in cells.items()})


def _known(cell: Figure, *, public: bool) -> float:
    """Persons of a cell; the public has whole percents of rounded rows."""
    if not public or cell.share is None:
        return cell.numerator or 0
    return fives(cell.base) * float(half_up(cell.share)) / 100


def _streams(drawn: Drawn, linked: Linked) -> Iterator[str]:
    told = dict(re.findall(r"([^;]+?): (\d+) %(?:; |$)", drawn.described))
    yield from (f"flow of {label}: nobody counted it" for label in told.keys() - linked.persons)
    for label, n in linked.persons.items():
        said = told.get(label)
        if (said is None) != (n == 0) or (said is not None and linked.differs(said, n)):
            yield f"flow of {label}: {said} %, counted {n} of {linked.whole}"


def _groups(drawn: Drawn, linked: Linked) -> Iterator[str]:
    sides: defaultdict[str, float] = defaultdict(float)
    for label, n in linked.persons.items():
        before, _, after = label.partition(" → ")
        sides[f"0 {before}"] += n
        sides[f"100 {after}"] += n
    for given, text in drawn.words:
        group, _, share = text.removesuffix(" %").rpartition(" ")
        n = sides[f"{number(given['x']):.0f} {group}"]
        if linked.differs(share, n):
            yield f"«{text}», counted {n} of {linked.whole}"
