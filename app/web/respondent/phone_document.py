"""The whole questionnaire as one document for browsers with a script: static, nothing personal.

Made and compressed once for each version, kind of programme and language, then kept in memory.
"""

import gzip
import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from fastapi import Request
from fastapi.responses import Response
from markupsafe import Markup

from app.questionnaires.compact import Audiences, asked_of, audiences_of, compact
from app.questionnaires.format import Questionnaire
from app.questionnaires.items import Language
from app.questionnaires.piping import MARKERS
from app.questionnaires.view import Wording, whole_steps
from app.responses.sitting import Sitting
from app.web.language import N_, Say
from app.web.render import html
from app.web.respondent.pages import MonthParts, PhonePage
from app.web.respondent.steps import month_names, state_names
from app.web.tight import tight_markup

MOST_KEPT = 64  # documents in memory, about 45 kB each
CACHING = "private, no-cache"  # one address for everybody: asked again, answered by 304


@dataclass(frozen=True, slots=True)
class Document:
    """A page as it is served."""

    body: bytes
    compressed: bytes
    etag: str


def document_of(sitting: Sitting, language: Language) -> Document:
    """The document of this person's version and kind of programme."""
    audiences = audiences_of(sitting.questionnaire, sitting.preloaded)
    return _kept(_Version(sitting.version_id, sitting.questionnaire), audiences, language)


def make_document(
    questionnaire: Questionnaire, audiences: Audiences, language: Language
) -> Document:
    """The document of these audiences."""
    items = asked_of(questionnaire, audiences)
    leaves = {
        leaf.name
        for item in items
        for leaf in questionnaire.leaves[item.name]
        if leaf.applies is None or leaf.applies in audiences
    }
    say = Say(language)
    places = Wording({name: f"{{{name}}}" for name in MARKERS}, language)
    rules = {
        **compact(questionnaire, audiences, language=language),
        "u": [say(words) for words in _WORDS],
    }
    text = json.dumps(rules, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    page = PhonePage(
        title=questionnaire.title.text(language),
        steps=whole_steps(questionnaire, items, leaves, wording=places),
        rules=Markup(text),  # noqa: S704  our own JSON, its `<` written as an escape
        month=MonthParts("", "", month_names(language)),
        states=state_names(say),
    )
    body = tight_markup(html(page, language=language.value)).encode()
    etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
    return Document(body, gzip.compress(body, 9, mtime=0), etag)


def serve_document(document: Document, request: Request) -> Response:
    """The document, or 304 where the browser has it."""
    headers = {"etag": document.etag, "cache-control": CACHING}
    if request.headers.get("if-none-match") in {document.etag, f"W/{document.etag}"}:
        return Response(status_code=304, headers=headers)
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(document.body, media_type="text/html", headers=headers)
    headers["content-encoding"] = "gzip"
    return Response(document.compressed, media_type="text/html", headers=headers)


@dataclass(frozen=True)
class _Version:
    """A version by its id: what is equal need not be compared word by word."""

    id: UUID
    questionnaire: Questionnaire

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Version) and other.id == self.id

    def __hash__(self) -> int:
        return hash(self.id)


@lru_cache(MOST_KEPT)
def _kept(version: _Version, audiences: Audiences, language: Language) -> Document:
    return make_document(version.questionnaire, audiences, language)


# What the script says by itself, by place: saved, saving, one waits, many wait, waiting in memory,
# last button, two answers, sending at the end.
_WORDS = (
    N_("Guardado"),
    N_("Guardando…"),
    N_("Sin conexión: 1 respuesta guardada en este teléfono"),
    N_("Sin conexión: {n} respuestas guardadas en este teléfono"),
    N_("Sin conexión: {n} sin enviar. No cierres esta página"),
    N_("Terminar"),
    N_("Hay dos respuestas distintas. Elige con cuál te quedas."),
    N_("Listo. Enviamos tus respuestas en cuanto haya conexión."),
)
