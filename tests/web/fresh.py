"""Pages of figures, and what each says once one more person has answered."""

from uuid import UUID

from sqlmodel import Session

from app.staff import invitations, sessions
from app.staff.addresses import staff_keys
from app.staff.roles import Role, WantedGrant
from app.web import security
from tests.conftest import DATA_KEYS
from tests.responses.people import DURING, Field, Person, a_field, a_person

CODE = "09DCT0001A"
NUMBER = 2
STAFF_COOKIE = security.cookie_name(security.STAFF_COOKIE, secure=False)
PLACES = ("fill of the table", "rate of the wave", "results of the unit", "outcomes", "worklist")


def a_school_in_field(session: Session, people: int) -> tuple[Field, list[Person], str]:
    """A school of so many people in the field, and the session of its officer."""
    wave = a_field(session, NUMBER, code=CODE)
    asked = [a_person(session, wave) for _ in range(people)]
    invited = invitations.invite(
        session,
        "o@escuela.mx",
        WantedGrant(CODE, Role.OFFICER),
        keys=staff_keys(DATA_KEYS),
        by=None,
        now=DURING[NUMBER],
    )
    token = sessions.open_session(
        session, invited.account_id, place="p", device="t", now=DURING[NUMBER]
    )
    return wave, asked, token


def pages(wave_id: UUID) -> dict[str, str]:
    """The address of each page, by what it shows."""
    asked = "generacion=2023-2026&cuestionario=2"
    addresses = (
        f"/panel/cronologia/{CODE}",
        f"/panel/olas/{wave_id}",
        f"/panel/resultados/{CODE}?{asked}",
        f"/panel/resultados/{CODE}/cifras.csv?{asked}",
        f"/panel/olas/{wave_id}/pendientes",
    )
    return dict(zip(PLACES, addresses, strict=True))


def is_fresh(place: str, page: str, answered: int, people: int) -> bool:
    """Whether a page counts so many answers; of the worklist, that so many have left it."""
    match place:
        case "fill of the table":
            return f"{answered} de {people} · " in page
        case "rate of the wave":
            return f"{answered} de {people} personas respondieron" in page
        case "results of the unit":
            return f"({answered} de {people})" in page
        case "outcomes":
            return f"S1,Situación principal,Solo estudia,{answered},{answered}," in page
        case _:
            return f"Faltan {people - answered} personas." in page
