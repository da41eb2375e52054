from collections import defaultdict
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import app.analytics
from app.analytics.disclosure import (
    Audience,
    Context,
    Line,
    PublicShare,
    ReleasedRow,
    nearest_five,
    public_row,
    release_lines,
    release_row,
    release_table,
)
from app.analytics.release.measures import release_mean, release_median, release_score
from app.analytics.released import Reason

OWN = Context(audience=Audience.OWN)
OFFICE = Context(audience=Audience.OFFICE)
REGION = Context(audience=Audience.OFFICE, schools=3)
PUBLIC = Context(audience=Audience.PUBLIC, schools=40)


def test_two_ones_beside_a_sixty_are_not_had_by_subtraction() -> None:
    row = release_row({"a": 1, "b": 1, "c": 60})

    assert (row.total, dict(row.cells)) == (62, {"a": None, "b": None, "c": None})


def test_nobody_and_everybody_are_not_told_of_a_small_group() -> None:
    small = release_row({"estudia": 0, "trabaja": 30})
    large = release_row({"estudia": 0, "trabaja": 300})

    assert dict(small.cells) == {"estudia": None, "trabaja": None}
    assert dict(large.cells) == {"estudia": 0, "trabaja": 300}


rows = st.dictionaries(st.text(min_size=1, max_size=4), st.integers(0, 60), min_size=2, max_size=8)


@given(rows)
def test_no_small_cell_is_shown(counts: dict[str, int]) -> None:
    row = release_row(counts)

    shown = [n for n in row.cells.values() if n is not None]
    assert all(n == 0 or n >= 5 for n in shown)
    assert row.total in {0, None} or row.total >= 50 or 0 not in shown


@given(rows)
def test_what_is_withheld_adds_up_to_the_minimum_at_least(counts: dict[str, int]) -> None:
    row = release_row(counts)

    withheld = [counts[label] for label, n in row.cells.items() if n is None]
    assert row.total is None or not withheld or sum(withheld) >= 5


@pytest.mark.parametrize(("minimum", "small_group"), [(2, 6), (3, 8), (3, 1)])
def test_a_reader_who_knows_the_rule_stays_uncertain(minimum: int, small_group: int) -> None:
    """All tables of three cells: those that look alike differ enough in every hidden cell."""
    alike = defaultdict(list)
    for sizes in product(range(14), repeat=3):
        row = release_row(
            dict(zip("abc", sizes, strict=True)), minimum=minimum, small_group=small_group
        )
        if row.total is not None and row.total < 14:  # beyond it the list is not complete
            alike[row.total, tuple(row.cells.values())].append(sizes)

    for (_, cells), candidates in alike.items():
        for i, cell in enumerate(cells):
            possible = {sizes[i] for sizes in candidates}
            assert cell is not None or max(possible) - min(possible) >= minimum, (cells, candidates)


def test_the_public_sees_whole_percents_of_a_rounded_base() -> None:
    row = release_row({"sí": 142, "no": 97})

    public = public_row(row, frame=310)

    assert public.base == 240
    assert public.shares["sí"] == PublicShare(percent=59, low=56, high=62)


def test_the_public_sees_no_percentage_of_a_small_base() -> None:
    public = public_row(release_row({"sí": 12, "no": 10}))

    assert (public.base, set(public.shares.values())) == (20, {None})


def test_hesa_rounding() -> None:
    counts = [0, 1, 2, 3, 7, 8, 12, 13, 22, 23, 102, 103]

    assert [nearest_five(n) for n in counts] == [0, 0, 0, 5, 5, 10, 10, 15, 20, 25, 100, 105]


def a_line(yes: int, no: int, *, minimum_base: int = 0) -> Line:
    return Line(
        id="S3",
        cells={"si": yes, "no": no},
        reported=(("si", ("si",)),),
        minimum_base=minimum_base,
    )


def test_nobody_else_can_build_a_released_figure() -> None:
    row = release_row({"sí": 142, "no": 97})

    with pytest.raises(TypeError):
        ReleasedRow(1, {"sí": 1})
    with pytest.raises(TypeError):
        replace(row, total=240)


