"""Pages that only say something to a respondent: refusals, endings, unknown links."""

from fastapi.responses import Response

from app.errors import AppError
from app.web.render import render
from app.web.respondent.pages import MessagePage

RETRY_SECONDS = "5"
UNKNOWN_LINK = MessagePage(
    "No encontramos ese enlace",
    (
        "Revisa que esté completo: copia todo el enlace del mensaje, o tócalo en el mensaje mismo.",
        "Si sigue sin abrir, pide uno nuevo en tu escuela.",
    ),
)
_TITLES = {
    403: "Abre tu enlace otra vez",
    404: "No encontramos esa página",
    409: "Falta un paso",
    410: "Este cuestionario ya no recibe respuestas",
    429: "Espera un poco",
    503: "No pudimos guardar todavía",
}
_TITLE = "No se pudo"


def message_of(refusal: AppError) -> Response:
    """A refusal in the respondent's own look and voice."""
    title = _TITLES.get(refusal.status, _TITLE)
    response = render(MessagePage(title, (refusal.mensaje,)), status=refusal.status)
    if refusal.status == 503:
        response.headers["retry-after"] = RETRY_SECONDS
    return response
