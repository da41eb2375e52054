"""Mail domains that a school, or an office above it, closes when its students leave.

Beside the patterns that every deployment knows (reference data): a school's own domain often looks
like anybody's.
"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import Session, col, select

from app.directory.mails import NotAMail, read_mail
from app.directory.reference import mail_domains
from app.directory.tables import SchoolMailDomain
from app.errors import AppError
from app.units.tables import UnitAncestor

# Where anybody has an account of their own: saying that it closes would alarm everybody.
PUBLIC = frozenset(
    {"gmail.com", "hotmail.com", "outlook.com", "yahoo.com", "yahoo.com.mx", "live.com.mx"}
    | {"icloud.com", "hotmail.es", "outlook.es", "live.com", "msn.com", "protonmail.com"}
)


class DomainRefused(AppError):
    """What was typed is no mail domain of a school."""

    code = "school_domain.refused"
    status = 422
    plantilla = (
        "Escriba lo que va después de la arroba en los correos de la escuela, por ejemplo "
        "alumnos.cbtis8.edu.mx; no sirve uno de correo público."
    )


def closing_domains(session: Session, school_id: UUID) -> frozenset[str]:
    """The domains of a school and of the units above it."""
    above = select(UnitAncestor.ancestor_id).where(UnitAncestor.unit_id == school_id)
    return frozenset(
        session.exec(
            select(SchoolMailDomain.domain).where(col(SchoolMailDomain.unit_id).in_(above))
        )
    )


def closes(address: str, closing: Collection[str]) -> bool:
    """Whether an address is of one of these domains, or of one below it."""
    domain = address.rpartition("@")[2]
    return any(domain == each or domain.endswith(f".{each}") for each in closing)


def own_domains(session: Session, unit_id: UUID) -> tuple[str, ...]:
    """The domains that a unit itself named, by name."""
    found = session.exec(
        select(SchoolMailDomain.domain).where(SchoolMailDomain.unit_id == unit_id)
    ).all()
    return tuple(sorted(found))


def add_closing_domain(session: Session, unit_id: UUID, typed: str, *, now: datetime) -> str:
    """Name a domain; what stands before an arroba is left out. Twice is once.

    Raises:
        DomainRefused: it is no domain, or everybody's.
    """
    text = typed.strip().lower().rpartition("@")[2]
    try:
        domain = read_mail(f"a@{text}", mail_domains()).address.partition("@")[2]
    except NotAMail as error:
        raise DomainRefused(length=len(text)) from error
    if domain in PUBLIC:
        raise DomainRefused(domain=domain)
    if session.get(SchoolMailDomain, (unit_id, domain)) is None:
        session.add(SchoolMailDomain(unit_id=unit_id, domain=domain, added_at=now))
    return domain


def remove_closing_domain(session: Session, unit_id: UUID, domain: str) -> bool:
    """Take a domain back. False: it was not named."""
    removed = session.exec(
        delete(SchoolMailDomain)
        .where(col(SchoolMailDomain.unit_id) == unit_id, col(SchoolMailDomain.domain) == domain)
        .returning(col(SchoolMailDomain.domain))
    )
    return removed.first() is not None
