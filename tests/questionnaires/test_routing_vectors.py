"""The routing test vectors of the inventory, by their numbers (16 is in tests/chronology)."""

import pytest

from app.questionnaires import relevant, validate
from app.questionnaires.answers import MissingCode
from app.questionnaires.codebook import codebook
from app.questionnaires.completion import Completion, completion, refused
from app.questionnaires.flow import by_store, settle, walk
from app.questionnaires.items import Store
from app.questionnaires.validation import Severity
from tests.questionnaires.sources import known, questionnaire

NA = MissingCode.NOT_APPLICABLE
JOB_BLOCK = (
    "ocupacion",
    "sector",
    "posicion",
    "contrato",
    "prestaciones",
    "horas_semana",
    "ingreso_mensual",
    "relacion_trabajo_formacion",
    "nivel_requerido",
    "medio_empleo",
)


def seen(number: int, **answers: object) -> set[str]:
    return set(relevant(questionnaire(number), known(number, **answers)))


def settled(number: int, **answers: object) -> dict[str, object]:
    return settle(questionnaire(number), known(number, **answers))


def issues(number: int, *names: str, **answers: object) -> list[tuple[str, str, Severity]]:
    found = validate(questionnaire(number), known(number, **answers), only=names)
    return [(issue.variable, issue.code, issue.severity) for issue in found]


def test_1_neither_studies_nor_works_and_searches() -> None:
    answers = {"estudia": 5, "trabaja": 4, "busca_trabajo": 1}

    assert {
        "actividad_otra",
        "intento_ingreso",
        "motivo_no_estudio",
        "plan_retomar",
        "busca_trabajo",
        "meses_busqueda",
        "trabajo_desde_egreso",
    } <= seen(2, **answers)
    stored = settled(2, **answers)
    assert {stored[name] for name in (*JOB_BLOCK, "inicio_empleo")} == {NA}


def test_2_studies_only() -> None:
    stored = settled(2, estudia=1, trabaja=4, busca_trabajo=4)

    assert (stored["meses_busqueda"], stored["intento_ingreso"]) == (NA, NA)


def test_3_unpaid_family_work_has_no_pay_no_contract() -> None:
    stored = settled(2, trabaja=2, posicion=4)

    names = ("ingreso_mensual", "contrato", "prestaciones", "nivel_requerido")
    assert [stored[name] for name in names] == [NA] * 4
    assert stored["posicion"] == 4


@pytest.mark.parametrize(("trabaja", "posicion"), [(1, 4), (2, 1), (2, 2), (2, 3), (2, 5)])
def test_3_pay_and_position_may_not_contradict_each_other(trabaja: int, posicion: int) -> None:
    (issue,) = validate(
        questionnaire(2), known(2, trabaja=trabaja, posicion=posicion), only=["posicion"]
    )

    assert (issue.code, issue.severity) == ("constraint", Severity.HARD)
    assert issue.message.startswith("Antes dijiste otra cosa sobre el pago.")


@pytest.mark.parametrize("posicion", [None, 98])
@pytest.mark.parametrize("trabaja", [1, 2])
def test_3_a_blank_or_refused_position_is_accepted(trabaja: int, posicion: int | None) -> None:
    assert issues(2, "posicion", trabaja=trabaja, posicion=posicion) == []


def test_4_the_job_block_goes_with_the_job() -> None:
    job: dict[str, object] = {
        "trabaja": 1,
        "ocupacion": "cajera",
        "sector": 97,
        "sector_otro": "circo",
        "posicion": 1,
        "contrato": 1,
        "prestaciones": [1, 2],
        "horas_semana": 40,
        "ingreso_mensual": 3,
        "relacion_trabajo_formacion": 1,
        "nivel_requerido": 3,
        "medio_empleo": 1,
        "inicio_empleo": "2026-08",
    }
    before = settled(2, **job)
    assert not [name for name in (*JOB_BLOCK, "sector_otro") if before[name] is NA]

    after = settle(questionnaire(2), {**before, "trabaja": 4})

    assert {after[name] for name in (*JOB_BLOCK, "sector_otro", "inicio_empleo")} == {NA}


