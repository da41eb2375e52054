import pytest

from app.chronology.contact_plan import DEFAULT_PLANS, Step
from app.fieldwork.texts import FIELDS, LINKS, text_of
from app.messaging.templates import parse_template

STEPS = [
    (questionnaire, rule.step)
    for questionnaire, plan in DEFAULT_PLANS.items()
    for rule in plan.rules
]
VALUES = {name: f"<{name}>" for name in FIELDS} | {
    "liga": "https://seguimiento.example/e/" + "x" * 22,
    "baja": "https://seguimiento.example/baja/" + "y" * 66,
}


@pytest.mark.parametrize(("questionnaire", "step"), STEPS, ids=str)
def test_every_step_has_a_complete_text(questionnaire: int, step: Step) -> None:
    text = text_of(questionnaire, step)

    template = parse_template(text.subject, text.body, fields=FIELDS, links=LINKS)
    filled = template.fill(VALUES)

    assert template.links == LINKS
    assert {"nombre", "escuela", "minutos", "cierra", "sitio", "remitente"} <= template.fields
    assert "<sitio>/verifica" in filled.text
    assert len(filled.subject) <= 60
    assert "!" not in filled.text
    assert "{" not in filled.text + filled.subject


def test_each_step_says_something_else() -> None:
    bodies = [text_of(questionnaire, step).body for questionnaire, step in STEPS]

    assert len(set(bodies)) == len(bodies)
