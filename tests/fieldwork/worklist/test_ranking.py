"""Who comes first, and why."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.fieldwork.dispositions import Disposition
from app.fieldwork.wanted import AWAITED, Unwanted
from app.fieldwork.worklist.ranking import Place, Prospect, Turn, place_of
from app.fieldwork.worklist.results import Channel

NOW = datetime(2026, 3, 2, 18, tzinfo=UTC)
TODAY = date(2026, 3, 2)
C, D = Channel, Disposition
INVITED = Prospect(
    D.INVITED,
    contacts=2,
    last_on=TODAY - timedelta(days=5),
    routes=(C.WHATSAPP, C.CALL, C.EMAIL),
    tried=frozenset({C.EMAIL}),
)
NOBODY_WROTE = replace(INVITED, disposition=D.PLANNED, contacts=0, last_on=None, tried=frozenset())


def place(prospect: Prospect) -> Place:
    return place_of(prospect, now=NOW, today=TODAY, most=6)


CASES = [
    (replace(INVITED, unsaid=True), Turn.ASKED_WHAT_HAPPENED, "Falta que diga qué pasó"),
    (replace(INVITED, appointment=NOW), Turn.APPOINTMENT, "Quedaron en hablar a esta hora."),
    (
        replace(INVITED, disposition=D.STARTED),
        Turn.UNFINISHED,
        "Empezó y le falta terminar. Último contacto: hace 5 días.",
    ),
    (NOBODY_WROTE, Turn.NEVER, "Nadie le ha escrito ni llamado. Pruebe WhatsApp."),
    (
        INVITED,
        Turn.NEW_CHANNEL,
        "No ha respondido. Último contacto: hace 5 días. Pruebe WhatsApp.",
    ),
    (
        replace(INVITED, tried=frozenset(INVITED.routes)),
        Turn.AGAIN,
        "Ya se probó todo lo que hay. Último contacto: hace 5 días.",
    ),
    (
        replace(INVITED, last_on=TODAY - timedelta(days=1)),
        Turn.RESTING,
        "Dele tiempo: se le buscó ayer.",
    ),
    (
        replace(INVITED, appointment=NOW + timedelta(days=1)),
        Turn.APPOINTMENT_LATER,
        "Tiene una cita: espere a ese día.",
    ),
    (replace(INVITED, routes=()), Turn.NO_ROUTE, "No hay teléfono ni correo que sirva."),
    (replace(INVITED, contacts=6), Turn.ENOUGH, "Ya se le buscó 6 veces: no insista."),
    (replace(INVITED, doubted=True), Turn.DOUBTED, "Se avisó que no debe contar"),
    (
        replace(INVITED, barrier=Unwanted.OPTED_OUT),
        Turn.NOT_WANTED,
        "Pidió no recibir mensajes.",
    ),
]


@pytest.mark.parametrize(("prospect", "turn", "why"), CASES, ids=[case[1].name for case in CASES])
def test_the_turn_and_its_line(prospect: Prospect, turn: Turn, why: str) -> None:
    found = place(prospect)

    assert (found.turn, why in found.why) == (turn, True)


def test_the_turns_are_in_their_order() -> None:
    places = [place(case[0]) for case in CASES]
    assert sorted(places, key=lambda one: one.order) == places


def test_the_longest_wait_comes_first() -> None:
    older = replace(INVITED, last_on=TODAY - timedelta(days=9))
    assert place(older).order < place(INVITED).order


def test_a_channel_never_tried_is_the_best() -> None:
    assert place(replace(INVITED, tried=frozenset({C.WHATSAPP}))).best is C.CALL
    assert place(replace(INVITED, tried=frozenset(INVITED.routes))).best is C.WHATSAPP
    assert place(replace(INVITED, routes=())).best is None


def test_an_appointment_outweighs_the_six_contacts() -> None:
    asked = replace(INVITED, contacts=6, appointment=NOW - timedelta(minutes=1))
    assert (place(asked).turn, place(asked).open_to_contact) == (Turn.APPOINTMENT, True)


prospects = st.builds(
    Prospect,
    disposition=st.sampled_from(sorted(AWAITED)),
    contacts=st.integers(0, 9),
    last_on=st.none() | st.dates(date(2026, 2, 1), TODAY),
    routes=st.lists(st.sampled_from(list(Channel)), unique=True).map(tuple),
    tried=st.frozensets(st.sampled_from(list(Channel))),
    unsaid=st.booleans(),
    appointment=st.none() | st.integers(-900, 900).map(lambda n: NOW + timedelta(hours=n)),
    doubted=st.booleans(),
    barrier=st.none() | st.sampled_from(list(Unwanted)),
)


@given(prospects)
def test_nobody_is_opened_against_a_rule(prospect: Prospect) -> None:
    """However the person stands: not against their wish, not in doubt, not a seventh time."""
    found = place(prospect)

    assert found.why
    if prospect.barrier or prospect.doubted:
        assert not found.open_to_contact
    if found.open_to_contact and prospect.contacts >= 6:
        assert found.turn is Turn.APPOINTMENT
    if found.best is not None:
        assert found.best in prospect.routes
