"""`trayecto rates` and `trayecto indicators`: the figures of a wave, for any audience."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from fractions import Fraction
from typing import Annotated

import typer
from sqlmodel import Session

from app.analytics import reports
from app.analytics.figures.registry import indicator
from app.analytics.released import Audience, IndicatorRow
from app.analytics.reports import FrameReport, WaveOfUnit
from app.cli.asked import asked_cohort, asked_unit
from app.cli.runtime import opened_runtime
from app.cli.terminal import show_json
from app.units.scope import WHOLE

Unit = Annotated[str, typer.Option(help="Clave de la unidad; de una escuela, su CCT.")]
Generation = Annotated[str, typer.Option(help="Por ejemplo 2013-2016.")]
Number = Annotated[int, typer.Option(help="1, 2 o 3.", min=1, max=3)]
Json = Annotated[bool, typer.Option("--json", help="Un documento JSON.")]


def rates(unit: Unit, generation: Generation, questionnaire: Number, as_json: Json = False) -> None:
    """Tasas de respuesta de un cuestionario de una generación, con sus cuentas."""
    with opened_runtime() as runtime, runtime.database.reading() as session:
        asked = _asked(session, unit, generation, questionnaire)
        report = reports.rates_report(session, WHOLE, asked)
    document = _rates_document(report)
    if as_json:
        show_json(document)
        return
    for name, value in document.items():
        print(f"{name:16}  {_plain(value)}")


def indicators(  # noqa: PLR0913, PLR0917 (options of a command)
    unit: Unit,
    generation: Generation,
    questionnaire: Number,
    by: Annotated[
        str | None, typer.Option(help="Divide por: sexo, turno, tipo_bachillerato.")
    ] = None,
    audience: Annotated[
        Audience | None,
        typer.Option(help="Para quién: own, office o public. Si no se dice, office."),
    ] = None,
    pool: Annotated[
        bool, typer.Option("--pool", help="De una generación pequeña: las cifras de su conjunto.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Indicadores de un cuestionario, con lo que no se muestra y por qué."""
    with opened_runtime() as runtime, runtime.database.reading() as session:
        asked = _asked(session, unit, generation, questionnaire)
        report = reports.indicators_report(
            session, WHOLE, asked, by=by, audience=audience, now=runtime.clock()
        )
    if pool and report.pool is not None:
        lines = [{**_figure(row), "pooled": report.pool.words} for row in report.pooled]
    elif report.by is None:
        lines = [_figure(row) for row in report.figures]
    else:
        by_value = {"by": report.by.variable}
        lines = [
            {**_figure(crossed.row), **by_value, "group": crossed.group}
            for crossed in report.crossed
        ]
    if as_json:
        show_json(lines)
        return
    for line in lines:
        print("\t".join(_words(line)))


def _asked(session: Session, unit: str, generation: str, questionnaire: int) -> WaveOfUnit:
    cohort = asked_cohort(generation)
    return WaveOfUnit(asked_unit(session, unit), cohort, questionnaire)


def _rates_document(report: FrameReport) -> dict[str, float | int | str | None]:
    """Counts, e, every rate, knowledge rate and frame, flat (contract.md)."""
    found = {field.name: getattr(report.rates, field.name) for field in fields(report.rates)}
    e = found.pop("e")
    return {
        **asdict(report.counts),
        "e": _number(e),
        **{name: _number(value) for name, value in found.items()},
        "knowledge_rate": _number(report.knowledge_rate),
        "frame": report.frame,
        "frame_at_opening": report.frame_at_opening,
        "late": report.late,
        "verdict": report.verdict.advice.value,
        "verdict_words": report.verdict.words,
    }


def _figure(row: IndicatorRow) -> dict[str, object]:
    """The keys of contract.md, in its order."""
    return {
        "id": row.id,
        "category": row.category,
        "numerator": row.numerator,
        "base": row.base,
        "value": row.value,
        "low": row.low,
        "high": row.high,
        "withheld": row.withheld,
        "reason": None if row.reason is None else str(row.reason),
    }


def _words(line: Mapping[str, object]) -> tuple[str, ...]:
    name = indicator(str(line["id"])).name
    told = (line["numerator"], line["base"], line["value"], line["low"], line["high"])
    return (
        str(line["id"]),
        name,
        *(str(line[key]) for key in ("group", "category") if line.get(key)),
        *(_plain(number) for number in told),
        str(line["reason"] or ""),
    )


def _number(value: Fraction | None) -> float | None:
    return None if value is None else float(value)


def _plain(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.4f}" if isinstance(value, float) else str(value)
