"""How typed text is compared, kept and shown."""

import re
import unicodedata


def plain(text: str) -> str:
    """Lower case, without accents, words joined by one space: for comparing what people type."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return " ".join(re.findall(r"[a-z0-9]+", kept))


def tidy(text: str) -> str:
    """Composed letters, one space between words, nothing invisible.

    Direction marks and zero-width characters are taken out: they change what people see, never
    what a name says. Other control characters stay, for the caller to refuse.
    """
    seen = "".join(letter for letter in text if unicodedata.category(letter) != "Cf")
    return " ".join(unicodedata.normalize("NFC", seen).split())


def can_be_stored(text: str) -> bool:
    """Whether both databases keep this text unchanged: no NUL, control or surrogate character."""
    return not any(unicodedata.category(letter) in {"Cc", "Cs", "Co", "Cn"} for letter in text)


def shown(text: str, *, longest: int = 40) -> str:
    """What was found, short enough for a line and harmless on a terminal."""
    printable = "".join(letter if letter.isprintable() else "\ufffd" for letter in text)
    return printable if len(printable) <= longest else f"{printable[:longest]}…"
