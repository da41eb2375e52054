"""What the pages of a wave show: their common top, and the page of progress."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from math import ceil
from typing import ClassVar
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Session

from app.analytics.response_rates import RatesReport, wave_rates
from app.analytics.sign_off_list import last_word
from app.chronology.calendar import civil_date
from app.fieldwork import queries, wave_people
from app.fieldwork.percents import as_percent, in_percent
from app.fieldwork.queries import OutcomeCounts, Trait, TraitLine, WaveHeader
from app.fieldwork.tables import WaveState
from app.fieldwork.wave_people import GroupWaiting
from app.fieldwork.worklist.others_told import told_only
from app.staff.roles import Permission
from app.web.render import Page, say_date, say_moment
from app.web.staff.chronology import TARGET
from app.web.staff.followed_words import followed_of_wave, followed_words
from app.web.staff.shell import Crumb, Shell, shell
from app.web.staff.sign_off_words import close_words
from app.web.staff.wave_chart import LineChart, Progress, line_chart
from app.web.staff.wave_words import (
    SEX_WORDS,
    day_and_month,
    percent,
    rate_in_words,
    window_in_words,
    zone_in_words,
)
from app.web.wiring import Caller

GOAL = f"{TARGET}\u00a0%"  # never broken over two lines

# Words, end of the address, and the permission of the page. A new page of a wave joins here.
TABS = (
    ("Avance", "", Permission.SEE_PROCESS),
    ("Pendientes", "/pendientes", Permission.SEE_FIELDWORK),
    ("Aula", "/aula", Permission.RUN_CLASSROOM),
    ("Mensajes", "/mensajes", Permission.SEE_MESSAGES),
    ("Resultados", "/resultados", Permission.SEE_OUTCOMES),
    ("Cierre", "/cierre", Permission.SEE_OUTCOMES),
)


@dataclass(frozen=True, slots=True)
class Tab:
    """One page of the wave."""

    text: str
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class WaveTop:
    """The top of every page of a wave."""

    school_id: UUID
    trail: tuple[Crumb, ...]
    title: str
    state: str
    state_class: str
    window: str
    paused: str
    late: str
    url: str
    may_run: bool
    tabs: tuple[Tab, ...]


@dataclass(frozen=True, slots=True)
class RateRow:
    """A rate behind the headline."""

    name: str
    meaning: str
    numbers: str
    value: str


@dataclass(frozen=True, slots=True)
class TraitRow:
    """Progress of those who share a value. `waiting_url` opens the people behind `waiting`."""

    value: str
    progress: str
    fill: int
    waiting: str
    waiting_url: str | None


@dataclass(frozen=True, slots=True)
class TraitTable:
    """Progress by one trait."""

    title: str
    heading: str
    rows: tuple[TraitRow, ...]
    shows_waiting: bool


@dataclass(frozen=True, slots=True)
class DayRow:
    """A day of the line, in numbers."""

    day: str
    answered: str
    rate: str


@dataclass(frozen=True, slots=True)
class WavePage(Page):
    """Progress of one wave."""

    template: ClassVar[str] = "staff/wave.html"
    title: str
    shell: Shell
    top: WaveTop
    big: str
    words: str
    verdict: str
    late: str
    told: str
    followed: str
    close: str
    csv_url: str  # of the line; empty for who may not see results
    png_url: str
    rates: tuple[RateRow, ...]
    counts: tuple[tuple[str, str, str], ...]
    eligible_share: str
    chart: LineChart | None
    chart_lead: str
    before_words: str
    days: tuple[DayRow, ...]
    target: int
    tables: tuple[TraitTable, ...]


def wave_top(caller: Caller, header: WaveHeader, *, at: str, tail: str = "") -> WaveTop:
    """The top of a page; `at` is the end of the address of its tab, `tail` a step below it."""
    url = f"/panel/olas/{header.id}"
    name = f"Cuestionario {header.questionnaire}, generación {header.cohort}"
    table = Crumb(header.school, f"/panel/cronologia/{header.cct}")
    below = (Crumb(name, url), Crumb(tail)) if tail else (Crumb(name),)
    state, css = _state(header)
    return WaveTop(
        school_id=header.school_id,
        trail=(table, *below),
        title=tail or name,
        state=state,
        state_class=css,
        window=f"{window_in_words(header.opens, header.closes)}, {zone_in_words(header.zone)}",
        paused=_paused(header),
        late=_late_messages(header) if at in {"", "/mensajes"} else "",
        url=url,
        may_run=header.state is WaveState.OPEN and caller.actor.may(Permission.RUN_FIELDWORK),
        tabs=tuple(
            Tab(text, url + end, current=end == at)
            for text, end, permission in TABS
            if caller.actor.may(permission)
        ),
    )


def wave_page(session: Session, caller: Caller, wave_id: UUID, *, now: datetime) -> WavePage:
    """Progress of a wave of the caller's.

    Raises:
        NotFound: there is none, or it is not the caller's.
    """
    header = queries.wave_header(session, caller.scope, wave_id)
    report = wave_rates(header.counts)
    today = civil_date(now, header.zone)
    mine = _progress(session, caller, header)
    before, before_words = _before(session, caller, header, today)
    top = wave_top(caller, header, at="")
    return WavePage(
        title=top.title,
        shell=shell(caller, at="/panel"),
        top=top,
        big="—" if report.headline is None else percent(report.headline),
        words=f"{report.answered:,} de {report.base:,} personas respondieron"
        if report.base
        else "Nadie en la lista",
        verdict=_verdict(header, report, today),
        late=_late(session, caller, header),
        told=_told(told_only(session, caller.scope, header.id)),
        followed=followed_words(followed_of_wave(session, caller, header)),
        close=_close(session, caller, header),
        csv_url=_file(caller, header, "cifras.csv"),
        png_url=_file(caller, header, "grafica.png"),
        rates=tuple(_rate_rows(report)),
        counts=tuple((one.letters, one.meaning, f"{one.cases:,}") for one in report.counts),
        eligible_share=""
        if report.eligible_share is None
        else as_percent(report.eligible_share, digits=1),
        chart=line_chart(mine, today=today, target=TARGET, before=before),
        chart_lead=f"Completas y parciales, entre {report.base:,} personas de la lista.",
        before_words=before_words,
        days=tuple(_day_row(one.day, one.answered, report.base) for one in mine.days),
        target=TARGET,
        tables=_tables(session, caller, header),
    )


def local_moment(moment: datetime, zone: str) -> str:
    """A moment in the school's own time: "2 mar 2026, 06:00"."""
    return say_moment(moment.astimezone(ZoneInfo(zone)))


