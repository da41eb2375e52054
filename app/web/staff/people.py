"""The directory: who is in it, by filters in the address and by a search that never is.

A name, a matrícula or a CURP travels in the body of a POST, from page to page (SEC-33); a
search without text goes on as an address that can be kept.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from app.chronology.wave_plan import Cohort, parse_cohort
from app.directory import queries
from app.directory.keyed import match_keys
from app.directory.queries import PeopleFilter
from app.directory.states import Standing
from app.errors import NotFound
from app.staff.roles import Permission
from app.units import queries as units
from app.units.tables import OrganisationUnit
from app.web.render import render
from app.web.staff import people_pages
from app.web.staff.people_pages import Asked, Found
from app.web.staff.shell import Issue
from app.web.wiring import Caller, Db, Form, Permits, Site, SiteHere, clean_text, field

router = APIRouter()
Reader = Annotated[Caller, Depends(Permits(Permission.SEE_PEOPLE))]
PEOPLE_SHOWN = 50
LAST_PAGE = 100_000  # an address may ask for any page; no database counts further


@dataclass(frozen=True, slots=True)
class _Filters:
    """What was asked for, as the directory understands it."""

    unit: OrganisationUnit | None
    wanted: PeopleFilter


@router.get("/panel/personas")
def people_page(request: Request, caller: Reader, db: Db, site: SiteHere) -> Response:
    """People by the filters of the address: unidad, generacion, grupo, situacion, contacto."""
    asked = _asked(lambda name: clean_text(request.query_params.get(name, "")))
    with db.reading() as session:
        return render(_page(session, caller, asked, site))


@router.post("/panel/personas")
def search_people(caller: Reader, form: Form, db: Db, site: SiteHere) -> Response:
    """People by a text and the same filters, all in the body."""
    asked = _asked(lambda name: field(form, name), text=field(form, "text"))
    if not asked.text:
        return RedirectResponse(f"/panel/personas?{urlencode(asked.filters())}", 303)
    with db.reading() as session:
        try:
            return render(_page(session, caller, asked, site))
        except NotFound:
            issue = Issue("unidad", "No encontramos ese plantel. Revise la clave.")
            page = people_pages.people_page(session, caller, asked, None, issues=(issue,))
            return render(page, status=422)


def _asked(value: Callable[[str], str], *, text: str = "") -> Asked:
    page = value("pagina")
    number = int(page) if page.isdecimal() and page.isascii() and len(page) < 7 else 1
    return Asked(
        text=text[:200],
        unit=value("unidad"),
        cohort=value("generacion"),
        group=value("grupo"),
        standing=value("situacion"),
        contact=value("contacto"),
        page=min(max(number, 1), LAST_PAGE),
    )


def _page(
    session: Session, caller: Caller, asked: Asked, site: Site
) -> people_pages.PeopleListPage:
    filters = _filters(session, caller, asked)
    found = queries.find_people(
        session,
        caller.scope,
        filters.wanted,
        keys=match_keys(site.settings.data_keys),
        page=asked.page,
        size=PEOPLE_SHOWN,
    )
    return people_pages.people_page(session, caller, asked, Found(filters.unit, found))


def _filters(session: Session, caller: Caller, asked: Asked) -> _Filters:
    """Filters that nothing answers to are left out; a unit must be the caller's.

    Raises:
        NotFound: the unit is not in scope.
    """
    unit = _unit(session, caller, asked.unit)
    return _Filters(
        unit,
        PeopleFilter(
            text=asked.text,
            unit_id=unit.id if unit else None,
            cohort=_cohort(asked.cohort),
            group_id=_group(asked.group),
            standing=Standing(asked.standing) if asked.standing in set(Standing) else None,
            contactable={"si": True, "no": False}.get(asked.contact),
        ),
    )


def _unit(session: Session, caller: Caller, code: str) -> OrganisationUnit | None:
    if code:
        return units.unit_by_code(session, caller.scope, code)
    tops = units.tops(session, caller.scope)
    return units.unit_by_code(session, caller.scope, tops[0].code) if len(tops) == 1 else None


def _cohort(text: str) -> Cohort | None:
    try:
        return parse_cohort(text)
    except ValueError:
        return None


def _group(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
