"""What the list of messages of a wave shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from sqlmodel import Session

from app.errors import NotFound
from app.fieldwork import queries, wave_people
from app.fieldwork.queries import WaveHeader
from app.fieldwork.trial import trials_of
from app.messaging.queries import MessageRow, messages_about, state_counts
from app.messaging.states import OutboxState
from app.staff.roles import Permission
from app.web.render import Page
from app.web.staff.shell import Issue, Shell, shell
from app.web.staff.wave_pages import WaveTop, local_moment, wave_top
from app.web.staff.wave_words import (
    STATE_WORDS,
    STATES_SHOWN,
    reason_in_words,
    step_in_words,
)
from app.web.wiring import Caller

MESSAGES_A_PAGE = 50


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to narrow a list."""

    text: str
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class Pager:
    """Where to go from here; None at an end."""

    words: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class MessageLine:
    """One message."""

    person: str
    url: str | None
    step: str
    state: str
    state_class: str
    when: str
    reason: str
    tries: str


@dataclass(frozen=True, slots=True)
class MessagesPage(Page):
    """The messages of a wave, and what may be done with them."""

    template: ClassVar[str] = "staff/wave_messages.html"
    title: str
    shell: Shell
    top: WaveTop
    lead: str
    doubts: str
    states: tuple[Choice, ...]
    rows: tuple[MessageLine, ...]
    pager: Pager
    trial: str
    issues: tuple[Issue, ...]
    email: str


def messages_page(
    session: Session,
    caller: Caller,
    wave_id: UUID,
    *,
    state: str = "",
    page: int = 1,
    issues: tuple[Issue, ...] = (),
) -> MessagesPage:
    """The messages of a wave of the caller's, newest first; `state` narrows them.

    Raises:
        NotFound: there is no such wave or state, or it is not the caller's.
    """
    header = queries.wave_header(session, caller.scope, wave_id)
    top = wave_top(caller, header, at="/mensajes")
    if state and state not in set(OutboxState):
        raise NotFound(state=state)
    cases = wave_people.case_ids(session, caller.scope, wave_id)
    counts = state_counts(session, cases)
    messages = [row for row in messages_about(session, cases) if state in {"", row.state.value}]
    messages.sort(key=lambda row: (row.changed_at, row.id), reverse=True)
    start = (page - 1) * MESSAGES_A_PAGE
    here = f"{top.url}/mensajes"
    return MessagesPage(
        title=f"Mensajes: {top.title}",
        shell=shell(caller, at="/panel"),
        top=top,
        lead=_messages_lead(counts.sent, len(cases)),
        doubts=_doubts(counts.doubted),
        states=(
            Choice("Todos", here, current=not state),
            *(
                Choice(
                    f"{STATE_WORDS[one]} ({getattr(counts, one.value):,})",
                    f"{here}?estado={one.value}",
                    current=state == one.value,
                )
                for one in STATES_SHOWN
                if getattr(counts, one.value) or state == one.value
            ),
        ),
        rows=_lines(session, caller, header, messages[start : start + MESSAGES_A_PAGE]),
        pager=pager(
            here, f"&estado={state}" if state else "", page, len(messages), MESSAGES_A_PAGE
        ),
        trial=_trial(session, header),
        issues=issues,
        email=caller.actor.email,
    )


def message_line(message: MessageRow, person: str, url: str | None, zone: str) -> MessageLine:
    """One message in words, in the time of the school."""
    return MessageLine(
        person=person,
        url=url,
        step=step_in_words(message.kind),
        state=STATE_WORDS[message.state],
        state_class=f"is-{message.state.value}",
        when=_when(message, zone),
        reason=reason_in_words(message),
        tries="" if message.attempts < 2 else f"{message.attempts} intentos",
    )


def pager(here: str, narrowed: str, page: int, total: int, size: int) -> Pager:
    """Where a list of `total` goes on from `page`, `size` a page."""
    pages = max(1, -(-total // size))
    return Pager(
        words=f"Página {page} de {pages}" if pages > 1 else "",
        before=f"{here}?pagina={page - 1}{narrowed}" if page > 1 else None,
        after=f"{here}?pagina={page + 1}{narrowed}" if page < pages else None,
    )


def _lines(
    session: Session, caller: Caller, header: WaveHeader, messages: Sequence[MessageRow]
) -> tuple[MessageLine, ...]:
    names = wave_people.names_of_cases(
        session, caller.scope, [message.context_id for message in messages]
    )
    opens_cases = caller.actor.may(Permission.SEE_FIELDWORK)
    return tuple(
        message_line(
            message,
            names.get(message.context_id, "Alguien que ya no está en la lista"),
            f"/panel/olas/{header.id}/casos/{message.context_id}" if opens_cases else None,
            header.zone,
        )
        for message in messages
    )


def _when(message: MessageRow, zone: str) -> str:
    if message.sent_at is not None:
        return local_moment(message.sent_at, zone)
    if message.due_at is not None:
        return f"desde el {local_moment(message.due_at, zone)}"
    return local_moment(message.changed_at, zone)


def _messages_lead(sent: int, people: int) -> str:
    if not people:
        return "Nadie en la lista."
    messages = "1 mensaje enviado" if sent == 1 else f"{sent:,} mensajes enviados"
    # Who left the list since may have been written to: never the base of the rate.
    return f"{messages}. Han estado en la lista {people:,} personas."


def _doubts(doubted: int) -> str:
    if not doubted:
        return ""
    what = "De 1 mensaje" if doubted == 1 else f"De {doubted:,} mensajes"
    return (
        f"{what} el servidor no confirmó un envío: pudo no llegar o llegar dos veces. "
        "No hace falta hacer nada; si alguien pregunta, fue el mismo mensaje."
    )


def _trial(session: Session, header: WaveHeader) -> str:
    newest = next(iter(trials_of(session, header.school_id)), None)
    if newest is None:
        return ""
    line = message_line(newest, "", None, header.zone)
    return f"Última prueba: {line.state.lower()}, {line.when}. {line.reason}".strip()
