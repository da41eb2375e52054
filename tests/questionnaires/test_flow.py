"""Laws of routing: nothing an answer opened survives when that answer goes."""

from hypothesis import given
from hypothesis import strategies as st

from app.questionnaires import relevant
from app.questionnaires.answers import MissingCode
from app.questionnaires.counting import counted_steps
from app.questionnaires.expressions.types import Kind
from app.questionnaires.flow import first_unanswered, next_step, settle, steps
from app.questionnaires.leaves import Leaf
from tests.questionnaires.sources import known, questionnaire

NA = MissingCode.NOT_APPLICABLE


def _values(leaf: Leaf) -> st.SearchStrategy[object]:
    codes = [choice.code for choice in leaf.choices]
    junk: st.SearchStrategy[object] = st.sampled_from([None, 777, "x", *MissingCode, ("a",)])
    match leaf.kind:
        case Kind.CHOICE:
            return st.sampled_from(codes) | junk
        case Kind.MULTIPLE:
            return st.lists(st.sampled_from(codes), max_size=4) | junk
        case Kind.INTEGER:
            return st.integers(-5, 120) | junk
        case Kind.MONTH:
            return st.sampled_from(["2026-07", "2026-13", "1999-01"]) | junk
        case _:
            return st.text(max_size=5) | junk


def _answers(number: int) -> st.SearchStrategy[tuple[int, dict[str, object]]]:
    form = questionnaire(number)
    preloaded = {
        name: st.sampled_from([True, False, None, 1, 2, "2026-07-01"])
        for name in form.preloaded_types
    }
    given_answers = st.fixed_dictionaries(
        {}, optional={**preloaded, **{n: _values(leaf) for n, leaf in form.variables.items()}}
    )
    return st.tuples(st.just(number), given_answers)


anybody = st.sampled_from([1, 2, 3]).flatmap(_answers)


@given(anybody)
def test_no_answer_to_an_irrelevant_item_survives(case: tuple[int, dict[str, object]]) -> None:
    number, answers = case
    form = questionnaire(number)

    kept = settle(form, answers)

    asked = set(relevant(form, kept)) | set(form.preloaded_types)
    assert {name for name, answer in kept.items() if answer is not NA} <= asked


@given(anybody)
def test_settling_twice_is_settling_once(case: tuple[int, dict[str, object]]) -> None:
    number, answers = case
    form = questionnaire(number)

    once = settle(form, answers)

    assert settle(form, once) == once
    assert relevant(form, once) == relevant(form, answers)


@given(anybody)
def test_continuing_always_comes_to_an_end(case: tuple[int, dict[str, object]]) -> None:
    number, answers = case
    form = questionnaire(number)
    shown = []

    step = next_step(form, answers)
    while step is not None:
        shown.append(step.name)
        step = next_step(form, answers, after=step.name)

    assert shown == [each.name for each in steps(form, answers)]
    assert len(shown) == len(set(shown))


pairs = st.sampled_from([1, 2, 3]).flatmap(lambda n: st.tuples(_answers(n), _answers(n)))


@given(pairs)
def test_a_count_that_is_said_stays_whatever_is_answered_from_there(
    case: tuple[tuple[int, dict[str, object]], tuple[int, dict[str, object]]],
) -> None:
    (number, answers), (_, others) = case
    form = questionnaire(number)
    known = {name: answers[name] for name in form.preloaded_types if name in answers}
    order = list(dict.fromkeys(item.step or item.name for item in form.items))

    for step in steps(form, answers):
        if step.name in counted_steps(form):
            before = order[: order.index(step.name)]
            mixed = dict(known)
            for item in form.items:
                source = answers if (item.step or item.name) in before else others
                names = [leaf.name for leaf in form.leaves[item.name]]
                mixed |= {name: source[name] for name in names if name in source}
            assert len(steps(form, mixed)) == len(steps(form, answers))


def test_a_tight_pair_shares_a_step() -> None:
    names = {
        step.name: [item.name for item in step.items]
        for step in steps(questionnaire(2), known(2, estudia=1))
    }

    assert names["carrera_es"] == ["ies_nombre", "programa_es"]
    assert names["estudia"] == ["estudia"]


def test_a_matrix_is_one_step_of_stacked_rows() -> None:
    names = relevant(questionnaire(3), known(3))

    start = names.index("eval_formacion")
    assert names[start : start + 4] == (
        "eval_formacion",
        "eval_formacion_contenidos",
        "eval_formacion_practicas",
        "eval_formacion_orientacion",
    )


def test_the_text_of_other_applies_only_beside_its_option() -> None:
    form = questionnaire(2)

    chosen = settle(form, known(2, trabaja=1, sector=97, sector_otro="circo"))
    changed = settle(form, {**chosen, "sector": 4})

    assert (chosen["sector_otro"], changed["sector_otro"]) == ("circo", NA)


def test_the_other_text_goes_with_an_exclusive_option() -> None:
    answers = known(2, estudia=5, motivo_no_estudio=[97, 98], motivo_no_estudio_otro="viaje")

    kept = settle(questionnaire(2), answers)

    assert (kept["motivo_no_estudio"], kept["motivo_no_estudio_otro"]) == ((98,), NA)


def test_a_step_that_closed_meanwhile_is_passed() -> None:
    """Another tab changed `trabaja` while this one stood in the job block."""
    following = next_step(questionnaire(2), known(2, trabaja=4), after="contrato")

    assert following is not None
    assert following.name == "busca_trabajo"


def test_resuming_goes_to_the_first_item_that_was_never_asked() -> None:
    form = questionnaire(2)

    step = first_unanswered(
        form, known(2, aviso_q2=1, municipio_residencia=None, certificado_ems=1)
    )

    assert step is not None
    assert step.name == "estudia"


def test_names_nobody_knows_are_dropped() -> None:
    assert "hacker" not in settle(questionnaire(2), {"hacker": 1})


def test_nothing_is_left_when_everything_was_asked() -> None:
    form = questionnaire(2)
    asked = dict.fromkeys(form.variables, None)

    assert first_unanswered(form, known(2) | asked | {"aviso_q2": 1}) is None


def test_an_unknown_step_begins_again() -> None:
    first = next_step(questionnaire(2), known(2))

    assert next_step(questionnaire(2), known(2), after="otro_cuestionario") == first
