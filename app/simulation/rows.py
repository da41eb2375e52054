"""A simulated generation as rows of the database, written in bulk.

The tables belong to directory, fieldwork and responses, whose functions write person by person;
this is the one place that writes them from above, because a past of years must load in seconds.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import insert
from sqlmodel import Session

from app.chronology.calendar import civil_date
from app.chronology.reference_week import reference_week
from app.db.base import Table
from app.directory.keyed import MatchKeys
from app.directory.states import Standing
from app.directory.tables import (
    AlternateContact,
    Consent,
    ContactPoint,
    ContactSource,
    CorrectionRequest,
    OptOut,
    PanelMember,
)
from app.fieldwork.eligibility import FIRST_AFTER_EXIT, Ineligibility
from app.fieldwork.tables import Case, CaseEvent, Mode, Wave, WaveState
from app.fieldwork.tokens import new_link
from app.keys import PurposeKey
from app.messaging.past import PastMessage
from app.questionnaires.answers import Unreadable, read_answer, to_stored
from app.questionnaires.format import Questionnaire
from app.responses.tables import Answer, Response, ResponseMark
from app.simulation.answering import mark_of
from app.simulation.contacting import Timeline
from app.simulation.generations import Generation
from app.simulation.histories import CaseHistory, History, Reply
from app.simulation.holdings import Kept
from app.simulation.people import MAIL_DOMAIN, Person, afternoon
from app.simulation.plans import left_on, official_period
from app.units.tables import Shift

_AT_ONCE = 5_000  # rows of a statement
_SPOKEN_AFTER = timedelta(days=7)  # control escolar, after the exit
# In the order in which rows may refer to each other.
_ORDER: tuple[type[Table], ...] = (
    PanelMember, ContactPoint, AlternateContact, OptOut, CorrectionRequest, Wave, Case, Consent,
    CaseEvent, Response, Answer, ResponseMark,
)  # fmt: skip

Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class Ids:
    """What the rows of a generation refer to. `groups`, `programmes` in the order of the lists."""

    school: UUID
    cohort: UUID
    groups: Sequence[UUID]
    programmes: Sequence[UUID]
    versions: Mapping[int, UUID]
    notice: UUID


@dataclass(frozen=True, slots=True)
class Tools:
    """Keys and names that rows are made with. `link_keys` newest first."""

    link_keys: Sequence[PurposeKey]
    match: MatchKeys
    mail_domain: str
    questionnaires: Mapping[int, Questionnaire]


class Rows:
    """Collects the rows of one generation, then writes them."""

    def __init__(self, generation: Generation, track: int, ids: Ids, tools: Tools) -> None:
        self._generation, self._track, self._ids, self._tools = generation, track, ids, tools
        self._rows: dict[type[Table], list[Row]] = defaultdict(list)
        self._waves = {when.questionnaire: uuid4() for when in generation.timelines}
        self.messages: list[PastMessage] = []
        for when in generation.timelines:
            self._rows[Wave].append(self._wave(when))
        for person, past in zip(generation.roster.people, generation.histories, strict=True):
            self._person(person, past)

    def count(self, table: type[Table]) -> int:
        """Rows of a table."""
        return len(self._rows[table])

    def write(self, session: Session) -> None:
        """Insert everything but the messages, which are messaging's own."""
        connection = session.connection()
        for table in _ORDER:
            rows = self._rows[table]
            for start in range(0, len(rows), _AT_ONCE):
                connection.execute(insert(table), rows[start : start + _AT_ONCE])

    def _wave(self, when: Timeline) -> Row:
        official = official_period(self._generation.cohort, when.questionnaire)
        mailed = [civil_date(at, when.zone) for _, at in when.mailings]
        return {
            "id": self._waves[when.questionnaire],
            "school_id": self._ids.school,
            "cohort_id": self._ids.cohort,
            "questionnaire": when.questionnaire,
            "version_id": self._ids.versions[when.questionnaire],
            "notice_id": self._ids.notice,
            "opens": when.period.opens,
            "closes": when.period.closes,
            "opens_at": when.opens_at,
            "closes_at": when.closes_at,
            "reference_monday": reference_week(official.opens).monday,
            "state": WaveState.CLOSED if when.closed else WaveState.OPEN,
            "frozen_at": when.opens_at,
            "closed_at": when.closes_at if when.closed else None,
            "queued_on": mailed[-1] if mailed else None,
        }

    def _person(self, person: Person, past: History) -> None:
        member = uuid4()
        self._rows[PanelMember].append(self._member(member, person))
        contacts = [uuid4() for _ in past.kept]
        if not past.forgotten:
            for identifier, kept in zip(contacts, past.kept, strict=True):
                self._rows[ContactPoint].append(self._contact(identifier, member, kept))
        self._beside(member, past)
        for case in past.cases:
            when = next(
                w for w in self._generation.timelines if w.questionnaire == case.questionnaire
            )
            self._case(member, person, case, when, contacts)

    def _member(self, identifier: UUID, person: Person) -> Row:
        generation = self._generation
        exit_day = left_on(generation.cohort) if generation.left else None
        standing = person.standing if generation.left else Standing.ENROLLED
        known = exit_day is not None and standing is not Standing.ENROLLED
        shift = afternoon(person.group, len(generation.roster.groups))
        name = person.name
        return {
            "id": identifier,
            "school_id": self._ids.school,
            "cohort_id": self._ids.cohort,
            "group_id": self._ids.groups[person.group],
            "programme_id": self._ids.programmes[person.programme],
            "student_id": person.student_id,
            "curp": person.curp,
            "curp_hash": None if person.curp is None else self._tools.match.curp(person.curp),
            "name_hash": self._tools.match.name(name.search),
            "given_name": name.given,
            "surname_1": name.surname_1,
            "surname_2": name.surname_2,
            "birth_date": None if person.born is None else person.born.isoformat(),
            "sex": person.sex,
            "shift": (Shift.AFTERNOON if shift else Shift.MORNING).value,
            "track": str(self._track),
            "grade_average": person.grade_average,
            "left_on": exit_day if standing is not Standing.LEFT else None,
            "standing": standing,
            "standing_since": exit_day + _SPOKEN_AFTER if exit_day is not None and known else None,
            "standing_reason": "No acreditó todas las materias"
            if standing is Standing.LEFT
            else None,
            "guardian_consent": person.guardian_consent,
            "simulated": True,
            "added_at": generation.listed_at,
            "changed_at": generation.listed_at,
        }

    def _contact(self, identifier: UUID, member: UUID, kept: Kept) -> Row:
        address = kept.address
        return {
            "id": identifier,
            "member_id": member,
            "kind": address.kind,
            "value": address.value,
            "value_hash": self._tools.match.contact(address.value),
            "source": address.source,
            "state": kept.state,
            "whatsapp": address.whatsapp,
            "institutional": address.institutional,
            "preferred": kept.preferred,
            "soft_bounces": 0,
            "added_at": kept.added_at,
            "confirmed_at": kept.confirmed_at,
        }

    def _beside(self, member: UUID, past: History) -> None:
        """What belongs to a person but to no case. The other contact is erased with Q3."""
        third_closed = any(w.questionnaire == 3 and w.closed for w in self._generation.timelines)
        if past.alternate is not None and not (third_closed or past.forgotten):
            self._rows[AlternateContact].append(
                {
                    "id": uuid4(),
                    "member_id": member,
                    "name": past.alternate.name,
                    "relationship": past.alternate.relationship,
                    "phone": past.alternate.phone,
                    "source": ContactSource.RESPONDENT,
                    "added_at": past.alternate.at,
                }
            )
        if past.opted_out_at is not None:
            self._rows[OptOut].append(
                {"member_id": member, "at": past.opted_out_at, "source": "one_click"}
            )
        self._rows[CorrectionRequest] += [
            {"id": uuid4(), "member_id": member, "text": text, "at": at, "settled_at": None}
            for text, at in past.corrections
        ]

    def _case(
        self,
        member: UUID,
        person: Person,
        case: CaseHistory,
        when: Timeline,
        contacts: Sequence[UUID],
    ) -> None:
        identifier = uuid4()
        self._rows[Case].append(self._case_row(identifier, member, person, case, when))
        for disposition, at, reason in case.moves:
            self._rows[CaseEvent].append(
                {
                    "id": uuid4(),
                    "case_id": identifier,
                    "disposition": disposition,
                    "reason": reason,
                    "at": at,
                }
            )
        for said in case.said:
            self._rows[Consent].append(
                {
                    "id": uuid4(),
                    "member_id": member,
                    "purpose": said.purpose,
                    "granted": said.granted,
                    "notice_id": self._ids.notice,
                    "case_id": identifier,
                    "at": said.at,
                }
            )
        if case.reply is not None:
            self._reply(identifier, case.questionnaire, case.reply, contacts)
        self.messages += self._letters(identifier, case, when)

    def _case_row(
        self, identifier: UUID, member: UUID, person: Person, case: CaseHistory, when: Timeline
    ) -> Row:
        link = new_link(self._tools.link_keys, identifier, 1)
        story, reply = case.story, case.reply
        letters = [*story.sent, *([story.bounced] if story.bounced else [])]
        answered = reply is not None and reply.answered.says_something
        confirmed = when.questionnaire < FIRST_AFTER_EXIT or (
            self._generation.left and person.standing is Standing.GRADUATED
        )
        return {
            "id": identifier,
            "wave_id": self._waves[when.questionnaire],
            "member_id": member,
            "disposition": case.disposition,
            "eligibility_confirmed": confirmed and not case.denied,
            "ineligibility": Ineligibility.DENIED if case.denied else None,
            "moved_at": case.moves[-1][1] if case.moves else when.opens_at,
            "added_at": when.opens_at,
            "mode": None if reply is None else (Mode.CLASS if story.in_class else Mode.WEB),
            "source": "self",
            "link_key_id": link.key_id,
            "link_version": link.version,
            "link_hash": link.token_hash,
            "last_step": letters[-1][0].value if letters else None,
            "last_contact_on": civil_date(letters[-1][1], when.zone) if letters else None,
            "contacts": len(letters),
            "first_answer_at": reply.started_at if reply is not None and answered else None,
            "completed_at": reply.saved_at if reply is not None and reply.finished else None,
        }

    def _reply(self, case: UUID, number: int, reply: Reply, contacts: Sequence[UUID]) -> None:
        response = uuid4()
        self._rows[Response].append(
            {
                "id": response,
                "case_id": case,
                "version_id": self._ids.versions[number],
                "started_at": reply.started_at,
                "last_saved_at": reply.saved_at,
                "finished_at": reply.saved_at if reply.finished else None,
                "language": "es",
            }
        )
        self._rows[Answer] += _answers(response, self._tools.questionnaires[number], reply)
        marks: Row = {
            name: known if isinstance(known, bool) else str(contacts[known])
            for name, known in reply.early.items()
        } | {name: mark_of(value) for name, value in reply.answered.elsewhere.items()}
        self._rows[ResponseMark] += [
            {"response_id": response, "variable": name, "value": value}
            for name, value in marks.items()
        ]

    def _letters(
        self, identifier: UUID, case: CaseHistory, when: Timeline
    ) -> Iterator[PastMessage]:
        bounced = () if case.story.bounced is None else (case.story.bounced,)
        for dead, letters in ((False, case.story.sent), (True, bounced)):
            for step, at in letters:
                yield PastMessage(
                    id=uuid4(),
                    dedupe_key=f"case/{identifier}/{step}",
                    context_id=identifier,
                    unit_id=self._ids.school,
                    kind=step,
                    mail_domain=self._tools.mail_domain,
                    domain=MAIL_DOMAIN,
                    at=at,
                    not_after=when.closes_at,
                    dead=dead,
                )


def _answers(response: UUID, questionnaire: Questionnaire, reply: Reply) -> Iterator[Row]:
    """A row for each answer, saved one after the other between start and end."""
    given = reply.answered.answers
    pause: timedelta = (reply.saved_at - reply.started_at) / (len(given) + 1)
    at: datetime = reply.started_at
    for revision, (name, value) in enumerate(given.items(), 1):
        at += pause
        answer = read_answer(questionnaire.variables[name], value)
        if isinstance(answer, Unreadable):
            continue
        stored = to_stored(answer)
        yield {
            "response_id": response,
            "variable": name,
            "value": stored.value,
            "missing": stored.missing,
            "revision": revision,
            "saved_at": at,
        }
