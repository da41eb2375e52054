from datetime import date

import pytest

from app.chronology.reference_week import reference_week
from app.questionnaires.format import Questionnaire
from app.questionnaires.items import Language
from app.questionnaires.library import source_file
from app.questionnaires.opening import opening_question
from app.questionnaires.piping import Facts, pieces
from app.questionnaires.reader import read

OPENS = date(2026, 10, 1)


def shipped(number: int) -> Questionnaire:
    found = read(source_file(number).text)
    assert isinstance(found, Questionnaire)
    return found


FACTS = Facts(week=reference_week(OPENS), wave_opens=OPENS)


@pytest.mark.parametrize(
    ("number", "variable", "begins", "options"),
    [
        (1, "plan_egreso", "", 2),
        (2, "estudia", "La semana del lunes 21 de septiembre al domingo 27", 5),
        (3, "estudia", "La semana del lunes 21 de septiembre al domingo 27", 5),
    ],
)
def test_a_letter_opens_with_what_the_questionnaire_is_about(
    number: int, variable: str, begins: str, options: int
) -> None:
    found = opening_question(shipped(number), Language.SPANISH, pieces(FACTS, Language.SPANISH))

    assert found is not None
    assert found.variable == variable
    assert found.label.startswith(begins)
    assert "{" not in found.label
    assert len(found.options) >= options
    assert found.has(found.options[0][0])
    assert not found.has("97")


def test_what_cannot_be_said_is_not_asked() -> None:
    assert opening_question(shipped(2), Language.SPANISH, {}) is None
