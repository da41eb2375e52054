"""/recuperar and /ayuda: for who lost the link, and for who has a question.

Whoever asks for a link hears the same, known or not, and as fast: nobody learns here who studied
where. What happens afterwards is fieldwork's (recovering.py).
"""

from dataclasses import dataclass
from typing import ClassVar

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.directory.contacts import Address, read_address
from app.directory.keyed import match_keys
from app.directory.mails import NotAMail
from app.directory.phones import NotAPhone
from app.directory.states import ContactKind
from app.fieldwork.recovering import Asked, TooManyRequests, ask
from app.fieldwork.texts import MINUTES
from app.web.language import Say, chosen, with_choice
from app.web.render import Page, render_in
from app.web.respondent.pages import MessagePage, Problem
from app.web.wiring import OPEN_PAGE, Db, Now, ShortForm, SiteHere, field

router = APIRouter(dependencies=[OPEN_PAGE])

LONGEST = 200  # characters of a field
KILOBYTES = 100  # that a whole questionnaire takes at most; tests/web/respondent/test_bytes.py


@dataclass(frozen=True, slots=True)
class HelpPage(Page):
    """Six questions."""

    template: ClassVar[str] = "respondent/help.html"
    title: str
    minutes: tuple[int, ...]  # of each questionnaire
    kilobytes: int
    recover_url: str
    verify_url: str


@dataclass(frozen=True, slots=True)
class RecoverPage(Page):
    """Ask for a lost link."""

    template: ClassVar[str] = "respondent/recover.html"
    title: str
    heading: str
    action: str
    contact: str = ""
    school: str = ""
    name: str = ""
    problems: tuple[Problem, ...] = ()


@router.get("/ayuda")
def explain(request: Request) -> Response:
    """What people ask."""
    say = Say(chosen(request))
    page = HelpPage(
        say("Ayuda"),
        tuple(MINUTES.values()),
        KILOBYTES,
        recover_url=with_choice("/recuperar", say.language),
        verify_url=with_choice("/verifica", say.language),
    )
    return render_in(say, page)


@router.get("/recuperar")
def blank(request: Request) -> Response:
    """The form."""
    say = Say(chosen(request))
    return render_in(say, _page(say, Typed("", "", "")))


@dataclass(frozen=True, slots=True)
class Typed:
    """The form as it was filled in."""

    contact: str
    school: str
    name: str


@router.post("/recuperar")
def write_down(request: Request, form: ShortForm, db: Db, now: Now, site: SiteHere) -> Response:
    """Note the request. The same page for everybody."""
    say = Say(chosen(request))
    names = ("contacto", "escuela", "nombre")
    typed = Typed(*(field(form, name)[:LONGEST] for name in names))
    address = _address(typed.contact)
    problems = []
    if address is None:
        problems.append(
            Problem("contacto", say("Escribe un correo completo o los 10 dígitos de tu celular."))
        )
    if not (typed.school or typed.name):
        problems.append(Problem("escuela", say("Escribe tu escuela o tu nombre.")))
    if address is None or problems:
        page = _page(say, typed, tuple(problems))
        return render_in(say, page, status=422)
    try:
        with db.unit_of_work() as session:
            keys = match_keys(site.settings.data_keys)
            ask(session, Asked(address, typed.name, typed.school), keys, now=now)
    except TooManyRequests as refusal:
        wait = MessagePage(say("Espera un poco"), (say.refusal(refusal),))
        return render_in(say, wait, status=refusal.status)
    return render_in(say, _heard(say))


def _address(text: str) -> Address | None:
    try:
        return read_address(ContactKind.EMAIL if "@" in text else ContactKind.MOBILE, text)
    except (NotAMail, NotAPhone):
        return None


def _page(say: Say, typed: Typed, problems: tuple[Problem, ...] = ()) -> RecoverPage:
    heading = say("Pedir mi enlace")
    return RecoverPage(
        title=say("Error: {title}", title=heading) if problems else heading,
        heading=heading,
        action=with_choice("/recuperar", say.language),
        contact=typed.contact,
        school=typed.school,
        name=typed.name,
        problems=problems,
    )


def _heard(say: Say) -> MessagePage:
    return MessagePage(
        say("Listo, ya lo pediste"),
        (
            say(
                "Si tu escuela tiene ese dato, tu enlace te llega por correo o por mensaje en unos "
                "minutos; de noche, por la mañana. Revisa también el correo no deseado."
            ),
            say(
                "Si no lo tiene, le avisamos a tu escuela para que te busque. También puedes "
                "pedirlo ahí directamente."
            ),
        ),
    )
