"""The mail addresses and telephones of one row, each kept or explained."""

from collections.abc import Iterator
from dataclasses import dataclass

from app.directory.headings import Field
from app.directory.keyed import MatchKeys
from app.directory.mails import MailDomains, NotAMail, read_mail
from app.directory.phones import NotAPhone, read_phone, split_phones
from app.directory.roster.rows import RowCells
from app.directory.states import ContactKind

_KINDS = ((Field.MOBILE, ContactKind.MOBILE), (Field.PHONE, ContactKind.PHONE))


@dataclass(frozen=True, slots=True)
class CandidateContact:
    """One way to reach a person, as a row gives it."""

    kind: ContactKind
    value: str
    forms: tuple[str, ...]  # keyed hashes, newest key first
    institutional: bool = False
    heading: str = ""


def contacts_of(at: RowCells, domains: MailDomains, keys: MatchKeys) -> Iterator[CandidateContact]:
    """Each address once, in the order of the columns, mail first."""
    seen: set[str] = set()
    for contact in (*_mails(at, domains, keys), *_phones(at, keys)):
        if contact.forms[0] not in seen:
            seen.add(contact.forms[0])
            yield contact


def _mails(at: RowCells, domains: MailDomains, keys: MatchKeys) -> Iterator[CandidateContact]:
    for field in (Field.MAIL, Field.SCHOOL_MAIL):
        for heading, typed in at.values(field):
            try:
                mail = read_mail(typed, domains)
            except NotAMail as error:
                meant = f" ¿Quiso decir «{error.suggestion}»?" if error.suggestion else ""
                at.warn_at(
                    heading, "roster.mail", f"El correo «{typed}» {error.fault}.{meant} No se usó."
                )
                continue
            if mail.suggestion:
                at.warn_at(
                    heading,
                    "roster.mail_typo",
                    f"El correo «{typed}» parece tener un error. ¿Quiso decir "
                    f"«{mail.suggestion}»? Se guardó como está.",
                )
            if not mail.ascii_only:
                at.warn_at(
                    heading,
                    "roster.mail_accents",
                    f"El correo «{typed}» lleva letras con acento antes de la arroba; "
                    "muchos servidores no lo aceptan. Revíselo.",
                )
            yield CandidateContact(
                ContactKind.EMAIL,
                mail.address,
                keys.contact_forms(mail.key),
                mail.institutional or field is Field.SCHOOL_MAIL,
                heading,
            )


def _phones(at: RowCells, keys: MatchKeys) -> Iterator[CandidateContact]:
    for field, kind in _KINDS:
        for heading, typed in at.values(field):
            for piece in split_phones(typed):
                try:
                    phone = read_phone(piece)
                except NotAPhone as error:
                    at.warn_at(
                        heading, "roster.phone", f"El teléfono «{piece}» {error.fault}. No se usó."
                    )
                    continue
                if not phone.assigned:
                    at.warn_at(
                        heading,
                        "roster.phone_unassigned",
                        f"El teléfono «{piece}» no aparece en el plan de numeración. "
                        "Se guardó; revíselo.",
                    )
                yield CandidateContact(
                    kind, phone.e164, keys.contact_forms(phone.e164), heading=heading
                )
