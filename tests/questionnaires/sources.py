"""The three questionnaires as the tests use them, and people who answer them."""

from functools import cache
from pathlib import Path

from app.questionnaires import read
from app.questionnaires.format import Questionnaire

FOLDER = Path(__file__).parents[2] / "questionnaires"
BROKEN = Path(__file__).parent / "broken"


@cache
def questionnaire(number: int) -> Questionnaire:
    found = read((FOLDER / f"{number}.yaml").read_text("utf-8"), f"{number}.yaml")
    assert isinstance(found, Questionnaire), found
    return found


# Preloaded values of somebody whose phone and mail are stored.
KNOWN = {
    "tipo_bachillerato": 1,
    "celular_previo": True,
    "correo_previo": True,
    "primer_empleo_conocido": False,
    "fecha_egreso": "2026-07-10",
    "hoy": "2026-10-15",
}


def known(number: int, **others: object) -> dict[str, object]:
    """Preloaded values of questionnaire `number`, and whatever else is given."""
    names = questionnaire(number).preloaded_types
    return {name: value for name, value in KNOWN.items() if name in names} | others