def _state(header: WaveHeader) -> tuple[str, str]:
    if header.state is WaveState.CLOSED:
        return "Cerrado", "is-closed"
    return ("En pausa", "is-paused") if header.paused_at else ("Abierto", "is-open")


def _paused(header: WaveHeader) -> str:
    if header.paused_at is None or header.state is WaveState.CLOSED:
        return ""
    since = local_moment(header.paused_at, header.zone)
    return f"Los mensajes están en pausa desde el {since}. Motivo: {header.paused_reason}."


def _late_messages(header: WaveHeader) -> str:
    """What helps messages that will not all be in time; "" when they will, or none leave."""
    if header.late_advice is None or header.paused_at or header.state is WaveState.CLOSED:
        return ""
    return f"Con los límites de envío de hoy, {header.late_advice}"


def _verdict(header: WaveHeader, report: RatesReport, today: date) -> str:
    """The rate judged, and what remains to do, in one sentence."""
    needed = ceil(Fraction(TARGET, 100) * report.base) - report.answered
    last = header.closes - timedelta(days=1)
    if header.state is WaveState.CLOSED:
        reached = "y alcanzó" if needed <= 0 else "y no alcanzó"
        return f"Cerró el {say_date(last)} {reached} la meta de {GOAL}."
    left = (last - today).days
    ends = "hoy es el último día" if left <= 0 else f"cierra el {say_date(last)}"
    if needed <= 0:
        return f"Ya alcanzó la meta de {GOAL}; {ends}."
    missing = "Falta 1 respuesta" if needed == 1 else f"Faltan {needed:,} respuestas"
    return f"{missing} para la meta de {GOAL}; {ends}."


def _close(session: Session, caller: Caller, header: WaveHeader) -> str:
    """Where the close stands; what the office said is for those who read its page."""
    if not caller.actor.may(Permission.SEE_OUTCOMES):
        return ""
    return close_words(last_word(session, caller.scope, header.id))


def _file(caller: Caller, header: WaveHeader, name: str) -> str:
    """A file of the line, of the results of the school."""
    if not caller.actor.may(Permission.SEE_OUTCOMES):
        return ""
    asked = urlencode({"generacion": str(header.cohort), "cuestionario": header.questionnaire})
    return f"/panel/resultados/{header.cct}/{name}?{asked}&tablero=avance"


def _told(people: int) -> str:
    """Who is known through others: of the knowledge rate (R10), never of the response rate."""
    if not people:
        return ""
    who = "De 1 persona más contó" if people == 1 else f"De {people:,} personas más contó"
    return (
        f"{who} alguien de su familia, un docente o una institución: se conoce su situación y no "
        "cuenta como respuesta."
    )


