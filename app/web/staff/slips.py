"""Slips of a group to print, cut and hand out: a name and a QR with the personal link each."""

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from starlette.datastructures import FormData

from app.classroom.slips import Slips, slips_of_group
from app.errors import NotFound
from app.fieldwork.stationery import post_office
from app.web.render import Page, render, say_date
from app.web.respondent.projector import qr_image
from app.web.staff.wave_cases import LinkHolder
from app.web.staff.waves import steward
from app.web.wiring import Db, Form, Now, SiteHere, field

router = APIRouter()


@dataclass(frozen=True, slots=True)
class SlipBox:
    """One slip."""

    name: str
    address: str
    qr: str


@dataclass(frozen=True, slots=True)
class SlipsPage(Page):
    """Slips with lines to cut along."""

    template: ClassVar[str] = "staff/slips.html"
    title: str
    lead: str
    school: str
    group: str
    until: str
    slips: tuple[SlipBox, ...]


@router.post("/panel/olas/{wave_id}/aula/tiras")
def slips(
    wave_id: UUID, caller: LinkHolder, form: Form, db: Db, now: Now, site: SiteHere
) -> Response:
    """A POST, because each link on them answers in somebody's name."""
    office = post_office(site.settings)
    with db.unit_of_work() as session:
        found = slips_of_group(
            session,
            wave_id,
            group_asked(form),
            office.link_keys,
            base_url=office.base_url,
            by=steward(caller),
            now=now,
        )
    return render(_page(found))


def group_asked(form: FormData) -> UUID | None:
    """The group a form names; None for those without one."""
    text = field(form, "grupo")
    return uuid_of(text) if text else None


def uuid_of(text: str) -> UUID:
    """An id out of a form.

    Raises:
        NotFound: it is none.
    """
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound(id=text[:40]) from error


def _page(found: Slips) -> SlipsPage:
    """The slips of a group as they are printed."""
    group = found.group or "Sin grupo"
    return SlipsPage(
        title=f"Tiras de {group}",
        lead=f"{len(found.slips)} tiras"
        if len(found.slips) != 1
        else "1 tira, de la única persona que falta",
        school=found.school,
        group=group,
        until=say_date(found.closes - timedelta(days=1), "d 'de' MMMM"),
        slips=tuple(
            SlipBox(slip.name, slip.url.split("://", 1)[-1], qr_image(slip.url))
            for slip in found.slips
        ),
    )
