"""Charts say what their figures say: positions, widths, limits, and nothing that was withheld."""

import re
from itertools import pairwise
from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.analytics.charts.boards import BOARDS, Look
from app.analytics.charts.compare import MOST_POINTS, DotLine, Mark, Place, dot_chart, funnel
from app.analytics.charts.drawing import Dot, Drawing, Path, Rect, Stroke, Words, stairs
from app.analytics.charts.headlines import board_headline
from app.analytics.charts.opinion import items_of, stacked_chart
from app.analytics.charts.over_time import (
    Generation,
    Rise,
    curve_chart,
    progress_chart,
    series_chart,
)
from app.analytics.charts.paths import flow_chart, matrix_of
from app.analytics.disclosure import Line, release_lines
from app.analytics.figures.indicators import Kind
from app.analytics.figures.national_references import BESIDE, beside, national_references
from app.analytics.figures.registry import indicator
from app.analytics.panel_row import Row
from app.analytics.release.outcome_release import release_wave
from app.analytics.released import Audience, Context, IndicatorRow
from app.web.pictures import LOOKS, picture

OWN = Context(audience=Audience.OWN)
OFFICE = Context(audience=Audience.OFFICE, schools=3)
ALONE = Context(audience=Audience.OFFICE)


def released(
    name: str, rows: list[Row], wave: int, context: Context = OFFICE
) -> list[IndicatorRow]:
    return [row for row in release_wave(rows, wave, context) if row.id == name]


def words_of(drawing: Drawing) -> list[str]:
    return [shape.text for shape in drawing.shapes if isinstance(shape, Words)]


def satisfaction(*persons: int) -> list[Row]:
    return [
        {"satisfaccion_global": rating} for rating, n in enumerate(persons, 1) for _ in range(n)
    ]


@given(st.lists(st.integers(0, 60), min_size=5, max_size=5).filter(any))
def test_stacked_segments_fill_the_bar_in_order(persons: list[int]) -> None:
    rows = released("C1d", satisfaction(*persons), 1)
    chart = stacked_chart(items_of(rows), key="k", title="t", whole_percents=False)

    assert chart is not None
    segments = [shape for shape in chart.shapes if isinstance(shape, Rect)]
    assert [one.look for one in segments] == [f"scale-{n}" for n in range(1, 6)]
    total = sum(persons)
    assert [one.width for one in segments] == pytest.approx(
        [100 * n / total for n in persons], abs=0.006
    )
    assert all(abs(a.x + a.width - b.x) < 0.011 for a, b in pairwise(segments))
    exact = 100 * (persons[3] + persons[4] - persons[0] - persons[1]) / total
    (net,) = (text for text in words_of(chart) if text.startswith("neto "))
    assert int(net.removeprefix("neto ").replace("−", "-")) == pytest.approx(exact, abs=0.51)


def test_a_scale_that_is_not_told_is_not_drawn() -> None:
    rows = released("C1d", satisfaction(1, 5, 5, 5, 5), 1, ALONE)

    assert [row.value for row in rows] == [None] * 5
    assert stacked_chart(items_of(rows), key="k", title="t", whole_percents=False) is None


@pytest.mark.parametrize(("name", "shown"), [("C2d_docentes", "Docentes"), ("C1d", "")])
def test_the_only_scale_that_is_told_is_named_in_its_drawing(name: str, shown: str) -> None:
    """The title of several is then the question of all of them; that of C1d says what it is."""
    cells = dict.fromkeys("12345", 5)
    line = Line(id=name, cells=cells, reported=tuple((one, (one,)) for one in cells))
    rows = release_lines([line], OWN)

    chart = stacked_chart(items_of(rows), key="k", title="t", whole_percents=False)

    assert chart is not None
    assert words_of(chart)[0].lower() == shown.lower()


def test_the_funnel_has_the_limits_of_the_normal_approximation() -> None:
    """Spiegelhalter (2005): p ± z √(p(1 − p)/n); 0.5 ± 0.098 at n = 100."""
    places = [Place("a", 50, 100), Place("b", 20, 40), Place("c", 30, 60)]

    made = funnel(places, key="k", title="t")

    assert made is not None
    assert (made.outside, made.spread, made.overdispersed) == ((), 0.0, False)
    near = [shape.d for shape in made.drawing.shapes if isinstance(shape, Path)][:2]
    last = [float(d.rsplit(" ", 1)[1]) for d in near]
    reach = 1.959964 * sqrt(0.25 / 100)
    assert last == [round(16 + 300 * (0.5 + reach), 1), round(16 + 300 * (0.5 - reach), 1)]


