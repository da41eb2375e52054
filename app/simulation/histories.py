"""One person through all the field periods of the generation: what each case became.

Pure. Ways to reach the person change from wave to wave, by what was answered and what bounced.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from app.chronology.calendar import civil_date
from app.directory.states import ContactKind, ContactSource, ContactState, Standing
from app.fieldwork.dispositions import Disposition
from app.fieldwork.wanted import needs_guardian
from app.questionnaires.completion import Completion
from app.questionnaires.format import Questionnaire
from app.questionnaires.items import Store
from app.simulation.answering import Answered, answer
from app.simulation.chance import Chance
from app.simulation.contacting import Channels, Story, Timeline, story
from app.simulation.lives import Life, draw_life
from app.simulation.parameters import Parameters
from app.simulation.people import ALIVE, Address, Person
from app.simulation.telling import NO, YES, Occasion, tell

USABLE = (ContactState.UNCONFIRMED, ContactState.CONFIRMED)
FOLLOW_UP, STAYS = "autoriza_seguimiento", "autoriza_red"
_MOST_OF_IT = {"complete": (1.0, 1.0), "partial": (0.56, 0.78), "break_off": (0.12, 0.4)}
_REACHED = {Completion.COMPLETE: Disposition.COMPLETE, Completion.PARTIAL: Disposition.PARTIAL}
_FIRST_OF_GRADUATES = 2


@dataclass(frozen=True, slots=True)
class Kept:
    """An address as the directory has it."""

    address: Address
    state: ContactState
    added_at: datetime
    confirmed_at: datetime | None = None
    preferred: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """A permission given or refused."""

    purpose: str
    granted: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Alternate:
    """Somebody who knows how to find the person."""

    name: str
    relationship: str | None
    phone: str
    at: datetime


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
        self._kept = [
            Kept(address, ContactState.UNCONFIRMED, setting.listed_at) for address in person.listed
        ]
        self._wanted = True
        self._first_job_known = self._forgotten = False
        self._opted_out_at: datetime | None = None
        self._alternate: Alternate | None = None
        self._corrections: list[tuple[str, datetime]] = []

    def told(self, cases: tuple[CaseHistory, ...]) -> History:
        return History(
            self._life,
            cases,
            tuple(self._kept),
            self._forgotten,
            self._alternate,
            self._opted_out_at,
            tuple(self._corrections),
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
            self._bury(number)
        if lived.ending in _MOST_OF_IT and lived.ended_at is not None:
            return self._replied(when, lived, lived.ending, lived.ended_at)
        return _silent(when, lived)

    def _channels(self, when: Timeline) -> Channels:
        number = when.questionnaire
        living = [k for k in self._kept if k.address.kind is ContactKind.EMAIL and _usable(k)]
        working = any(kept.address.ends > number for kept in living)
        minor = needs_guardian(
            self._person.born, consent=self._person.guardian_consent, today=when.period.opens
        )
        class_days = self._setting.class_days.get(number)
        return Channels(
            mail=working,
            dying=bool(living) and not working,
            wanted=self._wanted and self._opted_out_at is None and not minor,
            class_at=None if class_days is None else class_days[self._person.group],
        )

    def _bury(self, number: int) -> None:
        for place, kept in enumerate(self._kept):
            gone = kept.address.kind is ContactKind.EMAIL and kept.address.ends <= number
            if gone and _usable(kept):
                self._kept[place] = replace(kept, state=ContactState.DEAD)

    def _replied(
        self, when: Timeline, lived: Story, ending: str, ended_at: datetime
    ) -> CaseHistory:
        number, questionnaire = when.questionnaire, self._setting.questionnaires[when.questionnaire]
        places = {
            "celular_previo": self._place(ContactKind.MOBILE),
            "correo_previo": self._place(ContactKind.EMAIL),
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
        said = self._remember(questionnaire, reply, places)
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
            mobile=None if mobile is None else self._kept[mobile].address,
            mail=None if mail is None else self._kept[mail].address,
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

    def _place(self, kind: ContactKind) -> int | None:
        """The best personal address of a kind, by its place (directory.contacts)."""
        found = [
            (kept.preferred, kept.state is ContactState.CONFIRMED, place)
            for place, kept in enumerate(self._kept)
            if kept.address.kind is kind and _usable(kept) and not kept.address.institutional
        ]
        return max(found)[2] if found else None

    def _remember(
        self,
        questionnaire: Questionnaire,
        reply: Reply,
        places: Mapping[str, int | None],
    ) -> tuple[Said, ...]:
        """What a response changes in the directory; the permissions in it."""
        given, at = reply.answered.elsewhere, reply.saved_at
        said = tuple(
            Said(name, value == YES, at)
            for name, value in given.items()
            if questionnaire.variables[name].store is Store.CONSENT and value in {YES, NO}
        )
        if FOLLOW_UP in given:
            self._wanted = given[FOLLOW_UP] != NO
        self._confirm(places["celular_previo"], given.get("contacto_vigente"), at)
        self._confirm(places["correo_previo"], given.get("correo_vigente"), at)
        self._add(ContactKind.MOBILE, given.get("celular"), at)
        self._add(ContactKind.EMAIL, given.get("correo_personal"), at)
        self._prefer(given.get("canal_preferido"))
        self._third_person(given, at)
        correction = given.get("dato_por_corregir")
        if isinstance(correction, str):
            self._corrections.append((correction, at))
        if given.get(STAYS) == NO and reply.finished:
            self._forgotten = True
        return said

    def _confirm(self, place: int | None, word: object, at: datetime) -> None:
        if place is None or word not in {1, 2, 3}:
            return
        state = ContactState.CONFIRMED if word == YES else ContactState.DEAD
        confirmed_at = at if word == YES else self._kept[place].confirmed_at
        self._kept[place] = replace(self._kept[place], state=state, confirmed_at=confirmed_at)

    def _add(self, kind: ContactKind, value: object, at: datetime) -> None:
        if not isinstance(value, str):
            return
        own = self._person.own_mail if kind is ContactKind.EMAIL else self._person.own_mobile
        text = value if kind is ContactKind.EMAIL else f"+52{value}"
        address = own if own.value == text else Address(kind, text, ContactSource.RESPONDENT, ALIVE)
        if all(kept.address.value != text for kept in self._kept):
            self._kept.append(Kept(address, ContactState.CONFIRMED, at, confirmed_at=at))

    def _prefer(self, channel: object) -> None:
        if not isinstance(channel, int):
            return
        kind = {3: ContactKind.EMAIL, 5: None}.get(channel, ContactKind.MOBILE)
        self._kept = [replace(kept, preferred=kept.address.kind is kind) for kept in self._kept]

    def _third_person(self, given: Mapping[str, object], at: datetime) -> None:
        name, phone, relation = (given.get(n) for n in ("alt_nombre", "alt_tel", "alt_parentesco"))
        if isinstance(phone, str) and isinstance(name, str):
            known = str(relation) if isinstance(relation, int) else None
            self._alternate = Alternate(name, known, f"+52{phone}", at)


def _usable(kept: Kept) -> bool:
    return kept.state in USABLE


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
