"""A CURP as the registry would write it for a name, a date, a sex and a state.

The opposite of app.directory.curp, which reads and checks one. Position 17 follows the year of
birth (a digit before 2000, a letter from then on) and tells namesakes apart.
"""

import re
from collections import Counter
from datetime import date

from app.directory.curp import check_digit
from app.directory.people import PersonName, curp_letters, search_form

_CONSONANTS = re.compile(r"[B-DF-HJ-NP-TV-Z]")
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SKIPPED_GIVEN = frozenset({"MARIA", "MA", "JOSE", "J"})
_PARTICLES = frozenset({"DE", "DEL", "LA", "LAS", "LOS", "Y"})
# The registry puts an X for the second letter where the first four make a rude word.
_RUDE = frozenset(
    {
        "BUEI", "BUEY", "CACA", "CACO", "CAGA", "CAGO", "CAKA", "COGE", "COJA", "COJE", "COJI",
        "COJO", "CULO", "FETO", "JOTO", "KACA", "KACO", "MAME", "MAMO", "MEAR", "MEAS", "MEON",
        "MION", "MOCO", "MULA", "PEDA", "PEDO", "PENE", "PIPI", "PITO", "POPO", "PUTA", "PUTO",
        "QULO", "RATA", "ROBA", "ROBE", "RUIN", "SENO", "TETA", "VACA", "VAGA", "VAGO", "VUEI",
        "WUEI",
    }
)  # fmt: skip


class CurpRegistry:
    """Writes CURPs and remembers them, so that no two people have the same."""

    def __init__(self) -> None:
        self._namesakes: Counter[str] = Counter()

    def write(self, name: PersonName, *, sex: str, born: date, state: str) -> str:
        """The CURP of a new person; `state` by its two letters."""
        first = curp_letters(name)
        if first in _RUDE:
            first = f"{first[0]}X{first[2:]}"
        inner = "".join(map(_inner_consonant, (name.surname_1, name.surname_2 or "", name.given)))
        sixteen = f"{first}{born:%y%m%d}{sex}{state}{inner}"
        place = self._namesakes[sixteen]
        self._namesakes[sixteen] += 1
        seventeen = sixteen + (
            str(place % 10) if born.year < 2000 else _LETTERS[place % len(_LETTERS)]
        )
        return seventeen + check_digit(seventeen)


def _inner_consonant(text: str) -> str:
    """The first consonant after the first letter of the word that counts; X if there is none."""
    words = search_form(text.replace("ñ", "x").replace("Ñ", "X")).upper().split()
    words = [word for word in words if word not in _PARTICLES] or words
    if len(words) > 1 and words[0] in _SKIPPED_GIVEN:
        words = words[1:]
    found = _CONSONANTS.search(words[0], 1) if words else None
    return found.group() if found else "X"