def test_a_place_beyond_the_wide_limit_is_named_and_nobody_is_ranked() -> None:
    places = [Place(f"p{n}", 50, 100) for n in range(8)] + [Place("lejos", 5, 100)]

    made = funnel(places, key="k", title="t")

    assert made is not None
    assert [place.name for place in made.outside] == ["lejos"]
    assert made.overdispersed
    looks = [shape.look for shape in made.drawing.shapes if isinstance(shape, Dot)]
    assert looks == ["dot-main"] * 8 + ["dot-far"]
    assert not re.search(r"\d+\.º|lugar \d", " ".join(words_of(made.drawing)))


def test_more_places_than_are_drawn_still_make_the_rate_of_all() -> None:
    places = [Place(f"p{n}", 40, 100) for n in range(MOST_POINTS)] + [Place("otro", 0, 200_000)]

    made = funnel(places, key="k", title="t")

    assert made is not None
    assert "2,001 planteles" in made.drawing.description
    assert "La tasa de todos es 20\u00a0%" in made.drawing.description
    dots = [shape for shape in made.drawing.shapes if isinstance(shape, Dot)]
    assert len(dots) == MOST_POINTS + 1


@pytest.mark.parametrize("places", [[Place("a", 1, 2)] * 2, [Place("a", 0, 9)] * 5])
def test_no_funnel_where_it_would_say_nothing(places: list[Place]) -> None:
    assert funnel(places, key="k", title="t") is None


def test_dots_stand_where_their_numbers_are() -> None:
    lines = [DotLine("a", 0.5, "50 %", 0.4, 0.6), DotLine("b", None, "no se muestra")]

    chart = dot_chart(lines, key="k", title="t", mark=Mark(0.65, "Meta 65 %"))

    assert chart is not None
    (dot,) = [shape for shape in chart.shapes if isinstance(shape, Dot)]
    assert dot.x == 42.0
    whiskers = [s for s in chart.shapes if isinstance(s, Stroke) and s.look == "whisker"]
    assert [(line.x1, line.x2) for line in whiskers] == [(33.6, 50.4)]
    assert "b: no se muestra" in chart.description
    assert dot_chart(lines[1:], key="k", title="t") is None


def test_the_staircase_stays_until_the_next_corner() -> None:
    assert stairs([(0, 10), (5, 8), (9, 8)]) == [(0, 10), (5, 10), (5, 8), (9, 8), (9, 8)]
    assert stairs([]) == []


def test_the_line_ends_where_its_words_say_and_the_target_crosses_it() -> None:
    chart = progress_chart(
        Rise([(0.1, 0.2), (0.5, 0.6)], until=0.8),
        before=Rise([(0.2, 0.3)], until=1.0),
        target=0.65,
        days=("1 oct", "31 oct", "30 nov"),
        words=("t", "d"),
    )

    (dot,) = [shape for shape in chart.shapes if isinstance(shape, Dot)]
    (target,) = [s for s in chart.shapes if isinstance(s, Stroke) and s.look == "beside"]
    assert (dot.x, dot.y) == (round(14 + 86 * 0.8, 2), round(24 + 220 * 0.4, 1))
    assert target.y1 == target.y2 == round(24 + 220 * 0.35, 1)
    assert {"60\u00a0%", "Meta 65\u00a0%", "1 oct", "31 oct", "30 nov"} <= set(words_of(chart))
    looks = [shape.look for shape in chart.shapes if isinstance(shape, Path)]
    assert looks == ["trace earlier", "trace"]
    assert {shape.look for shape in chart.shapes} <= LOOKS.keys()


def test_the_curve_ends_at_what_its_sentence_says() -> None:
    rows: list[Row] = [{"espera_tiempo": 1, "espera_evento": 1}] * 12
    rows += [{"espera_tiempo": 4, "espera_evento": 0}] * 8
    told = released("L10k", rows, 2)

    chart = curve_chart(told, key="k", title="t", whole_percents=False)

    assert chart is not None
    assert "60\u00a0%" in words_of(chart)
    (dot,) = [shape for shape in chart.shapes if isinstance(shape, Dot)]
    assert dot.y == round(24 + 220 * 0.4, 1)
    said = board_headline(Look.CURVE, told, "¿Cuánto tardaron?")
    assert said == "A 4 meses de egresar, el 60\u00a0% ya había tenido su primer empleo"


