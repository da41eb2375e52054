"""How many parts a text message takes, as telephones count them.

Source: 3GPP TS 23.038 v17 §6.2.1 (the default alphabet and its extension) and TS 23.040 §9.2.3.24
(the six octets that a part of a longer message spends on its place): 160 letters of the alphabet
or 70 of UCS-2 alone, 153 or 67 in each of several parts. An extended letter and a pair of
surrogates stay in one part.
"""

from collections.abc import Iterable
from dataclasses import dataclass

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà\u00c6\u00e6\u00df\u00c9"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")  # an escape before each: two places
_ALONE, _EACH = 160, 153
_ALONE_WIDE, _EACH_WIDE = 70, 67  # UTF-16 units


@dataclass(frozen=True, slots=True)
class SmsSize:
    """`letters`: places of the alphabet that is used. `wide`: what forces the dear one, in order.

    `each`: places of one part.
    """

    letters: int
    parts: int
    each: int
    wide: tuple[str, ...]


def sms_size(text: str) -> SmsSize:
    """The size of `text` as it is sent; an empty one has no part."""
    wide = tuple(dict.fromkeys(c for c in text if c not in _BASIC and c not in _EXTENDED))
    widths = [_units(c) if wide else _places(c) for c in text]
    alone, each = (_ALONE_WIDE, _EACH_WIDE) if wide else (_ALONE, _EACH)
    letters = sum(widths)
    if letters <= alone:
        return SmsSize(letters, int(bool(text)), alone, wide)
    return SmsSize(letters, _parts(widths, each), each, wide)


def _places(letter: str) -> int:
    return 2 if letter in _EXTENDED else 1


def _units(letter: str) -> int:
    return 2 if ord(letter) > 0xFFFF else 1


def _parts(widths: Iterable[int], each: int) -> int:
    parts, used = 1, 0
    for width in widths:
        if used + width > each:
            parts, used = parts + 1, 0
        used += width
    return parts
