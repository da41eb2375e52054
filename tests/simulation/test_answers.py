"""Simulated answers are answers: the questionnaire takes them, and takes them as they are."""

import random
from collections import Counter
from collections.abc import Callable

import pytest

from app.questionnaires.completion import Completion, completion
from app.questionnaires.flow import settle
from app.questionnaires.items import Store
from app.questionnaires.validation import Severity, validate
from app.simulation.answering import answer
from app.simulation.histories import CaseHistory, Reply
from app.simulation.lives import Life, draw_life
from app.simulation.parameters import parameters
from tests.simulation.worlds import a_generation, questionnaires


@pytest.fixture(scope="module")
def replies() -> list[tuple[int, CaseHistory, Reply]]:
    """Every response of two generations: a technical and a general school."""
    return [
        (case.questionnaire, case, case.reply)
        for school in (0, 1)
        for past in a_generation(school=school).histories
        for case in past.cases
        if case.reply is not None
    ]


def test_every_answer_set_is_valid(replies: list[tuple[int, CaseHistory, Reply]]) -> None:
    assert {number for number, _, _ in replies} == {1, 2, 3}
    for number, _, reply in replies:
        found = validate(questionnaires()[number], reply.answered.settled)
        hard = [issue for issue in found if issue.severity is Severity.HARD]
        # Who stops has not met every required question yet.
        assert [i for i in hard if i.code != "required" or reply.finished] == []


def test_every_answer_set_settles_unchanged(
    replies: list[tuple[int, CaseHistory, Reply]],
) -> None:
    for number, _, reply in replies:
        again = settle(questionnaires()[number], reply.answered.settled)
        kept = reply.answered.settled
        assert {name: again.get(name) for name in kept} == dict(kept)


def test_dispositions_are_what_the_answers_amount_to(
    replies: list[tuple[int, CaseHistory, Reply]],
) -> None:
    for number, case, reply in replies:
        reached = completion(questionnaires()[number], reply.answered.settled)
        assert reply.answered.completion is reached
        assert (reached is Completion.COMPLETE) == (case.disposition == "complete")


def test_directory_and_consent_answers_never_stand_among_the_others(
    replies: list[tuple[int, CaseHistory, Reply]],
) -> None:
    for number, _, reply in replies:
        variables = questionnaires()[number].variables
        assert {variables[name].store for name in reply.answered.answers} <= {Store.RESPONSE}
        assert Store.RESPONSE not in {variables[name].store for name in reply.answered.elsewhere}


def test_three_questionnaires_of_one_person_agree() -> None:
    second, third = 0, 0
    for past in a_generation(school=1).histories:
        by_number = {case.questionnaire: case.reply for case in past.cases}
        said = by_number.get(2), by_number.get(3)
        if said[0] is None or said[1] is None or not said[1].finished:
            continue
        before, after = said[0].answered.answers, said[1].answered.answers
        if before.get("estudia") in {1, 2} and after.get("estudia") in {1, 2}:
            second += 1
            assert after["trayectoria_es"] in {1, 2, None}
        if before.get("estudia") not in {1, 2} and after.get("estudia") in {1, 2}:
            third += 1
            assert after["trayectoria_es"] in {3, None}
    assert second > 5
    assert third > 0


# Published figures and how far a thousand simulated lives may lie from them, in points.
PUBLISHED: list[tuple[str, float, float, Callable[[Life], bool], Callable[[Life], bool]]] = [
    ("enilems19_estudia_superior", 34.5, 5, lambda _: True, lambda life: life.second.in_higher),
    (
        "enilems19_ha_trabajado",
        79.3,
        7,
        lambda _: True,
        lambda life: life.third.job_since_exit or life.job_before_exit,
    ),
    (
        "enilems19_trabajo_antes",
        25.9,
        9,
        lambda life: life.third.job_since_exit or life.job_before_exit,
        lambda life: life.job_before_exit,
    ),
]


@pytest.mark.parametrize(("source", "share", "points", "base", "event"), PUBLISHED)
def test_lives_are_near_the_published_figures(
    source: str,
    share: float,
    points: float,
    base: Callable[[Life], bool],
    event: Callable[[Life], bool],
) -> None:
    chance = random.Random(source)
    lives = [life for life in (draw_life(chance, parameters()) for _ in range(4000)) if base(life)]

    found = 100 * sum(map(event, lives)) / len(lives)

    assert abs(found - share) < points


def test_answers_about_work_and_reasons_are_near_the_published_figures() -> None:
    chance = random.Random("trabajo")
    shares: Counter[str] = Counter()
    works = {"tipo_bachillerato": 1, "fecha_egreso": "2025-07-03", "hoy": "2025-10-20"} | {
        "aviso_q2": 1, "estudia": 5, "trabaja": 1, "autoriza_seguimiento": 2, "autoriza_ofertas": 2,
    }  # fmt: skip
    for _ in range(600):
        found = answer(
            questionnaires()[2], works, mood=1.0, assumed=parameters(), chance=chance
        ).answers
        shares["terciario"] += found["sector"] in {4, 5, 6, 7, 8, 9}
        shares["sin escolaridad"] += found["nivel_requerido"] == 1
    # ENILEMS 2019: 68.2 % in services and trade; 54.3 % asked for no schooling.
    assert abs(shares["terciario"] / 6 - 68.2) < 8
    assert 38 < shares["sin escolaridad"] / 6 < 58


def test_reasons_not_to_study_are_the_published_ones() -> None:
    weights = parameters().open_answers.reason
    chance = random.Random("motivos")
    found = Counter(weights.draw(chance) for _ in range(20_000))
    published = {1: 32.0, 3: 19.9, 8: 10.0, 2: 7.8}
    for code, share in published.items():
        assert abs(found[code] / 200 - share) < 1.5
