"""A test message to oneself: the last of the first steps, and whenever somebody doubts."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from fastapi import APIRouter, Depends
from fastapi.responses import RedirectResponse, Response

from app.fieldwork.stationery import post_office
from app.fieldwork.texts import MINUTES
from app.fieldwork.trial import Trial, queue_trial, trials_of
from app.staff.roles import Permission
from app.units import queries as units
from app.web.render import Page, render
from app.web.staff.shell import Crumb, Shell, shell
from app.web.staff.wave_lists import MessageLine, message_line
from app.web.wiring import Caller, Db, Form, Now, Permits, SiteHere, field

router = APIRouter()
Manager = Annotated[Caller, Depends(Permits(Permission.MANAGE_INSTITUTION))]
SHOWN = 5


@dataclass(frozen=True, slots=True)
class TrialPage(Page):
    """The form, and what became of the last tests."""

    template: ClassVar[str] = "staff/trial.html"
    title: str
    shell: Shell
    trail: tuple[Crumb, ...]
    action: str
    email: str
    questionnaires: tuple[int, ...]
    sent: tuple[MessageLine, ...]


@router.get("/panel/unidades/{unit_code}/mensaje-de-prueba")
def trial_page(unit_code: str, caller: Manager, db: Db) -> Response:
    """The form."""
    with db.reading() as session:
        unit = units.unit_by_code(session, caller.scope, unit_code)
        page = TrialPage(
            title="Mensaje de prueba",
            shell=shell(caller, at="/panel/unidades"),
            trail=(
                Crumb(unit.name, f"/panel/unidades/{unit.code}"),
                Crumb("Mensaje de prueba"),
            ),
            action=f"/panel/unidades/{unit.code}/mensaje-de-prueba",
            email=caller.actor.email,
            questionnaires=tuple(MINUTES),
            sent=tuple(
                message_line(row, "", None, unit.time_zone)
                for row in trials_of(session, unit.id)[:SHOWN]
            ),
        )
    return render(page)


@router.post("/panel/unidades/{unit_code}/mensaje-de-prueba")
def send_trial(
    unit_code: str, caller: Manager, form: Form, db: Db, now: Now, site: SiteHere
) -> Response:
    """Queue the test; a second press in the same minute changes nothing."""
    asked = field(form, "questionnaire")
    questionnaire = int(asked) if asked in {"1", "2", "3"} else 1
    domain = post_office(site.settings).mail_domain
    with db.unit_of_work() as session:
        unit = units.unit_by_code(session, caller.scope, unit_code)
        trial = Trial(unit.id, questionnaire, caller.actor.account_id, caller.actor.email)
        queue_trial(session, trial, mail_domain=domain, now=now)
    return RedirectResponse(f"/panel/unidades/{unit_code}/mensaje-de-prueba", 303)