def test_only_the_doors_hold_the_key() -> None:
    package = Path(app.analytics.__path__[0])
    holders = {p.name for p in package.rglob("*.py") if "KEY" in p.read_text().split()}
    holders |= {p.name for p in package.rglob("*.py") if "key=KEY" in p.read_text()}

    assert holders - {"released.py"} == {"disclosure.py", "measures.py"}


def test_the_own_school_sees_exact_figures_of_few_with_a_warning() -> None:
    (few,) = release_lines([a_line(1, 6)], OWN)
    (many,) = release_lines([a_line(60, 40)], OWN)

    assert (few.numerator, few.base, few.withheld, few.reason) == (1, 7, False, Reason.CAREFUL)
    assert (many.value, many.reason) == (0.6, None)


def test_the_office_of_one_school_does_not_see_few() -> None:
    (one,) = release_lines([a_line(1, 60)], OFFICE)
    (three,) = release_lines([a_line(1, 60)], REGION)

    assert (one.numerator, one.base, one.value, one.withheld) == (None, 61, None, True)
    assert one.reason == Reason.SMALL
    assert (three.numerator, three.withheld) == (1, False)


def test_the_public_sees_no_count_and_whole_points() -> None:
    (row,) = release_lines([a_line(142, 97)], replace(PUBLIC, frame=310))

    assert (row.numerator, row.base) == (None, 240)
    assert (row.value, row.low, row.high) == (0.59, 0.56, 0.62)


def test_percentages_need_a_base_of_23_in_public() -> None:
    """domain.md T14."""
    (below,) = release_lines([a_line(11, 11)], PUBLIC)
    (at,) = release_lines([a_line(12, 11)], PUBLIC)

    assert (below.withheld, below.base, below.reason) == (True, 20, Reason.SMALL_BASE)
    assert (at.withheld, at.base, at.value) == (False, 25, 0.52)


def test_means_need_eight_persons_outside_the_school() -> None:
    """domain.md T14."""
    seven, eight = [4] * 7, [4, 5, 3, 4, 5, 3, 4, 4]

    assert release_mean("C1", seven, PUBLIC).withheld
    assert release_mean("C1", eight, PUBLIC).value == 4.0
    assert release_mean("C1", seven, OWN).value == 4.0
    assert release_median("L8", 40.0, 9, PUBLIC).withheld  # half of them are four
    assert not release_median("L8", 40.0, 10, PUBLIC).withheld


def test_nobody_in_the_base_is_undefined_not_zero() -> None:
    (row,) = release_lines([a_line(0, 0)], OWN)

    assert (row.value, row.low, row.withheld, row.reason) == (None, None, False, Reason.NOBODY)
    assert release_mean("C1", [], OWN).reason == Reason.NOBODY
    assert release_median("L8", None, 0, OWN).reason == Reason.NOBODY
    assert release_median("L9m", None, 60, OWN).reason == Reason.NOT_REACHED


def test_a_minimum_base_of_its_own_holds_for_everybody() -> None:
    """L3: only if at least 23 work or look for work."""
    (row,) = release_lines([a_line(10, 12, minimum_base=23)], OWN)

    assert (row.withheld, row.value) == (True, None)


def test_a_score_and_its_interval() -> None:
    """domain.md C6: pP = .5, pD = .3, n = 100: variance (.8 - .04)/100."""
    row = release_score("C6", {"p": 50, "n": 20, "d": 30}, OWN)

    assert row.value == pytest.approx(0.2)
    assert row.low == pytest.approx(0.2 - 1.959964 * 0.0076**0.5)
    assert release_score("C6", {"p": 50, "n": 20, "d": 2}, OFFICE).withheld
    assert release_score("C6", {"p": 8, "n": 7, "d": 7}, PUBLIC).reason == Reason.SMALL_BASE


def test_mentions_of_one_question_keep_or_lose_their_base_together() -> None:
    """Of 5 persons, nobody for one reason and one for another: the second line loses its total."""
    lines = [
        Line(id="H5", cells={"1": 0, "sin 1": 5}, reported=(("1", ("1",)),)),
        Line(id="H5", cells={"2": 1, "sin 2": 4}, reported=(("2", ("2",)),)),
    ]

    assert [row.base for row in release_lines(lines, OFFICE)] == [None, None]


