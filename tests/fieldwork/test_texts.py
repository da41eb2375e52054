import pytest

from app.chronology.contact_plan import Step
from app.fieldwork.texts import (
    LINKS,
    MINUTES,
    MessageText,
    checked_text,
    example_values,
    text_of,
)
from app.messaging.templates import TemplateRefused

TEXTS = [
    (questionnaire, step, started)
    for questionnaire in MINUTES
    for step in Step
    for started in (False, True)
]
VALUES = example_values("Plantel 12")
GOOD = text_of(2, Step.INVITATION)


@pytest.mark.parametrize(("questionnaire", "step", "started"), TEXTS, ids=str)
def test_every_step_has_a_complete_text(questionnaire: int, step: Step, *, started: bool) -> None:
    text = text_of(questionnaire, step, started=started)

    template = checked_text(text, VALUES)
    filled = template.fill(VALUES)

    assert template.links == LINKS
    assert {"nombre", "escuela", "cierra", "sitio", "remitente"} <= template.fields
    assert "seguimiento.ejemplo.mx/verifica" in filled.text
    assert "!" not in filled.text
    assert "{" not in filled.text + filled.subject


def test_each_step_says_something_else_and_to_those_who_began_another_thing() -> None:
    of_two = [text_of(2, step, started=started) for step in Step for started in (False, True)]

    assert len({text.body for text in of_two}) == len({text.subject for text in of_two}) == 10


@pytest.mark.parametrize(
    ("subject", "body", "sentence"),
    [
        ("", GOOD.body, "falta el asunto"),
        ("Hola", "", "falta el mensaje"),
        ("Hola {{apellido}}", GOOD.body, "no existe el campo «apellido»"),
        ("Hola", GOOD.body + "{{curp}}", "no existe el campo «curp»"),
        ("Hola", "{nombre}} {{liga}} {{baja}}", "hay llaves sueltas"),
        ("Hola", "Sin liga {{baja}}", "al mensaje le falta {{liga}}, liga personal"),
        ("Hola", "Sin baja {{liga}}", "al mensaje le falta {{baja}}, enlace para dejar"),
        ("Hola", GOOD.body + "{{liga}}", "el enlace «liga» aparece dos veces"),
        ("Hola", GOOD.body + "https://bit.ly/x", "lleva una dirección de internet"),
        ("Hola", GOOD.body + "WWW.escuela.mx", "lleva una dirección de internet"),
        ("{{escuela}} " + "x" * 50, GOOD.body, "tiene 61 letras y caben 60"),
        ("{{liga}}", GOOD.body, "el asunto no lleva enlaces"),
    ],
)
def test_a_text_that_cannot_be_says_why(subject: str, body: str, sentence: str) -> None:
    with pytest.raises(TemplateRefused) as refused:
        checked_text(MessageText(subject, body), VALUES)

    assert sentence in refused.value.mensaje


def test_what_looks_like_code_is_only_text() -> None:
    """No attributes, filters, conditions: SEC-44."""
    text = MessageText("Hola", GOOD.body + "<script>1</script> {% if 1 %} {{ nombre }}")

    values = {**VALUES, "nombre": "{{liga}}<b>"}
    filled = checked_text(text, values).fill(values)

    assert "{% if 1 %} {{liga}}<b>" in filled.text
    assert "&lt;script&gt;" in filled.html
    assert "<script>" not in filled.html
