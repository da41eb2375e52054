"""One person through all the field periods of the generation: what each case became.

Pure. Ways to reach the person change from wave to wave, by what was answered and what bounced.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from app.chronology.calendar import civil_date
from app.directory.states import ContactKind, Standing
from app.fieldwork.dispositions import Disposition
from app.fieldwork.wanted import needs_guardian
from app.questionnaires.completion import Completion
from app.questionnaires.format import Questionnaire
from app.simulation.answering import Answered, answer
from app.simulation.chance import Chance
from app.simulation.contacting import Channels, Story, Timeline, story
from app.simulation.holdings import Alternate, Holdings, Kept, Said
from app.simulation.lives import Life, draw_life
from app.simulation.parameters import Parameters
from app.simulation.people import Person
from app.simulation.telling import YES, Occasion, tell

_MOST_OF_IT = {"complete": (1.0, 1.0), "partial": (0.56, 0.78), "break_off": (0.12, 0.4)}
_REACHED = {Completion.COMPLETE: Disposition.COMPLETE, Completion.PARTIAL: Disposition.PARTIAL}
_FIRST_OF_GRADUATES = 2


@dataclass(frozen=True, slots=True)
class Reply:
    """A response. `early`: what the directory knew before it; a place is one in `kept`."""

    answered: Answered
    started_at: datetime
    saved_at: datetime
    finished: bool
    early: Mapping[str, int | bool]


@dataclass(frozen=True, slots=True)
class CaseHistory:
    """One case. `moves` in order; `story` says what was written to the person."""

    questionnaire: int
    disposition: Disposition
    denied: bool = False
    story: Story = field(default_factory=Story)
    moves: tuple[tuple[Disposition, datetime, str | None], ...] = ()
    reply: Reply | None = None
    said: tuple[Said, ...] = ()


@dataclass(frozen=True, slots=True)
class History:
    """A person's whole past. `kept`: every address ever stored, in order of arrival."""

    life: Life
    cases: tuple[CaseHistory, ...]
    kept: tuple[Kept, ...]
    forgotten: bool = False  # asked not to stay in the directory: `kept` was erased
    alternate: Alternate | None = None
    opted_out_at: datetime | None = None
    corrections: tuple[tuple[str, datetime], ...] = ()


@dataclass(frozen=True, slots=True)
class Setting:
    """What everybody of a generation shares."""

    questionnaires: Mapping[int, Questionnaire]
    timelines: Sequence[Timeline]
    class_days: Mapping[int, Sequence[datetime]]  # by questionnaire, one for each group
    track: int
    left_on: date
    listed_at: datetime
    assumed: Parameters


def history(person: Person, setting: Setting, chance: Chance) -> History:
    """Live through the field periods, oldest first."""
    past = _Past(person, setting, chance)
    cases = tuple(past.case(when) for when in setting.timelines)
    return past.told(cases)


