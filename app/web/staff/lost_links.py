"""Who lost the link and could not be helped by a message: the school looks for them."""

from dataclasses import dataclass
from typing import Annotated, ClassVar
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import RedirectResponse, Response

from app.chronology.calendar import civil_date
from app.fieldwork import recovering
from app.fieldwork.link_requests import LostLink, open_requests, settle_request
from app.fieldwork.wanted import IN_SPANISH
from app.staff import audit
from app.staff.roles import Permission
from app.web.render import Page, render, say_date
from app.web.staff.shell import Crumb, Shell, shell
from app.web.wiring import Caller, Db, Now, Permits

router = APIRouter()
Helper = Annotated[Caller, Depends(Permits(Permission.SEE_LINKS))]
AT = "/panel/enlaces-perdidos"
_REASONS = {
    **{reason.value: words for reason, words in IN_SPANISH.items()},
    recovering.UNKNOWN_CONTACT: "Nadie del directorio tiene ese correo o teléfono",
    recovering.SUPPRESSED: "Sus correos rechazaron mensajes antes",
    recovering.NO_WAVE: "Ahora no tiene un cuestionario abierto",
}


@dataclass(frozen=True, slots=True)
class LostLinkView:
    """One request. `person_url`: the card of who it may be."""

    typed_name: str
    contact: str
    contact_url: str
    typed_school: str
    school: str
    reason: str
    person: str
    person_url: str | None
    when: str
    action: str


@dataclass(frozen=True, slots=True)
class LostLinksPage(Page):
    """Who waits for help, oldest first."""

    template: ClassVar[str] = "staff/lost_links.html"
    title: str
    shell: Shell
    trail: tuple[Crumb, ...]
    rows: tuple[LostLinkView, ...]


@router.get(AT)
def lost_links_page(caller: Helper, db: Db) -> Response:
    """What waits in the caller's schools and groups."""
    with db.reading() as session:
        found = open_requests(session, caller.scope)
    for school_id in {one.school_id for one in found}:
        caller.saw("link_request.seen", ("unit", school_id), unit_id=school_id)
    trail = (Crumb("Personas", "/panel/personas"), Crumb("Enlaces perdidos"))
    frame = shell(caller, at="/panel/personas")
    return render(LostLinksPage("Enlaces perdidos", frame, trail, tuple(map(_view, found))))


@router.post(f"{AT}/{{lost_link_id}}/atender")
def settle(lost_link_id: UUID, caller: Helper, db: Db, now: Now) -> Response:
    """One tap: this person was helped."""
    with db.unit_of_work() as session:
        who = caller.actor.account_id
        school_id = settle_request(session, caller.scope, lost_link_id, staff_id=who, now=now)
        if school_id is not None:
            audit.append(
                session,
                "link_request.settled",
                actor_id=who,
                about=("link_request", lost_link_id),
                unit_id=school_id,
                now=now,
            )
    return RedirectResponse(AT, 303)


def _view(one: LostLink) -> LostLinkView:
    by_mail = "@" in one.contact
    group = f", {one.group}" if one.group else ""
    return LostLinkView(
        typed_name=one.typed_name or "No escribió su nombre",
        contact=one.contact,
        contact_url=f"mailto:{one.contact}" if by_mail else f"tel:{one.contact}",
        typed_school=one.typed_school or "—",
        school=one.school,
        reason=_REASONS.get(one.reason, "—"),
        person=f"{one.member}{group}" if one.member else "No lo sabemos",
        person_url=f"/panel/personas/{one.member_id}" if one.member_id else None,
        when=say_date(civil_date(one.asked_at, one.zone), "d MMM y"),
        action=f"{AT}/{one.id}/atender",
    )
