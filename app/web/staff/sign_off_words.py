"""The close of a wave in a few words, where other pages mention it."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.analytics.sign_off import SignOffState

# A sign that is read without colour, and its words.
SIGNS: Mapping[SignOffState, tuple[str, str]] = {
    SignOffState.TO_SUBMIT: ("○", "Cierre por entregar"),
    SignOffState.SUBMITTED: ("◐", "Cierre entregado, en revisión"),
    SignOffState.RETURNED: ("↩", "Cierre devuelto con comentario"),
    SignOffState.ACCEPTED: ("✓", "Cierre aceptado"),
}


@dataclass(frozen=True, slots=True)
class CloseMark:
    """A quiet mark: the sign says what the words say."""

    sign: str
    words: str


def close_mark(counts: Mapping[SignOffState, int]) -> CloseMark | None:
    """Of one school's close, or of those of many; None where nothing is closed."""
    total = sum(counts.values())
    if not total:
        return None
    if total == 1:
        (state,) = (state for state, waves in counts.items() if waves)
        return CloseMark(*SIGNS[state])
    accepted = counts.get(SignOffState.ACCEPTED, 0)
    words = [f"{accepted:,} de {total:,} cierres aceptados"]
    waiting, returned = (counts.get(s, 0) for s in (SignOffState.SUBMITTED, SignOffState.RETURNED))
    if waiting:
        words.append(f"{waiting:,} en revisión")
    if returned:
        words.append(f"{returned:,} devueltos" if returned > 1 else "1 devuelto")
    begun = accepted or waiting or returned
    state = SignOffState.SUBMITTED if begun else SignOffState.TO_SUBMIT
    if accepted == total:
        state = SignOffState.ACCEPTED
    return CloseMark(SIGNS[state][0], ", ".join(words))


def close_words(found: tuple[SignOffState, str] | None) -> str:
    """Of one wave, with what the office said when it gave it back."""
    if found is None:
        return ""
    state, said = found
    words = SIGNS[state][1]
    return f"{words}: «{said}»." if state is SignOffState.RETURNED and said else f"{words}."
