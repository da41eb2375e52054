"""Mail addresses as the directory keeps them, and what may be wrong with them.

No network: whether a domain takes mail is found out by writing to it.
"""

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email

# A local part that needs no further look; everything else goes through the whole check.
_PLAIN_LOCAL = re.compile(r"(?=.{1,64}\Z)[A-Za-z0-9_+\-]+(?:\.[A-Za-z0-9_+\-]+)*", re.ASCII)


@dataclass(frozen=True, slots=True)
class MailDomains:
    """What is known of mail domains (data/dominios_correo.csv)."""

    suggestions: Mapping[str, str]  # domain → what was probably meant; ask, never correct
    institutional: tuple[str, ...]  # patterns of domains that close after graduation

    def is_institutional(self, domain: str) -> bool:
        """Whether accounts of this domain tend to end with school."""
        return _matches(domain, self.institutional)


def read_domains(lines: Iterable[str]) -> MailDomains:
    """The domains of the lines of a CSV file, headings included."""
    rows = list(csv.DictReader(lines))
    return MailDomains(
        {row["dominio_o_patron"]: row["sugerencia"] for row in rows if row["sugerencia"]},
        tuple(row["dominio_o_patron"] for row in rows if row["tipo"] == "institucional_patron"),
    )


class MailFault(StrEnum):
    """Why a text is no address; the value completes "El correo …"."""

    CONTROL = "trae saltos de renglón o caracteres invisibles"
    SEVERAL = "trae más de una dirección; deje una sola"
    NO_AT = "no lleva arroba; escriba la dirección completa, por ejemplo ana@escuela.mx"
    SHAPE = "no es una dirección completa, por ejemplo ana@escuela.mx"


class NotAMail(ValueError):
    """The text cannot be a mail address."""

    def __init__(self, fault: MailFault, suggestion: str | None = None) -> None:
        self.fault = fault
        self.suggestion = suggestion
        super().__init__(fault.name)


@dataclass(frozen=True, slots=True)
class Mail:
    """One address that mail can be sent to."""

    address: str  # as typed before the @; domain in lower case, ASCII
    institutional: bool
    suggestion: str | None  # whole address that was probably meant
    ascii_only: bool  # False: many servers do not take letters with accents before the @

    @property
    def key(self) -> str:
        """By which two spellings of one mailbox are compared."""
        return self.address.lower()

    @property
    def masked(self) -> str:
        """First letter and domain: "a•••@gmail.com"."""
        return masked(self.address)


def masked(address: str) -> str:
    """Everything hidden but the first letter and the domain."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}•••@{domain}"


def suggested(address: str, domains: MailDomains) -> str | None:
    """The whole address that was probably meant; None where nothing looks mistyped."""
    local, _, domain = address.rpartition("@")
    meant = domains.suggestions.get(domain.lower())
    return f"{local}@{meant}" if meant else None


def read_mail(text: str, domains: MailDomains) -> Mail:
    """The address in `text`.

    Raises:
        NotAMail: mail cannot be sent to it.
    """
    address = text.strip(" \t").removeprefix("mailto:")
    if not address.isprintable() or "\ufffd" in address:
        raise NotAMail(MailFault.CONTROL)
    if address.count("@") > 1 or any(sign in address for sign in ",;"):
        raise NotAMail(MailFault.SEVERAL)
    if "@" not in address:
        raise NotAMail(MailFault.NO_AT)
    local, _, domain = address.partition("@")
    suggestion = suggested(address, domains)
    ascii_domain = _checked_domain(domain) if _PLAIN_LOCAL.fullmatch(local) else None
    if ascii_domain is None:
        try:
            valid = validate_email(address, check_deliverability=False, test_environment=True)
        except EmailNotValidError as error:
            raise NotAMail(MailFault.SHAPE, suggestion) from error
        local, ascii_domain = valid.local_part, (valid.ascii_domain or valid.domain).lower()
    return Mail(
        f"{local}@{ascii_domain}",
        domains.is_institutional(ascii_domain),
        suggestion,
        local.isascii(),
    )


@lru_cache(maxsize=4_096)
def _checked_domain(domain: str) -> str | None:
    """A domain that mail can be sent to, in ASCII; None where it cannot."""
    try:
        # `test_environment` admits .test, which demonstrations use because nobody owns it.
        valid = validate_email(f"a@{domain}", check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return None
    return (valid.ascii_domain or valid.domain).lower()


@lru_cache(maxsize=4_096)
def _matches(domain: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(domain, pattern) for pattern in patterns)
