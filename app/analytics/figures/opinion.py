"""Indicators of opinion (C).

Source: domain.md 3.6; variables and codes: questions.md.
"""

from app.analytics.figures.indicators import Indicator, Kind
from app.analytics.figures.situation import Q3, category, yes_no

ALL_WAVES = frozenset({1, 2, 3})
ANSWERED = "Personas que respondieron la pregunta."
SCALE = tuple(category(str(rating), str(rating), rating) for rating in range(1, 6))
SATISFACTION = tuple(
    category(str(rating), label, rating)
    for rating, label in enumerate(
        (
            "Muy insatisfecho/a",
            "Insatisfecho/a",
            "Ni una cosa ni otra",
            "Satisfecho/a",
            "Muy satisfecho/a",
        ),
        1,
    )
)
QUALITY = tuple(
    category(str(rating), label, rating)
    for rating, label in enumerate(("Muy mal", "Mal", "Ni bien ni mal", "Bien", "Muy bien"), 1)
)
TOP = yes_no(4, 5, no=(1, 2, 3))
GAPS = tuple(category(str(gap), str(gap), gap) for gap in range(-4, 5))
RECOMMEND = (
    category("promotoras", "Dan 9 o 10", 9, 10),
    category("pasivas", "Dan 7 u 8", 7, 8),
    category("detractoras", "Dan de 0 a 6", 0, 1, 2, 3, 4, 5, 6),
)
THREE_ASPECTS = {"contenidos", "practicas", "orientacion"}  # the rows that Q3 asks
ASPECTS = {
    "docentes": "docentes",
    "contenidos": "lo que se enseña",
    "practicas": "prácticas",
    "instalaciones": "instalaciones",
    "orientacion": "orientación",
    "ambiente": "trato entre las personas",
}
SKILLS = {
    "comunicacion": "explicar ideas",
    "matematicas": "usar matemáticas",
    "digital": "usar herramientas digitales",
    "ingles": "usar el inglés",
    "equipo": "trabajar en equipo",
    "aprender": "aprender por su cuenta",
    "problemas": "resolver problemas nuevos",
    "tecnica": "lo propio de la carrera técnica",
}

_PLAIN = (
    Indicator(
        id="C1",
        name="Satisfacción con la formación",
        numerator="Promedio de 1 a 5.",
        base=ANSWERED,
        source="domain.md 3.6, C1",
        kind=Kind.MEAN,
        waves=ALL_WAVES,
        variable="satisfaccion_global",
        categories=SCALE,
    ),
    Indicator(
        id="C1t",
        name="Satisfechas con la formación",
        numerator="Personas satisfechas o muy satisfechas (4 y 5).",
        base=ANSWERED,
        source="domain.md 3.6, C1",
        kind=Kind.PROPORTION,
        waves=ALL_WAVES,
        variable="satisfaccion_global",
        categories=TOP,
    ),
    Indicator(
        id="C1d",
        name="Qué tan satisfechas están con su formación",
        numerator="Personas que dieron cada respuesta.",
        base=ANSWERED,
        source="domain.md 3.6, C1",
        kind=Kind.SCALE,
        waves=ALL_WAVES,
        variable="satisfaccion_global",
        categories=SATISFACTION,
    ),
    Indicator(
        id="C4",
        name="Elegiría la misma escuela y carrera",
        numerator="Personas que elegirían las dos de nuevo.",
        base=ANSWERED,
        source="domain.md 3.6, C4",
        kind=Kind.PROPORTION,
        waves=ALL_WAVES,
        variable="misma_escuela",
        categories=yes_no(1, no=(2, 3, 4)),
    ),
    Indicator(
        id="C4b",
        name="Elegiría la misma escuela",
        numerator="Personas que elegirían la escuela, con la misma carrera u otra.",
        base=ANSWERED,
        source="domain.md 3.6, C4",
        kind=Kind.PROPORTION,
        waves=ALL_WAVES,
        variable="misma_escuela",
        categories=yes_no(1, 2, no=(3, 4)),
    ),
    Indicator(
        id="C5",
        name="Satisfacción con el trabajo",
        numerator="Promedio de 1 a 5.",
        base="Personas ocupadas que respondieron.",
        source="domain.md 3.6, C5",
        kind=Kind.MEAN,
        waves=Q3,
        variable="satisf_trabajo",
        categories=SCALE,
    ),
    Indicator(
        id="C5t",
        name="Satisfechas con su trabajo",
        numerator="Personas satisfechas o muy satisfechas (4 y 5).",
        base="Personas ocupadas que respondieron.",
        source="domain.md 3.6, C5",
        kind=Kind.PROPORTION,
        waves=Q3,
        variable="satisf_trabajo",
        categories=TOP,
    ),
    Indicator(
        id="C6",
        name="Recomendaría su escuela",
        numerator="Porcentaje que da 9 o 10 menos porcentaje que da de 0 a 6.",
        base=ANSWERED,
        source="domain.md 3.6, C6",
        kind=Kind.SCORE,
        waves=Q3,
        variable="recomendaria",
        categories=RECOMMEND,
    ),
)


def _aspect(row: str, words: str, *, top: bool) -> Indicator:
    return Indicator(
        id=f"C2{'t' if top else ''}_{row}",
        name=f"Opinión: {words}",
        numerator="Personas que califican bien o muy bien (4 y 5)."
        if top
        else "Promedio de 1 a 5.",
        base=ANSWERED,
        source="domain.md 3.6, C2",
        kind=Kind.PROPORTION if top else Kind.MEAN,
        waves=frozenset({1, 3}) if row in THREE_ASPECTS else frozenset({1}),
        variable=f"eval_formacion_{row}",
        categories=TOP if top else SCALE,
    )


def _answers_to(row: str, words: str) -> Indicator:
    return Indicator(
        id=f"C2d_{row}",
        name=f"Cómo califican {words}",
        numerator="Personas que dieron cada calificación.",
        base=ANSWERED,
        source="domain.md 3.6, C2",
        kind=Kind.SCALE,
        waves=frozenset({1, 3}) if row in THREE_ASPECTS else frozenset({1}),
        variable=f"eval_formacion_{row}",
        categories=QUALITY,
    )


def _skill(row: str, words: str) -> Indicator:
    return Indicator(
        id=f"C3_{row}",
        name=f"Preparación: {words}",
        numerator="Promedio de 1 a 5 de cuánto lo preparó su escuela.",
        base=ANSWERED,
        source="domain.md 3.6, C3",
        kind=Kind.MEAN,
        waves=frozenset({1, 2}),
        variable=f"competencias_{row}",
        categories=SCALE,
    )


def _gap(row: str, words: str) -> Indicator:
    return Indicator(
        id=f"C3b_{row}",
        name=f"Brecha: {words}",
        numerator="Promedio de lo que necesita hoy menos lo que le dio su escuela.",
        base="Personas que respondieron ambas preguntas, en el cuestionario 3 y en el 2 o el 1.",
        source="domain.md 3.6, C3",
        kind=Kind.MEAN,
        waves=Q3,
        variable=f"brecha_{row}",
        categories=GAPS,
    )


INDICATORS = (
    *_PLAIN,
    *(_aspect(row, words, top=top) for row, words in ASPECTS.items() for top in (False, True)),
    *(_answers_to(row, words) for row, words in ASPECTS.items()),
    *(_skill(row, words) for row, words in SKILLS.items()),
    *(_gap(row, words) for row, words in SKILLS.items()),
)
