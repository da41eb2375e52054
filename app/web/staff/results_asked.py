"""What every page of results of a unit shares: what its address asks for, its top, its figures."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends, Request
from sqlmodel import Session

from app.analytics.editions.publishing import EditionsUsed
from app.analytics.released import Audience
from app.analytics.reports import WaveOfUnit, indicators_report
from app.chronology.calendar import civil_date
from app.errors import NotFound
from app.fieldwork.unit_progress import Fielded, fielded
from app.staff.roles import Permission
from app.units import queries as units
from app.units.scope import WHOLE
from app.units.tables import OrganisationUnit
from app.web.render import say_date
from app.web.staff.results_findings import Figures
from app.web.staff.results_pages import Choice
from app.web.staff.shell import Crumb
from app.web.staff.units import KIND_NAMES
from app.web.wiring import Caller, Permits

Reader = Annotated[Caller, Depends(Permits(Permission.SEE_OUTCOMES))]

ROOT = "/panel/resultados"
_WITH_YEAR = "d 'de' MMMM 'de' y"
FEWEST_SCHOOLS = 3  # of the unit above: a sum of fewer tells of the others (domain.md 3.8)
QUESTIONNAIRES = {1: "al egresar", 2: "a los 4 meses", 3: "a los 16 meses"}
TABS = (
    ("Tableros", ""),
    ("Comparar", "/comparar"),
    ("Generaciones", "/generaciones"),
    ("Explorar", "/explorar"),
    ("Cobertura", "/cobertura"),
)


@dataclass(frozen=True, slots=True)
class UnitTab:
    """One page of the results of a unit."""

    text: str
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class UnitTop:
    """The top of every page of results of a unit. `query`: its choices, for links."""

    trail: tuple[Crumb, ...]
    title: str
    what: str
    url: str
    query: str
    tabs: tuple[UnitTab, ...]
    generations: tuple[Choice, ...]
    questionnaires: tuple[Choice, ...]
    audience: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks for: a unit, and what of it was fielded (None: nothing ever was)."""

    unit: OrganisationUnit
    all_fielded: tuple[Fielded, ...]
    chosen: Fielded | None
    as_public: bool

    @property
    def url(self) -> str:
        return f"{ROOT}/{self.unit.code}"

    @property
    def query(self) -> str:
        if self.chosen is None:
            return ""
        named = {"generacion": str(self.chosen.cohort), "cuestionario": self.chosen.questionnaire}
        return urlencode(named | ({"audiencia": "publica"} if self.as_public else {}))

    def wave(self, unit: OrganisationUnit | None = None) -> WaveOfUnit:
        """The questionnaire asked for, of this unit or of another.

        Raises:
            NotFound: nothing was fielded.
        """
        if self.chosen is None:
            raise NotFound(unit=self.unit.code)
        return WaveOfUnit(unit or self.unit, self.chosen.cohort, self.chosen.questionnaire)


def asked_of(
    session: Session, caller: Caller, unit_code: str, request: Request, *, strict: bool = True
) -> Asked:
    """What the address asks for; without choices, the newest that was fielded.

    `strict`: a generation that was asked nothing is not found.

    Raises:
        NotFound: the unit, or what is asked of it, is not there or not the caller's.
    """
    unit = units.unit_by_code(session, caller.scope, unit_code)
    found = fielded(session, caller.scope, unit.id)
    generation = request.query_params.get("generacion", "")
    number = request.query_params.get("cuestionario", "")
    mine = [one for one in found if not generation or str(one.cohort) == generation]
    of_number = [one for one in mine if not number or str(one.questionnaire) == number]
    # Another generation may not have reached this questionnaire: its last one is shown.
    chosen = next(iter(of_number or mine), None)
    if chosen is None and generation and strict:
        raise NotFound(generation=generation)
    as_public = request.query_params.get("audiencia") == "publica"
    return Asked(unit, found, chosen, as_public)


