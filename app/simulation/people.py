"""People of a generation as a school's list has them, and the ways to reach them.

Nobody here exists: addresses end in `.invalid`, telephones are in series no operator has.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from app.chronology.wave_plan import Cohort
from app.directory.curp import STATES as CURP_STATES
from app.directory.people import PersonName, search_form
from app.directory.states import ContactKind, ContactSource, Standing
from app.simulation.chance import Chance, Weighted, happens, one_of, whole
from app.simulation.curps import CurpRegistry
from app.simulation.names import draw_name
from app.simulation.parameters import Parameters
from app.simulation.schools import School

MAIL_DOMAIN = "correo.invalid"
SCHOOL_DOMAIN = "plantel.invalid"
# Area codes without subscribers (libphonenumber's plan of Mexico): a test asks the library.
UNASSIGNED = tuple(f"2{pair:02d}" for pair in range(2, 20))
ALIVE = 9  # questionnaire in which an address ends: never
_ELSEWHERE = tuple(sorted(CURP_STATES - {"NE"}))


@dataclass(frozen=True, slots=True)
class Address:
    """A way to reach a person, gone from questionnaire `ends` on; mail, or E.164."""

    kind: ContactKind
    value: str
    source: ContactSource
    ends: int
    institutional: bool = False
    whatsapp: bool | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """One member of a generation. `mood` below 1 is content, above 1 critical."""

    name: PersonName
    student_id: str
    sex: str
    born: date | None
    curp: str | None
    group: int
    programme: int
    grade_average: float
    municipality: str
    guardian_consent: bool | None
    standing: Standing  # once control escolar has spoken
    mood: float
    listed: tuple[Address, ...]  # in the school's list
    own_mail: Address  # what the person would give
    own_mobile: Address


@dataclass(frozen=True, slots=True)
class Roster:
    """A generation of a school. `groups`: names in order, each of one programme."""

    cohort: Cohort
    groups: tuple[str, ...]
    people: tuple[Person, ...]


def roster(
    chance: Chance, school: School, cohort: Cohort, assumed: Parameters, registry: CurpRegistry
) -> Roster:
    """Everybody of a generation, in the order of the list."""
    groups = max(1, round(school.graduates / assumed.schools.group_size))
    writer = _Writer(chance, school, cohort, assumed, registry, groups)
    people = tuple(writer.person(number) for number in range(school.graduates))
    return Roster(cohort, tuple(f"6{_group_letter(index)}" for index in range(groups)), people)


def afternoon(group: int, groups: int) -> bool:
    """Whether a group studies in the afternoon: about two in five, in schools with several."""
    return groups > 2 and group >= groups * 0.6


class _Writer:
    """Writes the people of one generation."""

    def __init__(  # what all of them share
        self,
        chance: Chance,
        school: School,
        cohort: Cohort,
        assumed: Parameters,
        registry: CurpRegistry,
        groups: int,
    ) -> None:
        self._chance, self._school, self._cohort = chance, school, cohort
        self._assumed, self._registry, self._groups = assumed, registry, groups

    def person(self, number: int) -> Person:
        chance, people = self._chance, self._assumed.people
        sex = people.sex.draw(chance)
        name = draw_name(
            chance,
            sex,
            two_given=people.two_given_names,
            one_surname=people.second_surname_missing,
        )
        born = self._born()
        state = self._school.state.curp
        if happens(chance, people.born_elsewhere):
            state = one_of(chance, _ELSEWHERE)
        curp = self._registry.write(name, sex=sex, born=born, state=state)
        group = number % self._groups
        low, high = people.grade_average
        return Person(
            name=name,
            student_id=f"{self._cohort.entered % 100:02d}{self._school.number:04d}{number:04d}",
            sex=sex,
            born=None if happens(chance, people.birth_date_missing) else born,
            curp=None if happens(chance, people.curp_missing) else curp,
            group=group,
            programme=group % len(self._school.programmes),
            grade_average=round(min(10.0, low - 0.5 + (high - low + 1) * chance.random()), 1),
            municipality=self._municipality(),
            guardian_consent=True if happens(chance, people.guardian_consent) else None,
            standing=self._standing(),
            mood=0.6 + 0.9 * chance.random(),
            listed=tuple(self._listed(name, number)),
            own_mail=self._mail(name, number, ContactSource.RESPONDENT),
            own_mobile=self._mobile(ContactSource.RESPONDENT),
        )

    def _born(self) -> date:
        years = self._assumed.people.age_at_exit.draw(self._chance)
        last = date(self._cohort.leaves - years, 7, 1)
        return last - timedelta(days=whole(self._chance, 0, 364))

    def _municipality(self) -> str:
        if not happens(self._chance, self._assumed.people.moves):
            return self._school.municipality
        state = self._school.state
        return f"{state.code}{whole(self._chance, 1, state.municipalities):03d}"

    def _standing(self) -> Standing:
        assumed, height = self._assumed.standing, self._chance.random()
        if height < assumed.graduated:
            return Standing.GRADUATED
        return Standing.LEFT if height < assumed.graduated + assumed.denied else Standing.ENROLLED

    def _listed(self, name: PersonName, number: int) -> Sequence[Address]:
        assumed, found = self._assumed.contacts, []
        if happens(self._chance, assumed.school_mail):
            value = f"{self._cohort.entered}{self._school.number:04d}{number:04d}@{SCHOOL_DOMAIN}"
            ends = assumed.school_mail_ends.draw(self._chance)
            found.append(
                Address(ContactKind.EMAIL, value, ContactSource.ROSTER, ends, institutional=True)
            )
        if happens(self._chance, assumed.personal_mail):
            found.append(self._mail(name, number, ContactSource.ROSTER))
        if happens(self._chance, assumed.mobile):
            found.append(self._mobile(ContactSource.ROSTER))
        return found

    def _mail(self, name: PersonName, number: int, source: ContactSource) -> Address:
        local = ".".join(search_form(f"{name.given.split()[0]} {name.surname_1}").split())
        mine = "" if source is ContactSource.RESPONDENT else "x"
        unique = f"{self._school.number}.{self._cohort.leaves % 100}{number:03d}{mine}"
        ends = self._assumed.contacts.personal_mail_ends
        return self._address(ContactKind.EMAIL, f"{local}.{unique}@{MAIL_DOMAIN}", source, ends)

    def _mobile(self, source: ContactSource) -> Address:
        ends = self._assumed.contacts.mobile_ends
        return self._address(ContactKind.MOBILE, unassigned_number(self._chance), source, ends)

    def _address(
        self, kind: ContactKind, value: str, source: ContactSource, ends: Weighted[int]
    ) -> Address:
        whatsapp = None
        if kind is ContactKind.MOBILE and source is ContactSource.RESPONDENT:
            whatsapp = happens(self._chance, self._assumed.contacts.whatsapp)
        return Address(kind, value, source, ends.draw(self._chance), whatsapp=whatsapp)


def unassigned_number(chance: Chance) -> str:
    """A Mexican number in E.164 that belongs to nobody."""
    return f"+52{one_of(chance, UNASSIGNED)}{whole(chance, 0, 9_999_999):07d}"


def _group_letter(index: int) -> str:
    return chr(ord("A") + index) if index < 26 else f"{index + 1}"
