"""Where a questionnaire ends for now: receipt, pause, refusal, closed, gone."""

from datetime import timedelta

from sqlmodel import Session

from app.fieldwork.tables import WATCHED
from app.questionnaires.flow import first_unanswered
from app.responses.queries import own_answers
from app.responses.sitting import Sitting
from app.responses.wording import wording_of
from app.web.language import N_, Say
from app.web.render import say_date
from app.web.respondent.pages import MessagePage, ReceiptPage
from app.web.respondent.posted import act_fields
from app.web.respondent.steps import Screen

LEFT = MessagePage(
    N_("Listo, saliste"),
    (
        N_("Tus respuestas están guardadas y en este dispositivo ya no se ven."),
        N_("Si otra persona va a contestar, que abra su propio enlace."),
    ),
)
LEFT_CLASS = MessagePage(
    N_("Listo, saliste"),
    (
        N_("Tus respuestas están guardadas y en este dispositivo ya no se ven."),
        N_("Ya puedes cerrar esta página."),
    ),
)
LEFT_CALL = MessagePage(
    "Entrevista guardada",
    ("Lo que se contestó por teléfono está guardado y aquí ya no se ve.",),
    link="/panel/pendientes",
    link_text="Volver a pendientes",
)
_FINISHED = (
    N_("Tus respuestas llegaron y están guardadas. Gracias por tu tiempo."),
    N_("Con las respuestas de toda la generación, tu escuela prepara un informe sin nombres."),
)
_NEXT = {
    1: N_("Lo que sigue: si lo permitiste, te escribiremos unos meses después de tu egreso."),
    2: N_("Lo que sigue: si lo permitiste, te escribiremos una vez más dentro de un año."),
    3: N_("Este era el último cuestionario: no te escribiremos para otro."),
}


def receipt_page(session: Session, sitting: Sitting, screen: Screen) -> ReceiptPage:
    """After Terminar, and whenever this person comes back."""
    say = Say(sitting.visit.language)
    return _ending(
        session,
        sitting,
        screen,
        title=say("Gracias, ya recibimos tu cuestionario"),
        paragraphs=tuple(map(say, (*_FINISHED, _NEXT[sitting.wave.questionnaire]))),
    )


def stopped_page(session: Session, sitting: Sitting, screen: Screen) -> ReceiptPage:
    """After Terminar aquí."""
    say = Say(sitting.visit.language)
    return _ending(
        session,
        sitting,
        screen,
        title=say("Guardamos lo que contestaste"),
        paragraphs=(
            say(
                "Si quieres seguir después, tu enlace funciona hasta el {day}.",
                day=_last_day(sitting),
            ),
        ),
        continues=True,
    )


def closed_page(session: Session, sitting: Sitting, screen: Screen) -> ReceiptPage:
    """The period ended while this person was answering."""
    say = Say(sitting.visit.language)
    return _ending(
        session,
        sitting,
        screen,
        title=say("Este cuestionario ya cerró"),
        paragraphs=(say("Lo que contestaste antes del cierre quedó guardado y cuenta. Gracias."),),
    )


def refused_page(sitting: Sitting, screen: Screen) -> ReceiptPage:
    """The notice was not accepted."""
    say = Say(sitting.visit.language)
    notice = next(i.step or i.name for i in sitting.questionnaire.items if i.ends is not None)
    return ReceiptPage(
        title=say("Está bien, no vas a contestar"),
        school=sitting.wave.school,
        paragraphs=(
            say("Solo guardamos que no quisiste contestar; nada más."),
            say(
                "Si cambias de opinión, abre otra vez tu enlace. Funciona hasta el {day}.",
                day=_last_day(sitting),
            ),
        ),
        answers=(),
        answers_hidden=False,
        continue_url=screen.device.address(sitting.visit.session_id, paso=notice)
        if screen.device.holds(sitting.visit.session_id, screen.secret)
        else None,
        continue_form=act_fields(screen.secret, "atras", notice),
        leave=act_fields(screen.secret, "salir"),
        in_class=sitting.visit.mode in WATCHED,
    )


def _last_day(sitting: Sitting) -> str:
    day = sitting.wave.closes - timedelta(days=1)
    return say_date(day, language=sitting.visit.language)


def _ending(
    session: Session,
    sitting: Sitting,
    screen: Screen,
    *,
    title: str,
    paragraphs: tuple[str, ...],
    continues: bool = False,
) -> ReceiptPage:
    # Nothing that was answered stands on the screen where others look at it too.
    in_class = sitting.visit.mode in WATCHED
    wording = wording_of(session, sitting, sitting.steps, sitting.visit.language)
    resume = first_unanswered(sitting.questionnaire, sitting.answers) if continues else None
    step = resume.name if resume else ""
    with_cookies = screen.device.holds(sitting.visit.session_id, screen.secret)
    return ReceiptPage(
        title=title,
        school=sitting.wave.school,
        paragraphs=paragraphs,
        answers=() if in_class else own_answers(sitting, wording),
        answers_hidden=bool(sitting.hidden) and not in_class,
        continue_url=screen.device.address(sitting.visit.session_id, paso=step)
        if step and with_cookies
        else None,
        continue_form=act_fields(screen.secret, "atras", step) if step else (),
        leave=act_fields(screen.secret, "salir"),
        in_class=in_class,
    )
