"""Pages that only say something to a respondent: refusals, endings, unknown links."""

from dataclasses import replace

from fastapi.responses import Response

from app.db.transactions import Database
from app.errors import AppError
from app.fieldwork import entry
from app.web.language import N_, SPANISH, Say, with_choice
from app.web.render import render
from app.web.respondent.pages import MessagePage

RETRY_SECONDS = "5"
UNKNOWN_LINK = MessagePage(
    N_("No encontramos ese enlace"),
    (
        N_(
            "Revisa que esté completo: copia todo el enlace del mensaje, o tócalo en el mensaje "
            "mismo."
        ),
        N_("Si sigue sin abrir, pide tu enlace otra vez."),
    ),
    link="/recuperar",
    link_text=N_("Pedir mi enlace"),
)
_TITLES = {
    403: N_("Abre tu enlace otra vez"),
    404: N_("No encontramos esa página"),
    409: N_("Falta un paso"),
    410: N_("Este cuestionario ya no recibe respuestas"),
    429: N_("Espera un poco"),
    503: N_("No pudimos guardar todavía"),
}
_TITLE = N_("No se pudo")


def message_of(refusal: AppError, say: Say = SPANISH) -> Response:
    """A refusal in the respondent's own look and voice."""
    title = say(_TITLES.get(refusal.status, _TITLE))
    page = MessagePage(title, (say.refusal(refusal),))
    response = render(page, status=refusal.status, language=say.language)
    if refusal.status == 503:
        response.headers["retry-after"] = RETRY_SECONDS
    return response


def spoken(db: Database, secret: str) -> Say:
    """The language of whoever holds a session, also of one that is over."""
    if not secret:
        return SPANISH
    try:
        with db.reading() as session:
            return Say(entry.language_of(session, secret))
    except AppError:  # the store that refused is the reason why we are here
        return SPANISH


def said(page: MessagePage, say: Say) -> MessagePage:
    """A page of fixed words in another language."""
    return replace(
        page,
        title=say(page.title),
        paragraphs=tuple(map(say, page.paragraphs)),
        link=with_choice(page.link, say.language) if page.link else None,
        link_text=say(page.link_text) if page.link_text else "",
    )
