"""What the list of people shows: filters, a page of lines, and what waits for a decision."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import urlencode

from sqlmodel import Session

from app.directory import pending, queries
from app.directory.queries import PeoplePage, PersonRow
from app.directory.states import Standing
from app.fieldwork.link_requests import count_requests
from app.staff.roles import Permission
from app.units import queries as units
from app.units.tables import OrganisationUnit, UnitKind
from app.web.render import Page
from app.web.staff.shell import Issue, Shell, shell
from app.web.wiring import Caller

STANDING_WORDS = {
    Standing.ENROLLED: "Egreso por confirmar",
    Standing.GRADUATED: "Egresó",
    Standing.LEFT: "No egresó",
}
MOST_CHOICES = 60  # schools to choose from in a list; more are asked for by their code


@dataclass(frozen=True, slots=True)
class Asked:
    """Filters as they were typed. `text` never enters an address."""

    text: str = ""
    unit: str = ""
    cohort: str = ""
    group: str = ""
    standing: str = ""
    contact: str = ""
    page: int = 1

    def filters(self) -> tuple[tuple[str, str], ...]:
        """Those in use but for text and page, by the names they have in an address."""
        named = (
            ("unidad", self.unit),
            ("generacion", self.cohort),
            ("grupo", self.group),
            ("situacion", self.standing),
            ("contacto", self.contact),
        )
        return tuple((name, value) for name, value in named if value)


@dataclass(frozen=True, slots=True)
class Found:
    """The unit whose people these are (None: everything in scope), and a page of them."""

    unit: OrganisationUnit | None
    people: PeoplePage


@dataclass(frozen=True, slots=True)
class Choice:
    """One option of a filter."""

    value: str
    text: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class PersonLine:
    """One person of the list."""

    url: str
    name: str
    student_id: str
    school: str
    cohort: str
    group: str
    standing: str
    contact: str


@dataclass(frozen=True, slots=True)
class Pager:
    """The way to the other pages: by address, or by a form where a text was searched."""

    previous: int | None
    following: int | None
    query: str
    hidden: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Task:
    """Something that waits for a person, with where to do it."""

    sentence: str
    url: str
    button: str


@dataclass(frozen=True, slots=True)
class PeopleListPage(Page):
    """The directory."""

    template: ClassVar[str] = "staff/people.html"
    title: str
    shell: Shell
    text: str
    unit: str
    unit_choices: tuple[Choice, ...]
    ask_unit: bool
    cohorts: tuple[Choice, ...]
    groups: tuple[Choice, ...]
    standings: tuple[Choice, ...]
    contacts: tuple[Choice, ...]
    filtered: bool
    said: str
    too_many: bool
    many_schools: bool
    people: tuple[PersonLine, ...]
    pager: Pager
    tasks: tuple[Task, ...]
    roster_url: str | None
    issues: tuple[Issue, ...]


def people_page(
    session: Session,
    caller: Caller,
    asked: Asked,
    found: Found | None,
    *,
    issues: tuple[Issue, ...] = (),
) -> PeopleListPage:
    """The page for what was found; `found` is None where what was typed is to be mended."""
    unit = found.unit if found else None
    people = found.people if found else PeoplePage((), 0, 1, 1)
    tops = units.tops(session, caller.scope)
    several = len(tops) != 1 or tops[0].kind is not UnitKind.SCHOOL
    few_schools = several and len(tops) <= MOST_CHOICES
    chooses = few_schools and all(top.kind is UnitKind.SCHOOL for top in tops)
    filtered = bool(asked.text or [name for name, _ in asked.filters() if name != "unidad"])
    return PeopleListPage(
        title="Personas",
        shell=shell(caller, at="/panel/personas"),
        text=asked.text,
        unit=asked.unit,
        unit_choices=_choices(((top.code, top.name) for top in tops), asked.unit)
        if chooses
        else (),
        ask_unit=several and not chooses,
        cohorts=_cohorts(session, caller, unit, asked),
        groups=_groups(session, caller, unit, asked),
        standings=_choices(
            ((one.value, words) for one, words in STANDING_WORDS.items()), asked.standing
        ),
        contacts=_choices((("si", "Sí"), ("no", "No")), asked.contact),
        filtered=filtered,
        said=_said(unit, people, filtered=filtered),
        too_many=people.too_many,
        many_schools=unit is None or unit.kind is not UnitKind.SCHOOL,
        people=tuple(map(_line, people.people)),
        pager=_pager(asked, people),
        tasks=_tasks(session, caller),
        roster_url=_roster_url(caller, unit),
        issues=issues,
    )


def _choices(options: Iterable[tuple[str, str]], chosen: str) -> tuple[Choice, ...]:
    return tuple(Choice(value, text, value == chosen) for value, text in options)


def _cohorts(
    session: Session, caller: Caller, unit: OrganisationUnit | None, asked: Asked
) -> tuple[Choice, ...]:
    if unit is None:
        return ()
    found = queries.cohorts_in_scope(session, caller.scope, unit.id)
    return _choices(((str(one), str(one)) for one in found), asked.cohort)


def _groups(
    session: Session, caller: Caller, unit: OrganisationUnit | None, asked: Asked
) -> tuple[Choice, ...]:
    """Of one school; with its generation in the text until one is chosen."""
    if unit is None or unit.kind is not UnitKind.SCHOOL:
        return ()
    found = queries.groups_in_scope(session, caller.scope, unit.id)
    shown = [group for group in found if asked.cohort in {"", group.cohort}]
    return _choices(
        (
            (str(group.id), group.name if asked.cohort else f"{group.name} · {group.cohort}")
            for group in shown
        ),
        asked.group,
    )


def _said(unit: OrganisationUnit | None, people: PeoplePage, *, filtered: bool) -> str:
    noun = "persona" if people.total == 1 else "personas"
    where = f"{unit.name} · " if unit else ""
    first = (people.page - 1) * people.size + 1
    last = first + len(people.people) - 1
    part = f" · se ven de la {first:,} a la {last:,}" if 0 < last - first + 1 < people.total else ""
    return f"{where}{people.total:,} {noun}{' con estos filtros' if filtered else ''}{part}"


def _line(row: PersonRow) -> PersonLine:
    contact = "Con contacto" if row.contactable else "Sin contacto"
    return PersonLine(
        f"/panel/personas/{row.id}",
        row.listed,
        row.student_id or "",
        row.school,
        str(row.cohort),
        row.group or "",
        STANDING_WORDS[row.standing],
        "No escribirle" if row.opted_out else contact,
    )


def _pager(asked: Asked, people: PeoplePage) -> Pager:
    return Pager(
        people.page - 1 if people.page > 1 else None,
        people.page + 1 if people.page * people.size < people.total else None,
        urlencode(asked.filters()),
        (("text", asked.text), *asked.filters()) if asked.text else (),
    )


def _tasks(session: Session, caller: Caller) -> tuple[Task, ...]:
    """Lost links, corrections and transfers, for those who attend to them."""
    lost = _lost_links(session, caller)
    if not caller.actor.may(Permission.EDIT_PEOPLE):
        return lost
    waiting = pending.waiting(session, caller.actor.scope(Permission.EDIT_PEOPLE))
    tasks = []
    if waiting.corrections:
        verb = "persona dice" if waiting.corrections == 1 else "personas dicen"
        sentence = f"{waiting.corrections:,} {verb} que sus datos no están bien."
        tasks.append(Task(sentence, "/panel/correcciones", "Revisar sus datos"))
    if waiting.transfers:
        verb = "persona aparece" if waiting.transfers == 1 else "personas aparecen"
        sentence = f"{waiting.transfers:,} {verb} en la lista de otro plantel."
        tasks.append(Task(sentence, "/panel/traslados", "Decidir traslados"))
    return (*tasks, *lost)


def _lost_links(session: Session, caller: Caller) -> tuple[Task, ...]:
    if not caller.actor.may(Permission.SEE_LINKS):
        return ()
    count = count_requests(session, caller.actor.scope(Permission.SEE_LINKS))
    if not count:
        return ()
    verb = "persona pide" if count == 1 else "personas piden"
    return (
        Task(f"{count:,} {verb} su enlace otra vez.", "/panel/enlaces-perdidos", "Ver quién es"),
    )


def _roster_url(caller: Caller, unit: OrganisationUnit | None) -> str | None:
    if not caller.actor.may(Permission.IMPORT_ROSTER):
        return None
    school = unit is not None and unit.kind is UnitKind.SCHOOL
    return f"/panel/listas/nueva?unidad={unit.code}" if unit and school else "/panel/listas/nueva"
