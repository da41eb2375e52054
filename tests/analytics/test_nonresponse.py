"""Whether respondents resemble the frame: the measure, its correction for chance, the advice."""

from fractions import Fraction
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import select

from app.analytics.frame.balance import UNKNOWN, balance_of
from app.analytics.nonresponse import Advice, Group, add_balances, possible_bias, verdict
from app.db.transactions import Database
from app.fieldwork.dispositions import Disposition
from app.fieldwork.tables import Wave
from tests.analytics.survey import SILENT, Someone, a_surveyed_school

groups = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 60)).map(
        lambda pair: Group("", max(pair), min(pair))
    ),
    max_size=5,
)


def by_sex(women: tuple[int, int], men: tuple[int, int]) -> dict[str, tuple[Group, ...]]:
    """(answered, frame) of each."""
    return {"sexo": (Group("M", women[1], women[0]), Group("H", men[1], men[0]))}


def test_the_worked_example() -> None:
    """T10's strata: 120 of 180 women, 60 of 140 men. r = .5625; S² = .5625·.0109 + .4375·.0179."""
    rate = Fraction(180, 320)
    spread = Fraction(180, 320) * (Fraction(120, 180) - rate) ** 2
    spread += Fraction(140, 320) * (Fraction(60, 140) - rate) ** 2
    chance = rate * (1 - rate) / 319

    bias = possible_bias(by_sex((120, 180), (60, 140))["sexo"])

    assert bias == pytest.approx(float(spread - chance) ** 0.5 / 2 / 0.5625)
    assert round(bias or 0, 3) == 0.102


def test_what_chance_makes_is_the_mean_over_all_ways_to_answer() -> None:
    """Six persons in groups of 1, 2 and 3, of whom any three answer: every one of 20 ways."""
    members = [0, 1, 1, 2, 2, 2]
    squares = []
    for who in combinations(range(6), 3):
        answered = [sum(members[i] == g for i in who) for g in range(3)]
        rates = [Fraction(n, size) for n, size in zip(answered, (1, 2, 3), strict=True)]
        parts = zip((1, 2, 3), rates, strict=True)
        squares.append(sum(Fraction(size, 6) * (r - Fraction(1, 2)) ** 2 for size, r in parts))

    assert sum(squares, Fraction()) / 20 == Fraction(1, 4) * Fraction(2, 5)


@pytest.mark.parametrize(
    ("women", "men", "advice", "said"),
    [
        ((90, 100), (90, 100), Advice.PRESENT, "se parecen"),
        ((50, 100), (50, 100), Advice.CAREFUL, "la meta para presentar es 65\u00a0%"),
        ((90, 100), (60, 100), Advice.CAREFUL, "no por igual según sexo"),
        ((95, 100), (40, 100), Advice.WITHHOLD, "no por igual según sexo"),
        ((20, 100), (20, 100), Advice.WITHHOLD, "decide el silencio"),
        ((100, 100), (100, 100), Advice.PRESENT, "todas las personas"),
        ((0, 0), (0, 0), Advice.WITHHOLD, "No hay personas"),
        ((0, 100), (0, 100), Advice.WITHHOLD, "respondió 0\u00a0%"),
        ((129, 200), (129, 200), Advice.CAREFUL, "64\u00a0%"),  # 64.5: not rounded up to the goal
    ],
)
def test_the_advice_and_its_reason(
    women: tuple[int, int], men: tuple[int, int], advice: Advice, said: str
) -> None:
    found = verdict(by_sex(women, men))

    assert found.advice is advice
    assert said in found.words


@given(groups)
def test_the_measure_is_defined_where_somebody_answered_and_never_negative(
    found: list[Group],
) -> None:
    bias = possible_bias(found)

    several = sum(g.frame > 0 for g in found) > 1 and sum(g.answered for g in found) > 0
    assert (bias is not None) == several
    assert bias is None or bias >= 0


@given(groups.flatmap(lambda found: st.tuples(st.just(found), st.permutations(found))))
def test_the_order_of_groups_does_not_matter(pair: tuple[list[Group], list[Group]]) -> None:
    assert possible_bias(pair[0]) == possible_bias(pair[1])


def test_more_answers_than_persons_is_refused() -> None:
    with pytest.raises(ValueError, match="more answers"):
        possible_bias([Group("M", 3, 4), Group("H", 3, 0)])
    with pytest.raises(ValueError, match="different frames"):
        verdict({**by_sex((1, 2), (1, 2)), "turno": (Group("1", 3, 2),)})


def test_schools_add_up_by_value() -> None:
    one, other = by_sex((1, 2), (3, 4)), {"sexo": (Group("M", 10, 5),)}

    assert add_balances([one, other]) == {"sexo": (Group("H", 4, 3), Group("M", 12, 6))}


def test_the_groups_of_a_frame_with_the_plan_of_questionnaire_one(db: Database) -> None:
    plans = {1: {"plan_egreso": 1}}
    people = [
        *[Someone({**plans, 2: {"estudia": 1}}, sex="M")] * 3,
        *[Someone(plans, disposition=SILENT, sex="M")] * 2,
        Someone({2: {"estudia": 5}}, sex="H"),
        Someone(disposition=Disposition.REFUSED, sex="H"),
        Someone(disposition=Disposition.NOT_ELIGIBLE, sex="H"),
    ]
    with db.unit_of_work() as session:
        school = a_surveyed_school(session, 2, people)

    with db.reading() as session:
        wave = session.exec(
            select(Wave.id).where(Wave.school_id == school, Wave.questionnaire == 2)
        ).one()
        found = balance_of(session, [wave], 2)
        of_first = balance_of(session, [wave], 1)

    assert found["sexo"] == (Group("H", 2, 1), Group("M", 5, 3))
    assert found["turno"] == (Group("1", 7, 4),)
    assert found["programa"] == (Group(UNKNOWN, 7, 4),)
    assert found["plan"] == (Group("1", 5, 3), Group(UNKNOWN, 2, 1))
    assert set(of_first) == {"sexo", "turno", "programa"}
