"""A step as a template needs it."""

from app.questionnaires import validate
from app.questionnaires.answers import Answer, MissingCode
from app.questionnaires.flow import steps
from app.questionnaires.items import Language
from app.questionnaires.view import Control, OptionView, StepView, Wording, step_view
from tests.questionnaires.sources import known, questionnaire

WORDING = Wording({"lunes": "lunes 21", "domingo": "domingo 27"})


def view(
    number: int,
    name: str,
    *,
    earlier: dict[str, Answer] | None = None,
    wording: Wording = WORDING,
    **answers: object,
) -> StepView:
    form = questionnaire(number)
    given = known(number, **answers)
    step = next(step for step in steps(form, given) if step.name == name)
    issues = validate(form, given, only=[item.name for item in step.items])
    return step_view(form, step, given, wording=wording, issues=issues, earlier=earlier)


def test_one_choice_with_its_options() -> None:
    step = view(2, "estudia", estudia=5)

    (item,) = step.items
    (question,) = item.questions
    assert (step.title, item.label) == (
        "Qué haces ahora",
        "La semana del lunes 21 al domingo 27, ¿estabas estudiando?",
    )
    assert (question.control, item.required) == (Control.RADIO, True)
    assert question.options[-1] == OptionView("5", "No", checked=True)
    assert [option.checked for option in question.options] == [False] * 4 + [True]


def test_english_where_it_is_asked_for() -> None:
    step = view(2, "trabaja", wording=Wording({}, Language.ENGLISH))

    assert step.items[0].label == "That week, did you work at least one hour?"


def test_a_matrix_is_stacked_questions() -> None:
    (item,) = view(3, "eval_formacion").items

    assert [question.name for question in item.questions] == [
        "eval_formacion_contenidos",
        "eval_formacion_practicas",
        "eval_formacion_orientacion",
    ]
    assert item.questions[0].label == "Lo que te enseñaron"


def test_the_other_text_is_there_before_97_is_chosen() -> None:
    (item,) = view(2, "sector", trabaja=1).items

    assert [(question.name, question.beside_other) for question in item.questions] == [
        ("sector", False),
        ("sector_otro", True),
    ]


def test_a_way_out_is_shown_as_taken() -> None:
    (question,) = (
        view(2, "horas_semana", trabaja=1, horas_semana=MissingCode.DONT_KNOW).items[0].questions
    )

    assert [(way.value, way.checked) for way in question.exits] == [("nc", False), ("ns", True)]
    assert (question.value, question.minimum, question.maximum) == ("", "1", "96")


def test_what_could_not_be_read_is_shown_as_typed() -> None:
    (question,) = view(2, "horas_semana", trabaja=1, horas_semana="como 40").items[0].questions

    assert question.value == "como 40"
    assert question.messages == ("Escribe solo el número, con cifras.",)


def test_only_offered_options_are_shown() -> None:
    (question,) = view(3, "trayectoria_es", estudia=5).items[0].questions

    assert [option.value for option in question.options] == ["4", "5", "98"]


def test_an_earlier_answer_is_shown_to_be_confirmed() -> None:
    (item,) = view(3, "municipio_residencia", earlier={"municipio_residencia": "09003"}).items
    (fresh,) = view(3, "municipio_residencia").items

    assert (item.prefilled, item.questions[0].value) == (True, "09003")
    assert (fresh.prefilled, fresh.questions[0].value) == (False, "")


def test_the_first_job_suggests_the_current_one() -> None:
    (item,) = view(2, "inicio_empleo", trabaja=1, empleo_previo=2, primer_empleo="2026-08").items

    (question,) = item.questions
    assert (item.prefilled, question.value, question.maximum) == (True, "2026-08", "2026-10")


def test_the_place_on_the_path() -> None:
    step = view(2, "estudia", aviso_q2=1)

    assert (step.position, step.total) == (4, 11)
