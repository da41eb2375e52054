"""What every page of the panel has around it: menu, own form token, who is signed in."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.staff.roles import Permission
from app.web.wiring import Caller, Site

# Text, address, and the permission without which an entry is not shown.
_MENU = (
    ("Tabla cronológica", "/panel", Permission.SEE_CHRONOLOGY),
    ("Pendientes", "/panel/pendientes", Permission.SEE_FIELDWORK),
    ("Resultados", "/panel/resultados", Permission.SEE_OUTCOMES),
    ("Personas", "/panel/personas", Permission.SEE_PEOPLE),
    ("Cierres", "/panel/cierres", Permission.SEE_OUTCOMES),
    ("Planteles", "/panel/unidades", Permission.SEE_CHRONOLOGY),
    ("Equipo", "/panel/equipo", Permission.MANAGE_STAFF),
    ("Bitácora", "/panel/bitacora", Permission.SEE_AUDIT),
    ("Mi cuenta", "/panel/cuenta", Permission.OWN_ACCOUNT),
)
_IN_DEVELOPMENT = (("Buzón", "/panel/buzon", Permission.SEE_MESSAGES),)


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """One entry of the menu."""

    text: str
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class Shell:
    """The frame of a staff page."""

    menu: tuple[MenuEntry, ...]
    csrf: str
    who: str


@dataclass(frozen=True, slots=True)
class Crumb:
    """One step of the way down to a page; without an address, the page itself."""

    text: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Issue:
    """What to mend on a form: the field ("" for the whole form) and a Spanish sentence."""

    field: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Task:
    """Something that needs a person today."""

    sentence: str
    url: str | None
    button: str


def shell(caller: Caller, *, at: str = "") -> Shell:
    """The frame for this caller; `at` is the address of the current menu entry."""
    return Shell(
        menu=_entries(caller, at),
        csrf=caller.form_token(),
        who=caller.actor.display_name,
    )


def of_field(issues: Sequence[Issue], name: str) -> tuple[Issue, ...]:
    """The issues of one field."""
    return tuple(issue for issue in issues if issue.field == name)


def _entries(caller: Caller, at: str) -> tuple[MenuEntry, ...]:
    site: Site = caller.request.app.state.site
    menu = (*_MENU, *_IN_DEVELOPMENT) if site.settings.keeps_mail else _MENU
    return tuple(
        MenuEntry(text, url, current=url == at)
        for text, url, permission in menu
        if caller.actor.may(permission)
    )
