"""Why a person gets a message and why not, in sentences."""

from datetime import date

from app.fieldwork.explaining import Expected
from app.fieldwork.wanted import IN_SPANISH
from app.web.render import say_date
from app.web.staff.wave_words import STEP_WORDS


def expected_lines(expected: Expected, *, opens: date) -> tuple[str, ...]:
    """What speaks against a message now, what will come if nothing changes, and the limits."""
    said = []
    if expected.reason is not None:
        said.append(f"Ahora no sale ninguno: {_inside(IN_SPANISH[expected.reason])}.")
    for place, (day, step) in enumerate(expected.coming):
        after = (day - opens).days
        since = f"{after} días después de abrir" if after > 1 else "al abrir"
        until = "si para entonces no responde" if place == 0 else "si sigue sin responder"
        said.append(f"{STEP_WORDS[step]}, el {say_date(day)}: {since}, {until}.")
    if expected.reason is None and not expected.coming:
        said.append(_why_none(expected))
    said.append(
        f"Lleva {expected.contacts} de {expected.most} contactos que permite el plan; entre uno y "
        f"otro pasan al menos {expected.gap} días."
    )
    return tuple(said)


def _why_none(expected: Expected) -> str:
    if expected.spent:
        return "Ya no sale otro: recibió todos los contactos que permite el plan."
    return "Ya no sale otro: los mensajes que quedaban en el plan ya se le enviaron."


def _inside(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:]
