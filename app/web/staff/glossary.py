"""How each figure is made: the glossary of all, and those of a wave or a unit with its numbers."""

from dataclasses import dataclass
from typing import Annotated, ClassVar
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.analytics.field_figures import field_figures
from app.analytics.figures.registry import REGISTRY
from app.analytics.followed import followed
from app.analytics.released import Audience
from app.analytics.reports import WaveOfUnit, indicators_report
from app.analytics.response_rates import wave_rates
from app.fieldwork.queries import wave_header
from app.staff.roles import Permission
from app.units.queries import unit_by_code
from app.web.render import Page, render
from app.web.staff.followed_words import field_entries, followed_entries, followed_of_wave
from app.web.staff.results_asked import ROOT, Asked, UnitTop, asked_of, figures_of, unit_top
from app.web.staff.results_findings import Figures
from app.web.staff.shell import Crumb, Shell, shell
from app.web.staff.wave_pages import WaveTop, wave_top
from app.web.staff.worked import (
    Entry,
    Family,
    entry_of,
    families_of,
    in_order,
    lead_of,
    outcome_entries,
    rate_entries,
)
from app.web.wiring import Caller, Db, Now, Permits

router = APIRouter()
Reader = Annotated[Caller, Depends(Permits(Permission.SEE_OUTCOMES))]


EVERY = "todas"


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


@dataclass(frozen=True, slots=True)
class UnitCalculationPage(Page):
    """The same of a unit, folded; `opened`: those that are not. `all_url`: nothing folded."""

    template: ClassVar[str] = "staff/results_calculation.html"
    title: str
    shell: Shell
    top: UnitTop
    lead: str
    families: tuple[Family, ...]
    opened: frozenset[str]
    all_url: str


@router.get("/panel/glosario")
def glossary(caller: Reader) -> Response:
    """What each figure means, without numbers."""
    page = GlossaryPage(
        title="Cómo se calcula cada cifra",
        shell=shell(caller, at="/panel"),
        trail=(Crumb("Panel", "/panel"), Crumb("Cómo se calcula cada cifra")),
        entries=tuple(entry_of(entry, ()) for entry in REGISTRY),
    )
    return render(page)


@router.get("/panel/olas/{wave_id}/calculo")
def calculation(wave_id: UUID, caller: Reader, db: Db, now: Now) -> Response:
    """The figures of one wave with their numbers."""
    with db.reading() as session:
        page = _calculation(session, caller, wave_id, now)
    return render(page)


@router.get(f"{ROOT}/{{unit_code}}/calculo")
def unit_calculation(
    unit_code: str, request: Request, caller: Reader, db: Db, now: Now
) -> Response:
    """The figures of a unit with the numbers that were released for this reader.

    `?indicador=S1` opens one without script, wherever a browser would leave it folded; `todas`
    opens all, to print them.
    """
    with db.reading() as session:
        asked = asked_of(session, caller, unit_code, request)
        top = unit_top(session, caller, asked, at="/calculo")
        figures = None if asked.chosen is None else figures_of(session, caller, asked, now=now)
        entries = () if figures is None else _unit_entries(session, caller, asked, figures)
    name = request.query_params.get("indicador", "")
    page = UnitCalculationPage(
        title=f"Cómo se calcula. {asked.unit.name}",
        shell=shell(caller, at=ROOT),
        top=top,
        lead="" if figures is None else f"{lead_of(figures.report)} {_sentence(figures.dated)}",
        families=families_of(entries),
        opened=frozenset(one.id for one in entries if name in {one.id, EVERY}),
        all_url=f"{top.url}/calculo?{top.query}&indicador={EVERY}",
    )
    return render(page)


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."


def _unit_entries(
    session: Session, caller: Caller, asked: Asked, figures: Figures
) -> tuple[Entry, ...]:
    wave, public = asked.wave(), figures.whole_percents
    kept = followed(
        session,
        caller.scope,
        wave.unit.id,
        wave.cohort,
        wave.questionnaire,
        figures.counts.frame,
    )
    process = (
        *rate_entries(figures.report.process, public=public),
        *followed_entries(kept, public=public),
        *_field_entries(session, caller, wave, figures.report.audience),
    )
    return (*in_order(process), *outcome_entries(figures.report, wave.questionnaire))


def _field_entries(
    session: Session, caller: Caller, wave: WaveOfUnit, audience: Audience
) -> tuple[Entry, ...]:
    """Of its own school: for others there are none."""
    if audience is not Audience.OWN:
        return ()
    found = field_figures(session, caller.scope, wave.unit.id, wave.cohort, wave.questionnaire)
    return tuple(field_entries(found))


def _calculation(session: Session, caller: Caller, wave_id: UUID, now: Now) -> CalculationPage:
    header = wave_header(session, caller.scope, wave_id)
    unit = unit_by_code(session, caller.scope, header.cct)
    asked = WaveOfUnit(unit, header.cohort, header.questionnaire)
    report = indicators_report(session, caller.scope, asked, now=now)
    kept = followed_of_wave(session, caller, header)
    process = (
        *rate_entries(wave_rates(header.counts)),
        *followed_entries(kept),
        *_field_entries(session, caller, asked, report.audience),
    )
    return CalculationPage(
        title="Cómo se calcula",
        shell=shell(caller, at="/panel"),
        top=wave_top(caller, header, at="/resultados", tail="Cómo se calcula"),
        lead=lead_of(report),
        entries=(*in_order(process), *outcome_entries(report, header.questionnaire)),
    )
