"""What a PNG file shows, read from its pixels: where bars end, how wide pieces are, where dots lie.

The colours and the size of a picture are its own (1,000 across, 40 before and after); its marks
must be where the drawing of the page has them.
"""

import zlib
from collections.abc import Iterator
from struct import unpack

import numpy as np
from numpy.typing import NDArray

from tests.recount.drawn import Drawn, number

MARGIN = 40  # pixels
BLUE, GREY = (0x00, 0x72, 0xB2), (0x8C, 0x93, 0x99)
SCALE = ((0x16, 0x21, 0x2B), (0x6F, 0x77, 0x7B), (0xC9, 0xC5, 0xBC), (0x7F, 0xB8, 0xDA), BLUE)
HALF = 0.2  # percent: two pixels of the picture
ALIKE = 8  # of 255: the soft edge of a shape is none of it
Pixels = NDArray[np.int16]
Colour = tuple[int, int, int]


def pixels_of(file: bytes) -> Pixels:
    """Rows × columns × (red, green, blue) of a PNG of eight bits a colour.

    Raises:
        ValueError: another kind of file.
    """
    if file[:8] != b"\x89PNG\r\n\x1a\n":
        raise ValueError("not a PNG")
    at, packed, wide, high, channels = 8, b"", 0, 0, 4
    while at < len(file):
        size, kind = unpack(">I4s", file[at : at + 8])
        content = file[at + 8 : at + 8 + size]
        if kind == b"IHDR":
            wide, high, depth, colour = unpack(">IIBB", content[:10])
            if depth != 8 or colour not in {2, 6}:
                raise ValueError(f"a PNG of {depth} bits, colours {colour}")
            channels = 3 if colour == 2 else 4
        elif kind == b"IDAT":
            packed += content
        at += size + 12
    lines = np.frombuffer(zlib.decompress(packed), np.uint8).reshape(high, 1 + channels * wide)
    found = np.zeros((high, wide * channels), np.uint8)
    before = np.zeros(wide * channels, np.uint8)
    for place, line in enumerate(lines):
        before = _unfiltered(int(line[0]), line[1:], before, channels)
        found[place] = before
    return found.reshape(high, wide, channels)[:, :, :3].astype(np.int16)


def _unfiltered(
    kind: int, line: NDArray[np.uint8], above: NDArray[np.uint8], channels: int
) -> NDArray[np.uint8]:
    """A line as it was before it was filtered for packing (PNG, section 9)."""
    if kind == 0:
        return line.copy()
    if kind == 2:
        return line + above
    if kind == 1:
        parts = line.reshape(-1, channels).astype(np.uint32)
        return np.cumsum(parts, axis=0).astype(np.uint8).reshape(-1)
    done = bytearray(len(line))
    given, over = line.tolist(), above.tolist()
    for i, byte in enumerate(given):
        left = done[i - channels] if i >= channels else 0
        corner = over[i - channels] if i >= channels else 0
        guess = (left + over[i]) // 2 if kind == 3 else _nearest(left, over[i], corner)
        done[i] = (byte + guess) & 255
    return np.frombuffer(bytes(done), np.uint8)


def _nearest(left: int, above: int, corner: int) -> int:
    guess = left + above - corner
    return min((left, above, corner), key=lambda one: abs(guess - one))


def painted_like(drawn: Drawn, file: bytes, *, down: float) -> Iterator[str]:
    """Whether the marks of a drawing are on its picture, as long and where they are drawn.

    Args:
        drawn: of the page.
        file: the PNG.
        down: where the drawing begins in it, under its sentence and its keys.
    """
    pixels = pixels_of(file)
    for colour, x, y, wide in _marks(drawn):
        row = pixels[round(y + down)]
        there = np.flatnonzero(np.abs(row - np.array(colour)).max(axis=-1) <= ALIKE)
        near = there[(there >= _at(x) - 3) & (there <= _at(x + wide) + 9)]
        ends = (_percent(near[0]), _percent(near[-1] + 1)) if len(near) else (0.0, 0.0)
        if abs(ends[0] - x) > HALF or abs(ends[1] - x - wide) > HALF:
            yield f"{drawn.key}: {colour} from {x} to {x + wide} is painted at {ends}"


def _marks(drawn: Drawn) -> Iterator[tuple[Colour, float, float, float]]:
    """Bars, pieces and dots: colour, left, a line through it in pixels, width (percent)."""
    looks = {"bar-main": BLUE, "bar-other": GREY}
    looks |= {f"scale-{rating}": colour for rating, colour in enumerate(SCALE, 1)}
    for one in drawn.of("rect", *looks):
        if number(one["width"]) > 1:  # over its number and its whisker
            line = number(one["y"]) + 3
            yield looks[one["class"]], number(one["x"]), line, number(one["width"])
    for one in drawn.of("circle", "dot-main") if not drawn.of("path", "trace") else ():
        radius = number(one["r"]) / 10  # of a picture 1,000 wide
        yield BLUE, number(one["cx"]) - radius, number(one["cy"]), 2 * radius


def _at(percent: float) -> int:
    return round(MARGIN + 10 * percent)


def _percent(pixel: float) -> float:
    return (pixel - MARGIN) / 10