def test_5_general_schools_are_not_asked_about_a_technical_title() -> None:
    technical = {"relacion_trabajo_formacion", "titulacion_tecnica", "competencias_tecnica"}

    assert technical & seen(1, tipo_bachillerato=1, trabaja_actual=1) == set()
    assert technical <= seen(1, tipo_bachillerato=2, trabaja_actual=1)


def test_6_a_refused_notice_ends_everything() -> None:
    answers = known(1, aviso_q1=2, plan_egreso=1, celular="5512345678")

    assert relevant(questionnaire(1), answers) == ("aviso_q1",)
    assert refused(questionnaire(1), answers)
    assert completion(questionnaire(1), answers) is Completion.NOTHING
    stored = settle(questionnaire(1), answers)
    assert set(stored) - set(questionnaire(1).preloaded_types) == {"aviso_q1"}


@pytest.mark.parametrize(
    ("number", "name", "alone", "needs"),
    [
        (1, "motivo_no_estudio", 98, {"plan_egreso": 2}),
        (1, "apoyo_deseado", 5, {}),
        (2, "prestaciones", 4, {"trabaja": 1, "posicion": 1}),
        (2, "prestaciones", 98, {"trabaja": 1, "posicion": 1}),
        (2, "prestaciones", 99, {"trabaja": 1, "posicion": 1}),
    ],
)
def test_7_an_exclusive_option_stands_alone(
    number: int, name: str, alone: int, needs: dict[str, object]
) -> None:
    form = questionnaire(number)
    ordinary = settle(form, known(number, **needs, **{name: [1, 2]}))

    exclusive = settle(form, {**ordinary, name: [1, 2, alone]}, before=ordinary)
    ordinary_again = settle(form, {**exclusive, name: [2, alone]}, before=exclusive)

    assert (exclusive[name], ordinary_again[name]) == ((alone,), (2,))


def test_8_four_reasons_are_too_many() -> None:
    needs = {"estudia": 5}

    assert issues(2, "motivo_no_estudio", **needs, motivo_no_estudio=[1, 2, 3, 4]) == [
        ("motivo_no_estudio", "max_marks", Severity.HARD)
    ]
    assert issues(2, "motivo_no_estudio", **needs, motivo_no_estudio=[1, 2, 3]) == []


def test_9_somebody_who_never_answered_is_asked_everything() -> None:
    nothing = {"celular_previo": False, "correo_previo": False, "primer_empleo_conocido": False}
    answers = {"autoriza_red": 1, "trabaja": 1, **nothing}

    assert {"celular", "correo_personal", "empleo_previo"} <= seen(3, **answers)
    stored = settled(3, **answers)
    assert (stored["contacto_vigente"], stored["correo_vigente"]) == (NA, NA)
    assert issues(3, "contacto_vigente", "correo_vigente", **answers) == []
    second = {"autoriza_seguimiento": 1, "celular_previo": False, "correo_previo": False}
    assert {"celular", "correo_personal"} <= seen(2, **second)


def test_10_permission_without_a_contact_warns_and_lets_go_on() -> None:
    granted = {"autoriza_seguimiento": 1, "celular": None, "correo_personal": None}

    assert issues(1, "celular", "correo_personal", **granted) == [
        ("correo_personal", "warn", Severity.SOFT)
    ]
    assert issues(1, "correo_personal", **{**granted, "correo_personal": "ana@correo.mx"}) == []
    assert issues(1, "correo_personal", **{**granted, "celular": "5512345678"}) == []


