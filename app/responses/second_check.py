"""Proof on another device: date of birth and the end of the CURP, or the whole matrícula.

Identification, not authentication (trust.md D9): it opens only what this person answered before.
Tries are counted by case, whatever the device.
"""

import hmac
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, func
from sqlmodel import Session, col, select

from app.directory.tables import PanelMember
from app.errors import AppError
from app.fieldwork import entry
from app.fieldwork.tables import Mode
from app.responses.sitting import Sitting
from app.responses.tables import SecondCheckTry

CURP_END = 4  # characters
MOST_TRIES = 5
WAIT = timedelta(minutes=30)  # five tries an hour and a half leave 1,095 birthdays out of reach
_BORN = slice(4, 10)  # YYMMDD of a CURP


class TooManyTries(AppError):
    """Five wrong tries; more only after a while."""

    code = "second_check.too_many"
    status = 429
    plantilla = (
        "Fueron varios intentos con datos que no coinciden. Espera media hora y vuelve a intentar; "
        "mientras, puedes seguir contestando."
    )


class NothingToCompare(AppError):
    """The school gave neither a CURP nor a date of birth with a matrícula."""

    code = "second_check.nothing_to_compare"
    status = 409
    plantilla = (
        "Tu escuela no nos dio datos para comprobar que eres tú. Puedes seguir contestando lo que "
        "falta."
    )


class NotOnCall(AppError):
    """Who asks by telephone never sees what the person answered elsewhere."""

    code = "second_check.not_on_call"
    status = 403
    plantilla = (
        "Por teléfono no se muestra lo que la persona contestó en otro dispositivo. Está guardado "
        "y ella puede verlo con su enlace."
    )


class NotInClass(AppError):
    """In a class what was answered elsewhere stays covered: others are in the room (SEC-28)."""

    code = "second_check.not_in_class"
    status = 403
    plantilla = (
        "En clase no se muestra lo que contestaste en otro dispositivo. Está guardado; para verlo, "
        "abre tu enlace personal desde tu correo."
    )


@dataclass(frozen=True, slots=True)
class Claim:
    """Who somebody says to be. `ending`: last 4 of the CURP, or the matrícula."""

    born: date
    ending: str


def asks_for_curp(session: Session, sitting: Sitting) -> bool:
    """Whether the end of the CURP is asked for; otherwise the matrícula.

    Raises:
        NotInClass, NotOnCall: the person answers in a class, or by telephone.
        NothingToCompare: the directory has neither.
    """
    if sitting.visit.mode is Mode.CLASS:
        raise NotInClass(case=sitting.visit.case_id)
    if sitting.visit.mode is Mode.PHONE:
        raise NotOnCall(case=sitting.visit.case_id)
    member_id = sitting.member_id
    member = session.get_one(PanelMember, member_id)
    if member.curp is not None:
        return True
    if member.birth_date is None or member.student_id is None:
        raise NothingToCompare(member=member_id)
    return False


def try_second_check(
    connection: Connection, sitting: Sitting, claim: Claim, *, now: datetime
) -> bool:
    """Whether the claim holds; then this device shows earlier answers. A wrong one is counted.

    The sitting was opened `to_save`, so that tries at the same moment are counted one by one.

    Raises:
        TooManyTries, NotInClass: nothing was compared.
        NothingToCompare: there is nothing to compare with.
    """
    with Session(connection) as session:
        if _recent(session, sitting.visit.case_id, now=now) >= MOST_TRIES:
            raise TooManyTries(case=sitting.visit.case_id)
        asks_for_curp(session, sitting)
        holds = _holds(session.get_one(PanelMember, sitting.member_id), claim)
        if holds:
            entry.pass_second_check(session, sitting.visit, now=now)
        else:
            session.add(SecondCheckTry(case_id=sitting.visit.case_id, at=now))
        session.flush()
    return holds


def _recent(session: Session, case_id: UUID, *, now: datetime) -> int:
    return session.exec(
        select(func.count())
        .select_from(SecondCheckTry)
        .where(col(SecondCheckTry.case_id) == case_id, col(SecondCheckTry.at) > now - WAIT)
    ).one()


def _holds(member: PanelMember, claim: Claim) -> bool:
    if member.curp is not None:
        wanted = member.curp[-CURP_END:]
        born = member.birth_date or member.curp[_BORN]
    else:
        wanted, born = member.student_id or "", member.birth_date or ""
    said = claim.born.isoformat() if "-" in born else f"{claim.born:%y%m%d}"
    same_day = hmac.compare_digest(said.encode(), born.encode())
    same_end = hmac.compare_digest(_plain(claim.ending).encode(), _plain(wanted).encode())
    return same_day and same_end


def _plain(text: str) -> str:
    return "".join(text.split()).upper()
