"""The worklist on paper: legible in grey, without telephones or links unless they are asked for."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.errors import NotFound
from app.fieldwork import queries, wave_people
from app.fieldwork.stationery import post_office
from app.fieldwork.worklist.people import Asked
from app.fieldwork.worklist.printing import PaperLine, Wanted, full_paper_list, paper_list
from app.staff.roles import Permission
from app.web.render import Page, render, say_date
from app.web.staff.shell import Shell, shell
from app.web.staff.wave_pages import WaveTop, wave_top
from app.web.staff.waves import Seeker, steward
from app.web.staff.worklist import Opener
from app.web.staff.worklist_pages import last_contact_words
from app.web.staff.worklist_words import hour_in_words
from app.web.wiring import Caller, Db, Form, Now, SiteHere, field

router = APIRouter()


@dataclass(frozen=True, slots=True)
class PaperRow:
    """One row of the sheet."""

    name: str
    group: str
    contact: str
    phones: str
    link: str


@dataclass(frozen=True, slots=True)
class PaperPage(Page):
    """The sheet."""

    template: ClassVar[str] = "staff/worklist_print.html"
    title: str
    shell: Shell
    top: WaveTop
    lead: str
    action: str
    group: str
    rows: tuple[PaperRow, ...]
    phones: bool
    links: bool
    may_ask: bool


@router.get("/panel/olas/{wave_id}/pendientes/imprimir")
def sheet(wave_id: UUID, request: Request, caller: Seeker, db: Db, now: Now) -> Response:
    """Names and boxes; `?grupo=` narrows."""
    group = request.query_params.get("grupo", "")
    with db.reading() as session:
        asked = _asked(session, caller, wave_id, group)
        lines = paper_list(session, caller.scope, asked, now=now)
        page = _page(session, caller, asked, lines, Wanted(phones=False, links=False), now=now)
    caller.saw("wave.missing_seen", ("wave", wave_id), unit_id=page.top.school_id)
    return render(page)


@router.post("/panel/olas/{wave_id}/pendientes/imprimir")
def full_sheet(
    wave_id: UUID, caller: Opener, form: Form, db: Db, now: Now, site: SiteHere
) -> Response:
    """The same with telephones or personal links, for whoever may see them."""
    wanted = Wanted(phones=field(form, "phones") == "1", links=field(form, "links") == "1")
    with db.unit_of_work() as session:
        asked = _asked(session, caller, wave_id, field(form, "group"))
        lines = full_paper_list(
            session,
            asked,
            wanted,
            post_office(site.settings),
            by=steward(caller),
            school_id=queries.wave_header(session, caller.scope, wave_id).school_id,
            now=now,
        )
        page = _page(session, caller, asked, lines, wanted, now=now)
    return render(page)


def _asked(session: Session, caller: Caller, wave_id: UUID, group: str) -> Asked:
    """The wave, and the group where one of the caller's is named."""
    queries.wave_header(session, caller.scope, wave_id)
    if not group:
        return Asked(wave_id)
    groups = wave_people.groups_waiting(session, caller.scope, wave_id)
    chosen = next((one for one in groups if one.group_id and str(one.group_id) == group), None)
    if chosen is None:
        raise NotFound(group=group)
    return Asked(wave_id, chosen.group_id)


def _page(
    session: Session,
    caller: Caller,
    asked: Asked,
    lines: tuple[PaperLine, ...],
    wanted: Wanted,
    *,
    now: datetime,
) -> PaperPage:
    if asked.wave_id is None:
        raise NotFound(wave=None)
    header = queries.wave_header(session, caller.scope, asked.wave_id)
    top = wave_top(caller, header, at="/pendientes", tail="Lista para imprimir")
    today = now.astimezone(ZoneInfo(header.zone)).date()
    return PaperPage(
        title=f"Pendientes del Cuestionario {header.questionnaire}, {header.cohort}",
        shell=shell(caller, at="/panel/pendientes"),
        top=top,
        lead=f"{header.school}. {len(lines):,} personas al {say_date(today)} de {today.year}.",
        action=f"{top.url}/pendientes/imprimir",
        group=str(asked.group_id or ""),
        rows=tuple(
            PaperRow(
                line.name,
                line.standing.group or "sin grupo",
                hour_in_words(line.standing.meeting, line.standing.zone)
                if line.standing.meeting
                else last_contact_words(line.standing.contacts, line.standing.last_on),
                ", ".join(line.phones),
                line.link,
            )
            for line in lines
        ),
        phones=wanted.phones,
        links=wanted.links,
        may_ask=caller.actor.may(Permission.SEE_LINKS),
    )
