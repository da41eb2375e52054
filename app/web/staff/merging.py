"""Two cards of one person become one: who the other is, why it may be so, then the decision."""

from dataclasses import dataclass
from typing import Annotated, ClassVar
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from app.directory.actions import compare_members, merge_members
from app.directory.keyed import MatchKeys, match_keys
from app.directory.matching import Comparison, Likeness
from app.directory.namesakes import find_namesakes, find_other
from app.directory.person_page import PersonPage
from app.staff.roles import Permission
from app.web.render import Page, render, say_date
from app.web.staff.person import live_person, note
from app.web.staff.shell import Crumb, Issue, Shell, shell
from app.web.wiring import Caller, Db, Form, Now, Permits, SiteHere, field

router = APIRouter()
Editor = Annotated[Caller, Depends(Permits(Permission.EDIT_PEOPLE))]
SURE = (Likeness.SAME, Likeness.LIKELY)
_NOBODY = (
    "No encontramos a nadie más del plantel con ese dato. Revise la matrícula o la CURP. "
    "Si está en otro plantel no se une: se pide su traslado al cargar la lista."
)


@dataclass(frozen=True, slots=True)
class Namesake:
    """Somebody of the school with the same name, to be compared by a button."""

    id: str
    about: str


@dataclass(frozen=True, slots=True)
class Compared:
    """One field of both cards, and what the one that stays will have."""

    field: str
    this: str
    other: str
    result: str


@dataclass(frozen=True, slots=True)
class MergePage(Page):
    """Choose the other card; then both side by side."""

    template: ClassVar[str] = "staff/person_merge.html"
    title: str
    shell: Shell
    trail: tuple[Crumb, ...]
    action: str
    back: str
    name: str
    text: str
    namesakes: tuple[Namesake, ...]
    other: str
    rows: tuple[Compared, ...]
    explanation: str
    sure: bool
    issues: tuple[Issue, ...]


@dataclass(frozen=True, slots=True)
class _Chosen:
    """The other card, compared with this one."""

    person: PersonPage
    comparison: Comparison


@dataclass(frozen=True, slots=True)
class _Typed:
    text: str = ""
    issues: tuple[Issue, ...] = ()


@router.get("/panel/personas/{member_id}/unir")
def choose_other(member_id: UUID, caller: Editor, db: Db, site: SiteHere) -> Response:
    """Say which other card is the same person."""
    keys = match_keys(site.settings.data_keys)
    with db.reading() as session:
        person = live_person(session, caller, member_id)
        return render(_page(session, caller, person, keys, None, _Typed()))


@router.post("/panel/personas/{member_id}/unir")
def merge(
    member_id: UUID, caller: Editor, form: Form, db: Db, now: Now, site: SiteHere
) -> Response:
    """Compare with the other; with `confirm`, make both one."""
    keys = match_keys(site.settings.data_keys)
    text, asked = field(form, "text")[:60], _uuid(field(form, "other"))
    with db.unit_of_work() as session:
        person = live_person(session, caller, member_id)
        other_id = asked or find_other(session, caller.scope, member_id, text, keys=keys)
        if other_id is None:
            issue = Issue("text", _NOBODY if text else "Escriba la matrícula o la CURP de la otra.")
            page = _page(session, caller, person, keys, None, _Typed(text, (issue,)))
            return render(page, status=422)
        other = live_person(session, caller, other_id)
        chosen = _Chosen(other, compare_members(session, member_id, other_id))
        sure = chosen.comparison.likeness in SURE or field(form, "checked") == "1"
        if field(form, "confirm") == "1" and sure:
            moved = merge_members(session, member_id, other_id, now=now)
            note(session, caller, person, "people.merged", now=now,
                 merged=str(other_id), moved=sorted(set(moved)))  # fmt: skip
            return RedirectResponse(f"/panel/personas/{member_id}?hecho=unido", 303)
        note(session, caller, other, "person.viewed", now=now)  # a POST leaves no trace by itself
        issues = (
            (Issue("checked", "Marque que revisó los documentos, o vuelva sin unir."),)
            if field(form, "confirm") == "1"
            else ()
        )
        page = _page(session, caller, person, keys, chosen, _Typed(text, issues))
    return render(page, status=422 if issues else 200)


def _page(  # one page, in its two states
    session: Session,
    caller: Caller,
    person: PersonPage,
    keys: MatchKeys,
    chosen: _Chosen | None,
    typed: _Typed,
) -> MergePage:
    here = f"/panel/personas/{person.id}"
    return MergePage(
        title="Unir dos fichas de la misma persona",
        shell=shell(caller, at="/panel/personas"),
        trail=(
            Crumb("Personas", "/panel/personas"),
            Crumb(person.full_name, here),
            Crumb("Unir"),
        ),
        action=f"{here}/unir",
        back=here,
        name=person.full_name,
        text=typed.text,
        namesakes=() if chosen else _namesakes(session, caller, person, keys),
        other=str(chosen.person.id) if chosen else "",
        rows=_compared(person, chosen.person) if chosen else (),
        explanation=chosen.comparison.explanation if chosen else "",
        sure=chosen is not None and chosen.comparison.likeness in SURE,
        issues=typed.issues,
    )


def _namesakes(
    session: Session, caller: Caller, person: PersonPage, keys: MatchKeys
) -> tuple[Namesake, ...]:
    found = find_namesakes(session, caller.scope, person.id, keys=keys)
    people = [live_person(session, caller, each) for each in found]
    return tuple(Namesake(str(one.id), _about(one)) for one in people)


def _about(person: PersonPage) -> str:
    parts = (
        person.full_name,
        f"matrícula {person.student_id}" if person.student_id else "sin matrícula",
        f"generación {person.cohort}",
        f"grupo {person.group}" if person.group else "",
    )
    return " · ".join(filter(None, parts))


def _compared(this: PersonPage, other: PersonPage) -> tuple[Compared, ...]:
    """What `this` has stays; what it lacks comes from `other` (actions.merge_members)."""
    stays = (
        ("Nombre", this.full_name, other.full_name),
        ("Generación", str(this.cohort), str(other.cohort)),
        ("Grupo", this.group or "", other.group or ""),
    )
    filled = (
        ("Matrícula", this.student_id or "", other.student_id or ""),
        ("CURP", this.curp or "", other.curp or ""),
        ("Nacimiento", _day(this), _day(other)),
    )
    contacts = ("Medios de contacto", str(len(this.contacts)), str(len(other.contacts)))
    return (
        *(Compared(name, mine or "—", theirs or "—", mine or "—") for name, mine, theirs in stays),
        *(
            Compared(name, mine or "—", theirs or "—", mine or theirs or "—")
            for name, mine, theirs in filled
        ),
        Compared(*contacts, "Todos, sin repetir"),
    )


def _day(person: PersonPage) -> str:
    return say_date(person.birth_date, "d MMM y") if person.birth_date else ""


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
