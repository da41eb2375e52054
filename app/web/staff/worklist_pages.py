"""What the worklist shows: one card a person, for a telephone held in one hand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from sqlmodel import Session

from app.chronology.wave_plan import Cohort
from app.errors import NotFound
from app.fieldwork import queries, wave_people
from app.fieldwork.link_requests import count_requests
from app.fieldwork.queries import WaveHeader
from app.fieldwork.tables import WaveState
from app.fieldwork.wave_people import GroupWaiting
from app.fieldwork.worklist import frame_history, people, undoing
from app.fieldwork.worklist.people import Asked, Standing, WaveWaiting
from app.fieldwork.worklist.ranking import Turn
from app.fieldwork.worklist.results import RULES, AttemptResult
from app.staff.roles import Permission
from app.web.render import Page
from app.web.staff.lost_links import AT as LOST_LINKS
from app.web.staff.shell import Shell, shell
from app.web.staff.wave_lists import Choice, Pager, pager
from app.web.staff.wave_pages import WaveTop, wave_top
from app.web.staff.wave_words import day_and_month, why_missing
from app.web.staff.waves import steward
from app.web.staff.worklist_words import (
    SAID,
    Asking,
    Button,
    asking,
    meeting_in_words,
    noting,
    route_buttons,
    why_closed,
)
from app.web.wiring import Caller

MOST_WAVES = 50  # to choose from; an office has thousands
NO_GROUP = "No tiene un grupo asignado aquí."
MOST_RANKED = 3_000  # people of a list over several waves; an office chooses a wave instead


@dataclass(frozen=True, slots=True)
class Card:
    """One person: why now, the buttons, and the question after coming back."""

    anchor: str
    name: str
    url: str  # of the person's own page of the list
    action: str
    place: str
    why: str
    first: bool  # needs something now: an answer, or an appointment
    contact: str
    meeting: str
    routes: tuple[Button, ...]
    closed: str
    simulated: bool
    asking: Asking | None
    noting: Asking | None
    interview_url: str | None


@dataclass(frozen=True, slots=True)
class Undo:
    """What the caller said a moment ago, and the form that takes it back."""

    words: str
    action: str
    attempt: str


@dataclass(frozen=True, slots=True)
class PlainCard:
    """Somebody who did not answer while there was time."""

    name: str
    url: str
    group: str
    why: str


@dataclass(frozen=True, slots=True)
class WaveWorklistPage(Page):
    """The missing people of one wave."""

    template: ClassVar[str] = "staff/worklist_wave.html"
    title: str
    shell: Shell
    top: WaveTop
    lead: str
    no_group: bool
    said: str
    undo: Undo | None
    groups: tuple[Choice, ...]
    cards: tuple[Card, ...]
    late: tuple[PlainCard, ...]
    pager: Pager
    back: str
    print_url: str
    changes_url: str | None
    changes: str


@dataclass(frozen=True, slots=True)
class WorklistPage(Page):
    """The missing people of every open wave of the caller."""

    template: ClassVar[str] = "staff/worklist.html"
    title: str
    shell: Shell
    lead: str
    no_group: bool
    said: str
    undo: Undo | None
    waves: tuple[Choice, ...]
    more_waves: str
    lost: str
    lost_url: str
    cards: tuple[Card, ...]
    pager: Pager
    back: str


@dataclass(frozen=True, slots=True)
class View:
    """How a list is asked for."""

    group: str = ""
    page: int = 1
    said: str = ""


def wave_worklist(
    session: Session, caller: Caller, wave_id: UUID, view: View, *, now: datetime
) -> WaveWorklistPage:
    """The worklist of one wave of the caller's.

    Raises:
        NotFound: there is no such wave or group, or it is not the caller's.
    """
    header = queries.wave_header(session, caller.scope, wave_id)
    top = wave_top(caller, header, at="/pendientes")
    groups = wave_people.groups_waiting(session, caller.scope, wave_id)
    chosen = next((one for one in groups if one.group_id and str(one.group_id) == view.group), None)
    if view.group and chosen is None:
        raise NotFound(group=view.group)
    here = f"{top.url}/pendientes"
    narrowed = f"&grupo={view.group}" if chosen else ""
    runs = caller.actor.may(Permission.RUN_FIELDWORK)
    cards, late, total = _people(session, caller, header, chosen, view, now=now)
    nobody = not groups and _by_groups(caller)
    return WaveWorklistPage(
        title=f"Pendientes: {top.title}",
        shell=shell(caller, at="/panel"),
        top=top,
        lead=_lead(total, chosen.name or "" if chosen else "", header) if not nobody else NO_GROUP,
        no_group=nobody,
        said=_said(view.said),
        undo=undo_of(session, caller, now=now),
        groups=_group_choices(here, groups, chosen),
        cards=cards,
        late=late,
        pager=pager(here, narrowed, view.page, total, people.PAGE if cards else queries.PAGE),
        back=f"{here}?grupo={view.group}" if chosen else here,
        print_url=f"{here}/imprimir" + (f"?grupo={view.group}" if chosen else ""),
        changes_url=f"{top.url}/cambios" if runs else None,
        changes=_changes(session, caller, wave_id) if runs else "",
    )


def worklist(session: Session, caller: Caller, view: View, *, now: datetime) -> WorklistPage:
    """The worklist over every open wave of the caller."""
    waves = people.waves_waiting(session, caller.scope, now=now)
    total = sum(wave.waiting for wave in waves)
    shown = total <= MOST_RANKED
    found = people.ranked(session, caller.scope, Asked(), now=now) if shown and total else []
    page = _slice(found, view.page)
    here = "/panel/pendientes"
    nobody = _by_groups(caller) and not caller.scope.only_groups
    return WorklistPage(
        title="Pendientes",
        shell=shell(caller, at=here),
        lead=NO_GROUP if nobody else _total(total, "") + _choose(shown=shown),
        no_group=nobody,
        said=_said(view.said),
        undo=undo_of(session, caller, now=now),
        waves=tuple(
            Choice(_wave_words(wave), f"/panel/olas/{wave.wave_id}/pendientes", current=False)
            for wave in waves[:MOST_WAVES]
        ),
        more_waves=_more(len(waves) - MOST_WAVES),
        lost=_lost(session, caller),
        lost_url=LOST_LINKS,
        cards=_cards(session, caller, page, now=now, generations=_generations(waves)),
        pager=pager(here, "", view.page, len(found), people.PAGE),
        back=here,
    )


def cards_of(
    session: Session, caller: Caller, standings: Sequence[Standing], *, now: datetime
) -> tuple[Card, ...]:
    """Cards of people of one wave."""
    return _cards(session, caller, standings, now=now, generations={})


def undo_of(
    session: Session, caller: Caller, *, case_id: UUID | None = None, now: datetime
) -> Undo | None:
    """What the caller may still take back, with the name of the person."""
    if not caller.actor.may(Permission.RECORD_CONTACT):
        return None
    slip = undoing.newest_slip(session, steward(caller), case_id=case_id, now=now)
    if slip is None:
        return None
    name = wave_people.names_of_cases(session, caller.scope, [slip.case_id])[slip.case_id]
    return Undo(
        f"{name}: «{RULES[slip.result].words}».",
        f"/panel/olas/{slip.wave_id}/casos/{slip.case_id}/deshacer",
        str(slip.attempt_id),
    )


def last_contact_words(contacts: int, on: date | None) -> str:
    """When somebody was looked for last, over all channels: "3 de marzo, 2 de 6 contactos"."""
    if on is None or not contacts:
        return "Sin contactos todavía"
    return f"{day_and_month(on)}, {'1 contacto' if contacts == 1 else f'{contacts} contactos'}"


def _people(
    session: Session,
    caller: Caller,
    header: WaveHeader,
    chosen: GroupWaiting | None,
    view: View,
    *,
    now: datetime,
) -> tuple[tuple[Card, ...], tuple[PlainCard, ...], int]:
    group_id = chosen.group_id if chosen else None
    if header.state is WaveState.OPEN:
        found = people.ranked(session, caller.scope, Asked(header.id, group_id), now=now)
        return cards_of(session, caller, _slice(found, view.page), now=now), (), len(found)
    offset = (view.page - 1) * queries.PAGE
    missing = queries.missing_people(
        session, caller.scope, header.id, group_id=group_id, offset=offset
    )
    late = tuple(
        PlainCard(
            one.name,
            f"/panel/olas/{header.id}/casos/{one.case_id}",
            one.group or "sin grupo",
            why_missing(one),
        )
        for one in missing.people
    )
    return (), late, missing.total


def _cards(
    session: Session,
    caller: Caller,
    standings: Sequence[Standing],
    *,
    now: datetime,
    generations: dict[UUID, str],
) -> tuple[Card, ...]:
    names = wave_people.names_of_cases(session, caller.scope, [one.case_id for one in standings])
    records = caller.actor.may(Permission.RECORD_CONTACT)
    opens = caller.actor.may(Permission.SEE_LINKS)
    return tuple(
        Card(
            anchor=f"c-{one.case_id.hex[:12]}",
            name=names[one.case_id],
            url=f"/panel/olas/{one.wave_id}/casos/{one.case_id}/contacto",
            action=f"/panel/olas/{one.wave_id}/casos/{one.case_id}",
            place=" · ".join(
                filter(None, (one.group or "sin grupo", generations.get(one.wave_id, "")))
            ),
            why=one.place.why,
            first=one.place.turn in {Turn.ASKED_WHAT_HAPPENED, Turn.APPOINTMENT},
            contact=last_contact_words(one.contacts, one.last_on),
            meeting=meeting_in_words(one.meeting, one.zone) if one.meeting else "",
            routes=route_buttons(one) if opens else (),
            closed=why_closed(one, now) if opens else "",
            simulated=one.simulated,
            asking=asking(one.unsaid) if one.unsaid and records else None,
            noting=noting() if records and not one.unsaid else None,
            interview_url=f"/panel/olas/{one.wave_id}/casos/{one.case_id}/telefono"
            if opens and one.place.turn is not Turn.NOT_WANTED
            else None,
        )
        for one in standings
    )


def _slice(found: Sequence[Standing], page: int) -> Sequence[Standing]:
    return found[(page - 1) * people.PAGE : page * people.PAGE]


def _group_choices(
    here: str, groups: Sequence[GroupWaiting], chosen: GroupWaiting | None
) -> tuple[Choice, ...]:
    if len(groups) < 2:
        return ()
    return (
        Choice("Todos los grupos", here, current=chosen is None),
        *(
            Choice(f"{one.name} ({one.waiting})", f"{here}?grupo={one.group_id}", one == chosen)
            for one in groups
            if one.waiting and one.group_id
        ),
    )


def _lead(total: int, group: str, header: WaveHeader) -> str:
    if header.state is WaveState.OPEN:
        return _total(total, f" de {group}" if group else "")
    if not total:
        return "El levantamiento cerró y nadie quedó pendiente."
    people_left = "1 persona no respondió" if total == 1 else f"{total:,} personas no respondieron"
    return f"El levantamiento cerró: {people_left}."


def _changes(session: Session, caller: Caller, wave_id: UUID) -> str:
    doubts = len(frame_history.doubts_of(session, caller.scope, wave_id))
    if not doubts:
        return "Cambios de la lista"
    return "1 aviso por decidir" if doubts == 1 else f"{doubts} avisos por decidir"


def _more(waves: int) -> str:
    if waves <= 0:
        return ""
    return f"Y {waves:,} más: ábralos desde la tabla cronológica de cada plantel."


def _lost(session: Session, caller: Caller) -> str:
    """Who asked for a lost link and waits for somebody of the school."""
    if not caller.actor.may(Permission.SEE_LINKS):
        return ""
    waiting = count_requests(session, caller.actor.scope(Permission.SEE_LINKS))
    if not waiting:
        return ""
    return (
        "1 persona perdió su enlace y espera ayuda"
        if waiting == 1
        else f"{waiting:,} personas perdieron su enlace y esperan ayuda"
    )


def _choose(*, shown: bool) -> str:
    return "" if shown else " Elija un levantamiento."


def _by_groups(caller: Caller) -> bool:
    """Whether the caller looks after single groups, and not after a whole school."""
    return not (caller.scope.unlimited or caller.scope.whole_units)


def _total(total: int, where: str) -> str:
    if not total:
        return f"Nadie{where} falta por responder."
    return f"Falta 1 persona{where}." if total == 1 else f"Faltan {total:,} personas{where}."


def _said(value: str) -> str:
    return SAID.get(AttemptResult(value), "") if value in set(AttemptResult) else ""


def _wave_words(wave: WaveWaiting) -> str:
    cohort = Cohort(wave.entered, wave.leaves)
    return f"{wave.school}: Cuestionario {wave.questionnaire}, {cohort} ({wave.waiting:,})"


def _generations(waves: Sequence[WaveWaiting]) -> dict[UUID, str]:
    """What a card adds where several waves stand in one list."""
    if len(waves) < 2:
        return {}
    schools = {wave.school for wave in waves}
    return {
        wave.wave_id: f"Cuestionario {wave.questionnaire}, {Cohort(wave.entered, wave.leaves)}"
        + (f", {wave.school}" if len(schools) > 1 else "")
        for wave in waves
    }
