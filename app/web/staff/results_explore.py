"""Exploring the figures of a unit: indicator × variable × filter, each view with its address."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from markupsafe import Markup
from sqlmodel import Session

from app.analytics.asking import PairNotKept, PairNotOffered
from app.analytics.charts.bars import bar_chart, plotly_bars, share_text
from app.analytics.charts.drawing import BLUE, GREY, Drawing
from app.analytics.charts.headlines import category_label, headline
from app.analytics.figures.indicators import Indicator, Kind
from app.analytics.figures.registry import outcomes_of
from app.analytics.figures.traits import LATTICE
from app.analytics.released import Audience, IndicatorRow
from app.analytics.reports import IndicatorsReport, indicators_report
from app.errors import NotFound
from app.fieldwork.percents import as_percent, in_percent
from app.fieldwork.queries import unit_outcome_counts
from app.web.pictures import picture_file
from app.web.render import Page, render
from app.web.sheets import Cell, csv_file
from app.web.staff.results_asked import (
    ROOT,
    Asked,
    Reader,
    UnitTop,
    asked_of,
    dated_words,
    unit_top,
)
from app.web.staff.results_file import figure_lines
from app.web.staff.results_findings import (
    Definition,
    FigureRow,
    Figures,
    base_words,
    definition_of,
    figure_row,
)
from app.web.staff.results_pages import AUDIENCE_WORDS, SMALL_WORDS, Choice, data_block
from app.web.staff.results_wanted import ChoiceGroup, Wanted, filters_of, wanted_of
from app.web.staff.shell import Shell, shell
from app.web.staff.worked import SHARES
from app.web.wiring import Caller, Db, Now

router = APIRouter()
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")  # 3:1 and more on white, in every vision
NOBODY_HERE = "De este grupo no hay respuestas, o son tan pocas que no se muestran."


@dataclass(frozen=True, slots=True)
class ExplorePage(Page):
    """One indicator of a unit, drawn by Plotly where there is JavaScript."""

    template: ClassVar[str] = "staff/results_explore.html"
    title: str
    shell: Shell
    top: UnitTop
    indicators: tuple[Choice, ...]
    variables: tuple[Choice, ...]
    filters: tuple[ChoiceGroup, ...]
    headline: str
    subtitle: str
    audience: str
    note: str  # why what was asked is not shown as it was asked
    chart: Drawing | None
    figure: Markup | None
    description: str
    rows: tuple[FigureRow, ...]
    withheld: str
    definition: Definition | None
    csv_url: str
    png_url: str


@dataclass(frozen=True, slots=True)
class _Group:
    """The figures of those who share a value of the variable; "" is everybody."""

    code: str
    name: str
    rows: tuple[IndicatorRow, ...]


@dataclass(frozen=True, slots=True)
class _View:
    """What was asked for, and the figures of it."""

    wanted: Wanted
    figures: Figures
    groups: tuple[_Group, ...]

    @property
    def entry(self) -> Indicator:
        return self.wanted.entry

    @property
    def rows(self) -> tuple[IndicatorRow, ...]:
        return tuple(row for group in self.groups for row in group.rows)


@router.get("/panel/resultados/{unit_code}/explorar")
def explore_unit(unit_code: str, request: Request, caller: Reader, db: Db, now: Now) -> Response:
    """`?indicador=S1&variable=sexo&filtro=turno:1`, with the choices of every page of results."""
    with db.reading() as session:
        asked = asked_of(session, caller, unit_code, request)
        view = _view(session, caller, asked, request, now=now)
        top = unit_top(session, caller, asked, at="/explorar")
    request.state.explores = True  # the policy lets Plotly's two style elements in (asgi.py)
    return render(_page(caller, asked, top, view))


@router.get("/panel/resultados/{unit_code}/explorar.csv")
def explored_sheet(unit_code: str, request: Request, caller: Reader, db: Db, now: Now) -> Response:
    """The numbers of the view for a spreadsheet, the group in a first column."""
    with db.reading() as session:
        asked = asked_of(session, caller, unit_code, request)
        view = _view(session, caller, asked, request, now=now)
    if view is None:
        raise NotFound(unit=unit_code)
    heading, *_ = figure_lines(())
    lines: list[Sequence[Cell]] = [("grupo", "solo", *heading)]
    for group in view.groups:
        told = list(figure_lines(group.rows))[1:]
        lines += [(group.name, view.wanted.kept_name, *line) for line in told]
    tail = "".join(f"_{part}" for part in (view.wanted.variable, *(view.wanted.kept or ())) if part)
    return csv_file(f"explorar_{asked.unit.code}_{view.entry.id}{tail}.csv", lines)


@router.get("/panel/resultados/{unit_code}/explorar.png")
def explored_picture(
    unit_code: str, request: Request, caller: Reader, db: Db, now: Now
) -> Response:
    """The view as an image."""
    with db.reading() as session:
        asked = asked_of(session, caller, unit_code, request)
        view = _view(session, caller, asked, request, now=now)
    chart = None if view is None else _chart(view)
    if chart is None or view is None:  # nothing to draw: the page says why
        return RedirectResponse(f"{asked.url}/explorar?{asked.query}", 303)
    below = (f"{asked.unit.name}. {_subtitle(view)}",)
    return picture_file(chart, f"explorar_{asked.unit.code}.png", below=below)


def _view(
    session: Session, caller: Caller, asked: Asked, request: Request, *, now: datetime
) -> _View | None:
    """The figures asked for; None where nothing was fielded.

    Raises:
        NotFound: the questionnaire has no such indicator of shares, or the filter no such value.
        TraitNotOffered: a variable outside the lattice.
    """
    if asked.chosen is None:
        return None
    wanted = wanted_of(request, asked.chosen.questionnaire)
    try:
        report = _report(session, caller, asked, wanted, now=now)
    except (PairNotOffered, PairNotKept) as refusal:  # the page stays, to choose again
        wanted = replace(wanted, kept=None, note=refusal.mensaje)
        report = _report(session, caller, asked, wanted, now=now)
    figures = Figures(
        asked.chosen.questionnaire,
        report,
        unit_outcome_counts(
            session,
            caller.scope,
            asked.unit.id,
            asked.chosen.cohort,
            asked.chosen.questionnaire,
        ),
        dated_words(report.editions, asked.unit.time_zone, now=now),
    )
    return _View(wanted, figures, tuple(_groups(wanted, figures)))


def _report(
    session: Session, caller: Caller, asked: Asked, wanted: Wanted, *, now: datetime
) -> IndicatorsReport:
    return indicators_report(
        session,
        caller.scope,
        asked.wave(),
        by=wanted.by,
        within=wanted.within,
        only=wanted.entry.id,
        audience=Audience.PUBLIC if asked.as_public else None,
        now=now,
    )


def _groups(wanted: Wanted, figures: Figures) -> Iterator[_Group]:
    report = figures.report
    if report.by is None:
        yield _Group("", "Todas las personas", figures.rows_of(wanted.entry.id))
        return
    for value, name in report.by.values.items():
        if wanted.only in {"", str(value)}:
            mine = tuple(
                one.row
                for one in report.crossed
                if one.group == str(value) and one.row.id == wanted.entry.id
            )
            if mine:
                yield _Group(str(value), name, mine)


def _page(caller: Caller, asked: Asked, top: UnitTop, view: _View | None) -> ExplorePage:
    title, frame = f"Explorar. {asked.unit.name}", shell(caller, at=ROOT)
    if view is None:
        return ExplorePage(
            title, frame, top, (), (), (), "", "", "", "", None, None, "", (), "", None, "", ""
        )
    figures, wanted = view.figures, view.wanted
    chart = _chart(view)
    link = f"{asked.query}&{wanted.query}"
    return ExplorePage(
        title=title,
        shell=frame,
        top=top,
        indicators=tuple(
            Choice(one.id, one.name, chosen=one.id == view.entry.id)
            for one in outcomes_of(figures.questionnaire)
            if one.kind in SHARES
        ),
        variables=(
            Choice("", "Nada", chosen=not wanted.variable),
            *(
                Choice(one.variable, one.name, chosen=one.variable == wanted.variable)
                for one in LATTICE.values()
            ),
        ),
        filters=tuple(filters_of(wanted)),
        headline=_headline(view),
        subtitle=_subtitle(view),
        audience=SMALL_WORDS if figures.report.small else AUDIENCE_WORDS[figures.report.audience],
        note=wanted.note,
        chart=chart,
        figure=None if chart is None else data_block(_figure(view)),
        description="" if chart is None else f"{chart.title}. {chart.description}",
        rows=tuple(
            figure_row(row, figures, label=_label(group, row))
            for group in view.groups
            for row in group.rows
        ),
        withheld=_withheld(view),
        definition=definition_of(view.entry.id, view.rows),
        csv_url=f"{asked.url}/explorar.csv?{link}",
        png_url="" if chart is None else f"{asked.url}/explorar.png?{link}",
    )


def _withheld(view: _View) -> str:
    """Why nothing is shown; empty where nobody answered yet."""
    said = " ".join(sorted({str(row.reason) for row in view.rows if row.reason}))
    answered, _ = view.figures.answered_of
    if said or not answered:
        return said
    return "" if view.wanted.by is None else NOBODY_HERE


def _chart(view: _View) -> Drawing | None:
    return bar_chart(
        view.rows,
        title=_headline(view),
        whole_percents=view.figures.whole_percents,
        key="vista",
        labels=[_label(group, row) for group in view.groups for row in group.rows],
    )


def _subtitle(view: _View) -> str:
    base = _bases(view) if len(view.groups) > 1 else base_words(view.rows, view.figures)
    only = f" Solo {view.wanted.kept_name.lower()}." if view.wanted.kept else ""
    return f"{view.entry.name}.{only} {base}"


def _bases(view: _View) -> str:
    """Each group has its own."""
    mine = [(one.name.lower(), one.rows[0].base) for one in view.groups]
    told = ", ".join(f"{name} {base:,}" for name, base in mine if base is not None)
    said = f"Bases: {told}" if told else "Las bases no se muestran"
    return f"{said}, {view.figures.dated}."


def _label(group: _Group, row: IndicatorRow) -> str:
    return category_label(row) if not group.code else f"{category_label(row)} · {group.name}"


def _headline(view: _View) -> str:
    wanted = view.wanted
    only = f" (solo {wanted.kept_name.lower()})" if wanted.kept else ""
    if not wanted.variable:
        return f"{headline(view.rows)}{only}" if view.rows else f"{view.entry.name}{only}"
    told = [one for one in view.groups if one.rows[0].value is not None]
    if view.entry.kind is Kind.PROPORTION and len(told) > 1:
        shares = [f"{one.name} {as_percent(one.rows[0].value or 0)}" for one in told]
        return f"{view.entry.name}{only}: {', '.join(shares)}"
    return f"{view.entry.name}, por {LATTICE[wanted.variable].name.lower()}{only}"


def _figure(view: _View) -> dict[str, object]:
    """One trace for each group that has a figure to show."""
    traces, whole = [], view.figures.whole_percents
    for place, group in enumerate(view.groups):
        told: Sequence[IndicatorRow] = [row for row in group.rows if row.value is not None]
        if told:
            prefix = f"{group.name} " if group.code and len(view.groups) > 1 else ""
            digits = 0 if whole else 1
            traces.append(
                {
                    "name": group.name,
                    "y": [category_label(row) for row in told],
                    "x": [float(in_percent(row.value or 0, digits=digits)) for row in told],
                    "text": [prefix + share_text(row, whole=whole) for row in told],
                    "marker": {"color": _colours(view, told, place)},
                }
            )
    return plotly_bars(traces)


def _colours(view: _View, told: Sequence[IndicatorRow], place: int) -> str | list[str]:
    """One for each group; of one group alone the largest bar stands out."""
    if len(view.groups) > 1:
        return COLOURS[place % len(COLOURS)]
    largest = max(row.value or 0 for row in told)
    return [BLUE if row.value == largest else GREY for row in told]