def test_an_indicator_goes_with_the_count_that_is_its_base() -> None:
    lines = [
        Line(id="H1", cells={"si": 58, "no": 3}, reported=(("si", ("si",)),)),
        Line(
            id="H4",
            cells={"si": 30, "no": 28},
            reported=(("si", ("si",)),),
            parent=("H1", "si"),
        ),
    ]

    assert [(r.withheld, r.base) for r in release_lines(lines, OFFICE)] == [
        (True, 61),
        (True, None),
    ]


def test_shares_that_accumulate() -> None:
    line = Line(
        id="S6",
        cells={"A": 50, "B": 20, "C": 20, "resto": 10},
        reported=(("A", ("A",)), ("B", ("A", "B")), ("C", ("A", "B", "C"))),
    )

    assert [row.numerator for row in release_lines([line], OWN)] == [50, 70, 90]


def test_a_table_for_each_audience() -> None:
    table = [[30, 41, 71], [52, 63, 115], [82, 104, 186]]

    own = release_table(table, rows=("H", "M"), columns=("si", "no"), context=OWN)
    public = release_table(table, rows=("H", "M"), columns=("si", "no"), context=PUBLIC)

    assert own.cells == tuple(tuple(line) for line in table)
    assert public.cells == ((30, 40, 70), (50, 65, 115), (80, 105, 185))
    assert own.shares[0] == (30 / 71, 41 / 71)
    assert public.shares == ((0.42, 0.58), (0.45, 0.55), (0.44, 0.56))


@pytest.mark.parametrize("counts", [{}, {"a": 1}, {"a": -1, "b": 3}])
def test_no_row_of_a_table(counts: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="not a row"):
        release_row(counts)


def test_a_row_without_a_total_stays_without_it_in_public() -> None:
    public = public_row(release_row({"sí": 1, "no": 2}))

    assert (public.base, dict(public.shares)) == (None, {"sí": None, "no": None})


def test_an_office_over_three_schools_sees_the_table_exact() -> None:
    table = [[1, 2, 3], [4, 0, 4], [5, 2, 7]]

    region = release_table(table, rows=("H", "M"), columns=("si", "no"), context=REGION)

    assert region.cells == tuple(tuple(line) for line in table)


def test_crossings_are_for_the_own_school_as_for_the_office() -> None:
    assert not replace(OWN, crossed=True).exact
    assert OWN.exact


def test_the_frame_of_a_part_is_scaled() -> None:
    context = Context(audience=Audience.OWN, frame=120, answered=80)

    assert (context.population(80, part=False), context.population(40, part=True)) == (120, 60)


def test_rounding_makes_no_census_of_a_wave_that_somebody_missed() -> None:
    row = release_row({"sí": 60, "no": 42})

    whole, missed = public_row(row, frame=102), public_row(row, frame=103)

    assert whole.shares["sí"] == PublicShare(59, 59, 59)
    assert missed.shares["sí"] == PublicShare(59, 56, 62)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="persons"):
        nearest_five(-1)
    with pytest.raises(ValueError, match="answers of"):
        public_row(release_row({"sí": 142, "no": 97}), frame=200)
    with pytest.raises(ValueError, match="not a row"):
        release_lines([a_line(-1, 5)], OWN)
    with pytest.raises(ValueError, match="three categories"):
        release_score("C6", {"p": 1}, OWN)


def test_measures_of_one_or_a_few() -> None:
    one = release_mean("C1", [4], OWN)

    assert (one.value, one.low, one.base) == (4.0, None, 1)
    assert release_score("C6", {"p": 0, "n": 0, "d": 0}, OWN).reason == Reason.NOBODY
    assert release_score("C6", {"p": 0, "n": 0, "d": 7}, OFFICE).withheld
    assert release_score("C6", {"p": 60, "n": 60, "d": 60}, PUBLIC).value == 0
    assert release_mean("C1", [4, 5, 3], OFFICE).base is None
    assert release_mean("C1", [4, 5, 3], PUBLIC).base == 5
