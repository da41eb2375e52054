"""What the sender asks about a batch: what each message says, whether it is still wanted.

And whom it tells how each one ended. What the answers are, fieldwork decides.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlmodel import Session

from app.classroom import proofs
from app.classroom.letters import Press, code_undeliverable, is_code, school_of_proof, write_code
from app.db import marks
from app.fieldwork import deliveries
from app.fieldwork.addressees import Correspondent, correspondents
from app.fieldwork.digest import is_digest, write_digest
from app.fieldwork.failing import pause_failing_waves
from app.fieldwork.first_question import taps_for
from app.fieldwork.invitations import objections
from app.fieldwork.last_word import last_objections
from app.fieldwork.links import LinkKeyMissing
from app.fieldwork.plans import Plans, plans_of
from app.fieldwork.relay_letters import Slip, give_up_relative, write_relay
from app.fieldwork.relaying import is_relay, relay_objection, relays_of
from app.fieldwork.stationery import (
    Envelope,
    Stationery,
    post_office,
    stationery_of,
    write_letter,
    write_short,
)
from app.fieldwork.trial import is_trial, write_trial
from app.keys import keys_for
from app.messaging import suppression
from app.messaging.addresses import AddressProblem, matching_form, on_the_line
from app.messaging.channels import open_channels
from app.messaging.delivery import ClaimedMessage, Objection, Rendered
from app.messaging.dkim import DkimKey, signed
from app.messaging.gateway_setting import Gateway
from app.messaging.states import Channel, Outcome
from app.messaging.templates import Taps
from app.staff.digests import digest_scope, wants_digest
from app.worker.deployment import Deployment
from app.worker.dispatch import Ended
from app.worker.next_way import try_next_way

LATER = timedelta(minutes=5)  # asked again: sending paused by the operator, a missing key

_FAILED = (Outcome.REFUSED, Outcome.ADDRESS_DEAD)


class Writer:
    """Writes the messages of one pass over one channel.

    `kept`: they go to the development mailbox. `gateway`: of the channel, if it has one.
    `signers`: of mails, none in the development mailbox.
    """

    def __init__(
        self,
        deployment: Deployment,
        *,
        kept: bool,
        stopping: Callable[[], bool] = lambda: False,
        channel: Channel = Channel.MAIL,
        gateway: Gateway | None = None,
        signers: Sequence[DkimKey] = (),
    ) -> None:
        self._clock, self._kept, self._stopping = deployment.clock, kept, stopping
        self._channel, self._gateway, self._signers = channel, gateway, signers
        self._open = open_channels(deployment.settings)
        self._office = post_office(deployment.settings)
        self.address_keys = keys_for(suppression.PURPOSE, deployment.settings.data_keys)
        self._proof_key = keys_for(proofs.PURPOSE, deployment.settings.secret_keys)[0]
        self._relays = relays_of(deployment.settings)
        self._stationery: dict[UUID, Stationery] = {}
        self._taps: dict[tuple[UUID, date], Taps | None] = {}
        self._plans = Plans()  # of the last claim; asked again for every handful of its texts
        self._failed: set[UUID] = set()

    def render(
        self, session: Session, claimed: Sequence[ClaimedMessage]
    ) -> Mapping[UUID, Rendered | Objection]:
        """Every message of a claim, written now, or why it is not."""
        now = self._clock()
        if self._stopping() or marks.marked(session, marks.SENDING_PAUSED) is not None:
            return {
                message.id: Objection("sending_paused", until=now + LATER) for message in claimed
            }
        cases = _about_people(claimed)
        people = correspondents(session, cases)
        self._plans = plans_of(session, {person.school_id for person in people.values()})
        unwanted = objections(people, cases, self._plans, now=now, channel=self._channel)
        addresses = [
            address for person in people.values() for address in person.ways(self._channel)
        ]
        barred = suppression.suppressed(session, addresses, self.address_keys)
        return {
            message.id: self._trial(session, message, now=now)
            if is_trial(message.kind)
            else self._code(session, message, now=now)
            if is_code(message.kind)
            else self._digest(session, message, now=now)
            if is_digest(message.kind)
            else self._relay(session, message, people.get(message.context_id), now=now)
            if is_relay(message.kind)
            else unwanted.get(message.context_id)
            or self._letter(session, message, people[message.context_id], barred, now=now)
            for message in claimed
        }

    def still_wanted(
        self, session: Session, claimed: Sequence[ClaimedMessage]
    ) -> Mapping[UUID, Objection]:
        """Asked right before each text leaves (trust.md F-50)."""
        now = self._clock()
        if self._stopping():
            return {message.id: Objection("stopping", until=now) for message in claimed}
        relays = [message for message in claimed if is_relay(message.kind)]
        cases = _about_people([message for message in claimed if not is_relay(message.kind)])
        unwanted = last_objections(session, cases, self._plans, now=now, channel=self._channel)
        found = {
            message.id: unwanted[message.context_id]
            for message in claimed
            if message.context_id in unwanted and not is_relay(message.kind)
        }
        people = correspondents(session, [one.context_id for one in relays]) if relays else {}
        for message in relays:
            objection = self._objection_to_relay(session, people.get(message.context_id), now=now)
            if objection is not None:
                found[message.id] = objection
        return found

    def tell(self, session: Session, ended: Sequence[Ended]) -> None:
        """Endings become progress of their cases; a dead address gives way to the next one."""
        now = self._clock()
        sent = [
            ending.message.context_id
            for ending in ended
            if ending.outcome is Outcome.SENT and not is_relay(ending.message.kind)
        ]
        if sent:
            deliveries.record_sent(session, sent, now=now)
        for ending in ended:
            if ending.outcome in _FAILED:
                self._tell_failed(session, ending, now=now)

    def _tell_failed(self, session: Session, ending: Ended, *, now: datetime) -> None:
        message = ending.message
        dead = ending.recipient if ending.outcome is Outcome.ADDRESS_DEAD else None
        if is_trial(message.kind) or is_digest(message.kind):
            return
        if is_code(message.kind):
            if dead is not None:
                code_undeliverable(session, message.context_id)
            return
        if is_relay(message.kind):
            if dead is not None:
                give_up_relative(session, message.context_id, dead)
            return
        self._failed.add(message.context_id)
        if dead is not None:
            try_next_way(
                session,
                message,
                dead,
                mail_domain=self._office.mail_domain,
                channels=self._open,
                because="rechazo del servidor",
                now=now,
            )

    def pause_failing(self, session: Session, now: datetime) -> tuple[UUID, ...]:
        """Pause the waves in which too many messages of this pass failed."""
        failed, self._failed = self._failed, set()
        return pause_failing_waves(session, failed, now=now) if failed else ()

    def _letter(
        self,
        session: Session,
        message: ClaimedMessage,
        person: Correspondent,
        barred: Mapping[str, object],
        *,
        now: datetime,
    ) -> Rendered | Objection:
        if person.simulated and not self._kept:
            return Objection("simulated_person")
        usable = _Usable(self._channel, barred)
        # Who asked for the link reads the address they typed; it counts only if it is theirs.
        ways = sorted(person.ways(self._channel), key=lambda each: each != message.recipient)
        address = next(filter(usable, ways), None)
        if address is None:
            return Objection("address_suppressed")
        envelope = Envelope(message.id, message.message_id, message.kind, address)
        try:
            paper = self._paper(session, person.school_id)
            if self._channel is not Channel.MAIL:
                return write_short(self._office, paper, person, envelope, self._gateway)
            taps = self._taps_of(session, person)
            letter = write_letter(self._office, paper, person, envelope, taps=taps, now=now)
            return self._signed(letter, now)
        except LinkKeyMissing:
            return Objection("link_key_missing", until=now + LATER)
        except (KeyError, ValueError):
            return Objection("not_rendered")

    def _trial(
        self, session: Session, message: ClaimedMessage, *, now: datetime
    ) -> Rendered | Objection:
        try:
            paper = self._paper(session, message.context_id)
            return self._signed(write_trial(session, self._office, paper, message, now=now), now)
        except (KeyError, ValueError):
            return Objection("not_rendered")

    def _code(
        self, session: Session, message: ClaimedMessage, *, now: datetime
    ) -> Rendered | Objection:
        school_id = school_of_proof(session, message.context_id)
        if school_id is None:
            return Objection("case_gone")
        press = Press(self._office, self._proof_key, self.address_keys, self._kept)
        try:
            paper = self._paper(session, school_id)
            written = write_code(session, press, paper, message, now=now)
        except ValueError:
            return Objection("not_rendered")
        return written if isinstance(written, Objection) else self._signed(written, now)

    def _relay(
        self,
        session: Session,
        message: ClaimedMessage,
        person: Correspondent | None,
        *,
        now: datetime,
    ) -> Rendered | Objection:
        objection = self._objection_to_relay(session, person, now=now)
        if objection is not None or person is None or self._relays is None:
            return objection or Objection("relative_gone")
        if person.simulated and not self._kept:
            return Objection("simulated_person")
        paper = self._paper(session, person.school_id)
        slip = Slip(self._office, paper, self._relays, self._gateway)
        try:
            return write_relay(session, slip, message, person)
        except LinkKeyMissing:
            return Objection("link_key_missing", until=now + LATER)
        except (KeyError, ValueError):
            return Objection("not_rendered")

    def _objection_to_relay(
        self, session: Session, person: Correspondent | None, *, now: datetime
    ) -> Objection | None:
        if self._relays is None:
            return Objection("relative_gone")
        return relay_objection(session, person, self._plans, self._relays.match, now=now)

    def _digest(
        self, session: Session, message: ClaimedMessage, *, now: datetime
    ) -> Rendered | Objection:
        if not wants_digest(session, message.context_id):
            return Objection("digest_stopped")
        scope = digest_scope(session, message.context_id)
        return self._signed(write_digest(session, self._office, scope, message, now=now), now)

    def _signed(self, letter: Rendered, now: datetime) -> Rendered:
        return replace(letter, content=signed(letter.content, self._signers, now=now))

    def _taps_of(self, session: Session, person: Correspondent) -> Taps | None:
        asked = (person.version_id, person.reference_monday)
        if asked not in self._taps:
            self._taps[asked] = taps_for(session, person)
        return self._taps[asked]

    def _paper(self, session: Session, school_id: UUID) -> Stationery:
        if school_id not in self._stationery:
            self._stationery[school_id] = stationery_of(session, self._office, school_id)
        return self._stationery[school_id]


def _about_people(claimed: Sequence[ClaimedMessage]) -> set[UUID]:
    """The cases of a claim; a test message, a code and a summary are about none."""
    return {
        message.context_id
        for message in claimed
        if not (is_trial(message.kind) or is_code(message.kind) or is_digest(message.kind))
    }


class _Usable:
    """Whether an address can be written to: its channel carries it, nobody barred it."""

    def __init__(self, channel: Channel, barred: Mapping[str, object]) -> None:
        self._channel, self._barred = channel, barred

    def __call__(self, address: str) -> bool:
        try:
            on_the_line(self._channel, address)
        except AddressProblem:
            return False
        return matching_form(address) not in self._barred
