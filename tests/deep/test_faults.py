"""Ten thousand faults between a phone and the database: no answer lost, none kept twice.

The phones here speak the script's side of the conversation (answer.js: what waits is kept until
the server says that it need not be). Faults are dropped requests, dropped answers, delays that
reorder, repeats old and new, and a server that dies at any statement, at the commit, or after it
before anything is said. A killed process is one whose transaction is gone and whose answer never
leaves: that is what is injected here; real SIGKILLs are in test_killed_server.py.
"""

import itertools
import json
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Connection, Engine, event
from sqlmodel import col, func, select
from starlette.types import Message, Receive, Scope, Send

from app.db.engine import make_engine
from app.db.transactions import Database
from app.responses.clashing import COUNTED_FROM
from app.responses.tables import Answer, AnswerRevision, Response
from tests.conftest import DATA_KEYS
from tests.responses.people import Person
from tests.web.respondent.site import Site

FAULTS = 10_000
PHONES = 3
NOTICE = "aviso_q2"
# Questions that are on everybody's way, with answers they take.
STEPS = {
    "municipio_residencia": ["Tonalá", "Zapopan", "Tlaquepaque"],
    "certificado_ems": ["1", "2", "3"],
    "estudia": ["1", "2", "5"],
    "trabaja": ["1", "2", "4"],
}
ENDINGS = ("arrives", "request lost", "answer lost", "delayed", "repeated", "server dies")
TAKEN = (200, 409)  # 409: something for the person to choose
WHICH = st.integers(0, PHONES - 1)
MOMENT = st.integers(0, 14)  # a statement, the commit, or after it
FATE = st.tuples(WHICH, st.sampled_from(ENDINGS[1:]), MOMENT)
pytestmark = [pytest.mark.deep, pytest.mark.timeout(3000)]


class ServerDied(Exception):
    """The process is gone: nothing of ours catches this, and no answer is read after it."""


@dataclass(slots=True)
class Mortal:
    """The application, which dies when it is told to: at a statement, at the commit, or after."""

    site: Site
    engine: Engine
    statements: int | None = None
    at_commit: bool = False
    before_answer: bool = False

    def __post_init__(self) -> None:
        event.listen(self.engine, "before_cursor_execute", self._statement)
        event.listen(self.engine, "commit", self._commit)
        inner = self.site.app.middleware_stack or self.site.app.build_middleware_stack()

        async def mortal(scope: Scope, receive: Receive, send: Send) -> None:
            async def answer(message: Message) -> None:
                if self.before_answer:
                    self.live()
                    raise ServerDied
                await send(message)

            await inner(scope, receive, answer)

        self.site.app.middleware_stack = mortal

    def live(self) -> None:
        self.statements, self.at_commit, self.before_answer = None, False, False

    def _statement(self, *_: object) -> None:
        if self.statements is not None:
            self.statements -= 1
            if self.statements < 0:
                self.live()
                raise ServerDied

    def _commit(self, _: Connection) -> None:
        if self.at_commit:
            self.live()
            raise ServerDied


@dataclass(slots=True)
class Phone:
    """One device of one person, with what waits on it."""

    site: Site
    person: Person
    injected: Counter[str]
    state: dict[str, Any] = field(init=False)
    post: Callable[[bytes], Any] = field(init=False)
    waiting: dict[str, dict[str, Any]] = field(default_factory=dict)
    given: list[tuple[int, str, str]] = field(default_factory=list)
    sent: list[bytes] = field(default_factory=list)
    keys: "itertools.count[int]" = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        device = self.site.device()
        device.begin(self.person)
        self.state = device.client.get("/responder/estado").json()
        self.post = lambda body: device.client.post("/responder/guardar", content=body)

    def type(self, step: str, value: str) -> None:
        """Answer a step: written down on the phone before anything is sent."""
        self.site.clock.pass_(seconds=1)  # no two answers have the same age
        age = int((self.site.clock.at - COUNTED_FROM).total_seconds())
        key = f"{self.state['k']}-{next(self.keys):08}"
        self.waiting[key] = {"k": key, "p": step, "r": age, "v": [], "t": {step: [value]}}
        self.given.append((age, step, value))

    def body(self, chance: random.Random) -> bytes:
        records = list(self.waiting.values())
        chance.shuffle(records)
        return json.dumps({"s": self.state["s"], "w": records}).encode()

    def hear(self, answer: Any, chance: random.Random) -> None:
        """What the script does with an answer that arrived, and the person with a question."""
        for result in answer.json()["l"]:
            assert set(result) <= set("kdabqrxu"), result  # nothing to mend or to hand on
            if "a" in result:  # another phone gave a newer answer: which one stays?
                mine = self.waiting.pop(result["k"])
                self.injected["chosen"] += 1
                if chance.random() < 0.5:
                    self.type(str(mine["p"]), mine["t"][mine["p"]][0])
            elif result.get("d"):
                self.waiting.pop(result["k"], None)