def test_10_without_permission_there_is_no_contact_block() -> None:
    refusals = {"autoriza_seguimiento": 2, "autoriza_ofertas": 2, "autoriza_orientacion": 2}
    block = ("celular", "celular_whatsapp", "correo_personal", "canal_preferido", "alt_tel")

    stored = settled(1, **refusals)

    assert {stored[name] for name in block} == {NA}
    assert issues(1, "celular", "correo_personal", **refusals) == []


def test_11_first_and_current_job_are_different_questions() -> None:
    past = {"trabaja": 4, "trabajo_desde_egreso": 1, "empleo_previo": 2}
    assert "primer_empleo" in seen(2, **past)
    assert settled(2, **past)["inicio_empleo"] is NA

    kept = {"trabaja": 1, "empleo_previo": 1}
    assert "inicio_empleo" in seen(2, **kept)
    assert settled(2, **kept)["primer_empleo"] is NA


@pytest.mark.parametrize("never", [2, 98])
def test_11_who_never_worked_is_not_asked_when(never: int) -> None:
    stored = settled(2, trabaja=4, trabajo_desde_egreso=never)

    assert (stored["empleo_previo"], stored["primer_empleo"]) == (NA, NA)


@pytest.mark.parametrize("trabaja", [1, 2, 3, 4, None])
def test_12_a_known_first_job_is_not_asked_again(trabaja: int | None) -> None:
    stored = settled(3, primer_empleo_conocido=True, trabaja=trabaja)

    names = ("trabajo_desde_egreso", "empleo_previo", "primer_empleo")
    assert [stored[name] for name in names] == [NA] * 3


@pytest.mark.parametrize(("estudia", "codes"), [(1, [1, 2, 3, 98]), (5, [4, 5, 98])])
def test_13_options_do_not_overlap(estudia: int, codes: list[int]) -> None:
    path = walk(questionnaire(3), known(3, estudia=estudia))

    assert [choice.code for choice in path.offered["trayectoria_es"]] == codes


def test_13_an_option_that_closed_is_cleared() -> None:
    before = settled(3, estudia=1, trayectoria_es=2, primera_opcion=1)
    assert before["trayectoria_es"] == 2

    after = settle(questionnaire(3), {**before, "estudia": 5})

    assert "trayectoria_es" not in after  # to be asked again
    assert after["primera_opcion"] is NA


@pytest.mark.parametrize("hours", [97, 98, 99, 0, -98])
def test_14_a_code_is_not_an_amount(hours: int) -> None:
    assert issues(2, "horas_semana", trabaja=1, horas_semana=hours) == [
        ("horas_semana", "range", Severity.HARD)
    ]


@pytest.mark.parametrize("hours", [1, 96, MissingCode.REFUSED, MissingCode.DONT_KNOW, None])
def test_14_hours_and_the_ways_out_are_accepted(hours: int | None) -> None:
    assert issues(2, "horas_semana", trabaja=1, horas_semana=hours) == []


@pytest.mark.parametrize("number", [1, 2, 3])
def test_15_only_responses_reach_the_answer_table(number: int) -> None:
    form = questionnaire(number)
    elsewhere = {n for n, leaf in form.variables.items() if leaf.store is not Store.RESPONSE}
    answers = settle(form, dict.fromkeys(form.variables, 1) | {f"aviso_q{number}": 1})

    split = by_store(form, answers)

    assert elsewhere  # there is something to leak
    assert elsewhere.isdisjoint(split[Store.RESPONSE])
    assert elsewhere.isdisjoint({entry.name for entry in codebook(form)})
    assert elsewhere == set(split[Store.DIRECTORY]) | set(split[Store.CONSENT])


def test_15_what_is_personal_is_stored_elsewhere() -> None:
    stores = {name: leaf.store for name, leaf in questionnaire(1).variables.items()}

    personal = ("celular", "correo_personal", "alt_nombre", "alt_tel", "dato_por_corregir")
    assert {stores[name] for name in personal} == {Store.DIRECTORY}
    assert stores["aviso_q1"] is stores["autoriza_ofertas"] is Store.CONSENT
