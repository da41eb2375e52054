"""A chart as a PNG, made by the server: its sentence above it, whom it is of and when below.

resvg draws (package resvg_py, in the `reports` extra); decisions/0012 says why. The drawing is
1,000 wide, so that paths need no scaling, and twice as many pixels.
"""

import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from html import escape

from fastapi.responses import Response

from app.analytics.charts.drawing import (
    BLUE,
    GREY,
    INK,
    LINE,
    ORANGE,
    SCALE,
    Dot,
    Drawing,
    Path,
    Rect,
    Shape,
    Stroke,
    Words,
)
from app.errors import AppError

WIDTH, MARGIN = 1000, 40
ZOOM = 2
PAPER = "#FFFFFF"
_LETTERS = 'font-family="DejaVu Sans, Noto Sans, Liberation Sans, Arial, sans-serif"'
_GREY_LINE = 'fill="none" stroke="#6F777B" stroke-width="1.5"'
# Looks as staff.css has them (a test compares the lists); a picture has no style sheet.
LOOKS: Mapping[str, str] = {
    "bar-track": f'fill="none" stroke="{LINE}"',
    "bar-main": f'fill="{BLUE}"',
    "bar-other": f'fill="{GREY}"',
    "whisker": f'stroke="{INK}" stroke-width="2"',
    "beside": f'stroke="{INK}" stroke-width="2.5" stroke-dasharray="2 4"',
    "axis": f'stroke="{LINE}"',
    "dot-main": f'fill="{BLUE}"',
    "dot-far": f'fill="{ORANGE}" stroke="{INK}" stroke-width="2"',
    "dot-before": f'fill="{PAPER}" stroke="#6F777B" stroke-width="2"',
    "trace": f'fill="none" stroke="{BLUE}" stroke-width="2.5"',
    "trace earlier": 'fill="none" stroke="#6F777B" stroke-width="1.5"',
    "band": f'fill="{BLUE}" fill-opacity="0.15"',
    "break": 'stroke="#9A5B00" stroke-width="2" stroke-dasharray="4 3"',
    "limit-near": f'{_GREY_LINE} stroke-dasharray="6 4"',
    "limit-far": _GREY_LINE,
    "stream": f'fill="{GREY}" fill-opacity="0.4"',
    "stream-kept": f'fill="{BLUE}" fill-opacity="0.55"',
    "node": f'fill="{INK}"',
    "end": f'fill="{INK}" font-weight="bold"',
    "quiet": 'fill="#4A545B"',
    "small": f'fill="{INK}" font-size="14"',
    "quiet small": 'fill="#4A545B" font-size="14"',
    "on-dark": f'fill="{PAPER}" font-weight="bold"',
    "on-light": f'fill="{INK}" font-weight="bold"',
    "": f'fill="{INK}"',
    **{
        f"scale-{rating}": f'fill="{colour}" stroke="{PAPER}" stroke-width="1.5"'
        for rating, colour in enumerate(SCALE, 1)
    },
}


class PicturesNotInstalled(AppError):
    """The library that draws PNG files is not on this server."""

    code = "pictures.not_installed"
    status = 503
    plantilla = (
        "Este servidor no hace imágenes PNG. La gráfica y sus números están completos en la página "
        "y en el CSV. Para tenerlas, quien lo administra puede instalar el paquete «reports»."
    )


class NoLetters(AppError):
    """The server has no font to write with."""

    code = "pictures.no_letters"
    status = 503
    plantilla = (
        "Este servidor no tiene letras con que hacer la imagen. La gráfica y sus números están "
        "completos en la página y en el CSV. Quien lo administra puede instalar "
        "«fonts-dejavu-core»."
    )


