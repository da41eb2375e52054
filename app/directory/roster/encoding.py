"""Bytes of a text file → text, by what Spanish looks like in each encoding."""

import re

# Letters of Spanish outside ASCII, and the few signs lists have.
_SPANISH = frozenset("áéíóúüñÁÉÍÓÚÜÑ")
_SIGNS = frozenset("°ºª¿¡«»–—’‘“”ç€")  # noqa: RUF001  # they are what people type
_BOMS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_ENOUGH = 2_000_000  # bytes looked at to tell one-byte encodings apart
_ONE_BYTE = ("cp1252", "cp850", "latin-1")  # the first of equals wins
# UTF-8 read as cp1252 ("MuÃ±oz"), or cp850 read as cp1252 ("Mu¤oz"), or letters already lost.
_BROKEN = re.compile(r"Ã[\u0080-\u00bf\u0152-\u02dc\u2013-\u2122]|Â[°ºª¿¡]|\w[¤¢£¥]\w|\ufffd")
_LOST = re.compile(r"[^\W\d]\?[^\W\d]")


class NotText(ValueError):
    """The bytes are no text in any encoding that lists come in."""


def decode(content: bytes) -> tuple[str, str]:
    """The text and the name of its encoding.

    Raises:
        NotText: a binary file.
    """
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            return _strictly(content[len(mark) :], encoding), encoding
    sample = content[:4096]
    if sample.count(0) > len(sample) // 4:
        low = sample[1::2].count(0) > sample[0::2].count(0)
        encoding = "utf-16-le" if low else "utf-16-be"
        return _strictly(content, encoding), encoding
    try:
        return content.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        if sample.count(0):
            raise NotText from None
        encoding = max(_ONE_BYTE, key=lambda name: _likelihood(content[:_ENOUGH], name))
        return content.decode(encoding), encoding


def looks_broken(text: str) -> bool:
    """Whether letters were lost or doubled before the file reached us ("MuÃ±oz", "Mu¤oz")."""
    if text.isascii():
        return "?" in text and _LOST.search(text) is not None
    return _BROKEN.search(text) is not None


def repaired(text: str) -> str | None:
    """What a doubly encoded text was probably meant to say; None where nothing fits."""
    for wrong, right in (("cp1252", "utf-8"), ("cp1252", "cp850")):
        try:
            meant = text.encode(wrong).decode(right)
        except (UnicodeEncodeError, UnicodeDecodeError):
            continue
        if meant != text and not looks_broken(meant) and _SPANISH.intersection(meant):
            return meant
    return None


def _strictly(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise NotText from error


def _likelihood(content: bytes, encoding: str) -> int:
    """Spanish letters for, strange ones against; a capital after a small letter is strange."""
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        return -(10**9)
    score = 0
    before = ""
    for line in text.splitlines():
        if line.isascii():
            continue
        for letter in line:
            if not letter.isascii():
                fits = letter in _SPANISH and not (letter.isupper() and before.islower())
                score += 1 if fits else 0 if letter in _SIGNS else -1
            before = letter
    return score
