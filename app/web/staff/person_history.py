"""A person's line of three stations and what happened along it, in plain words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlmodel import Session

from app.chronology.calendar import local_time
from app.chronology.table import months
from app.directory.person_page import PersonPage
from app.fieldwork.dispositions import Disposition
from app.fieldwork.person_line import PersonCase, PersonLine, PersonStation
from app.fieldwork.queries import EventLine, case_events
from app.fieldwork.tables import WaveState
from app.units.scope import Scope
from app.web.render import say_date, say_moment
from app.web.staff.person_words import DISPOSITION_WORDS, INELIGIBILITY_WORDS
from app.web.staff.reason_words import plain_reason

ANSWERED = (Disposition.COMPLETE, Disposition.PARTIAL)
LINES_SHOWN = 60


@dataclass(frozen=True, slots=True)
class StationView:
    """One questionnaire on the person's line."""

    number: int
    classes: str
    window: str
    state: str
    detail: str


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One thing that happened."""

    when: str
    what: str
    where: str


@dataclass(frozen=True, slots=True)
class _Moment:
    at: datetime
    what: str
    where: str


def station_views(line: PersonLine, *, today: date, sees_case: bool) -> tuple[StationView, ...]:
    """The three stations; how the person stands in each only for those who follow them up."""
    return tuple(_station(line, one, today, sees_case=sees_case) for one in line.stations)


def history(
    session: Session, scope: Scope | None, person: PersonPage, line: PersonLine
) -> tuple[HistoryLine, ...]:
    """What happened, newest first. `scope`: where the caller follows people up, if anywhere."""
    moments = [_Moment(person.added_at, "Entró al directorio", "")]
    if person.opted_out_at is not None:
        moments.append(_Moment(person.opted_out_at, "Se le dejó de escribir", ""))
    if scope is not None:
        for case in line.cases:
            moments.extend(_events(case, line, case_events(session, scope, case.id)))
    moments.sort(key=lambda one: one.at, reverse=True)
    return tuple(
        HistoryLine(say_moment(local_time(one.at, person.zone)), one.what, one.where)
        for one in moments[:LINES_SHOWN]
    )


def _station(
    line: PersonLine, station: PersonStation, today: date, *, sees_case: bool
) -> StationView:
    classes, state = _wave_words(line, station, today)
    detail = ""
    if sees_case and station.case is not None:
        detail = state
        classes, state = _case_words(station.case, station.state)
    window = f"{months(station.period)} {station.period.opens.year}"
    return StationView(station.questionnaire, classes, window, state, detail)


def _wave_words(line: PersonLine, station: PersonStation, today: date) -> tuple[str, str]:
    period = station.period
    last_day = say_date(period.closes - timedelta(days=1), "d 'de' MMMM")
    match station.state:
        case WaveState.OPEN:
            return "is-open", f"Abierto hasta el {last_day}"
        case WaveState.CLOSED:
            return "is-closed", f"Cerró el {last_day}"
        case None if line.cohort.earlier_strategy:
            return "is-earlier", "Estrategia anterior"
        case None if today < period.opens:
            return "is-planned", "Planeado"
        case None if today in period:
            return "is-planned", "Por abrir"
        case None:
            return "is-missed", "No se aplicó"


def _case_words(case: PersonCase, state: WaveState | None) -> tuple[str, str]:
    words = DISPOSITION_WORDS[case.disposition]
    if case.ineligibility is not None:
        return "is-earlier", f"{words}: {INELIGIBILITY_WORDS[case.ineligibility]}"
    if case.disposition in ANSWERED:
        return "is-closed", words
    return ("is-open" if state is WaveState.OPEN else "is-missed"), words


def _events(case: PersonCase, line: PersonLine, events: Iterable[EventLine]) -> Iterable[_Moment]:
    where = f"Cuestionario {case.questionnaire}"
    if case.cohort != line.cohort:
        where += f", generación {case.cohort}"
    for number, event in enumerate(events):
        if number == 0:  # how the case entered the frame
            what = "Entró a la lista del cuestionario"
        else:
            what = DISPOSITION_WORDS[event.disposition]
        words, _ = plain_reason(event.reason)
        reason = f": {words}" if words else ""
        by = " (lo registró el plantel)" if event.staff_id else ""
        yield _Moment(event.at, f"{what}{reason}{by}", where)
