"""TRAYECTO_MAIL_PACE and TRAYECTO_MAIL_WARM_UP as a policy.

Unsaid they protect the good name of a real deployment, and are off in development, whose mail
reaches nobody.
"""

from app.errors import AppError
from app.messaging.pacing import PacePolicy

DEFAULT_PACE = "60,gmail.com=30,googlemail.com=30"
OFF = "off"
_LARGEST = 100_000  # messages a minute


class PaceRefused(AppError):
    """The pace of mail cannot be meant."""

    code = "messaging.pace_refused"
    status = 503
    plantilla = "Falta corregir el ajuste {name}: {problem}."


def read_pace(pace: str | None, warm_up: str | None, *, production: bool) -> PacePolicy:
    """The policy of `60,gmail.com=30` or `off`, and of `on` or `off`.

    Raises:
        PaceRefused: not of this form.
    """
    if warm_up not in {None, "on", OFF}:
        raise PaceRefused(name="TRAYECTO_MAIL_WARM_UP", problem="debe ser on u off")
    warm = production if warm_up is None else warm_up == "on"
    text = pace or (DEFAULT_PACE if production else OFF)
    if text == OFF:
        return PacePolicy(warm_up=warm)
    first, *others = (entry.strip() for entry in text.split(","))
    slower = dict(entry.lower().partition("=")[::2] for entry in others)
    return PacePolicy(
        _rate(first), {domain: _rate(rate) for domain, rate in slower.items()}, warm_up=warm
    )


def _rate(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or not 0 < int(text) <= _LARGEST:
        raise PaceRefused(
            name="TRAYECTO_MAIL_PACE",
            problem="se escribe como 60,gmail.com=30: mensajes por minuto, o la palabra off",
        )
    return int(text)
