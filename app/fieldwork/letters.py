"""What one message says about one person: the values of its fields, as people read them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlsplit

from app.chronology.contact_plan import Step
from app.chronology.table import MONTHS
from app.fieldwork.addressees import Correspondent
from app.fieldwork.dispositions import Disposition
from app.fieldwork.links import link_for
from app.fieldwork.short_texts import recovery_short, short_text
from app.fieldwork.texts import MINUTES, RECOVERY, MessageText, TextKey, recovery_text, text_of
from app.keys import PurposeKey

# Whoever has begun is reminded with another text.
BEGUN = frozenset({Disposition.STARTED, Disposition.BREAK_OFF})
_WEEKDAYS = ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo")


@dataclass(frozen=True, slots=True)
class Sender:
    """Who speaks, and at which addresses: of the institution and of this deployment."""

    name: str  # of the institution's profile
    base_url: str
    unsubscribe_url: str  # of this person


def text_for(
    correspondent: Correspondent, step: str, own: Mapping[TextKey, MessageText]
) -> MessageText:
    """The text of a step for a person: in the institution's `own` words, or as it comes.

    Who asked for a lost link gets the words for that.
    """
    if step == RECOVERY:
        return recovery_text()
    started = correspondent.state.disposition in BEGUN
    key = TextKey(correspondent.questionnaire, Step(step), started)
    return own.get(key) or text_of(key.questionnaire, key.step, started=started)


def short_for(
    correspondent: Correspondent, step: str, own: Mapping[TextKey, MessageText]
) -> MessageText:
    """The same for SMS and WhatsApp."""
    if step == RECOVERY:
        return recovery_short()
    key = TextKey(correspondent.questionnaire, Step(step), short=True)
    return own.get(key) or short_text(key.questionnaire, key.step)


def values_for(
    correspondent: Correspondent, sender: Sender, keys: Sequence[PurposeKey]
) -> Mapping[str, str]:
    """A value for every field and link of the texts.

    Raises:
        LinkKeyMissing: the person's link cannot be written again.
    """
    return {
        "nombre": correspondent.given_name,
        "escuela": correspondent.school,
        "generacion": correspondent.cohort,
        "minutos": str(MINUTES[correspondent.questionnaire]),
        "cierra": in_words(correspondent.closes - timedelta(days=1)),
        "sitio": urlsplit(sender.base_url).netloc,
        "remitente": sender.name,
        "liga": link_for(correspondent.link, keys, base_url=sender.base_url),
        "baja": sender.unsubscribe_url,
    }


def in_words(day: date) -> str:
    """A date as people say it: "lunes 30 de noviembre de 2026"."""
    month = MONTHS[day.month - 1].lower()
    return f"{_WEEKDAYS[day.weekday()]} {day.day} de {month} de {day.year}"
