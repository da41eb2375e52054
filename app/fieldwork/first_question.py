"""The question a letter opens with, in the words of its wave: tapping an option only marks it."""

from datetime import date, timedelta
from uuid import UUID

from sqlmodel import Session

from app.chronology.reference_week import ReferenceWeek
from app.errors import AppError
from app.fieldwork.addressees import Correspondent
from app.fieldwork.tables import Wave
from app.messaging.templates import Taps
from app.questionnaires.items import Language
from app.questionnaires.opening import OpeningQuestion, opening_question
from app.questionnaires.piping import Facts, pieces
from app.questionnaires.publication import fetch

TAPPED = "o"  # of /e/{token}?o=1, and of the form behind Comenzar
_SIX_DAYS = timedelta(days=6)


def taps_for(session: Session, person: Correspondent) -> Taps | None:
    """The question of a person's letter with its options; None where it cannot be said."""
    found = _question(
        session, person.version_id, person.reference_monday, person.opens, Language.SPANISH
    )
    return None if found is None else Taps(found.label, "liga", TAPPED, found.options)


def wave_question(session: Session, wave: Wave, language: Language) -> OpeningQuestion | None:
    """The question that the letters of a wave open with."""
    return _question(session, wave.version_id, wave.reference_monday, wave.opens, language)


def _question(
    session: Session, version_id: UUID, monday: date, opens: date, language: Language
) -> OpeningQuestion | None:
    facts = Facts(week=ReferenceWeek(monday, monday + _SIX_DAYS), wave_opens=opens)
    try:
        questionnaire = fetch(session, version_id)
    except AppError:
        return None  # the letter goes all the same: its link is worth more than its buttons
    return opening_question(questionnaire, language, pieces(facts, language))
