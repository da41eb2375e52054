"""The one registry of indicators: what each is called, made of, and where it comes from.

Pages, glossary, exports and tests read it. Outcomes come from rows (indicators.py); process
figures (R, D1 to D3) are counted from cases and directory, and are here for their words.
"""

from functools import cache

from app.analytics.figures import expectation, opinion, situation, work
from app.analytics.figures.indicators import Indicator, Kind
from app.analytics.figures.situation import category

ALL_WAVES = frozenset({1, 2, 3})
SUPPORT = (
    category("1", "Becas", 1),
    category("2", "Fechas de admisión", 2),
    category("3", "Bolsa de trabajo", 3),
    category("4", "Cursos y certificaciones", 4),
    category("5", "Ninguna", 5),
)

PROCESS = (
    Indicator(
        id="R1",
        name="Tasa de respuesta RR1",
        numerator="Cuestionarios completos: I.",
        base="Todos los casos que pueden ser elegibles: I+P+R+NC+O+UO.",
        source="AAPOR, Standard Definitions (2023); domain.md 3.1, R1",
        kind=Kind.PROCESS,
        waves=ALL_WAVES,
    ),
    Indicator(
        id="R2",
        name="Tasa de respuesta RR2",
        numerator="Completos y parciales: I+P.",
        base="Todos los casos que pueden ser elegibles: I+P+R+NC+O+UO.",
        source="AAPOR, Standard Definitions (2023); domain.md 3.1, R2",
        kind=Kind.PROCESS,
        waves=ALL_WAVES,
    ),
    Indicator(
        id="R3",
        name="Tasa de respuesta RR3",
        numerator="Completos: I.",
        base="I+P+R+NC+O+e·UO, con e la proporción elegible entre los conocidos.",
        source="AAPOR, Standard Definitions (2023); domain.md 3.1, R3",
        kind=Kind.PROCESS,
        waves=ALL_WAVES,
    ),
    Indicator(
        id="R4",
        name="Tasa de respuesta RR4",
        numerator="Completos y parciales: I+P.",
        base="I+P+R+NC+O+e·UO.",
        source="AAPOR, Standard Definitions (2023); domain.md 3.1, R4",
        kind=Kind.PROCESS,
        waves=ALL_WAVES,
    ),
    Indicator(
        id="R5",
        name="Tasa de respuesta RR5",
        numerator="Completos: I.",
        base="Casos con elegibilidad confirmada: I+P+R+NC+O.",
        source="AAPOR, Standard Definitions (2023); domain.md 3.1, R5",
        kind=Kind.PROCESS,
        waves=ALL_WAVES,
    ),
    Indicator(
        id="R6",
        name="Tasa de respuesta RR6",
        numerator="Completos y parciales: I+P.",
        base="Casos con elegibilidad confirmada: I+P+R+NC+O.",
        source="AAPOR, Standard Definitions (2023); domain.md 3.1, R6",
        kind=Kind.PROCESS,
        waves=ALL_WAVES,
    ),
    Indicator(
        id="R7",
        name="Tasas de cooperación COOP1 a COOP4",
        numerator="I o I+P.",
        base="Personas contactadas: I+P+R+O, o I+P+R.",
        source="AAPOR, Standard Definitions (2023); domain.md 3.1, R7",
        kind=Kind.PROCESS,
        waves=ALL_WAVES,
    ),
    Indicator(
        id="R8",
        name="Tasas de rechazo REF1 a REF3",
        numerator="Rechazos e interrupciones: R.",
        base="Los denominadores de RR1, RR3 y RR5.",
        source="AAPOR, Standard Definitions (2023); domain.md 3.1, R8",
        kind=Kind.PROCESS,
        waves=ALL_WAVES,
    ),
    Indicator(
        id="R9",
        name="Tasas de contacto CON1 a CON3",
        numerator="Personas contactadas: I+P+R+O.",
        base="Los denominadores de RR1, RR3 y RR5.",
        source="AAPOR, Standard Definitions (2023); domain.md 3.1, R9",
        kind=Kind.PROCESS,
        waves=ALL_WAVES,
    ),
    Indicator(
        id="R10",
        name="Tasa de conocimiento",
        numerator="Personas cuya situación se conoce por ellas o por un tercero verificado.",
        base="Egresados elegibles.",
        source="NACE; domain.md 3.1, R10",
        kind=Kind.PROCESS,
        waves=ALL_WAVES,
    ),
    Indicator(
        id="R11",
        name="Aceptación del aviso",
        numerator="Personas que aceptaron el aviso de privacidad.",
        base="Personas que tocaron Comenzar.",
        source="domain.md 3.1, R11",
        kind=Kind.PROCESS,
        waves=ALL_WAVES,
    ),
    Indicator(
        id="R12",
        name="Permanencia en el panel",
        numerator="Personas que respondieron también el cuestionario siguiente.",
        base="Personas que respondieron el anterior; los tres, sobre los elegibles.",
        source="domain.md 3.1, R12",
        kind=Kind.PROCESS,
        waves=ALL_WAVES,
    ),
    Indicator(
        id="R13",
        name="Núcleo completo",
        numerator="Personas con todas las preguntas del núcleo.",
        base="Egresados elegibles.",
        source="HESA; domain.md 3.1, R13",
        kind=Kind.PROCESS,
        waves=ALL_WAVES,
    ),
    Indicator(
        id="D1",
        name="Errores en la lista",
        numerator="Personas que señalaron un error en sus datos.",
        base="Personas que respondieron el cuestionario 1.",
        source="domain.md 3.6, D1",
        kind=Kind.PROCESS,
        waves=frozenset({1}),
    ),
    Indicator(
        id="D2",
        name="Directorio con dos medios",
        numerator="Personas con dos medios de contacto o más: un correo personal, un teléfono "
        "propio o alguien que sabe cómo encontrarlas.",
        base="Egresados elegibles; las direcciones que dejaron de servir, entre las conocidas.",
        source="domain.md 3.6, D2",
        kind=Kind.PROCESS,
        waves=ALL_WAVES,
    ),
    Indicator(
        id="D3",
        name="Autoriza el seguimiento",
        numerator="Personas que autorizaron que les escriban para los siguientes cuestionarios.",
        base="Personas que respondieron esa pregunta.",
        source="domain.md 3.6, D3",
        kind=Kind.PROCESS,
        waves=frozenset({1, 2}),
    ),
    Indicator(
        id="D4",
        name="Información que pide",
        numerator="Personas que pidieron cada tipo de información (hasta tres).",
        base="Personas que pidieron alguna, o ninguna.",
        source="domain.md 3.6, D4",
        kind=Kind.MULTIPLE,
        waves=frozenset({1}),
        variable="apoyo_deseado",
        categories=SUPPORT,
    ),
)

REGISTRY: tuple[Indicator, ...] = (
    *situation.INDICATORS,
    *expectation.INDICATORS,
    *work.INDICATORS,
    *opinion.INDICATORS,
    *PROCESS,
)
_BY_ID = {indicator.id: indicator for indicator in REGISTRY}


def indicator(identifier: str) -> Indicator:
    """The indicator of that id.

    Raises:
        ValueError: there is none.
    """
    if identifier not in _BY_ID:
        raise ValueError(f"no indicator is called {identifier}")
    return _BY_ID[identifier]


@cache
def outcomes_of(wave: int) -> tuple[Indicator, ...]:
    """The indicators counted from rows in a wave, in the order of the registry."""
    return tuple(
        entry for entry in REGISTRY if wave in entry.waves and entry.kind is not Kind.PROCESS
    )


def column(crossing: Indicator) -> Indicator:
    """The indicator whose categories are the columns of a crossing."""
    return next(
        entry
        for entry in REGISTRY
        if entry.variable == crossing.crossed_with and entry.kind is Kind.DISTRIBUTION
    )
