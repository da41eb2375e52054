"""Exploring the figures of a unit: indicator × variable, each view with its own address."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from markupsafe import Markup
from sqlmodel import Session

from app.analytics.charts import bar_chart, plotly_bars, share_text
from app.analytics.drawing import Drawing
from app.analytics.headlines import category_label, headline
from app.analytics.indicators import Indicator, Kind
from app.analytics.registry import indicator, outcomes_of
from app.analytics.released import Audience, IndicatorRow
from app.analytics.reports import IndicatorsReport, indicators_report
from app.analytics.traits import LATTICE
from app.errors import NotFound
from app.fieldwork.queries import unit_outcome_counts
from app.web.pictures import picture_file
from app.web.render import Page, render
from app.web.sheets import csv_file
from app.web.staff.results_asked import (
    ROOT,
    Asked,
    Reader,
    UnitTop,
    asked_of,
    dated_words,
    unit_top,
)
from app.web.staff.results_findings import (
    SHARES,
    Definition,
    FigureRow,
    Figures,
    base_words,
    definition_of,
    figure_lines,
    figure_row,
)
from app.web.staff.results_pages import AUDIENCE_WORDS, SMALL_WORDS, Choice, data_block
from app.web.staff.shell import Shell, shell
from app.web.wiring import Caller, Db, Now

router = APIRouter()
FIRST = {1: "X0", 2: "S1", 3: "S1"}
CROSSED = frozenset({Kind.PROPORTION, Kind.DISTRIBUTION, Kind.CUMULATIVE})
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")  # 3:1 and more on white, in every vision


@dataclass(frozen=True, slots=True)
class UnitExplorePage(Page):
    """One indicator of a unit, drawn by Plotly where there is JavaScript."""

    template: ClassVar[str] = "staff/results_explore.html"
    title: str
    shell: Shell
    top: UnitTop
    indicators: tuple[Choice, ...]
    variables: tuple[Choice, ...]
    groups: tuple[Choice, ...]
    headline: str
    subtitle: str
    audience: str
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

    entry: Indicator
    variable: str
    only: str  # one value of the variable, or "" for all
    report: IndicatorsReport
    groups: tuple[_Group, ...]

    @property
    def shown(self) -> tuple[_Group, ...]:
        return tuple(one for one in self.groups if not self.only or one.code == self.only)


@router.get("/panel/resultados/{unit_code}/explorar")
def explore_unit(unit_code: str, request: Request, caller: Reader, db: Db, now: Now) -> Response:
    """`?indicador=S1&variable=sexo&grupo=M`, with the choices of every page of results."""
    with db.reading() as session:
        asked = asked_of(session, caller, unit_code, request)
        view = _view(session, caller, asked, request, now=now)
        page = _page(session, caller, asked, view, now=now)
    request.state.explores = True  # the policy lets Plotly's two style elements in (asgi.py)
    return render(page)


@router.get("/panel/resultados/{unit_code}/explorar.csv")
def explored_sheet(unit_code: str, request: Request, caller: Reader, db: Db, now: Now) -> Response:
    """The numbers of the view for a spreadsheet, the group in a first column."""
    with db.reading() as session:
        asked = asked_of(session, caller, unit_code, request)
        view = _view(session, caller, asked, request, now=now)
    if view is None:
        raise NotFound(unit=unit_code)
    heading, *_ = figure_lines(())
    lines = [("grupo", *heading)]
    for group in view.shown:
        lines += [(group.name, *line) for line in list(figure_lines(group.rows))[1:]]
    tail = f"_{view.variable}" if view.variable else ""
    return csv_file(f"explorar_{asked.unit.code}_{view.entry.id}{tail}.csv", lines)


@router.get("/panel/resultados/{unit_code}/explorar.png")
def explored_picture(
    unit_code: str, request: Request, caller: Reader, db: Db, now: Now
) -> Response:
    """The view as an image."""
    with db.reading() as session:
        asked = asked_of(session, caller, unit_code, request)
        view = _view(session, caller, asked, request, now=now)
        page = _page(session, caller, asked, view, now=now)
    if page.chart is None:  # nothing to draw: the page says why
        return RedirectResponse(f"{asked.url}/explorar?{asked.query}", 303)
    below = (f"{asked.unit.name}. {page.subtitle}",)
    return picture_file(page.chart, f"explorar_{asked.unit.code}.png", below=below)


def _view(
    session: Session, caller: Caller, asked: Asked, request: Request, *, now: datetime
) -> _View | None:
    """The figures asked for; None where nothing was fielded.

    Raises:
        NotFound: the questionnaire has no such indicator of shares.
        TraitNotOffered: a variable outside the lattice.
    """
    if asked.chosen is None:
        return None
    number = asked.chosen.questionnaire
    variable = request.query_params.get("variable", "")
    entry = _entry(request.query_params.get("indicador", ""), number)
    if variable and entry.kind not in CROSSED:
        variable = ""  # mentions are told of everybody only
    report = indicators_report(
        session,
        caller.scope,
        asked.wave(),
        by=variable or None,
        only=entry.id,
        audience=Audience.PUBLIC if asked.as_public else None,
        now=now,
    )
    if report.by is None:
        rows = tuple(row for row in report.figures if row.id == entry.id)
        return _View(entry, "", "", report, (_Group("", "Todas las personas", rows),))
    groups = []
    for value, name in report.by.values.items():
        mine = tuple(
            one.row for one in report.crossed if one.group == str(value) and one.row.id == entry.id
        )
        if mine:
            groups.append(_Group(str(value), name, mine))
    asked_group = request.query_params.get("grupo", "")
    only = asked_group if asked_group in {one.code for one in groups} else ""
    return _View(entry, variable, only, report, tuple(groups))


def _entry(name: str, number: int) -> Indicator:
    offered = {one.id: one for one in outcomes_of(number) if one.kind in SHARES}
    if name in offered:
        return offered[name]
    elsewhere = {one.id for n in FIRST for one in outcomes_of(n)}
    if name and name not in elsewhere:
        raise NotFound(indicator=name)
    return indicator(FIRST[number])


def _page(
    session: Session, caller: Caller, asked: Asked, view: _View | None, *, now: datetime
) -> UnitExplorePage:
    top = unit_top(session, caller, asked, at="/explorar")
    title, frame = f"Explorar. {asked.unit.name}", shell(caller, at=ROOT)
    if view is None or asked.chosen is None:
        return UnitExplorePage(
            title, frame, top, (), (), (), "", "", "", None, None, "", (), "", None, "", ""
        )
    figures = Figures(
        asked.chosen.questionnaire,
        view.report,
        unit_outcome_counts(
            session,
            caller.scope,
            asked.unit.id,
            asked.chosen.cohort,
            asked.chosen.questionnaire,
        ),
        dated_words(view.report.editions, asked.unit.time_zone, now=now),
    )
    whole = figures.whole_percents
    rows = [row for group in view.shown for row in group.rows]
    labels = [_label(group, row) for group in view.shown for row in group.rows]
    said = _headline(view)
    chart = bar_chart(rows, title=said, whole_percents=whole, key="vista", labels=labels)
    trait = LATTICE.get(view.variable)
    choices = f"indicador={view.entry.id}&variable={view.variable}&grupo={view.only}"
    return UnitExplorePage(
        title=title,
        shell=frame,
        top=top,
        indicators=tuple(
            Choice(one.id, one.name, chosen=one.id == view.entry.id)
            for one in outcomes_of(asked.chosen.questionnaire)
            if one.kind in SHARES
        ),
        variables=(
            Choice("", "Todas las personas juntas", chosen=not view.variable),
            *(
                Choice(
                    one.variable, f"Por {one.name.lower()}", chosen=one.variable == view.variable
                )
                for one in LATTICE.values()
            ),
        ),
        groups=()
        if trait is None
        else (
            Choice("", "Todos los grupos", chosen=not view.only),
            *(Choice(one.code, one.name, chosen=one.code == view.only) for one in view.groups),
        ),
        headline=said,
        subtitle=f"{view.entry.name}. {base_words(rows, figures)}",
        audience=SMALL_WORDS if view.report.small else AUDIENCE_WORDS[view.report.audience],
        chart=chart,
        figure=None if chart is None else data_block(_figure(view, whole=whole)),
        description="" if chart is None else f"{chart.title}. {chart.description}",
        rows=tuple(
            figure_row(row, figures, label=label) for row, label in zip(rows, labels, strict=True)
        ),
        withheld=" ".join(sorted({str(row.reason) for row in rows if row.reason})),
        definition=definition_of(view.entry.id),
        csv_url=f"{asked.url}/explorar.csv?{asked.query}&{choices}",
        png_url="" if chart is None else f"{asked.url}/explorar.png?{asked.query}&{choices}",
    )


def _label(group: _Group, row: IndicatorRow) -> str:
    return category_label(row) if not group.code else f"{category_label(row)} · {group.name}"


def _headline(view: _View) -> str:
    if not view.variable:
        rows = view.groups[0].rows
        return headline(rows) if rows else view.entry.name
    words = LATTICE[view.variable].name.lower()
    told = [one for one in view.shown if one.rows[0].value is not None]
    if view.entry.kind is Kind.PROPORTION and len(told) > 1:
        said = ", ".join(f"{one.name} {100 * (one.rows[0].value or 0):.0f} %" for one in told)
        return f"{view.entry.name}: {said}"
    return f"{view.entry.name}, por {words}"


def _figure(view: _View, *, whole: bool) -> dict[str, object]:
    """One trace for each group that has a figure to show."""
    traces = []
    for place, group in enumerate(view.shown):
        told: Sequence[IndicatorRow] = [row for row in group.rows if row.value is not None]
        if told:
            prefix = f"{group.name} " if group.code else ""
            digits = 0 if whole else 1
            traces.append(
                {
                    "name": group.name,
                    "y": [category_label(row) for row in told],
                    "x": [round(100 * (row.value or 0), digits) for row in told],
                    "text": [prefix + share_text(row, whole=whole) for row in told],
                    "marker": {"color": COLOURS[place % len(COLOURS)]},
                }
            )
    return plotly_bars(traces)
