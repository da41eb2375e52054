"""The dashboards of a unit, from the nation down to one school, and what its pages share."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from app.analytics.charts.boards import BOARDS, board
from app.analytics.charts.drawing import Drawing
from app.analytics.followed import followed
from app.analytics.released import IndicatorRow
from app.analytics.response_rates import RatesReport
from app.errors import NotFound
from app.fieldwork.percents import in_percent
from app.fieldwork.unit_progress import counts_below
from app.units import queries as units
from app.units.tables import UnitKind
from app.web.pictures import picture_file
from app.web.render import Page, render
from app.web.sheets import csv_file
from app.web.staff.chronology import TARGET
from app.web.staff.followed_words import followed_words
from app.web.staff.results_asked import ROOT, Asked, Reader, UnitTop, asked_of, figures_of, unit_top
from app.web.staff.results_file import figure_lines
from app.web.staff.results_findings import (
    Definition,
    Figures,
    Finding,
    finding_of_board,
)
from app.web.staff.results_line import AnswerLine, DayLine, drawn_line, line_of, line_sheet
from app.web.staff.results_pages import AUDIENCE_WORDS, SMALL_WORDS
from app.web.staff.shell import Shell, shell
from app.web.staff.told_rates import told_rate
from app.web.staff.units import KIND_NAMES
from app.web.staff.wave_words import rate_in_words
from app.web.staff.weighted_words import sensitivity_of
from app.web.staff.worked import rate_entries
from app.web.wiring import Caller, Db, Now

router = APIRouter()
LINE = "avance"


@dataclass(frozen=True, slots=True)
class ChildRow:
    """A unit below, with its progress."""

    name: str
    kind: str
    url: str
    progress: str
    fill: int


@dataclass(frozen=True, slots=True)
class UnitResultsPage(Page):
    """The dashboards of a unit."""

    template: ClassVar[str] = "staff/results_unit.html"
    title: str
    shell: Shell
    top: UnitTop
    lead: str
    followed: str
    audience: str
    sensitivity: str
    other_view: tuple[str, str] | None
    chart: Drawing | None
    before_words: str
    days: tuple[DayLine, ...]
    rate: Definition | None  # of the line
    line_files: str  # the query of its sheet and of its picture
    findings: tuple[Finding, ...]
    hidden: tuple[str, ...]  # questions of which nothing may be told
    hidden_why: str
    unasked: tuple[str, ...]
    children: tuple[ChildRow, ...]
    target: int
    download_url: str


@router.get(ROOT)
def where_results_begin(caller: Reader, db: Db) -> Response:
    """The results of the highest unit of the caller's."""
    with db.reading() as session:
        tops = units.tops(session, caller.scope)
    return RedirectResponse(f"{ROOT}/{tops[0].code}" if tops else "/panel/unidades", 303)


@router.get(f"{ROOT}/{{unit_code}}")
def unit_results(unit_code: str, request: Request, caller: Reader, db: Db, now: Now) -> Response:
    """Dashboards; `?generacion=2013-2016&cuestionario=2`, `&audiencia=publica` as anybody."""
    with db.reading() as session:
        asked = asked_of(session, caller, unit_code, request)
        page = _page(session, caller, asked, now=now)
    return render(page)


@router.get(f"{ROOT}/{{unit_code}}/cifras.csv")
def unit_figures(unit_code: str, request: Request, caller: Reader, db: Db, now: Now) -> Response:
    """Every figure of the page, or those of one dashboard, `?tablero=`; `avance` by day."""
    with db.reading() as session:
        asked = asked_of(session, caller, unit_code, request)
        key = request.query_params.get("tablero", "")
        if key == LINE:
            return _line_file(asked, line_of(session, caller, asked))
        figures = figures_of(session, caller, asked, now=now)
    rows: tuple[IndicatorRow, ...] = figures.rows
    if key:
        found = board(figures.questionnaire, key)
        if found is None:
            raise NotFound(board=key)
        named = {*found.indicators, *found.otherwise}
        rows = tuple(row for row in rows if row.id in named)
    cohort = "" if asked.chosen is None else str(asked.chosen.cohort)
    tail = f"_{key}" if key else ""
    name = f"resultados_{asked.unit.code}_{cohort}_C{figures.questionnaire}{tail}.csv"
    return csv_file(name, figure_lines(rows, figures.report.weighted))


@router.get(f"{ROOT}/{{unit_code}}/grafica.png")
def unit_picture(unit_code: str, request: Request, caller: Reader, db: Db, now: Now) -> Response:
    """The chart of one dashboard, `?tablero=actividad`, as an image to paste.

    Raises:
        NotFound: there is no such dashboard.
        PicturesNotInstalled: this deployment draws none.
    """
    with db.reading() as session:
        asked = asked_of(session, caller, unit_code, request)
        figures = figures_of(session, caller, asked, now=now, compared=True)
        line = line_of(session, caller, asked, figures.counts)
    if request.query_params.get("tablero") == LINE:
        if line is None:
            return RedirectResponse(f"{asked.url}?{asked.query}", 303)
        below = (f"{asked.unit.name}.", line.before_words)
        drawing = drawn_line(line, asked.unit.time_zone, now=now)
        return picture_file(drawing, f"{asked.unit.code}_{LINE}.png", below=below)
    offered = BOARDS[figures.questionnaire]
    key = request.query_params.get("tablero") or offered[0].key
    wanted = next((one for one in offered if one.key == key), None)
    if wanted is None:
        raise NotFound(board=key)
    found = finding_of_board(figures, wanted, url=asked.url, query=asked.query)
    if found is None or found.chart is None:  # nothing to draw (any more): the page says why
        return RedirectResponse(f"{asked.url}?{asked.query}", 303)
    of = f"{asked.unit.name}. {found.subtitle}"
    return picture_file(found.chart, f"{asked.unit.code}_{key}.png", below=(of, *found.notes))


