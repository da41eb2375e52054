"""Message texts with a closed set of `{{campo}}` placeholders, filled by plain substitution.

One text makes both parts: the plain one as written, the HTML one from the same paragraphs, so
they cannot disagree. No attributes, filters or expressions (trust.md SEC-44).
"""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from app.errors import AppError
from app.messaging.headers import checked_url

LARGEST_HTML = 20_000  # bytes; trust.md EM-01
LONGEST_TEXT = 8_000  # characters of a template
WIDEST_VALUE = 2_000  # characters of one value

_PLACEHOLDER = re.compile(r"\{\{\s*([a-z][a-z0-9_]*)\s*\}\}")
_HTML_HEAD = (
    '<!doctype html>\n<html lang="es-MX"><head><meta charset="utf-8">\n'
    '<meta name="viewport" content="width=device-width">\n<title></title></head>\n'
    '<body style="margin:0;padding:16px;font:16px/1.5 sans-serif;color:#232528">\n'
)
_HTML_TAIL = "</body></html>\n"
_TAP_STYLE = (
    "display:block;padding:12px 16px;border:1px solid #1f4e79;border-radius:6px;"
    "color:#1f4e79;text-decoration:none"
)


class TemplateRefused(AppError):
    """A text for messages cannot be used as written."""

    code = "messaging.template_refused"
    status = 422
    plantilla = "No se puede usar este texto: {problem}. Corríjalo y guarde otra vez."


@dataclass(frozen=True, slots=True)
class Taps:
    """A question whose options are links in the HTML part: `link` with `?name=code` behind it.

    They stand above the paragraph with the link itself; the plain part has that one alone.
    """

    question: str
    link: str
    name: str
    options: tuple[tuple[str, str], ...]  # code and text


@dataclass(frozen=True, slots=True)
class FilledText:
    """What one person reads. Line ends are LF; `html` is at most 20 kB of UTF-8."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class _Pieces:
    """Fixed text and placeholder names in turn: fixed, name, fixed, name, …, fixed."""

    fixed: tuple[str, ...]
    names: tuple[str, ...]

    def fill(self, values: Mapping[str, str]) -> str:
        parts = [self.fixed[0]]
        for name, after in zip(self.names, self.fixed[1:], strict=True):
            parts += values[name], after
        return "".join(parts)


@dataclass(frozen=True, slots=True)
class Template:
    """A checked text, parsed once. `fields` and `links` are the names it uses."""

    subject: _Pieces
    text: _Pieces
    html: _Pieces
    fields: frozenset[str]
    links: frozenset[str]

    def fill(self, values: Mapping[str, str]) -> FilledText:
        """The three texts for one person.

        Raises:
            KeyError: a value is missing.
            ValueError: the value of a link is not a plain URL, or the HTML is over 20 kB.
        """
        plain = {name: _kept(values[name]) for name in self.fields}
        for name in self.links:
            plain[name] = checked_url(values[name])
        escaped = {name: html.escape(text) for name, text in plain.items()}
        for name in self.links:
            escaped[_host_of(name)] = html.escape(urlsplit(plain[name]).netloc)
        page = self.html.fill(escaped)
        if len(page.encode()) > LARGEST_HTML:
            raise ValueError("the HTML part is over 20 kB")
        return FilledText(self.subject.fill(plain), self.text.fill(plain), page)


def parse_template(
    subject: str,
    text: str,
    *,
    fields: frozenset[str],
    links: frozenset[str] = frozenset(),
    taps: Taps | None = None,
) -> Template:
    """The template of `text`, whose placeholders are among `fields` or `links`.

    The value of a link is a URL: shown whole in the plain part, and as its host in the HTML part,
    so that what people see is where they go.

    Raises:
        TemplateRefused: an unknown placeholder, stray braces, a link in the subject, a link used
            twice, an empty or too long text.
    """
    body = text.replace("\r\n", "\n").strip() + "\n"
    pieces = {"asunto": _split(subject), "mensaje": _split(body)}
    for place, found in pieces.items():
        problem = _problem(place, found, fields, links)
        if problem:
            raise TemplateRefused(problem=problem)
    if len(body) > LONGEST_TEXT:
        raise TemplateRefused(problem=f"el mensaje tiene más de {LONGEST_TEXT} caracteres")
    used = {*pieces["asunto"].names, *pieces["mensaje"].names}
    return Template(
        subject=pieces["asunto"],
        text=pieces["mensaje"],
        html=_split(_html_source(body, links, taps)),
        fields=frozenset(used - links),
        links=frozenset(used & links),
    )


def _problem(
    place: str, pieces: _Pieces, fields: frozenset[str], links: frozenset[str]
) -> str | None:
    if not "".join(pieces.fixed).strip() and not pieces.names:
        return f"falta el {place}"
    unknown = [name for name in pieces.names if name not in fields | links]
    if unknown:
        return f"en el {place} no existe el campo «{unknown[0]}»"
    if any("{{" in fixed or "}}" in fixed for fixed in pieces.fixed):
        return f"en el {place} hay llaves sueltas; un campo se escribe así: {{{{nombre}}}}"
    if place == "asunto" and links & set(pieces.names):
        return "el asunto no lleva enlaces"
    repeated = [name for name in links if pieces.names.count(name) > 1]
    return f"el enlace «{repeated[0]}» aparece dos veces" if repeated else None


def _split(text: str) -> _Pieces:
    parts = _PLACEHOLDER.split(text)
    return _Pieces(tuple(parts[::2]), tuple(parts[1::2]))


def _html_source(text: str, links: frozenset[str], taps: Taps | None) -> str:
    """Paragraphs of `text` as HTML, with placeholders still in it."""

    def linked(found: re.Match[str]) -> str:
        name = found[1]
        if name not in links:
            return found[0]
        return f'<a href="{{{{{name}}}}}">{{{{{_host_of(name)}}}}}</a>'

    escaped = _PLACEHOLDER.sub(linked, html.escape(text, quote=False))
    paragraphs = [part.strip().replace("\n", "<br>\n") for part in re.split(r"\n{2,}", escaped)]
    body = "".join(f"{_tap_source(part, taps)}<p>{part}</p>\n" for part in paragraphs if part)
    return _HTML_HEAD + body + _HTML_TAIL


def _tap_source(paragraph: str, taps: Taps | None) -> str:
    """The question and its options, before the paragraph that holds their link."""
    if taps is None or f'href="{{{{{taps.link}}}}}"' not in paragraph:
        return ""
    plain = (_plain_braces(taps.question), *(_plain_braces(text) for _, text in taps.options))
    options = "".join(
        f'<p style="margin:0 0 8px"><a href="{{{{{taps.link}}}}}?{taps.name}={code}" '
        f'style="{_TAP_STYLE}">{text}</a></p>\n'
        for (code, _), text in zip(taps.options, plain[1:], strict=True)
    )
    return f"<p><strong>{plain[0]}</strong></p>\n{options}"


def _plain_braces(text: str) -> str:
    # What looks like a field in a question is only braces.
    return html.escape(text.replace("{{", "{").replace("}}", "}"), quote=False)


def _host_of(link: str) -> str:
    return f"{link}_host"


def _kept(value: str) -> str:
    """`value` as one line without control characters: it may come from a roster."""
    if not value.isprintable():
        value = "".join(" " if _cannot_be_written(sign) else sign for sign in value)
    return value[:WIDEST_VALUE]


def _cannot_be_written(sign: str) -> bool:
    return sign < " " or "\x7f" <= sign <= "\x9f" or "\ud800" <= sign <= "\udfff"
