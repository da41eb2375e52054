"""People who do not exist: possible in every particular, reachable in none."""

import random
from datetime import date

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.chronology.wave_plan import Cohort
from app.directory.curp import read_curp
from app.directory.people import PersonName
from app.directory.phones import read_phone
from app.directory.states import ContactKind
from app.messaging.addresses import is_simulated, wire_address
from app.simulation.curps import CurpRegistry
from app.simulation.people import UNASSIGNED, unassigned_number
from tests.simulation.worlds import people


@given(st.text(max_size=12), st.sampled_from([Cohort(1996, 1999), Cohort(2015, 2018)]))
def test_every_curp_is_one_and_tells_the_same_story(seed: str, cohort: Cohort) -> None:
    for person in people(seed, school=2, cohort=cohort):
        if person.curp is None:
            continue
        found = read_curp(person.curp)
        assert (found.text, found.sex) == (person.curp, person.sex)
        assert person.born is None or found.birth_date == person.born


def test_a_curp_is_that_of_the_registry() -> None:
    """Worked by hand from the rules; the check digit is the algorithm's."""
    name = PersonName("José Luis", "Muñoz", "de la Peña")

    curp = CurpRegistry().write(name, sex="H", born=date(2008, 2, 9), state="MC")

    assert curp[:17] == "MUPL080209HMCXXSA"


def test_namesakes_get_another_curp() -> None:
    registry = CurpRegistry()
    name = PersonName("Ana", "Cruz", "Díaz")

    first, second = (
        registry.write(name, sex="M", born=date(1999, 5, 4), state="OC") for _ in range(2)
    )

    assert (first[16], second[16]) == ("0", "1")
    assert read_curp(second).birth_date == date(1999, 5, 4)


def test_rude_beginnings_are_softened() -> None:
    name = PersonName("Óscar", "Pérez", "Díaz")

    curp = CurpRegistry().write(name, sex="H", born=date(2008, 2, 9), state="MC")

    assert curp.startswith("PXDO")


def test_nobody_of_a_generation_can_be_reached() -> None:
    found = [address for person in people() for address in (*person.listed, person.own_mail)] + [
        person.own_mobile for person in people()
    ]

    assert len(found) > 300
    for address in found:
        if address.kind is ContactKind.EMAIL:
            assert is_simulated(wire_address(address.value))
        else:
            assert not read_phone(address.value).assigned


@pytest.mark.parametrize("area", UNASSIGNED)
def test_no_operator_has_these_series(area: str) -> None:
    chance = random.Random(area)
    for _ in range(200):
        number = phonenumbers.parse(f"+52{area}{unassigned_number(chance)[6:]}")
        assert not phonenumbers.is_valid_number(number)


def test_addresses_belong_to_one_person_each() -> None:
    everybody = [*people("a", school=1), *people("b", school=1, cohort=Cohort(2023, 2026))]
    values = [
        address.value
        for person in everybody
        for address in (*person.listed, person.own_mail, person.own_mobile)
    ]
    assert len(values) == len(set(values))


def test_ages_fit_the_generation() -> None:
    ages = [2025 - person.born.year for person in people(school=1) if person.born is not None]
    assert min(ages) >= 17
    assert max(ages) <= 22
