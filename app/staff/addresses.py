"""The normal form of a staff e-mail, and how it is found again without being readable."""

from collections.abc import Sequence

from email_validator import EmailNotValidError, validate_email

from app.errors import AppError
from app.keys import NamedSecret, PurposeKey, fingerprint, keys_for

LONGEST = 254  # characters; RFC 5321 §4.5.3.1.3 less the angle brackets


class EmailRefused(AppError):
    """Not one e-mail address."""

    code = "staff.email_refused"
    status = 422
    plantilla = "Escriba el correo completo, por ejemplo ana@escuela.mx."


def staff_keys(secrets: Sequence[NamedSecret]) -> tuple[PurposeKey, ...]:
    """Keys that find staff again, newest first, out of the deployment's data keys."""
    return keys_for("staff", secrets)


def normal_email(text: str) -> str:
    """One address in lower case: in Mexican schools nobody means two people by capitals.

    Raises:
        EmailRefused: it is none.
    """
    try:
        # Names without a dot are for closed networks; whether mail arrives is seen when sent.
        found = validate_email(
            text.strip(),
            check_deliverability=False,
            globally_deliverable=False,
            test_environment=True,
        )
    except EmailNotValidError as error:
        raise EmailRefused from error
    if len(found.normalized) > LONGEST:
        raise EmailRefused
    return found.normalized.lower()


def email_fingerprints(keys: Sequence[PurposeKey], email: str) -> list[str]:
    """Under every key, newest first: the account may have been stored with an older one."""
    return [fingerprint(key, f"email:{email}") for key in keys]


def place_fingerprint(keys: Sequence[PurposeKey], ip: str) -> str:
    """Says whether two network addresses are the same, and nothing else."""
    return fingerprint(keys[0], f"place:{ip}")
