"""How a school presents itself: sender of its messages and its privacy notice."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from app.directory.notices import (
    Institution,
    NoticeMissing,
    NoticeText,
    default_notice,
    notice_in_force,
    publish_notice,
)
from app.directory.tables import PrivacyNotice
from app.errors import AppError
from app.staff import audit
from app.staff.roles import Permission
from app.units import queries as units
from app.units.profiles import ProfileText, store_profile
from app.units.tables import OrganisationUnit, UnitKind
from app.web.render import Page, render
from app.web.staff.shell import Crumb, Issue, Shell, shell
from app.web.wiring import Caller, Db, Form, Now, Permits, Site, SiteHere, field

router = APIRouter()
Manager = Annotated[Caller, Depends(Permits(Permission.MANAGE_INSTITUTION))]
# Said once, after a form was saved: the word is in the address, the sentence is not.
DONE = {
    "remitente": "Se guardó el remitente. Los mensajes que salgan desde ahora lo llevan.",
    "aviso": "Se publicó el aviso. Los levantamientos que se abran desde ahora lo llevan.",
}
TO_FILL = "(escriba aquí"  # left in a proposed notice where only the institution knows


@dataclass(frozen=True, slots=True)
class InstitutionPage(Page):
    """Two forms: the sender, and the notice that people read first."""

    template: ClassVar[str] = "staff/institution.html"
    title: str
    shell: Shell
    trail: tuple[Crumb, ...]
    action: str
    sender: ProfileText
    inherited_from: str
    short_text: str
    full_text: str
    notice_state: str
    done: str
    issues: tuple[Issue, ...]


@dataclass(frozen=True, slots=True)
class _Typed:
    """What was typed and refused, to be shown again."""

    sender: ProfileText | None = None
    notice: NoticeText | None = None
    done: str = ""
    issues: tuple[Issue, ...] = ()


@router.get("/panel/unidades/{unit_code}/institucion")
def institution_page(
    unit_code: str, request: Request, caller: Manager, db: Db, site: SiteHere
) -> Response:
    """Sender and notice of a unit."""
    done = DONE.get(request.query_params.get("hecho", ""), "")
    with db.reading() as session:
        unit = units.unit_by_code(session, caller.scope, unit_code)
        return render(_page(session, caller, unit, site, _Typed(done=done)))


@router.post("/panel/unidades/{unit_code}/remitente")
def save_sender(
    unit_code: str, caller: Manager, form: Form, db: Db, now: Now, site: SiteHere
) -> Response:
    """Store the sender."""
    typed = ProfileText(
        *(field(form, name) for name in ("sender_name", "reply_to", "footer", "contact"))
    )
    try:
        with db.unit_of_work() as session:
            unit = units.unit_by_code(session, caller.scope, unit_code)
            store_profile(session, unit.id, typed, now=now)
            _write_down(session, caller, unit, "institution.sender_set", now)
    except AppError as refusal:
        if refusal.status != 422:
            raise
        issue = Issue(str(refusal.details.get("field", "")), refusal.mensaje)
        with db.reading() as session:
            unit = units.unit_by_code(session, caller.scope, unit_code)
            page = _page(session, caller, unit, site, _Typed(sender=typed, issues=(issue,)))
        return render(page, status=422)
    return _saved(unit_code, "remitente")


@router.post("/panel/unidades/{unit_code}/aviso")
def publish(
    unit_code: str, caller: Manager, form: Form, db: Db, now: Now, site: SiteHere
) -> Response:
    """Publish the next version of the notice."""
    text = NoticeText(field(form, "short_text"), field(form, "full_text"))
    issues = _unfinished(text)
    if not issues:
        try:
            with db.unit_of_work() as session:
                unit = units.unit_by_code(session, caller.scope, unit_code)
                publish_notice(session, unit.id, text, now=now)
                _write_down(session, caller, unit, "institution.notice_published", now)
        except AppError as refusal:
            if refusal.status != 422:
                raise
            issues = (Issue("short_text", refusal.mensaje),)
    if issues:
        with db.reading() as session:
            unit = units.unit_by_code(session, caller.scope, unit_code)
            page = _page(session, caller, unit, site, _Typed(notice=text, issues=issues))
        return render(page, status=422)
    return _saved(unit_code, "aviso")


def _saved(unit_code: str, what: str) -> Response:
    return RedirectResponse(f"/panel/unidades/{unit_code}/institucion?hecho={what}", 303)


def _unfinished(text: NoticeText) -> tuple[Issue, ...]:
    fields = (("short_text", text.short), ("full_text", text.full))
    return tuple(
        Issue(name, "Falta completar lo que está entre paréntesis en el aviso.")
        for name, written in fields
        if TO_FILL in written
    )


def _write_down(
    session: Session, caller: Caller, unit: OrganisationUnit, action: str, now: Now
) -> None:
    audit.append(
        session,
        action,
        actor_id=caller.actor.account_id,
        about=("unit", unit.code),
        unit_id=unit.id,
        now=now,
    )


def _page(
    session: Session,
    caller: Caller,
    unit: OrganisationUnit,
    site: Site,
    typed: _Typed | None = None,
) -> InstitutionPage:
    profile = units.profile_of(session, caller.scope, unit.id)
    typed = typed or _Typed()
    shown = typed.sender or ProfileText(
        profile.sender_name if profile else unit.name,
        profile.reply_to if profile else caller.actor.email,
        profile.footer if profile else "",
        profile.contact if profile else "",
    )
    present = _present(session, unit)
    text = typed.notice or (
        NoticeText(present.short_text, present.full_text)
        if present
        else default_notice(_institution(unit, site))
    )
    return InstitutionPage(
        title="Remitente y aviso de privacidad",
        shell=shell(caller, at="/panel/unidades"),
        trail=(
            Crumb(unit.name, f"/panel/unidades/{unit.code}"),
            Crumb("Remitente y aviso"),
        ),
        action=f"/panel/unidades/{unit.code}",
        sender=shown,
        inherited_from=profile.unit_name if profile and profile.unit_id != unit.id else "",
        short_text=text.short,
        full_text=text.full,
        notice_state=_notice_state(present, unit),
        done=typed.done,
        issues=typed.issues,
    )


def _present(session: Session, unit: OrganisationUnit) -> PrivacyNotice | None:
    try:
        return notice_in_force(session, unit.id)
    except NoticeMissing:
        return None


def _notice_state(present: PrivacyNotice | None, unit: OrganisationUnit) -> str:
    if present is None:
        return "Todavía no hay aviso publicado. Este texto es una propuesta: revíselo y complételo."
    where = "" if present.unit_id == unit.id else ", de la oficina a la que pertenece"
    return f"Vigente: versión {present.version}{where}, {present.published_at:%d/%m/%Y}."


def _institution(unit: OrganisationUnit, site: Site) -> Institution:
    school = "el plantel" if unit.kind is UnitKind.SCHOOL else "la oficina"
    return Institution(
        name=unit.name,
        address=f"{TO_FILL} el domicilio de {school})",
        legal_basis=f"{TO_FILL} la ley y los artículos que aplican)",
        transparency_office=f"{TO_FILL} dónde está la unidad de transparencia)",
        notice_url=site.url(f"/aviso/{unit.code}"),
    )
