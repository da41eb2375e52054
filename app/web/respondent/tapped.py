"""The option tapped in a letter: marked when its question comes, never kept by itself."""

from collections.abc import Mapping

from sqlmodel import Session

from app.fieldwork.first_question import wave_question
from app.fieldwork.tables import WATCHED, Wave
from app.questionnaires.answers import Answer
from app.responses.sitting import Sitting
from app.web.respondent.visiting import Device


def tapped_answer(session: Session, sitting: Sitting, device: Device) -> Mapping[str, Answer]:
    """The tapped option by its variable; nothing once the question is answered, or in class."""
    code = device.tapped(sitting.visit.session_id)
    if not code or sitting.visit.mode in WATCHED:
        return {}
    wave = session.get_one(Wave, sitting.visit.wave_id)
    question = wave_question(session, wave, sitting.visit.language)
    if question is None or not question.has(code) or question.variable in sitting.kept:
        return {}
    return {question.variable: int(code)}