class Unreliable(RuleBasedStateMachine):
    """One person with three phones, one server, and everything between them that can fail."""

    site: Site
    server: Mortal
    injected: Counter[str]

    @initialize(seed=st.integers(0, 2**32))
    def begin(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.person = self.site.person()
        self.phones = [Phone(self.site, self.person, self.injected) for _ in range(PHONES)]
        self.air: list[tuple[Phone, bytes]] = []
        first = {NOTICE: "1"} | {step: values[0] for step, values in STEPS.items()}
        for step, value in first.items():
            self.phones[0].type(step, value)
        # The others begin where the server stands: a phone shows no step before its turn.
        self.deliver(self.phones[0], "arrives", 0)

    @rule(
        phone=st.integers(0, PHONES - 1),
        step=st.sampled_from(sorted(STEPS)),
        value=st.integers(0, 2),
    )
    def answer(self, phone: int, step: str, value: int) -> None:
        self.phones[phone].type(step, STEPS[step][value])

    @rule(
        phone=st.integers(0, PHONES - 1), ending=st.sampled_from(ENDINGS), moment=st.integers(0, 14)
    )
    def send(self, phone: int, ending: str, moment: int) -> None:
        self.deliver(self.phones[phone], ending, moment)

    @rule(fates=st.lists(FATE, min_size=6, max_size=12))
    def a_bad_stretch(self, fates: list[tuple[int, str, int]]) -> None:
        """A bus ride: everything goes wrong, several times."""
        for phone, ending, moment in fates:
            self.deliver(self.phones[phone], ending, moment)

    def deliver(self, phone: Phone, ending: str, moment: int) -> None:
        if not phone.waiting and not phone.sent:
            return
        body = phone.body(self.chance)
        phone.sent.append(body)
        self.injected[ending] += 1
        match ending:
            case "arrives":
                phone.hear(phone.post(body), self.chance)
            case "answer lost":
                assert phone.post(body).status_code in TAKEN
            case "delayed":
                self.air.append((phone, body))
            case "repeated":
                assert phone.post(self.chance.choice(phone.sent)).status_code in TAKEN
                phone.hear(phone.post(body), self.chance)
            case "server dies":
                self.kill(phone, body, moment)
            case _:
                assert ending == "request lost"

    def kill(self, phone: Phone, body: bytes, moment: int) -> None:
        self.server.live()
        if moment > 12:
            self.server.before_answer = True
        elif moment > 9:
            self.server.at_commit = True
        else:
            self.server.statements = moment
        try:
            answer = phone.post(body)
        except ServerDied:
            return
        self.server.live()  # it answered before it came to that statement
        phone.hear(answer, self.chance)

    @precondition(lambda self: self.air)
    @rule()
    def something_late_arrives(self) -> None:
        """What was under way overtakes and is overtaken; nobody hears its answer any more."""
        phone, body = self.air.pop(self.chance.randrange(len(self.air)))
        self.injected["reordered"] += 1
        assert phone.post(body).status_code in TAKEN

    def teardown(self) -> None:
        """The network is back: everything that waits is sent until nothing waits."""
        if not hasattr(self, "phones"):
            return
        self.server.live()
        for phone, body in self.air:
            phone.post(body)
        for _ in range(6):
            for phone in self.phones:
                if phone.waiting:
                    phone.hear(phone.post(phone.body(self.chance)), self.chance)
        assert [phone.waiting for phone in self.phones] == [{}] * PHONES
        given = sorted(each for phone in self.phones for each in phone.given)
        assert self.kept() == {step: value for _, step, value in given if step in STEPS}

    def kept(self) -> dict[str, str]:
        """What the database has of this person's steps; that it has them once."""
        with self.site.db.reading() as session:
            (response,) = session.exec(
                select(Response).where(Response.case_id == self.person.case_id)
            ).all()
            twice = session.exec(
                select(AnswerRevision.client_key)
                .where(AnswerRevision.response_id == response.id)
                .group_by(col(AnswerRevision.client_key))
                .having(func.count() > 1)
            ).all()
            rows = session.exec(select(Answer).where(Answer.response_id == response.id)).all()
        assert list(twice) == []
        return {row.variable: str(row.value) for row in rows if row.variable in STEPS}


def test_ten_thousand_faults_lose_and_double_nothing(database_url: str) -> None:
    engine = make_engine(database_url, DATA_KEYS)
    db = Database(engine)
    site = Site(db, 2)
    injected: Counter[str] = Counter()

    class Here(Unreliable):
        pass

    Here.site, Here.server, Here.injected = site, Mortal(site, engine), injected
    while sum(injected.values()) - injected["arrives"] - injected["chosen"] < FAULTS:
        run_state_machine_as_test(
            Here,
            settings=settings(
                max_examples=50,
                stateful_step_count=40,
                phases=(Phase.generate,),
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
    db.dispose()
    print("injected:", dict(injected))
