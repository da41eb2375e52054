"""Development mail: what would have been sent, to be read and followed. Never in production."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Annotated, ClassVar
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from app.errors import NotFound
from app.messaging import mailbox
from app.messaging.mailbox import KeptMessage
from app.settings import Settings
from app.staff.roles import Permission
from app.units.geography import CAPITAL_ZONE
from app.web.render import Page, render
from app.web.staff.shell import Crumb, Shell, shell
from app.web.wiring import Caller, Db, Permits, SiteHere

router = APIRouter()
Reader = Annotated[Caller, Depends(Permits(Permission.SEE_MESSAGES))]

HERE = "/panel/buzon"
_LINK = re.compile(r"(https?://[^\s<>\"]+)")


@dataclass(frozen=True, slots=True)
class MailboxLine:
    """One message in the list."""

    url: str
    subject: str
    recipient: str
    at: datetime  # of the capital


@dataclass(frozen=True, slots=True)
class MailboxPage(Page):
    """The newest messages."""

    template: ClassVar[str] = "staff/mailbox.html"
    title: str
    shell: Shell
    lines: tuple[MailboxLine, ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a text: words, or a link when `url` is not empty."""

    text: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class HeaderField:
    """A header field as a mail program would show it."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class LetterPage(Page):
    """One message. Its HTML part is shown as source, never run."""

    template: ClassVar[str] = "staff/letter.html"
    title: str
    shell: Shell
    trail: tuple[Crumb, ...]
    headers: tuple[HeaderField, ...]
    pieces: tuple[Piece, ...]
    source: str


@router.get(HERE)
def mailbox_page(caller: Reader, db: Db, site: SiteHere) -> Response:
    """The list."""
    _refuse_elsewhere(site.settings)
    with db.reading() as session:
        kept = mailbox.newest(session, caller.scope, own=caller.actor.account_id)
        frame = shell(caller, at=HERE)
    return render(MailboxPage("Buzón de pruebas", frame, tuple(map(_line, kept))))


@router.get(HERE + "/{message_id}")
def letter_page(message_id: UUID, caller: Reader, db: Db, site: SiteHere) -> Response:
    """One message."""
    _refuse_elsewhere(site.settings)
    with db.reading() as session:
        kept = mailbox.one(session, caller.scope, message_id, own=caller.actor.account_id)
        frame = shell(caller, at=HERE)
    caller.saw("mailbox.read", ("message", message_id))
    letter = _parsed(kept)
    subject = str(letter["Subject"])
    return render(
        LetterPage(
            title=subject,
            shell=frame,
            trail=(Crumb("Buzón de pruebas", HERE), Crumb(subject)),
            headers=tuple(
                HeaderField(name, str(value))
                for name, value in letter.items()
                if name not in {"Subject", "MIME-Version", "Content-Type"}
            ),
            pieces=tuple(_pieces(_part(letter, "plain"))),
            source=_part(letter, "html"),
        )
    )


def _refuse_elsewhere(settings: Settings) -> None:
    if not settings.keeps_mail:
        raise NotFound(page="mailbox")


def _line(kept: KeptMessage) -> MailboxLine:
    subject = str(_parsed(kept)["Subject"])
    return MailboxLine(
        f"{HERE}/{kept.id}", subject, kept.recipient, kept.at.astimezone(ZoneInfo(CAPITAL_ZONE))
    )


def _parsed(kept: KeptMessage) -> EmailMessage:
    return BytesParser(EmailMessage, policy=policy.default).parsebytes(kept.content)


def _part(letter: EmailMessage, subtype: str) -> str:
    for part in letter.walk():
        if part.get_content_type() == f"text/{subtype}":
            return str(part.get_content())
    return ""


def _pieces(text: str) -> Iterator[Piece]:
    for place, found in enumerate(_LINK.split(text)):
        if found:
            yield Piece(found, found if place % 2 else "")
