"""/aula/{code}/pantalla: what the room sees: QR, code, how many have finished, minutes left.

It needs no sign-in, so that a session of staff never stands open on the projector's computer: who
reads the code from it knows no more than the room does. Without script it reloads by itself.
"""

from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import ClassVar
from urllib.parse import urlsplit

import segno
from fastapi import APIRouter
from fastapi.responses import Response

from app.classroom.codes import in_halves, read_code
from app.classroom.opening import class_by_code
from app.classroom.roll import Progress, progress_of
from app.web.render import Page, render
from app.web.respondent.aula import OPEN_CLASS, class_keys
from app.web.wiring import Db, Now, SiteHere

router = APIRouter(dependencies=[OPEN_CLASS])


@dataclass(frozen=True, slots=True)
class ProjectorPage(Page):
    """A class on the wall. `seats`: one mark a student, done first; whose is whose nobody knows."""

    template: ClassVar[str] = "public/projector.html"
    title: str
    school: str
    group: str
    address: str
    halves: tuple[str, str]
    spelled: str
    qr: str
    done: int
    total: int
    inside: str
    seats: tuple[str, ...]
    left: str


@dataclass(frozen=True, slots=True)
class ProjectorOverPage(Page):
    """The code lets nobody in any more."""

    template: ClassVar[str] = "public/projector_over.html"
    title: str


@router.get("/aula/{code}/pantalla")
def projector(code: str, db: Db, now: Now, site: SiteHere) -> Response:
    """The wall. The same page for a code that is over and for one that never was."""
    with db.reading() as session:
        opened = class_by_code(session, code, class_keys(site), now=now)
        if opened is None:
            return render(ProjectorOverPage("La sesión terminó"), status=404)
        progress = progress_of(session, opened, now=now)
    own = read_code(code) or ""
    return render(_page(progress, own, site.url(f"/aula/{own}"), now=now))


def qr_image(url: str) -> str:
    """A QR code as an image address: black on white whatever the screen's colours."""
    made = segno.make(url, error="m")
    return str(made.svg_data_uri(dark="#000", light="#fff", border=4, omitsize=True))


def _page(progress: Progress, code: str, url: str, *, now: datetime) -> ProjectorPage:
    minutes = ceil((progress.expires_at - now).total_seconds() / 60)
    waiting = progress.total - progress.done - progress.inside
    place = urlsplit(url)
    return ProjectorPage(
        title=f"Aula {progress.group or ''}".strip(),
        school=progress.school,
        group=progress.group or "",
        address=f"{place.netloc}/aula",
        halves=in_halves(code),
        spelled=" ".join(code),
        qr=qr_image(url),
        done=progress.done,
        total=progress.total,
        inside="1 contestando" if progress.inside == 1 else f"{progress.inside} contestando",
        seats=("done",) * progress.done + ("inside",) * progress.inside + ("free",) * waiting,
        left="queda 1 minuto" if minutes == 1 else f"quedan {minutes} minutos",
    )
