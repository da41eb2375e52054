"""The dashboards of a unit, from the nation down to one school, and what its pages share."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import ClassVar

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from app.analytics.boards import BOARDS, board
from app.analytics.charts_time import Rise, progress_chart
from app.analytics.drawing import Drawing
from app.analytics.headlines import percent
from app.analytics.released import IndicatorRow
from app.chronology.calendar import civil_date
from app.errors import NotFound
from app.fieldwork.queries import OutcomeCounts, unit_outcome_counts
from app.fieldwork.unit_progress import Fielded, counts_below, unit_progress_over_time
from app.units import queries as units
from app.units.tables import UnitKind
from app.web.pictures import picture_file
from app.web.render import Page, render, say_date
from app.web.sheets import csv_file
from app.web.staff.chronology import TARGET
from app.web.staff.results_asked import ROOT, Asked, Reader, UnitTop, asked_of, figures_of, unit_top
from app.web.staff.results_findings import Figures, Finding, figure_lines, finding_of_board
from app.web.staff.results_pages import AUDIENCE_WORDS, SMALL_WORDS
from app.web.staff.shell import Shell, shell
from app.web.staff.units import KIND_NAMES
from app.web.staff.wave_chart import Progress
from app.web.staff.wave_words import day_and_month, rate_in_words
from app.web.wiring import Caller, Db, Now

router = APIRouter()


@dataclass(frozen=True, slots=True)
class ChildRow:
    """A unit below, with its progress."""

    name: str
    kind: str
    url: str
    progress: str
    fill: int


@dataclass(frozen=True, slots=True)
class DayLine:
    """A day of the line, in numbers."""

    day: str
    progress: str


@dataclass(frozen=True, slots=True)
class UnitResultsPage(Page):
    """The dashboards of a unit."""

    template: ClassVar[str] = "staff/results_unit.html"
    title: str
    shell: Shell
    top: UnitTop
    lead: str
    audience: str
    other_view: tuple[str, str] | None
    chart: Drawing | None
    before_words: str
    days: tuple[DayLine, ...]
    avance_png_url: str
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
    """Every figure of the page, or those of one dashboard, `?tablero=`."""
    with db.reading() as session:
        asked = asked_of(session, caller, unit_code, request)
        figures = figures_of(session, caller, asked, now=now)
    key = request.query_params.get("tablero", "")
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
    return csv_file(name, figure_lines(rows))


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
        line, before_words, _ = _line(session, caller, asked, figures, now=now)
    if request.query_params.get("tablero") == "avance":
        if line is None:
            return RedirectResponse(f"{asked.url}?{asked.query}", 303)
        below = (f"{asked.unit.name}.", before_words)
        return picture_file(line, f"{asked.unit.code}_avance.png", below=below)
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


def _page(session: Session, caller: Caller, asked: Asked, *, now: datetime) -> UnitResultsPage:
    top = unit_top(session, caller, asked, at="")
    children = _children(session, caller, asked)
    if asked.chosen is None:
        return UnitResultsPage(
            title=f"Resultados. {asked.unit.name}",
            shell=shell(caller, at=ROOT),
            top=top,
            lead="",
            audience="",
            other_view=None,
            chart=None,
            before_words="",
            days=(),
            avance_png_url="",
            findings=(),
            hidden=(),
            hidden_why="",
            unasked=(),
            children=children,
            target=TARGET,
            download_url="",
        )
    figures = figures_of(session, caller, asked, now=now, compared=True)
    chart, before_words, days = _line(session, caller, asked, figures, now=now)
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
        audience=SMALL_WORDS if report.small else AUDIENCE_WORDS[report.audience],
        other_view=_other_view(asked),
        chart=chart,
        before_words=before_words,
        days=days,
        avance_png_url=f"{asked.url}/grafica.png?{asked.query}&tablero=avance",
        findings=tuple(found for _, found in made if found is not None and found.is_drawn),
        hidden=tuple(one.question for one, _ in hidden),
        hidden_why=" ".join(dict.fromkeys(found.withheld for _, found in hidden)),
        unasked=tuple(one.question for one, found in made if found is None),
        children=children,
        target=TARGET,
        download_url=f"{asked.url}/cifras.csv?{asked.query}",
    )


def _lead(figures: Figures) -> str:
    counts = figures.counts
    if figures.whole_percents:  # no exact count beside a percentage
        return f"Tasa de respuesta: {_share(counts)}."
    return f"Tasa de respuesta, al momento: {rate_in_words(counts.answered, counts.frame)}."


def _share(counts: OutcomeCounts) -> str:
    return percent(None if counts.rate is None else float(counts.rate), whole=True)


def _progress_words(counts: OutcomeCounts | None, *, whole: bool) -> str:
    if counts is None or not counts.frame:
        return "sin levantamiento"
    return _share(counts) if whole else rate_in_words(counts.answered, counts.frame)


def _other_view(asked: Asked) -> tuple[str, str]:
    """The way to the other reading of the page: its words and its address."""
    plain = Asked(asked.unit, asked.all_fielded, asked.chosen, as_public=False)
    if asked.as_public:
        return "Volver a las cifras que le corresponden", f"{asked.url}?{plain.query}"
    return "Ver lo que vería el público", f"{asked.url}?{plain.query}&audiencia=publica"


def _line(
    session: Session, caller: Caller, asked: Asked, figures: Figures, *, now: datetime
) -> tuple[Drawing | None, str, tuple[DayLine, ...]]:
    """Answers over time with the target, and the generation before."""
    chosen = asked.chosen
    if chosen is None or figures.whole_percents:  # the line says exact counts
        return None, "", ()
    mine = _progress(session, caller, asked, chosen)
    if not mine.base or not mine.days:
        return None, "", ()
    earlier = [
        one
        for one in asked.all_fielded
        if one.questionnaire == chosen.questionnaire and one.cohort.leaves < chosen.cohort.leaves
    ]
    last = max(earlier, key=lambda one: one.cohort.leaves, default=None)
    before = None if last is None else _progress(session, caller, asked, last)
    words = ""
    if last is not None and before is not None and before.base and before.days:
        share = percent(before.days[-1].answered / before.base, whole=True)
        words = f"En gris, la generación {last.cohort}: terminó con {share}."
    today = civil_date(now, asked.unit.time_zone)
    end = min(max(today, mine.days[-1].day), mine.closes - timedelta(days=1))
    answered = f"{100 * mine.days[-1].answered / mine.base:.0f} %"
    counts = f"{mine.days[-1].answered:,} de {mine.base:,}"
    title = f"Respuestas acumuladas al {day_and_month(end)}: {answered} ({counts})"
    opened, middle = mine.opens, mine.opens + (mine.closes - mine.opens) // 2
    chart = progress_chart(
        _rise(mine, until=end),
        before=None if not words or before is None else _rise(before, until=before.closes),
        target=TARGET / 100,
        days=[say_date(d, "d MMM") for d in (opened, middle, mine.closes - timedelta(days=1))],
        words=(title, f"Sube de 0 a {counts} respuestas. La meta es {TARGET} %. {words}"),
    )
    days = tuple(
        DayLine(day_and_month(one.day), rate_in_words(one.answered, mine.base)) for one in mine.days
    )
    return chart, words, days


def _rise(wave: Progress, *, until: date) -> Rise:
    """Days of a window as parts of it."""
    long = (wave.closes - wave.opens).days

    def at(day: date) -> float:
        return min(1.0, max(0.0, ((day - wave.opens).days + 1) / long))

    return Rise([(at(one.day), one.answered / wave.base) for one in wave.days], at(until))


def _progress(session: Session, caller: Caller, asked: Asked, one: Fielded) -> Progress:
    counts = unit_outcome_counts(
        session, caller.scope, asked.unit.id, one.cohort, one.questionnaire
    )
    days = unit_progress_over_time(
        session, caller.scope, asked.unit.id, one.cohort, one.questionnaire
    )
    return Progress(one.opens, one.closes, counts.frame, days)


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
        rows.append(
            ChildRow(
                name=one.name,
                kind=KIND_NAMES[one.kind],
                url=f"{ROOT}/{one.code}{tail if mine is not None else ''}",
                progress=_progress_words(mine, whole=asked.as_public),
                fill=0 if mine is None or mine.rate is None else round(100 * mine.rate),
            )
        )
    return tuple(rows)