def plans(*cells: tuple[int, int, int]) -> list[Row]:
    return [{"q1_plan_egreso": plan, "situacion": now} for plan, now, n in cells for _ in range(n)]


def test_streams_are_as_thick_as_their_persons_are_many() -> None:
    rows = released("X1", plans((1, 1, 30), (1, 2, 10), (2, 2, 20)), 2)

    chart = flow_chart(rows, key="k", title="t")
    matrix = matrix_of(rows, whole_percents=False)

    assert chart is not None
    assert matrix is not None
    nodes = [shape.height for shape in chart.shapes if isinstance(shape, Rect)]
    assert nodes == [pytest.approx(280 * n / 60) for n in (40, 20, 30, 30)]
    looks = [shape.look for shape in chart.shapes if isinstance(shape, Path)]
    assert looks == ["stream-kept", "stream", "stream-kept"]
    assert [cell.text for cell in matrix.rows[0].cells] == [
        "75.0\u00a0%",
        "25.0\u00a0%",
        "0.0\u00a0%",
        "0.0\u00a0%",
    ]
    assert [cell.shade for cell in matrix.rows[0].cells] == [3, 1, 0, 0]


def test_a_flow_with_a_hidden_cell_is_not_drawn() -> None:
    own = released("X1", plans((1, 1, 30), (1, 2, 2), (2, 2, 20), (2, 1, 20)), 2, OWN)

    assert any(row.value is None and row.base != 0 for row in own)
    assert flow_chart(own, key="k", title="t") is None


def test_a_series_stops_at_a_break_and_marks_it() -> None:
    generations = [
        Generation("2012-2015", 0.9, earlier=True),
        Generation("2019-2022", 0.2, 0.1, 0.3),
        Generation("2020-2023", 0.4, 0.3, 0.5),
        Generation("2021-2024", 0.6, 0.5, 0.7, broken="La pregunta cambió."),
        Generation("2022-2025", None),
        Generation("2023-2026", 0.8, 0.7, 0.9),
    ]

    chart = series_chart(generations, key="k", title="t", whole_percents=False)

    assert chart is not None
    lines = [shape for shape in chart.shapes if isinstance(shape, Path)]
    breaks = [s for s in chart.shapes if isinstance(s, Stroke) and s.look == "break"]
    assert (len(lines), len(breaks)) == (1, 1)  # the first two generations alone are joined
    assert [key.look for key in chart.keys] == ["dot-main", "break", "dot-before"]
    looks = [shape.look for shape in chart.shapes if isinstance(shape, Dot)]
    assert looks == ["dot-before", *["dot-main"] * 4]


def test_every_board_is_made_of_figures_that_exist() -> None:
    for wave, boards in BOARDS.items():
        assert len({one.key for one in boards}) == len(boards)
        for one in boards:
            for name in (*one.indicators, *one.otherwise):
                assert wave in indicator(name).waves, (wave, name)
                assert indicator(name).kind is not Kind.PROCESS


def test_national_figures_have_their_source_and_stand_beside_ours() -> None:
    for (name, category), reference in BESIDE.items():
        assert category in {one.id for one in indicator(name).categories}
        assert national_references()[reference].source
    higher = beside("H1", "si")
    assert higher is not None
    assert (higher.share, higher.year) == (0.345, 2019)
    assert higher.caution.startswith("Compare con cautela")
    assert beside("L1", "si") is None


def test_every_look_has_its_style_in_the_page_and_in_the_picture() -> None:
    drawings = [
        stacked_chart(
            items_of(released("C1d", satisfaction(9, 9, 9, 9, 9), 1)),
            key="k",
            title="t",
            whole_percents=False,
        ),
        flow_chart(released("X1", plans((1, 1, 30), (1, 2, 10)), 2), key="k", title="t"),
    ]
    made = funnel([Place("a", 50, 100), Place("b", 2, 90), Place("c", 60, 90)], key="k", title="t")
    assert made is not None
    for drawing in (*drawings, made.drawing):
        assert drawing is not None
        assert {shape.look for shape in drawing.shapes} <= LOOKS.keys()
        body = picture(drawing, headline="Una frase", below=("De quién es",))
        assert body.startswith(b"\x89PNG")
        assert len(body) > 5_000