def _line_file(asked: Asked, line: AnswerLine | None) -> Response:
    """The answers by day; without any, the page that says so."""
    if line is None:
        return RedirectResponse(f"{asked.url}?{asked.query}", 303)
    return csv_file(f"avance_{asked.unit.code}_{line.cohort}.csv", line_sheet(line))


def _page(session: Session, caller: Caller, asked: Asked, *, now: datetime) -> UnitResultsPage:
    top = unit_top(session, caller, asked, at="")
    children = _children(session, caller, asked)
    if asked.chosen is None:
        return UnitResultsPage(
            title=f"Resultados. {asked.unit.name}",
            shell=shell(caller, at=ROOT),
            top=top,
            lead="",
            followed="",
            audience="",
            sensitivity="",
            other_view=None,
            chart=None,
            before_words="",
            days=(),
            rate=None,
            line_files="",
            findings=(),
            hidden=(),
            hidden_why="",
            unasked=(),
            children=children,
            target=TARGET,
            download_url="",
        )
    figures = figures_of(session, caller, asked, now=now, compared=True)
    line = line_of(session, caller, asked, figures.counts)
    made = [
        (one, finding_of_board(figures, one, url=asked.url, query=asked.query))
        for one in BOARDS[figures.questionnaire]
    ]
    report = figures.report
    hidden = [(one, found) for one, found in made if found is not None and not found.is_drawn]
    return UnitResultsPage(
        title=f"Resultados. {asked.unit.name}",
        shell=shell(caller, at=ROOT),
        top=top,
        lead=_lead(figures),
        followed=_followed(session, caller, asked, figures.counts.frame),
        audience=SMALL_WORDS if report.small else AUDIENCE_WORDS[report.audience],
        sensitivity="" if (found := sensitivity_of(report)) is None else found.lead,
        other_view=_other_view(asked),
        chart=None if line is None else drawn_line(line, asked.unit.time_zone, now=now),
        before_words="" if line is None else line.before_words,
        days=() if line is None else line.days,
        rate=_rate(report.process),
        line_files=f"?{asked.query}&tablero={LINE}",
        findings=tuple(found for _, found in made if found is not None and found.is_drawn),
        hidden=tuple(one.question for one, _ in hidden),
        hidden_why=" ".join(dict.fromkeys(found.withheld for _, found in hidden)),
        unasked=tuple(one.question for one, found in made if found is None),
        children=children,
        target=TARGET,
        download_url=f"{asked.url}/cifras.csv?{asked.query}",
    )


def _rate(process: RatesReport) -> Definition:
    """The rate of the line, worked through."""
    (entry,) = (one for one in rate_entries(process) if one.id == "R2")
    return Definition(entry.id, entry.name, entry.numerator, entry.base, entry.worked)


def _followed(session: Session, caller: Caller, asked: Asked, frame: int) -> str:
    wave = asked.wave()
    found = followed(session, caller.scope, wave.unit.id, wave.cohort, wave.questionnaire, frame)
    return followed_words(found, public=asked.as_public)


def _lead(figures: Figures) -> str:
    counts = figures.counts
    if figures.whole_percents:  # no exact count beside a percentage
        rate = told_rate(counts.answered, counts.frame, public=True)
        return f"Tasa de respuesta: {rate.alone}."
    return f"Tasa de respuesta, al momento: {rate_in_words(counts.answered, counts.frame)}."


def _other_view(asked: Asked) -> tuple[str, str]:
    """The way to the other reading of the page: its words and its address."""
    plain = Asked(asked.unit, asked.all_fielded, asked.chosen, as_public=False)
    if asked.as_public:
        return "Volver a las cifras que le corresponden", f"{asked.url}?{plain.query}"
    return "Ver lo que vería el público", f"{asked.url}?{plain.query}&audiencia=publica"


def _children(session: Session, caller: Caller, asked: Asked) -> tuple[ChildRow, ...]:
    if asked.unit.kind is UnitKind.SCHOOL:
        return ()
    below = units.children(session, caller.scope, asked.unit.id)
    counts = {}
    if asked.chosen is not None:
        counts = counts_below(
            session,
            caller.scope,
            [one.id for one in below],
            asked.chosen.cohort,
            asked.chosen.questionnaire,
        )
    tail = f"?{asked.query}" if asked.query else ""
    rows = []
    for one in below:
        mine = counts.get(one.id)
        rate = (
            None
            if mine is None or not mine.frame
            else told_rate(mine.answered, mine.frame, public=asked.as_public)
        )
        rows.append(
            ChildRow(
                name=one.name,
                kind=KIND_NAMES[one.kind],
                url=f"{ROOT}/{one.code}{tail if mine is not None else ''}",
                progress="sin levantamiento" if rate is None else rate.words,
                fill=0 if rate is None or rate.share is None else int(in_percent(rate.share)),
            )
        )
    return tuple(rows)