def picture(drawing: Drawing, *, headline: str, below: Sequence[str]) -> bytes:
    """The chart as PNG.

    Args:
        drawing: of released figures.
        headline: what it says, above it.
        below: whom it is of, of when, and notes; each a paragraph.

    Raises:
        PicturesNotInstalled, NoLetters: resvg, or every font, is not there.
    """
    try:
        from resvg_py import svg_to_bytes  # noqa: PLC0415 (an extra: the panel works without)
    except ImportError as missing:
        raise PicturesNotInstalled from missing
    if not _has_letters(svg_to_bytes):
        raise NoLetters
    return bytes(svg_to_bytes(svg_string=svg(drawing, headline, below), zoom=ZOOM))


@cache
def _has_letters(draw: Callable[..., bytes]) -> bool:
    """Whether the server has any font: without one, words are left out in silence."""
    blank, written = (
        draw(svg_string="".join(_document([_text(0, 20, text, "")], height=30)))
        for text in ("", "A")
    )
    return bytes(blank) != bytes(written)


def picture_file(drawing: Drawing, name: str, *, below: Sequence[str]) -> Response:
    """The chart as a download called `name`.

    Raises:
        PicturesNotInstalled, NoLetters.
    """
    return Response(
        picture(drawing, headline=drawing.title, below=below),
        media_type="image/png",
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )


def svg(drawing: Drawing, headline: str, below: Sequence[str]) -> str:
    """The whole picture as one SVG document, with every look written out."""
    parts: list[str] = []
    y = MARGIN + 24.0
    for line in textwrap.wrap(headline, 62):
        parts.append(_text(0, y, line, 'font-size="26" font-weight="bold"'))
        y += 34
    for place, key in enumerate(drawing.keys):
        x, down = 330 * (place % 3), y + 26 * (place // 3)
        parts.append(f'<rect x="{x}" y="{down - 12}" width="22" height="12" {_look(key.look)}/>')
        parts.append(_text(x + 30, down, key.text, 'font-size="15"'))
    y += 26 * -(-len(drawing.keys) // 3)
    parts.append(f'<g transform="translate(0 {y:g})">{"".join(map(_shape, drawing.shapes))}</g>')
    y += drawing.height + 30
    for paragraph in below:
        for line in textwrap.wrap(paragraph, 112):
            parts.append(_text(0, y, line, 'font-size="15" fill="#4A545B"'))
            y += 21
        y += 6
    return "".join(_document(parts, height=round(y + MARGIN - 10)))


def _document(parts: Sequence[str], *, height: int) -> Iterator[str]:
    wide = WIDTH + 2 * MARGIN
    yield f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{height}" {_LETTERS}>'
    yield f'<rect width="{wide}" height="{height}" fill="{PAPER}"/>'
    yield f'<g transform="translate({MARGIN} 0)" font-size="16">'
    yield from parts
    yield "</g></svg>"


def _shape(shape: Shape) -> str:
    match shape:
        case Rect(x=x, y=y, width=width, height=height, look=look):
            size = f'width="{_x(width)}" height="{height:g}"'
            return f'<rect x="{_x(x)}" y="{y:g}" {size} {_look(look)}/>'
        case Words(x=x, y=y, text=text, look=look, anchor=anchor):
            return _text(_x(x), y, text, f'text-anchor="{anchor}" {_look(look)}')
        case Stroke(x1=x1, y1=y1, x2=x2, y2=y2, look=look):
            ends = f'x1="{_x(x1)}" y1="{y1:g}" x2="{_x(x2)}" y2="{y2:g}"'
            return f"<line {ends} {_look(look)}/>"
        case Dot(x=x, y=y, radius=radius, look=look):
            return f'<circle cx="{_x(x)}" cy="{y:g}" r="{radius:g}" {_look(look)}/>'
        case Path(d=d, look=look):
            return f'<path d="{d}" {_look(look)}/>'


def _text(x: float, y: float, text: str, rest: str) -> str:
    return f'<text x="{x:g}" y="{y:g}" {rest}>{escape(text)}</text>'


def _look(name: str) -> str:
    return LOOKS[name]


def _x(percent: float) -> float:
    return round(WIDTH * percent / 100, 1)