def figures_of(
    session: Session, caller: Caller, asked: Asked, *, now: datetime, compared: bool = False
) -> Figures:
    """The figures of a unit; `compared`: with those of the unit above.

    Raises:
        NotFound: nothing was fielded.
    """
    wave = asked.wave()
    audience = Audience.PUBLIC if asked.as_public else None
    report = indicators_report(session, caller.scope, wave, audience=audience, now=now)
    above, name = _above(session, asked, now=now) if compared else (None, "")
    dated = dated_words(report.editions, asked.unit.time_zone, now=now)
    return Figures(wave.questionnaire, report, report.counts, dated, above, name)


def dated_words(editions: EditionsUsed | None, zone: str, *, now: datetime) -> str:
    """Of when the figures are: the day, or the editions they come from."""
    if editions is None:
        return f"al {say_date(civil_date(now, zone), _WITH_YEAR)}"
    if editions.cut_at is not None:
        return _cut_words(editions, editions.cut_at, zone)
    if editions.frozen_at is None:
        if editions.schools:
            return "con el levantamiento ya cerrado"
        return "sin edición todavía" if editions.waiting == 1 else "sin suma hasta que cierren"
    day = say_date(civil_date(editions.frozen_at, zone), _WITH_YEAR)
    return f"edición {editions.number}, del {day}"


def _cut_words(editions: EditionsUsed, cut_at: datetime, zone: str) -> str:
    day = say_date(civil_date(cut_at, zone), _WITH_YEAR)
    some = (
        "1 plantel que ya cerró"
        if editions.schools == 1
        else (f"{editions.schools:,} planteles que ya cerraron")
    )
    closed = f"{some}, corte del {day}"
    if not editions.waiting:
        return closed
    missing = "falta 1" if editions.waiting == 1 else f"faltan {editions.waiting:,}"
    return f"{closed} ({missing})"


def unit_top(session: Session, caller: Caller, asked: Asked, *, at: str) -> UnitTop:
    """The top of a page; `at` is the end of the address of its tab."""
    path = units.breadcrumb(session, caller.scope, asked.unit.id)
    tail = f"?{asked.query}" if asked.query else ""
    cohorts = dict.fromkeys(str(one.cohort) for one in asked.all_fielded)
    chosen = asked.chosen
    mine = [one for one in asked.all_fielded if chosen and one.cohort == chosen.cohort]
    return UnitTop(
        trail=(
            *(Crumb(step.name, f"{ROOT}/{step.code}{at}{tail}") for step in path[:-1]),
            Crumb(asked.unit.name),
        ),
        title=asked.unit.name,
        what=f"{KIND_NAMES[asked.unit.kind]} {asked.unit.code}{_chosen_words(asked, at)}",
        url=asked.url,
        query=asked.query,
        tabs=tuple(
            UnitTab(text, f"{asked.url}{end}{tail}", current=end == at) for text, end in TABS
        ),
        generations=tuple(
            Choice(name, name, chosen=chosen is not None and name == str(chosen.cohort))
            for name in cohorts
        ),
        questionnaires=tuple(
            Choice(
                str(one.questionnaire),
                f"{one.questionnaire}, {QUESTIONNAIRES[one.questionnaire]}",
                chosen=one == chosen,
            )
            for one in sorted(mine, key=lambda one: one.questionnaire)
        ),
        audience="publica" if asked.as_public else "",
    )


def _chosen_words(asked: Asked, at: str) -> str:
    """Of which questionnaire a page is: on paper its choices are not seen."""
    one = asked.chosen
    if one is None:
        return ""
    if at == "/generaciones":
        return f". Cuestionario {one.questionnaire}"
    if at == "/cobertura":
        return f". Generación {one.cohort}"
    return f". Generación {one.cohort}, Cuestionario {one.questionnaire}"


def _above(session: Session, asked: Asked, *, now: datetime) -> tuple[Figures | None, str]:
    """The unit above as anybody may see it, where its figures are a sum of enough schools."""
    parent_id = asked.unit.parent_id or asked.unit.subsystem_parent_id
    if parent_id is None:
        return None, ""
    parent = session.get_one(OrganisationUnit, parent_id)
    wave = asked.wave(parent)
    report = indicators_report(session, WHOLE, wave, audience=Audience.PUBLIC, now=now)
    if report.editions is None or report.editions.schools < FEWEST_SCHOOLS:
        return None, ""
    dated = dated_words(report.editions, parent.time_zone, now=now)
    return Figures(wave.questionnaire, report, report.counts, dated), parent.name
