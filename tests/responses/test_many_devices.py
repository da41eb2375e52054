"""Whatever the order of steps, repeats, tabs and devices: one response, newest answers, none lost.

The model is a dictionary per person, settled after each accepted step by the questionnaire alone.
"""

from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from sqlmodel import col, select

from app.db.transactions import Database
from app.fieldwork.entry import LinkNotOpen
from app.questionnaires.answers import MissingCode, Unreadable, read_answer, to_stored
from app.questionnaires.expressions.types import Kind
from app.questionnaires.flow import settle
from app.questionnaires.format import Questionnaire
from app.questionnaires.items import ItemType, Store
from app.questionnaires.leaves import Leaf
from app.responses.checking import Faulty, StepGone, resume_at
from app.responses.collecting import AlreadyComplete, KeyReused, Saved
from app.responses.tables import Answer, Response
from tests.responses.desk import Desk, a_device, a_respondent, a_wave
from tests.responses.people import Field, Person

NOTICE = "aviso_q2"
PICKS = st.lists(st.integers(0, 9), min_size=9, max_size=9)


@dataclass(slots=True)
class Said:
    """One submission as it was sent."""

    desk: Desk
    step: str
    key: str
    entries: dict[str, object]


@dataclass(slots=True)
class Model:
    """What one person has said so far, as it must be kept."""

    person: Person
    answers: dict[str, object] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)


class Answering(RuleBasedStateMachine):
    """Two people of one wave, each with any number of devices and tabs."""

    db: Database
    wave: Field
    questionnaire: Questionnaire
    desks = Bundle("desks")
    sent = Bundle("sent")

    @initialize()
    def people(self) -> None:
        self.models = {
            name: Model(a_respondent(self.db, self.wave, track))
            for name, track in (("Alicia", "1"), ("Beto", "2"))
        }
        self.count = 0
        self.kept: set[str] = set()

    @rule(target=desks, name=st.sampled_from(["Alicia", "Beto"]))
    def open_a_device(self, name: str) -> tuple[str, Desk] | MultipleResults[tuple[str, Desk]]:
        try:
            return name, a_device(self.db, self.wave, self.models[name].person)
        except LinkNotOpen:  # who has finished opens the receipt
            return multiple()

    @rule(
        target=sent,
        desk=desks,
        back=st.integers(0, 6),
        picks=st.lists(st.integers(0, 9), min_size=9),
    )
    def answer(self, desk: tuple[str, Desk], back: int, picks: list[int]) -> tuple[str, Said]:
        """The step a device stands at, or one up to six steps back in an old tab."""
        return self.answer_at(desk, back, picks)

    def answer_at(self, desk: tuple[str, Desk], back: int, picks: list[int]) -> tuple[str, Said]:
        name, device = desk
        sitting = device.sitting()
        ahead = [step.name for step in sitting.steps]
        resume = resume_at(sitting)
        here = ahead.index(resume.name) if resume else len(ahead) - 1
        step = sitting.steps[max(0, here - back)]
        entries = {
            leaf.name: pick(leaf, picks[place % 9])
            for item in step.items
            for place, leaf in enumerate(sitting.questionnaire.leaves[item.name])
        }
        if NOTICE in entries and picks[0] < 9:
            entries[NOTICE] = "1"  # who refuses at once tells the machine little
        self.count += 1
        said = Said(device, step.name, f"key-{self.count}", entries)
        self.send(name, said)
        return name, said

    @rule(desk=desks, seeds=st.lists(PICKS, min_size=7, max_size=7))
    def go_on(self, desk: tuple[str, Desk], seeds: list[list[int]]) -> None:
        """Seven steps in a row, so that there is a way to go back on."""
        for picks in seeds:
            self.answer_at(desk, 0, picks)

    @rule(said=sent)
    def send_again(self, said: tuple[str, Said]) -> None:
        """A double tap, a reload, an answer lost on its way: the same page, the same key."""
        name, submission = said
        known = submission.key in self.kept
        outcome = self.send(name, submission)
        assert not known or outcome is None or (isinstance(outcome, Saved) and outcome.repeated)

    @rule(said=sent, picks=st.integers(1, 8))
    def send_changed(self, said: tuple[str, Said], picks: int) -> None:
        """The same key with another body is never taken for the first."""
        _, submission = said
        changed = {name: f"{value}{picks}" for name, value in submission.entries.items()}
        if submission.key not in self.kept:
            return
        try:
            outcome = submission.desk.put(submission.step, changed, key=submission.key)
        except KeyReused:
            return
        raise AssertionError(outcome)

    def send(self, name: str, said: Said) -> Saved | Faulty | None:
        blanks = frozenset(f"blank:{variable}" for variable in said.entries)
        model = self.models[name]
        try:
            outcome = said.desk.put(said.step, said.entries, key=said.key, seen=blanks)
        except (StepGone, AlreadyComplete):
            return None
        if isinstance(outcome, Saved) and outcome.refused:
            model.answers = {}
            self.kept -= model.keys
        elif isinstance(outcome, Saved) and not outcome.repeated:
            self.kept.add(said.key)
            model.keys.add(said.key)
            sitting = said.desk.sitting()
            merged = {**sitting.preloaded, **model.answers, **said.entries}
            model.answers = settle(sitting.questionnaire, merged, before=model.answers)
        return outcome

    @invariant()
    def the_newest_answers_are_there(self) -> None:
        for model in getattr(self, "models", {}).values():
            with self.db.reading() as session:
                rows = session.exec(
                    select(Answer)
                    .join(Response, col(Response.id) == col(Answer.response_id))
                    .where(col(Response.case_id) == model.person.case_id)
                ).all()
                responses = session.exec(
                    select(Response.id).where(Response.case_id == model.person.case_id)
                ).all()
            kept = {row.variable: (row.value, row.missing) for row in rows if row.missing != -1}
            assert kept == self.expected(model)
            assert len(responses) <= 1

    def expected(self, model: Model) -> dict[str, tuple[object, int | None]]:
        found: dict[str, tuple[object, int | None]] = {}
        for name, leaf in self.questionnaire.variables.items():
            if leaf.store is not Store.RESPONSE or name not in model.answers:
                continue
            answer = read_answer(leaf, model.answers[name])
            assert not isinstance(answer, Unreadable)
            if answer is not MissingCode.NOT_APPLICABLE:
                stored = to_stored(answer)
                found[name] = (stored.value, stored.missing)
        return found


def pick(leaf: Leaf, number: int) -> object:
    """An answer to any variable."""
    if leaf.kind is Kind.CHOICE:
        return str(leaf.choices[number % len(leaf.choices)].code)
    if leaf.kind is Kind.MULTIPLE:
        return (str(leaf.choices[number % len(leaf.choices)].code),)
    return {
        ItemType.INTEGER: str(1 + number),
        ItemType.MONTH: f"2026-0{7 + number % 3}",
        ItemType.PHONE: f"551234567{number}",
        ItemType.EMAIL: f"ana{number}@correo.test",
    }.get(leaf.type, f"texto {number}")


@pytest.mark.slow
def test_one_response_newest_answers_none_lost(db: Database) -> None:
    wave = a_wave(db)
    questionnaire = a_device(db, wave, a_respondent(db, wave)).sitting().questionnaire

    class Here(Answering):
        pass

    Here.db, Here.wave, Here.questionnaire = db, wave, questionnaire
    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=15,
            stateful_step_count=30,
            phases=(Phase.generate,),  # a way of twenty steps is short enough to read
            suppress_health_check=list(HealthCheck),
        ),
    )
