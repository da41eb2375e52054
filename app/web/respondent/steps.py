"""A sitting and a step → the page: what is filled in, what is covered, what is said about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from sqlmodel import Session

from app.directory.tables import CohortRow, PanelMember, PrivacyNotice
from app.fieldwork.tables import WATCHED
from app.questionnaires.answers import MissingCode
from app.questionnaires.flow import Step
from app.questionnaires.items import Language
from app.questionnaires.leaves import Leaf
from app.questionnaires.validation import Issue, Severity
from app.questionnaires.view import Control, StepView, step_view
from app.responses.queries import answered_before, earlier_answers
from app.responses.sitting import GIVEN, Sitting
from app.responses.wording import wording_of
from app.units.places import shipped_geography
from app.units.tables import Programme
from app.web.language import N_, SPANISH, Say, with_choice
from app.web.render import say_date
from app.web.respondent.pages import AbovePart, Fact, MonthParts, Notice, Problem, StepPage
from app.web.respondent.places import towns_in
from app.web.respondent.posted import MUNICIPALITY, STATE_FIELD, act_fields, step_fields
from app.web.respondent.tapped import tapped_answer
from app.web.respondent.visiting import Device

CHECK_DATA = "datos_correctos"  # Questionnaire 1 shows what is stored above this question
ABROAD = N_("Otro país")
_DOTS = "•••"
_PROMISES = (
    N_("Contestar es voluntario. Puedes dejar preguntas en blanco y parar cuando quieras."),
    N_("Los resultados se publican sin nombres."),
    N_("Puedes pedir ver, corregir o borrar tus datos."),
)


@dataclass(frozen=True, slots=True)
class Screen:
    """The device in front of the person, and the moment."""

    device: Device
    secret: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Again:
    """Why a step is shown again, and with what in it."""

    typed: Mapping[str, object] = field(default_factory=dict)
    issues: tuple[Issue, ...] = ()
    seen: frozenset[str] = frozenset()
    said: str | None = None


FIRST_TIME = Again()


def step_page(
    session: Session, sitting: Sitting, step: Step, screen: Screen, again: Again = FIRST_TIME
) -> StepPage:
    """The page of one step."""
    say = Say(sitting.visit.language)
    view = _view(session, sitting, step, again, screen.device)
    place = _place_in(view)
    hard = tuple(issue for issue in again.issues if issue.severity is Severity.HARD)
    seen = again.seen | {f"{i.code}:{i.variable}" for i in again.issues if i not in hard}
    label = view.items[0].label if len(view.items) == 1 else view.title
    with_cookies = screen.device.holds(sitting.visit.session_id, screen.secret)
    previous = _previous(sitting, step)
    covered = any(_is_answered(sitting, name) for name in _variables(sitting, step, hidden=True))
    return StepPage(
        title=say("Error: {title}", title=label) if hard else label,
        school=sitting.wave.school,
        step=view,
        progress=say("Pregunta {k} de {n}", k=view.position, n=view.total) if view.counted else "",
        hidden=step_fields(sitting, screen.secret, step, seen, screen.now),
        button=say(_button(sitting, step)),
        back_url=_url(screen, sitting, previous) if previous and with_cookies else None,
        back_fields=act_fields(screen.secret, "atras", previous)
        if previous and not with_cookies
        else (),
        problems=tuple(Problem(issue.variable, issue.message) for issue in again.issues),
        asks_once=bool(again.issues) and not hard,
        said=again.said,
        covered=covered,
        check_url=_check_url(sitting, screen.device)
        if with_cookies and (covered or _shows_data(step)) and _may_prove(sitting)
        else None,
        earlier_url=_check_url(sitting, screen.device)
        if with_cookies and not covered and _could_show_more(session, sitting, step)
        else None,
        kept_elsewhere=any(
            sitting.kept[name].answer == GIVEN
            for name in _variables(sitting, step, hidden=False)
            if name in sitting.kept
        ),
        notice=notice_of(session, sitting.wave.notice_id, say) if _asks_consent(step) else None,
        facts=_facts(session, sitting) if _shows_data(step) else (),
        grouped=len(view.items) > 1,
        may_stop=not _asks_consent(step),
        saved=sitting.response_id is not None,
        month=_month_in(view, month_names(say.language)),
        place=place,
        towns=tuple(towns_in(session, place[1])),
        states=state_names(say) if any(i.catalogue == MUNICIPALITY for i in step.items) else (),
    )


def above_steps(session: Session, sitting: Sitting, device: Device) -> dict[str, AbovePart]:
    """What stands above the question of each step that has something there, by step."""
    say = Say(sitting.visit.language)
    check_url = _check_url(sitting, device)
    parts = {}
    for step in sitting.steps:
        data, asks = _shows_data(step), _asks_consent(step)
        more = _could_show_more(session, sitting, step)
        if data or asks or more:
            parts[step.name] = AbovePart(
                notice=notice_of(session, sitting.wave.notice_id, say) if asks else None,
                facts=_facts(session, sitting) if data else (),
                check_url=check_url if data and _may_prove(sitting) else None,
                earlier_url=check_url if more else None,
            )
    return parts


def notice_of(session: Session, notice_id: UUID | None, say: Say = SPANISH) -> Notice:
    """The short notice of a wave as its school wrote it, or the promises every wave keeps."""
    row = session.get(PrivacyNotice, notice_id) if notice_id else None
    if row is None:
        return Notice(tuple(map(say, _PROMISES)), None)
    address = with_choice(f"/aviso/{row.id}", say.language)
    return Notice(paragraphs(row.short_text), address)


def promises(notice: Notice, say: Say) -> Notice:
    """Three lines for the start page, with the way to the whole notice."""
    return Notice(tuple(map(say, _PROMISES)), notice.url)


def paragraphs(text: str) -> tuple[str, ...]:
    """Plain text with blank lines between paragraphs."""
    return tuple(part.strip() for part in text.split("\n\n") if part.strip())


def month_names(language: Language = Language.SPANISH) -> tuple[tuple[str, str], ...]:
    """Number and name of the months, as a list offers them."""
    return tuple(
        (str(number), say_date(date(2000, number, 1), "LLLL", language=language))
        for number in range(1, 13)
    )


def state_names(say: Say = SPANISH) -> tuple[tuple[str, str], ...]:
    """The 32 states, and abroad: as they are stored, as they are read."""
    names = sorted(state.short_name for state in shipped_geography().states.values())
    return (*((name, name) for name in names), (ABROAD, say(ABROAD)))


def _view(session: Session, sitting: Sitting, step: Step, again: Again, device: Device) -> StepView:
    covered = set(_variables(sitting, step, hidden=True))
    covered |= {item.prefill for item in step.items if item.prefill in sitting.hidden}
    given = {
        name
        for name in _variables(sitting, step, hidden=False)
        if name in sitting.kept and sitting.kept[name].answer == GIVEN
    }
    shown = {n: a for n, a in sitting.answers.items() if n not in covered and n not in given}
    return step_view(
        sitting.questionnaire,
        step,
        {**tapped_answer(session, sitting, device), **shown, **again.typed},
        wording=wording_of(session, sitting, (step,), sitting.visit.language),
        # What is only asked once stands above the question, not as an error beside it.
        issues=[issue for issue in again.issues if issue.severity is Severity.HARD],
        earlier=earlier_answers(session, sitting) if any(i.prefill for i in step.items) else {},
    )


def _variables(sitting: Sitting, step: Step, *, hidden: bool) -> list[str]:
    names = [leaf.name for item in step.items for leaf in sitting.questionnaire.leaves[item.name]]
    return [name for name in names if name in sitting.hidden] if hidden else names


def _is_answered(sitting: Sitting, name: str) -> bool:
    kept = sitting.kept.get(name)
    return kept is not None and kept.answer not in {None, MissingCode.NOT_APPLICABLE}


def _previous(sitting: Sitting, step: Step) -> str | None:
    names = [each.name for each in sitting.steps]
    place = names.index(step.name) if step.name in names else 0
    return names[place - 1] if place else None


def _button(sitting: Sitting, step: Step) -> str:
    if sitting.steps and step.name == sitting.steps[-1].name:
        return N_("Terminar")
    return N_("Continuar")


def _url(screen: Screen, sitting: Sitting, step: str) -> str:
    return screen.device.address(sitting.visit.session_id, paso=step)


def _asks_consent(step: Step) -> bool:
    return any(item.ends is not None for item in step.items)


def _shows_data(step: Step) -> bool:
    return any(item.name == CHECK_DATA for item in step.items)


def _proven(sitting: Sitting) -> bool:
    return sitting.visit.second_check_at is not None


def _may_prove(sitting: Sitting) -> bool:
    """In class and by telephone earlier answers stay covered, whatever one knows (SEC-28)."""
    return not _proven(sitting) and sitting.visit.mode not in WATCHED


def _check_url(sitting: Sitting, device: Device) -> str:
    address = device.address(sitting.visit.session_id)
    return address.replace("/responder", "/responder/comprobar")


def _could_show_more(session: Session, sitting: Sitting, step: Step) -> bool:
    """Whether an answer of the questionnaire before waits behind the second check."""
    again = [item.name for item in step.items if item.prefill == item.name]
    if not again or not _may_prove(sitting) or any(name in sitting.kept for name in again):
        return False
    return not answered_before(session, sitting).isdisjoint(again)


def _facts(session: Session, sitting: Sitting) -> tuple[Fact, ...]:
    """Name, school, programme and generation; the name covered until the person is proven.

    In class the person has just said matrícula and date of birth; who calls knows whom.
    """
    member = session.get_one(PanelMember, sitting.member_id)
    cohort = session.get_one(CohortRow, sitting.wave.cohort_id)
    programme = session.get(Programme, member.programme_id) if member.programme_id else None
    names = " ".join(filter(None, (member.given_name, member.surname_1, member.surname_2)))
    say = Say(sitting.visit.language)
    open_name = _proven(sitting) or sitting.visit.mode in WATCHED
    facts = [
        Fact(say("Nombre"), names if open_name else _cover(names)),
        Fact(say("Escuela"), sitting.wave.school),
        Fact(say("Generación"), f"{cohort.entered}-{cohort.leaves}"),
    ]
    return (*facts, Fact(say("Carrera"), programme.name)) if programme else tuple(facts)


def _cover(names: str) -> str:
    return " ".join(f"{word[0]}{_DOTS}" for word in names.split())


def _place_in(view: StepView) -> tuple[str, str]:
    """Town and state of a municipality as it stands in the step."""
    for item in view.items:
        for question in item.questions:
            if question.control is Control.CATALOGUE and item.catalogue == MUNICIPALITY:
                return _town_and_state(question.value)
    return ("", "")


def place_fields(
    sitting: Sitting, leaf: Leaf, fields: Mapping[str, list[str]]
) -> Mapping[str, list[str]]:
    """The fields of a municipality are two, of anything else what they are."""
    item = next(item for item in sitting.questionnaire.items if item.name == leaf.item)
    if item.catalogue != MUNICIPALITY or leaf.name not in fields:
        return fields
    town, state = _town_and_state(fields[leaf.name][0])
    return {leaf.name: [town], STATE_FIELD.format(leaf.name): [state]}


def _town_and_state(text: str) -> tuple[str, str]:
    town, comma, state = text.rpartition(", ")
    if any(state == stored for stored, _ in state_names()):
        return (town, state) if comma else ("", state)
    return (text, "")


def _month_in(view: StepView, names: tuple[tuple[str, str], ...]) -> MonthParts:
    """The month of the step as it was chosen; half of one stays as it is."""
    for item in view.items:
        for question in item.questions:
            if question.control is Control.MONTH and question.value:
                year, _, month = question.value.partition("-")
                return MonthParts(month.lstrip("0").replace("?", ""), year.replace("?", ""), names)
    return MonthParts("", "", names)
