"""The normal form of what people are called, and the form by which they are searched.

Knows nothing of files or databases. Accents are data: they are folded only to search.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from itertools import takewhile

LONGEST_NAME = 120  # characters of one part of a name

# Words that belong to the surname after them: "de la Cruz" is one surname.
_PARTICLES = frozenset(
    {"de", "del", "la", "las", "los", "y", "mc", "mac", "van", "von", "san", "da"}
)
_ODD_IN_A_NAME = re.compile(r"[^\w\s'’´`.\-–()]|[\d_]")  # noqa: RUF001  # signs people type
_VOWELS = frozenset("AEIOU")
# First given names that the CURP skips: "María Elena" is written with the E of Elena.
_SKIPPED_GIVEN = frozenset({"maria", "ma", "m", "jose", "j"})


@dataclass(frozen=True, slots=True)
class PersonName:
    """A name in three parts, as typed but clean."""

    given: str
    surname_1: str
    surname_2: str | None = None

    @property
    def full(self) -> str:
        """Given name first, as a letter writes it."""
        return " ".join(filter(None, (self.given, self.surname_1, self.surname_2)))

    @property
    def listed(self) -> str:
        """Surnames first, as a list in their order writes it: "Muñoz Pérez, José"."""
        return f"{' '.join(filter(None, (self.surname_1, self.surname_2)))}, {self.given}"

    @property
    def search(self) -> str:
        """By which the person is found and compared: "munoz perez jose"."""
        return search_form(" ".join(filter(None, (self.surname_1, self.surname_2, self.given))))


def clean(text: str) -> str:
    """NFC, spaces collapsed; controls, NUL, surrogates and invisible marks removed."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    composed = unicodedata.normalize("NFC", text)
    if composed.isprintable():
        return " ".join(composed.split())
    kept = (
        " " if character.isspace() else character
        for character in composed
        if character.isspace() or not unicodedata.category(character).startswith("C")
    )
    return " ".join("".join(kept).split())


@lru_cache(maxsize=32_768)  # lists repeat groups, programmes and names
def search_form(text: str) -> str:
    """Lower case without accents or ñ, letters and digits only: "Muñoz-Peña" → "munoz pena"."""
    lower = clean(text).upper().casefold()  # upper first: casefold alone keeps ı apart from i
    if lower.isascii() and lower.replace(" ", "").isalnum():
        return lower
    letters = unicodedata.normalize("NFD", lower)
    kept = (
        character if character.isalnum() else " "
        for character in letters
        if not unicodedata.combining(character)
    )
    return " ".join("".join(kept).split())


def odd_in_a_name(text: str) -> str | None:
    """The first character that names do not have, or None: digits, signs of formulas."""
    found = _ODD_IN_A_NAME.search(text)
    return found.group() if found else None


def split_surnames(text: str) -> tuple[str, str | None]:
    """`de la Cruz Peña` → (`de la Cruz`, `Peña`). Empty text gives ("", None)."""
    parts = _surname_parts(text.split())
    return (parts[0] if parts else "", " ".join(parts[1:]) or None)


def split_full_name(
    text: str, *, surnames_first: bool | None, curp: str | None = None
) -> PersonName | None:
    """A whole name in its parts; None when it has a single word.

    `surnames_first`: what the heading says, None if it does not. A comma decides by itself;
    then the first four letters of the CURP; then the heading; then the order of school
    lists, surnames first.
    """
    before, comma, after = text.partition(",")
    if comma and before.strip() and after.strip():
        surname_1, surname_2 = split_surnames(before.strip())
        return PersonName(after.strip(), surname_1, surname_2)
    parts = _surname_parts(text.split())
    if len(parts) < 2:
        return None
    orders = (_surnames_first(parts), _given_first(parts))
    if curp:
        for name in orders:
            if curp_letters(name) == curp[:4]:
                return name
    return orders[1] if surnames_first is False else orders[0]


def curp_letters(name: PersonName) -> str:
    """The four letters a CURP starts with: surname and its inner vowel, surname, given name."""
    first = _folded_words(name.surname_1)
    second = _folded_words(name.surname_2 or "")
    given = _folded_words(name.given)
    if len(given) > 1 and given[0].lower() in _SKIPPED_GIVEN:
        given = given[1:]
    word = first[0] if first else "X"
    vowel = next((letter for letter in word[1:] if letter in _VOWELS), "X")
    return word[0] + vowel + (second[0][0] if second else "X") + (given[0][0] if given else "X")


def _folded_words(text: str) -> list[str]:
    # Ñ becomes X in a CURP, unlike in our search form.
    plain = search_form(text.replace("ñ", "x").replace("Ñ", "X")).upper().split()
    return [word for word in plain if word.lower() not in _PARTICLES] or plain


def _surname_parts(words: list[str]) -> list[str]:
    """Words with their particles: ["de la Cruz", "Peña", "Ana"]."""
    parts: list[str] = []
    waiting: list[str] = []
    for word in words:
        waiting.append(word)
        if search_form(word) not in _PARTICLES:
            parts.append(" ".join(waiting))
            waiting = []
    if waiting:
        parts.append(" ".join(waiting))
    return parts


def _surnames_first(parts: list[str]) -> PersonName:
    if len(parts) == 2:
        return PersonName(parts[1], parts[0])
    return PersonName(" ".join(parts[2:]), parts[0], parts[1])


def _given_first(parts: list[str]) -> PersonName:
    if len(parts) == 2:
        return PersonName(parts[0], parts[1])
    return PersonName(" ".join(parts[:-2]), parts[-2], parts[-1])


def initials(name: PersonName) -> str:
    """J. M. P.: enough to recognise a person one knows, not enough to learn who it is."""
    words = (name.given, name.surname_1, name.surname_2 or "")
    return " ".join(f"{word[0].upper()}." for word in takewhile(bool, words))
