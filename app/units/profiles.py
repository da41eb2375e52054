"""How an institution presents itself: checked, then stored."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from email_validator import EmailNotValidError, validate_email
from sqlmodel import Session

from app.errors import AppError
from app.units.tables import InstitutionProfile


class ProfileRefused(AppError):
    """The sender of a school cannot be like that; `field`: where it was typed."""

    code = "units.profile_refused"
    status = 422
    plantilla = "{problem}."


@dataclass(frozen=True, slots=True)
class ProfileText:
    """What an institution says about itself, as typed."""

    sender_name: str
    reply_to: str
    footer: str
    contact: str


def store_profile(session: Session, unit_id: UUID, text: ProfileText, *, now: datetime) -> None:
    """Set the profile of a unit; all below it without one of their own take it.

    Raises:
        ProfileRefused: no name, or an address that takes no answers.
    """
    session.merge(
        InstitutionProfile(
            unit_id=unit_id,
            sender_name=_line(
                text.sender_name, "Escriba el nombre que verá quien reciba el correo"
            ),
            reply_to=_address(text.reply_to),
            footer=text.footer[:600],
            contact=" ".join(text.contact.split())[:300],
            changed_at=now,
        )
    )
    session.flush()


def _line(text: str, problem: str) -> str:
    line = " ".join(text.split())[:120]
    if not line:
        raise ProfileRefused(field="sender_name", problem=problem)
    return line


def _address(text: str) -> str:
    try:
        return validate_email(
            text.strip(), check_deliverability=False, test_environment=True
        ).normalized
    except EmailNotValidError as error:
        raise ProfileRefused(
            field="reply_to",
            problem="Escriba el correo que recibirá las respuestas, por ejemplo ana@escuela.mx",
        ) from error
