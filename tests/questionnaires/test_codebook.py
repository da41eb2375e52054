"""Variables and value labels, for files and their readers."""

from app.questionnaires.codebook import CodebookEntry, codebook
from app.questionnaires.expressions.types import Kind
from tests.questionnaires.sources import questionnaire


def entry(number: int, name: str) -> CodebookEntry:
    return next(each for each in codebook(questionnaire(number)) if each.name == name)


def test_a_number_with_its_missing_codes() -> None:
    assert entry(2, "horas_semana") == CodebookEntry(
        name="horas_semana",
        item="horas_semana",
        label="¿Cuántas horas trabajas a la semana?",
        kind=Kind.INTEGER,
        values=(),
        missing=(
            (-1, "No aplica"),
            (-98, "Prefiere no contestar"),
            (-99, "No sabe o no recuerda"),
        ),
        asked_if="${trabaja} = 1 or ${trabaja} = 2 or ${trabaja} = 3",
        free_text=False,
        coding=None,
        indicators=("L8",),
    )


def test_a_row_of_a_matrix_joins_its_stem() -> None:
    row = entry(3, "eval_formacion_practicas")

    assert row.label == "¿Cómo calificas…? Las prácticas que hiciste"
    assert row.values[-1] == (99, "No sé o no tuve")


def test_free_text_is_marked() -> None:
    marked = {each.name for each in codebook(questionnaire(2)) if each.free_text}

    assert {"comentario", "ocupacion", "programa_es", "sector_otro"} <= marked
    assert "estudia" not in marked
