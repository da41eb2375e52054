"""The same page sent twice with different answers: both are shown, and the person chooses."""

from collections.abc import Collection

from sqlmodel import Session

from app.questionnaires.answers import Stored, Unreadable, from_stored, read_answer
from app.questionnaires.flow import Step
from app.responses.collecting import KeyReused
from app.responses.queries import say_answer
from app.responses.sitting import Sitting
from app.responses.wording import wording_of
from app.web.language import N_, Say
from app.web.respondent.pages import ClashPage
from app.web.respondent.posted import (
    KEY,
    Posted,
    act_fields,
    entries_of,
    items_of,
    same_fields,
    step_fields,
)
from app.web.respondent.steps import Screen

_ELSEWHERE = N_("La que ya estaba guardada en el directorio de tu escuela")
_BLANK = N_("En blanco")


def clash_page(
    session: Session, sitting: Sitting, posted: Posted, clash: KeyReused, screen: Screen
) -> ClashPage:
    """Both answers, each with its button."""
    say = Say(sitting.visit.language)
    step = sitting.step(posted.step) or sitting.steps[0]
    wording = wording_of(session, sitting, (step,), sitting.visit.language)
    first, second = [], []
    entries = entries_of(posted, sitting)
    for item in items_of(sitting, posted.step):
        for leaf in sitting.questionnaire.leaves[item.name]:
            stored = _pair(clash.first.get(leaf.name))
            if stored is not None:
                first.append(say_answer(leaf, from_stored(stored), wording))
            typed = read_answer(leaf, entries.get(leaf.name))
            raw = entries.get(leaf.name)
            second.append(
                str(raw) if isinstance(typed, Unreadable) else say_answer(leaf, typed, wording)
            )
    fresh = next(
        field
        for field in step_fields(sitting, screen.secret, step, (), screen.now)
        if field.name == KEY
    )
    again = tuple(fresh if field.name == KEY else field for field in same_fields(posted))
    return ClashPage(
        title=say("Esta página ya se había enviado"),
        sentence=say.refusal(clash),
        question=asked(session, sitting, entries),
        first=_shown(first, say) if clash.first else (say(_ELSEWHERE),),
        second=_shown(second, say),
        keep_first=act_fields(screen.secret, "conservar"),
        keep_second=again,
    )


def asked(session: Session, sitting: Sitting, variables: Collection[str]) -> str:
    """The questions that these variables answer, in the words of this person."""
    named = [sitting.questionnaire.variables[name].item for name in variables]
    items = tuple(item for item in sitting.questionnaire.items if item.name in named)
    wording = wording_of(session, sitting, (Step("", "", items),), sitting.visit.language)
    return " · ".join(wording.say(item.label) for item in items)


def _pair(kept: object) -> Stored | None:
    match kept:
        case [(int() | str() | list() | None) as value, (int() | None) as missing]:
            return Stored(value, missing)
        case _:
            return None


def _shown(texts: list[str], say: Say) -> tuple[str, ...]:
    return tuple(filter(None, texts)) or (say(_BLANK),)
