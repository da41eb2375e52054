"""How each figure is made, in words, with its numbers worked through.

The numbers are released ones: what is withheld is told by its reason alone.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from app.analytics.charts.headlines import category_label, percent
from app.analytics.figures.indicators import Indicator, Kind
from app.analytics.figures.registry import REGISTRY, column, outcomes_of
from app.analytics.released import Audience, IndicatorRow
from app.analytics.reports import IndicatorsReport
from app.analytics.response_rates import RateLine, RatesReport
from app.web.staff.told_rates import told_rate

SHARES = frozenset({Kind.PROPORTION, Kind.DISTRIBUTION, Kind.MULTIPLE, Kind.CUMULATIVE})
RATE_OF = {"R1": "RR1", "R2": "RR2", "R3": "RR3", "R4": "RR4", "R5": "RR5", "R6": "RR6"}
CONTACT_OF = {"R7": "COOP", "R8": "REF", "R9": "CON"}
KIND_WORDS = {
    Kind.PROPORTION: "Proporción: las personas que cumplen, entre las de la base.",
    Kind.DISTRIBUTION: "Distribución: cada persona está en una categoría; suman la base.",
    Kind.MULTIPLE: "Menciones: una persona puede estar en varias; suman más de 100\u00a0%.",
    Kind.CUMULATIVE: "Acumulada: cada porcentaje incluye a los anteriores.",
    Kind.SCORE: "Índice: la primera proporción menos la última.",
    Kind.MEAN: "Promedio, con su intervalo normal para población finita.",
    Kind.MEDIAN: "Mediana: la mitad está por debajo.",
    Kind.BANDED_MEDIAN: "Mediana de datos agrupados, interpolada dentro de su rango.",
    Kind.SURVIVAL: "Mediana de Kaplan y Meier: cuenta también a quienes todavía esperan.",
    Kind.CROSSING: "Cruce: porcentajes de cada fila.",
    Kind.SCALE: "Escala: se muestra entera o no se muestra.",
    Kind.CURVE: "Curva de Kaplan y Meier, leída por mes.",
    Kind.PROCESS: "Cifra del levantamiento: se cuenta de los casos, al momento.",
}
_PLACE = {entry.id: place for place, entry in enumerate(REGISTRY)}


@dataclass(frozen=True, slots=True)
class Entry:
    """One figure: what it counts, and its numbers worked through."""

    id: str
    name: str
    kind: str
    numerator: str
    base: str
    source: str
    worked: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Family:
    """The figures about one matter; the key is how their ids begin."""

    key: str
    name: str
    entries: tuple[Entry, ...]


FAMILIES = {
    "R": "Respuesta y seguimiento",
    "S": "Situación",
    "H": "Educación superior",
    "L": "Trabajo",
    "X": "Expectativa y resultado",
    "C": "Opinión",
    "D": "Directorio",
}


def families_of(entries: Iterable[Entry]) -> tuple[Family, ...]:
    """The figures by matter."""
    found: dict[str, list[Entry]] = {}
    for entry in entries:
        found.setdefault(entry.id[0], []).append(entry)
    return tuple(
        Family(key, name, tuple(found[key])) for key, name in FAMILIES.items() if key in found
    )


def in_order(entries: Iterable[Entry]) -> list[Entry]:
    """As the glossary lists them."""
    return sorted(entries, key=lambda entry: _PLACE[entry.id])


def outcome_entries(report: IndicatorsReport, number: int) -> tuple[Entry, ...]:
    """Every outcome of a questionnaire, as this reader may have it."""
    rows = report.figures if report.pool is None else report.pooled
    return tuple(entry_of(entry, worked(entry, rows)) for entry in outcomes_of(number))


def rate_entries(process: RatesReport, *, public: bool = False) -> Iterator[Entry]:
    """The outcome rates; for the public those of response, and no count stands beside them."""
    rates = {line.name: line for line in process.rates}
    for entry in REGISTRY:
        if entry.id in RATE_OF:
            yield entry_of(entry, [_rate_worked(rates[RATE_OF[entry.id]], public=public)])
        elif entry.id in CONTACT_OF and not public:
            mine = (one for one in process.contact if one.name.startswith(CONTACT_OF[entry.id]))
            yield entry_of(entry, map(_contact_worked, mine))


def entry_of(entry: Indicator, lines: Iterable[str]) -> Entry:
    """One figure in words."""
    return Entry(
        id=entry.id,
        name=entry.name,
        kind=KIND_WORDS[entry.kind],
        numerator=entry.numerator,
        base=entry.base,
        source=entry.source.replace("domain.md", "Definiciones del proyecto,"),
        worked=tuple(lines),
    )


def worked(entry: Indicator, rows: Iterable[IndicatorRow]) -> Iterator[str]:
    """The numbers of one figure; nothing where there are none."""
    mine = [row for row in rows if row.id == entry.id]
    if mine and all(row.value is None for row in mine):
        yield next((str(row.reason) for row in mine if row.reason), "Nadie respondió.")
        return
    for row in mine:
        yield _figure(entry, row)


def _figure(entry: Indicator, row: IndicatorRow) -> str:
    label = _label(entry, row)
    said = f"{label}: " if label and label != entry.name else ""
    if row.value is None:
        return f"{said}{row.reason or 'no se puede calcular'}"
    base = "" if row.base is None else f" (base: {row.base:,})"
    if entry.kind not in SHARES and entry.kind is not Kind.SCALE:
        number = (
            f"{row.value:.2f}"
            if entry.kind is not Kind.CROSSING
            else percent(row.value, whole=False)
        )
        return f"{said}{number}{base}"
    if row.numerator is None or row.base is None:
        return f"{said}{percent(row.value, whole=True)}{base}"
    share = f"{said}{row.numerator:,} ÷ {row.base:,} = {percent(row.value, whole=False)}"
    if row.low is None or row.high is None:
        return share
    if row.low == row.high:
        return f"{share}; respondieron todas: sin error de muestra"
    low, high = percent(row.low, whole=False), percent(row.high, whole=False)
    return f"{share}; intervalo de Wilson al 95\u00a0% con población finita, de {low} a {high}"


def _label(entry: Indicator, row: IndicatorRow) -> str:
    """Of a crossing both words: the plan, and what came of it."""
    first, bar, second = row.category.partition("|")
    if not bar:
        return category_label(row)
    down = {category.id: category.label for category in entry.categories}
    across = {category.id: category.label for category in column(entry).categories}
    return f"{down.get(first, first)} → {across.get(second, second)}"


def _rate_worked(line: RateLine, *, public: bool) -> str:
    if line.base == 0:
        return "No se puede calcular: nadie está en la base."
    if line.base is None or line.value is None:
        return "No se puede calcular: de nadie se sabe si cuenta."
    if public:  # where part of a person counts, the nearest list decides
        return told_rate(line.part, round(line.base), public=True).alone.capitalize()
    base = f"{line.base.numerator:,}" if line.base.denominator == 1 else f"{float(line.base):,.1f}"
    return f"{line.part:,} ÷ {base} = {percent(float(line.value), whole=False)}"


def _contact_worked(line: RateLine) -> str:
    return f"{line.name}. {line.meaning}: {_rate_worked(line, public=False)}"


def lead_of(report: IndicatorsReport) -> str:
    """Whose numbers they are."""
    if report.pool is not None:
        return (
            f"Esta generación es demasiado pequeña para mostrarla sola. {report.pool.words} Los "
            "resultados son de ese conjunto; las cifras del levantamiento, del plantel."
        )
    if report.audience is Audience.OWN:
        return "Con los números de su plantel, al momento. Cada cifra dice su base."
    if report.audience is Audience.PUBLIC:
        return "Como se publicaría: porcentajes enteros y bases redondeadas de 5 en 5."
    numbers = "la edición vigente"
    if report.editions is not None and report.editions.cut_at is not None:
        numbers = "el último corte"
    return f"Con los números de {numbers}. Lo que señalaría a alguien no se muestra."
