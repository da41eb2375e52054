"""A sentence never says more than its figures, and a chart shows what the table shows."""

import pytest

from app.analytics.charts.bars import bar_chart
from app.analytics.charts.boards import Look
from app.analytics.charts.drawing import Rect, Stroke, Words
from app.analytics.charts.headlines import board_headline, category_label, headline, percent
from app.analytics.disclosure import Line, release_lines
from app.analytics.released import Audience, Context, IndicatorRow

OWN = Context(audience=Audience.OWN, frame=2_000)
OFFICE = Context(audience=Audience.OFFICE)
PUBLIC = Context(audience=Audience.PUBLIC)


def higher(yes: int, no: int, context: Context = OWN) -> list[IndicatorRow]:
    line = Line(id="H1", cells={"si": yes, "no": no}, reported=(("si", ("si",)),))
    return release_lines([line], context)


def situation(*counts: int, context: Context = OWN) -> list[IndicatorRow]:
    names = ("solo_estudia", "solo_trabaja", "estudia_y_trabaja", "ninguna")
    cells = dict(zip(names, counts, strict=True))
    line = Line(id="S1", cells=cells, reported=tuple((name, (name,)) for name in names))
    return release_lines([line], context)


@pytest.mark.parametrize(
    ("yes", "no", "said"),
    [
        (62, 38, "6 de cada 10 siguieron en educación superior"),
        (12, 88, "1 de cada 10 siguió en educación superior"),
        (50, 50, "5 de cada 10 siguieron en educación superior"),
        (3, 97, "Menos de 1 de cada 20 siguió en educación superior"),
        (98, 2, "Casi todas las personas siguieron en educación superior"),
        (100, 0, "Todas las personas siguieron en educación superior"),
        (4, 3, "4 de 7 personas siguieron en educación superior"),
        (1, 3, "1 de 4 personas siguió en educación superior"),
        (0, 1, "0 de 1 persona siguieron en educación superior"),
    ],
)
def test_a_share_as_people_say_it(yes: int, no: int, said: str) -> None:
    assert headline(higher(yes, no)) == said


def test_the_largest_category_gives_the_sentence() -> None:
    assert headline(situation(20, 55, 15, 10)) == "6 de cada 10 solo trabajan"


def test_no_category_is_called_the_largest_while_another_is_withheld() -> None:
    rows = situation(400, 300, 3, 4, context=OFFICE)

    assert [row.withheld for row in rows] == [False, True, True, True]
    assert headline(rows) == "Situación principal"


def test_what_is_withheld_has_a_name_and_no_sentence() -> None:
    assert headline(higher(4, 3, OFFICE)) == "Continúa en educación superior"
    assert bar_chart(higher(4, 3, OFFICE), title="x", whole_percents=False) is None


def test_an_indicator_without_a_saying_has_its_name() -> None:
    (row,) = release_lines(
        [Line(id="S7", cells={"si": 30, "no": 70}, reported=(("si", ("si",)),))], OWN
    )

    assert headline([row]) == "Vive en otro municipio"


def test_percents_for_insiders_and_for_the_public() -> None:
    assert [percent(0.625, whole=False), percent(0.62, whole=True), percent(None, whole=True)] == [
        "62.5\u00a0%",
        "62\u00a0%",
        "—",
    ]


def test_labels_are_those_of_the_registry() -> None:
    assert [category_label(row) for row in situation(1, 1, 1, 1)][2] == "Estudia y trabaja"
    assert category_label(higher(1, 1)[0]) == "Continúa en educación superior"


def test_bars_are_as_long_as_their_numbers() -> None:
    chart = bar_chart(situation(50, 25, 25, 0), title="t", whole_percents=False)

    assert chart is not None
    bars = [one for one in chart.shapes if isinstance(one, Rect) and one.look != "bar-track"]
    assert [(bar.width, bar.look) for bar in bars] == [
        (40.0, "bar-main"), (20.0, "bar-other"), (20.0, "bar-other"), (0.0, "bar-other"),
    ]  # fmt: skip
    texts = [one.text for one in chart.shapes if isinstance(one, Words) and one.look == "end"]
    assert texts == ["50.0\u00a0%", "25.0\u00a0%", "25.0\u00a0%", "0.0\u00a0%"]
    whiskers = [one for one in chart.shapes if isinstance(one, Stroke)]
    assert all(w.x1 <= bar.width <= w.x2 for w, bar in zip(whiskers, bars, strict=True))
    assert chart.description.startswith("Solo estudia: 50.0\u00a0%; ")


def test_of_several_indicators_the_one_of_the_sentence_is_marked_and_each_tells_its_base() -> None:
    """A small base at 100 % is not what "3 de cada 10 siguieron" is about."""
    (first_choice,) = release_lines(
        [Line(id="H3", cells={"si": 12, "no": 0}, reported=(("si", ("si",)),))], OWN
    )
    chart = bar_chart([*higher(30, 70), first_choice], title="t", whole_percents=False)

    assert chart is not None
    bars = [one for one in chart.shapes if isinstance(one, Rect) and one.look != "bar-track"]
    assert [(bar.width, bar.look) for bar in bars] == [(24.0, "bar-main"), (80.0, "bar-other")]
    assert chart.description == (
        "Continúa en educación superior (base:\u00a0100): 30.0\u00a0%; "
        "Entró a su primera opción (base:\u00a012): 100.0\u00a0%"
    )


def test_a_withheld_bar_is_named() -> None:
    rows = situation(400, 300, 3, 4, context=OFFICE)
    chart = bar_chart(rows, title="t", whole_percents=False)

    assert chart is not None
    assert "Estudia y trabaja: no se muestra" in chart.description


def test_the_public_gets_whole_percents_in_the_chart_too() -> None:
    chart = bar_chart(higher(62, 38, PUBLIC), title="t", whole_percents=True)

    assert chart is not None
    assert [one.text for one in chart.shapes if isinstance(one, Words) and one.look] == [
        "62\u00a0%"
    ]
    assert [one.width for one in chart.shapes if isinstance(one, Rect)] == [80, 0.8 * 62]


def test_the_best_and_the_worst_are_of_those_that_are_told() -> None:
    """A scale that is withheld is not the worst; parts that were rounded add to nothing."""
    rows = higher(62, 38)
    tops = {"C2d_docentes": 0.764, "C2d_practicas": 0.41}

    said = board_headline(Look.SCALE, rows, "¿Cómo la califican?", tops=tops)
    alone = board_headline(Look.SCALE, rows, "¿Cómo la califican?", tops={"C2d_docentes": 0.764})
    one = board_headline(Look.SCALE, rows, "¿Satisfechas?", tops={"C1d": 0.765})

    assert said == "Lo mejor calificado: docentes (76\u00a0%); lo menos: prácticas (41\u00a0%)"
    assert alone == "¿Cómo la califican?"
    assert one == "El 77\u00a0% de las personas dicen estar satisfechas con su formación"


def test_a_name_with_its_topic_says_the_topic_once() -> None:
    (row,) = release_lines(
        [Line(id="C2t_docentes", cells={"si": 66, "no": 34}, reported=(("si", ("si",)),))], OWN
    )

    said = board_headline(Look.BARS, [row], "¿Cómo califican a su escuela?")

    assert said == "Docentes: 66\u00a0%"
