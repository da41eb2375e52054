"""What the directory holds of one person, as answers and bounces change it.

Pure: the same rules as responses.keeping and directory.contacts, on values.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from app.directory.states import ContactKind, ContactSource, ContactState
from app.questionnaires.format import Questionnaire
from app.questionnaires.items import Store
from app.simulation.people import ALIVE, Address, Person
from app.simulation.telling import NO, YES

USABLE = (ContactState.UNCONFIRMED, ContactState.CONFIRMED)
FOLLOW_UP, STAYS = "autoriza_seguimiento", "autoriza_red"


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


class Holdings:
    """One person's addresses and wishes. `kept`: every address ever stored, as they came."""

    def __init__(self, person: Person, listed_at: datetime) -> None:
        self._person = person
        self.kept = [Kept(a, ContactState.UNCONFIRMED, listed_at) for a in person.listed]
        self.wanted = True  # messages about the next questionnaires
        self.forgotten = False  # asked not to stay in the directory
        self.alternate: Alternate | None = None
        self.corrections: list[tuple[str, datetime]] = []

    def mails(self) -> Sequence[Kept]:
        """Mail addresses that may be written to, dead or not."""
        return [k for k in self.kept if k.address.kind is ContactKind.EMAIL and _usable(k)]

    def place(self, kind: ContactKind) -> int | None:
        """The best personal address of a kind, by its place in `kept`."""
        found = [
            (kept.preferred, kept.state is ContactState.CONFIRMED, place)
            for place, kept in enumerate(self.kept)
            if kept.address.kind is kind and _usable(kept) and not kept.address.institutional
        ]
        return max(found)[2] if found else None

    def bury(self, questionnaire: int) -> None:
        """A message found the mail addresses dead that had ended by this questionnaire."""
        for place, kept in enumerate(self.kept):
            gone = kept.address.kind is ContactKind.EMAIL and kept.address.ends <= questionnaire
            if gone and _usable(kept):
                self.kept[place] = replace(kept, state=ContactState.DEAD)

    def hear(
        self,
        questionnaire: Questionnaire,
        given: Mapping[str, object],
        places: Mapping[str, int | None],
        *,
        at: datetime,
        finished: bool,
    ) -> tuple[Said, ...]:
        """Take in the directory and consent answers of a response; the permissions in it."""
        if FOLLOW_UP in given:
            self.wanted = given[FOLLOW_UP] != NO
        self._confirm(places["celular_previo"], given.get("contacto_vigente"), at)
        self._confirm(places["correo_previo"], given.get("correo_vigente"), at)
        self._add(ContactKind.MOBILE, given.get("celular"), at)
        self._add(ContactKind.EMAIL, given.get("correo_personal"), at)
        self._prefer(given.get("canal_preferido"))
        self._third_person(given, at)
        correction = given.get("dato_por_corregir")
        if isinstance(correction, str):
            self.corrections.append((correction, at))
        self.forgotten = self.forgotten or (finished and given.get(STAYS) == NO)
        return tuple(
            Said(name, value == YES, at)
            for name, value in given.items()
            if questionnaire.variables[name].store is Store.CONSENT and value in {YES, NO}
        )

    def _confirm(self, place: int | None, word: object, at: datetime) -> None:
        if place is None or word not in {1, 2, 3}:
            return
        state = ContactState.CONFIRMED if word == YES else ContactState.DEAD
        confirmed_at = at if word == YES else self.kept[place].confirmed_at
        self.kept[place] = replace(self.kept[place], state=state, confirmed_at=confirmed_at)

    def _add(self, kind: ContactKind, value: object, at: datetime) -> None:
        if not isinstance(value, str):
            return
        own = self._person.own_mail if kind is ContactKind.EMAIL else self._person.own_mobile
        text = value if kind is ContactKind.EMAIL else f"+52{value}"
        address = own if own.value == text else Address(kind, text, ContactSource.RESPONDENT, ALIVE)
        if all(kept.address.value != text for kept in self.kept):
            self.kept.append(Kept(address, ContactState.CONFIRMED, at, confirmed_at=at))

    def _prefer(self, channel: object) -> None:
        if not isinstance(channel, int):
            return
        kind = {3: ContactKind.EMAIL, 5: None}.get(channel, ContactKind.MOBILE)
        self.kept = [replace(kept, preferred=kept.address.kind is kind) for kept in self.kept]

    def _third_person(self, given: Mapping[str, object], at: datetime) -> None:
        name, phone, relation = (given.get(n) for n in ("alt_nombre", "alt_tel", "alt_parentesco"))
        if isinstance(phone, str) and isinstance(name, str):
            known = str(relation) if isinstance(relation, int) else None
            self.alternate = Alternate(name, known, f"+52{phone}", at)


def _usable(kept: Kept) -> bool:
    return kept.state in USABLE
