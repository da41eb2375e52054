"""What a person's page shows, for somebody of the world: identifiers, permissions, requests."""

from datetime import date, datetime, timedelta
from uuid import UUID

from sqlmodel import Session, select

from app.directory.actions import ask_correction, name_of
from app.directory.consents import record_consent
from app.directory.curp import check_digit
from app.directory.keyed import match_keys
from app.directory.tables import ContactPoint, PanelMember, TransferRequest
from app.fieldwork.tables import Case
from app.units.queries import unit_by_code
from app.units.scope import WHOLE
from tests.conftest import DATA_KEYS

KEYS = match_keys(DATA_KEYS)
WRONG = "Mi segundo apellido está mal escrito"


def curp_of(letters: str, born: str = "070301") -> str:
    """A CURP with the right check digit; born from 2000 on."""
    first = f"{letters}{born}MDFXRSA"
    return first + check_digit(first)


def a_card(
    session: Session, case_id: UUID, *, curp: str, asked_by: str, now: datetime
) -> dict[str, str]:
    """Fill in the card of the member of a case; ids by the names that addresses use."""
    case = session.get_one(Case, case_id)
    member = session.get_one(PanelMember, case.member_id)
    member.student_id, member.curp, member.curp_hash = "0007", curp, KEYS.curp(curp)
    member.name_hash = KEYS.name(name_of(member).search)
    member.birth_date, member.left_on = "2007-03-01", date(2025, 7, 15)
    record_consent(session, member.id, "aviso_q2", True, now=now - timedelta(days=9))
    record_consent(session, member.id, "autoriza_ofertas", False, now=now - timedelta(days=9))
    request_id = ask_correction(session, member.id, WRONG, now=now)
    transfer = TransferRequest(
        member_id=member.id, to_school_id=unit_by_code(session, WHOLE, asked_by).id, at=now
    )
    session.add(transfer)
    session.flush()
    contact = session.exec(select(ContactPoint).where(ContactPoint.member_id == member.id)).one()
    return {
        "member_id": str(member.id),
        "contact_id": str(contact.id),
        "request_id": str(request_id),
        "transfer_id": str(transfer.id),
    }