class _Past:
    def __init__(self, person: Person, setting: Setting, chance: Chance) -> None:
        self._person, self._setting, self._chance = person, setting, chance
        self._life = draw_life(chance, setting.assumed)
        self._held = Holdings(person, setting.listed_at)
        self._first_job_known = False
        self._opted_out_at: datetime | None = None

    def told(self, cases: tuple[CaseHistory, ...]) -> History:
        return History(
            self._life,
            cases,
            tuple(self._held.kept),
            self._held.forgotten,
            self._held.alternate,
            self._opted_out_at,
            tuple(self._held.corrections),
        )

    def case(self, when: Timeline) -> CaseHistory:
        number = when.questionnaire
        if number >= _FIRST_OF_GRADUATES and self._person.standing is Standing.LEFT:
            why = "Control escolar no confirmó el egreso"
            moves = ((Disposition.NOT_ELIGIBLE, when.opens_at, why),)
            return CaseHistory(number, Disposition.NOT_ELIGIBLE, denied=True, moves=moves)
        lived = story(self._chance, when, self._channels(when), self._setting.assumed)
        self._opted_out_at = lived.opted_out_at or self._opted_out_at
        if lived.bounced is not None:
            self._held.bury(number)
        if lived.ending in _MOST_OF_IT and lived.ended_at is not None:
            return self._replied(when, lived, lived.ending, lived.ended_at)
        return _silent(when, lived)

    def _channels(self, when: Timeline) -> Channels:
        number = when.questionnaire
        living = self._held.mails()
        working = any(kept.address.ends > number for kept in living)
        minor = needs_guardian(
            self._person.born, consent=self._person.guardian_consent, today=when.period.opens
        )
        class_days = self._setting.class_days.get(number)
        return Channels(
            mail=working,
            dying=bool(living) and not working,
            wanted=self._held.wanted and self._opted_out_at is None and not minor,
            class_at=None if class_days is None else class_days[self._person.group],
        )

    def _replied(
        self, when: Timeline, lived: Story, ending: str, ended_at: datetime
    ) -> CaseHistory:
        number, questionnaire = when.questionnaire, self._setting.questionnaires[when.questionnaire]
        places = {
            "celular_previo": self._held.place(ContactKind.MOBILE),
            "correo_previo": self._held.place(ContactKind.EMAIL),
        }
        low, high = _MOST_OF_IT[ending]
        answered = answer(
            questionnaire,
            self._told(when, places, ended_at),
            mood=self._person.mood,
            assumed=self._setting.assumed,
            chance=self._chance,
            share=low + (high - low) * self._chance.random(),
        )
        early: dict[str, int | bool] = {
            name: False if place is None else place for name, place in places.items()
        } | {"primer_empleo_conocido": self._first_job_known}
        reply = Reply(
            answered,
            started_at=max(when.opens_at, ended_at - self._duration(answered)),
            saved_at=ended_at,
            finished=ending == "complete",
            early={n: v for n, v in early.items() if n in questionnaire.preloaded_types},
        )
        said = self._held.hear(
            questionnaire, answered.elsewhere, places, at=ended_at, finished=reply.finished
        )
        if number == _FIRST_OF_GRADUATES:
            self._first_job_known = _gives_first_job(answered.answers)
        disposition = _REACHED.get(answered.completion, _waiting(when))
        return CaseHistory(
            number, disposition, story=lived, moves=_moves(when, lived, reply), reply=reply,
            said=said,
        )  # fmt: skip

    def _told(
        self, when: Timeline, places: Mapping[str, int | None], at: datetime
    ) -> dict[str, object]:
        mobile, mail = places["celular_previo"], places["correo_previo"]
        occasion = Occasion(
            questionnaire=when.questionnaire,
            today=civil_date(at, when.zone),
            left_on=self._setting.left_on,
            track=self._setting.track,
            mobile=None if mobile is None else self._held.kept[mobile].address,
            mail=None if mail is None else self._held.kept[mail].address,
            first_job_known=self._first_job_known,
        )
        return tell(
            self._person,
            self._life,
            occasion,
            assumed=self._setting.assumed,
            chance=self._chance,
        )

    def _duration(self, answered: Answered) -> timedelta:
        low, high = self._setting.assumed.response.pace
        return timedelta(seconds=answered.seconds * (low + (high - low) * self._chance.random()))


def _gives_first_job(answers: Mapping[str, object]) -> bool:
    """As responses.sitting asks the answers of Questionnaire 2."""
    return answers.get("empleo_previo") == YES or isinstance(answers.get("primer_empleo"), str)


def _waiting(when: Timeline) -> Disposition:
    return Disposition.BREAK_OFF if when.closed else Disposition.STARTED


def _moves(
    when: Timeline, lived: Story, reply: Reply
) -> tuple[tuple[Disposition, datetime, str | None], ...]:
    moves = [*_before(lived), (Disposition.STARTED, reply.started_at, None)]
    reached = _REACHED.get(reply.answered.completion)
    if reached is not None:
        moves.append((reached, reply.saved_at, None))
    elif when.closed:
        moves.append((Disposition.BREAK_OFF, when.closes_at, "Cierre"))
    return tuple(moves)


def _before(lived: Story) -> list[tuple[Disposition, datetime, str | None]]:
    if lived.sent:
        return [(Disposition.INVITED, lived.sent[0][1], "Mensaje enviado")]
    if lived.bounced is not None and (lived.ended_at is None or lived.bounced[1] < lived.ended_at):
        return [(Disposition.UNDELIVERABLE, lived.bounced[1], "Ningún correo sirve")]
    return []


def _silent(when: Timeline, lived: Story) -> CaseHistory:
    """Nothing was answered: silence, a start that led nowhere, or a refusal."""
    moves = _before(lived)
    said: tuple[Said, ...] = ()
    if lived.ending == "refused" and lived.ended_at is not None:
        why = "Dijo que no quiere responder" if lived.told_to_a_person else None
        moves.append(
            (Disposition.REFUSED, lived.ended_at, why or "No aceptó el aviso de privacidad")
        )
        if not lived.told_to_a_person:
            said = (Said(f"aviso_q{when.questionnaire}", granted=False, at=lived.ended_at),)
    elif lived.ending == "started" and lived.ended_at is not None:
        moves.append((Disposition.STARTED, lived.ended_at, None))
    last = moves[-1][0] if moves else Disposition.PLANNED
    if when.closed and last is not Disposition.REFUSED:
        last = Disposition.BREAK_OFF if last is Disposition.STARTED else Disposition.NON_CONTACT
        moves.append((last, when.closes_at, "Cierre"))
    return CaseHistory(when.questionnaire, last, story=lived, moves=tuple(moves), said=said)
