"""Text pieces: dates of the wave, covered contacts, amounts of the minimum wage."""

from datetime import date

import pytest

from app.chronology.reference_week import reference_week
from app.chronology.wave_plan import FieldPeriod
from app.questionnaires.items import Language
from app.questionnaires.library import minimum_wages
from app.questionnaires.piping import MARKERS, Facts, covered, fill, markers_in, pieces
from app.questionnaires.wage_bands import BORDER, band_edges, monthly_wage
from tests.questionnaires.sources import questionnaire

OPENS = date(2026, 10, 1)
FACTS = Facts(
    week=reference_week(OPENS),
    wave_opens=OPENS,
    second=FieldPeriod(2, date(2026, 10, 1), date(2026, 12, 1)),
    third=FieldPeriod(3, date(2027, 12, 1), date(2028, 2, 1)),
    left_on=date(2026, 7, 10),
    mobile="+525512345678",
    email="ana.perez@correo.mx",
    monthly_wage=958_247,
)


def test_the_pieces_in_spanish() -> None:
    found = pieces(FACTS, Language.SPANISH)

    assert {name: found[name] for name in found if not name.startswith("sm_")} == {
        "lunes": "lunes 21 de septiembre",
        "domingo": "domingo 27 de septiembre",
        "inicio_ciclo": "agosto de 2026",
        "fechas_q2": "octubre-noviembre de 2026",
        "fechas_q3": "diciembre de 2027-enero de 2028",
        "mes_egreso": "julio de 2026",
        "ult2": "78",
        "correo_tapado": "a•••@correo.mx",
    }
    assert set(found) == MARKERS


def test_the_pieces_in_english() -> None:
    found = pieces(FACTS, Language.ENGLISH)

    assert (found["lunes"], found["mes_egreso"]) == ("Monday 21 September", "July 2026")


def test_an_item_is_written_out() -> None:
    label = questionnaire(2).items[3].label

    text = fill(label.es, pieces(FACTS, Language.SPANISH))

    assert text == (
        "La semana del lunes 21 de septiembre al domingo 27 de septiembre, ¿estabas estudiando?"
    )


def test_a_piece_nobody_has_leaves_dots_and_no_braces() -> None:
    assert fill("••{ult2}", pieces(Facts(), Language.SPANISH)) == "••…"


def test_the_system_writes_every_marker_of_the_questionnaires() -> None:
    for number in (1, 2, 3):
        form = questionnaire(number)
        used = {
            marker
            for leaf in form.variables.values()
            for text in (leaf.label.es, *(choice.es for choice in leaf.choices))
            for marker in markers_in(text)
        }
        assert used == set(form.markers)


def test_an_address_is_covered() -> None:
    assert covered("x@y.mx") == "x•••@y.mx"


def test_the_bands_of_2026() -> None:
    wage = monthly_wage(minimum_wages(), day=date(2026, 10, 1))

    assert wage == 958_247  # 315.04 × 365 / 12 = 9,582.47
    assert list(band_edges(wage).values()) == [4_800, 9_600, 14_400, 19_200, 28_700]


def test_a_band_begins_where_the_other_ends() -> None:
    choice = questionnaire(2).lists["bandas_sm"][1]

    assert fill(choice.es, pieces(FACTS, Language.SPANISH)) == "De medio a 1 ($4,801 a $9,600)"


@pytest.mark.parametrize(
    ("day", "zone", "cents"),
    [
        (date(2026, 10, 1), BORDER, 1_340_980),
        (date(2018, 10, 1), BORDER, 268_762),  # no border wage yet: the general one
        (date(2030, 1, 1), "general", 958_247),  # not set yet: the latest known
        (date(2017, 12, 5), "general", 268_762),  # raised in December
    ],
)
def test_the_wage_of_a_day_and_zone(day: date, zone: str, cents: int) -> None:
    assert monthly_wage(minimum_wages(), day=day, zone=zone) == cents


def test_a_day_before_every_wage_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="no minimum wage"):
        monthly_wage(minimum_wages(), day=date(1999, 1, 1))