def _late(session: Session, caller: Caller, header: WaveHeader) -> str:
    """Both denominators, where people joined after the list was frozen."""
    if not header.late:
        return ""
    frozen = queries.frozen_outcome_counts(session, caller.scope, header.id)
    added = "se agregó 1 persona" if header.late == 1 else f"se agregaron {header.late:,} personas"
    since = local_moment(header.frozen_at, header.zone)
    return (
        f"La lista se fijó el {since} y después {added}. Sin contarlas: "
        f"{rate_in_words(frozen.answered, frozen.frame)}; contándolas: "
        f"{rate_in_words(header.counts.answered, header.counts.frame)}."
    )


def _rate_rows(report: RatesReport) -> Iterable[RateRow]:
    for line in report.rates:
        base = "" if line.base is None else f"{line.part:,} de {_people(line.base)}"
        value = "no se puede calcular"
        if line.value is not None:
            value = as_percent(line.value, digits=1)
        yield RateRow(line.name, line.meaning, base, value)


def _people(base: Fraction) -> str:
    return f"{base.numerator:,}" if base.denominator == 1 else f"{float(base):,.1f}"


def _progress(session: Session, caller: Caller, header: WaveHeader) -> Progress:
    days = queries.progress_over_time(session, caller.scope, header.id)
    return Progress(header.opens, header.closes, header.counts.frame, days)


def _before(
    session: Session, caller: Caller, header: WaveHeader, today: date
) -> tuple[Progress | None, str]:
    """The generation before, and how far it was on the same day of its window."""
    wave_id = wave_people.previous_wave(session, caller.scope, header)
    if wave_id is None:
        return None, ""
    earlier = queries.wave_header(session, caller.scope, wave_id)
    found = _progress(session, caller, earlier)
    same_day = earlier.opens + (min(today, header.closes) - header.opens)
    then = max((one.answered for one in found.days if one.day <= same_day), default=0)
    if not found.base:
        return None, ""
    return found, (
        f"Línea gris: la generación {earlier.cohort}, que el mismo día llevaba "
        f"{rate_in_words(then, found.base)}."
    )


def _day_row(day: date, answered: int, base: int) -> DayRow:
    return DayRow(day_and_month(day), f"{answered:,}", percent(Fraction(answered, base or 1)))


def _tables(session: Session, caller: Caller, header: WaveHeader) -> tuple[TraitTable, ...]:
    """Who lags, by each trait; those furthest behind first."""
    opens_people = caller.actor.may(Permission.SEE_FIELDWORK)
    waiting = wave_people.groups_waiting(session, caller.scope, header.id) if opens_people else ()
    by_group = {group.name: group for group in waiting}
    kinds: tuple[tuple[Trait, str, str], ...] = (
        (Trait.GROUP, "Por grupo", "Grupo"),
        (Trait.PROGRAMME, "Por carrera", "Carrera"),
        (Trait.SEX, "Por sexo", "Sexo"),
    )
    found = []
    for trait, title, heading in kinds:
        lines = queries.progress_by(session, caller.scope, header.id, trait)
        if any(line.value for line in lines):
            behind = by_group if trait is Trait.GROUP else {}
            rows = tuple(_trait_row(header.id, line, behind) for line in _furthest_behind(lines))
            found.append(TraitTable(title, heading, rows, shows_waiting=bool(behind)))
    return tuple(found)


def _furthest_behind(lines: Sequence[TraitLine]) -> list[TraitLine]:
    def place(line: TraitLine) -> tuple[bool, Fraction, str]:
        return (line.value is None, _share(line.counts), line.value or "")

    return sorted(lines, key=place)


def _trait_row(
    wave_id: UUID, line: TraitLine, behind: Mapping[str | None, GroupWaiting]
) -> TraitRow:
    group = behind.get(line.value)
    waiting = group.waiting if group else 0
    opens = group is not None and group.group_id is not None and waiting
    return TraitRow(
        "Sin dato" if line.value is None else SEX_WORDS.get(line.value, line.value),
        rate_in_words(line.counts.answered, line.counts.frame),
        int(in_percent(_share(line.counts))),
        f"faltan {waiting:,}" if waiting > 1 else "falta 1" if waiting else "nadie",
        f"/panel/olas/{wave_id}/pendientes?grupo={group.group_id}" if group and opens else None,
    )


def _share(counts: OutcomeCounts) -> Fraction:
    return counts.rate or Fraction(0)
