"""How each figure is made: the glossary of all, and those of one wave with its own numbers."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from sqlmodel import Session

from app.analytics.headlines import category_label, percent
from app.analytics.indicators import Indicator, Kind
from app.analytics.registry import REGISTRY, column, outcomes_of
from app.analytics.released import Audience, IndicatorRow
from app.analytics.reports import IndicatorsReport, WaveOfUnit, indicators_report
from app.analytics.response_rates import RateLine, wave_rates
from app.fieldwork.queries import wave_header
from app.staff.roles import Permission
from app.units.queries import unit_by_code
from app.web.render import Page, render
from app.web.staff.shell import Crumb, Shell, shell
from app.web.staff.wave_pages import WaveTop, wave_top
from app.web.wiring import Caller, Db, Now, Permits

router = APIRouter()
Reader = Annotated[Caller, Depends(Permits(Permission.SEE_OUTCOMES))]
SHARES = frozenset({Kind.PROPORTION, Kind.DISTRIBUTION, Kind.MULTIPLE, Kind.CUMULATIVE})
RATE_OF = {"R1": "RR1", "R2": "RR2", "R3": "RR3", "R4": "RR4", "R5": "RR5", "R6": "RR6"}
KIND_WORDS = {
    Kind.PROPORTION: "Proporción: las personas que cumplen, entre las de la base.",
    Kind.DISTRIBUTION: "Distribución: cada persona está en una categoría; suman la base.",
    Kind.MULTIPLE: "Menciones: una persona puede estar en varias; suman más de 100 %.",
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
class GlossaryPage(Page):
    """Every figure that the system can tell."""

    template: ClassVar[str] = "staff/glossary.html"
    title: str
    shell: Shell
    trail: tuple[Crumb, ...]
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class CalculationPage(Page):
    """The figures of a wave, each worked through with the numbers this reader may see."""

    template: ClassVar[str] = "staff/calculation.html"
    title: str
    shell: Shell
    top: WaveTop
    lead: str
    entries: tuple[Entry, ...]


@router.get("/panel/glosario")
def glossary(caller: Reader) -> Response:
    """What each figure means, without numbers."""
    page = GlossaryPage(
        title="Cómo se calcula cada cifra",
        shell=shell(caller, at="/panel"),
        trail=(Crumb("Panel", "/panel"), Crumb("Cómo se calcula cada cifra")),
        entries=tuple(_entry(entry, ()) for entry in REGISTRY),
    )
    return render(page)


@router.get("/panel/olas/{wave_id}/calculo")
def calculation(wave_id: UUID, caller: Reader, db: Db, now: Now) -> Response:
    """The figures of one wave with their numbers."""
    with db.reading() as session:
        page = _calculation(session, caller, wave_id, now)
    return render(page)


def _calculation(session: Session, caller: Caller, wave_id: UUID, now: Now) -> CalculationPage:
    header = wave_header(session, caller.scope, wave_id)
    unit = unit_by_code(session, caller.scope, header.cct)
    asked = WaveOfUnit(unit, header.cohort, header.questionnaire)
    report = indicators_report(session, caller.scope, asked, now=now)
    rates = {line.name: line for line in wave_rates(header.counts).rates}
    process = (
        _entry(entry, [_rate_worked(rates[RATE_OF[entry.id]])])
        for entry in REGISTRY
        if entry.id in RATE_OF
    )
    return CalculationPage(
        title="Cómo se calcula",
        shell=shell(caller, at="/panel"),
        top=wave_top(caller, header, at="/resultados", tail="Cómo se calcula"),
        lead=_lead(report),
        entries=(
            *process,
            *(_entry(entry, _worked(entry, report)) for entry in outcomes_of(header.questionnaire)),
        ),
    )


def _lead(report: IndicatorsReport) -> str:
    if report.pool is not None:
        return (
            f"Esta generación es demasiado pequeña para mostrarla sola. {report.pool.words} Los "
            "números son de ese conjunto."
        )
    if report.audience is Audience.OWN:
        return "Con los números de su plantel, al momento. Cada cifra dice su base."
    return "Con los números de la edición vigente. Lo que señalaría a alguien no se muestra."


def _entry(entry: Indicator, worked: Iterable[str]) -> Entry:
    return Entry(
        id=entry.id,
        name=entry.name,
        kind=KIND_WORDS[entry.kind],
        numerator=entry.numerator,
        base=entry.base,
        source=entry.source.replace("domain.md", "Definiciones del proyecto,"),
        worked=tuple(worked),
    )


def _worked(entry: Indicator, report: IndicatorsReport) -> Iterator[str]:
    rows = report.figures if report.pool is None else report.pooled
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
    return f"{share}; intervalo de Wilson al 95 % con población finita, de {low} a {high}"


def _label(entry: Indicator, row: IndicatorRow) -> str:
    """Of a crossing both words: the plan, and what came of it."""
    first, bar, second = row.category.partition("|")
    if not bar:
        return category_label(row)
    down = {category.id: category.label for category in entry.categories}
    across = {category.id: category.label for category in column(entry).categories}
    return f"{down.get(first, first)} → {across.get(second, second)}"


def _rate_worked(line: RateLine) -> str:
    if line.base is None or line.value is None:
        return "No se puede calcular: de nadie se sabe si cuenta."
    base = f"{line.base.numerator:,}" if line.base.denominator == 1 else f"{float(line.base):,.1f}"
    return f"{line.part:,} ÷ {base} = {percent(float(line.value), whole=False)}"
