"""The forms of a person's page: what was typed becomes a command, or issues in Spanish."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date
from uuid import UUID

from starlette.datastructures import FormData

from app.directory.actions import Correction
from app.directory.contacts import Address, read_address
from app.directory.curp import NotACurp, read_curp
from app.directory.mails import NotAMail, read_mail
from app.directory.people import LONGEST_NAME, clean, odd_in_a_name
from app.directory.person_page import PersonPage
from app.directory.phones import NotAPhone
from app.directory.queries import GroupChoice
from app.directory.reference import mail_domains
from app.directory.states import ContactKind, ContactSource
from app.web.staff.shell import Issue
from app.web.wiring import field

LONGEST_STUDENT_ID = 40
FIRST_BIRTH = date(1930, 1, 1)
SEXES = {"H": "Hombre", "M": "Mujer", "X": "X"}
GUARDIAN = {"si": "Autorizó", "no": "No autorizó"}
# A closed list: what somebody types about a person has no place in the audit trail.
REASONS = {
    "person": "Lo pidió la persona",
    "document": "Se vio un documento oficial",
    "capture": "Se capturó mal",
    "school_records": "Lo actualizó control escolar",
}
KINDS = {
    ContactKind.EMAIL.value: "Correo",
    ContactKind.MOBILE.value: "Celular",
    ContactKind.PHONE.value: "Teléfono fijo",
}
GIVEN_BY = {
    "school": (ContactSource.STAFF, "El plantel la encontró"),
    "person": (ContactSource.RESPONDENT, "La persona la dio: queda confirmada"),
}


@dataclass(frozen=True, slots=True)
class CorrectionText:
    """The fields of the correction as typed; names are those of the form."""

    given_name: str = ""
    surname_1: str = ""
    surname_2: str = ""
    student_id: str = ""
    curp: str = ""
    birth_date: str = ""
    sex: str = ""
    group: str = ""
    left_on: str = ""
    guardian: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ContactText:
    """The fields of a new contact as typed. `as_typed`: an address kept against a suggestion."""

    kind: str = ContactKind.EMAIL.value
    value: str = ""
    given_by: str = "school"
    as_typed: str = ""


@dataclass(frozen=True, slots=True)
class NewContact:
    """A checked contact and who gave it."""

    address: Address
    source: ContactSource


def correction_text(form: FormData) -> CorrectionText:
    """What was typed."""
    return CorrectionText(*(field(form, one.name)[:300] for one in fields(CorrectionText)))


def contact_text(form: FormData) -> ContactText:
    """What was typed."""
    return ContactText(*(field(form, one.name)[:300] for one in fields(ContactText)))


def stored_text(person: PersonPage) -> CorrectionText:
    """The form as it is before anybody types."""
    guardian = {True: "si", False: "no", None: ""}[person.guardian_consent]
    return CorrectionText(
        given_name=person.given_name,
        surname_1=person.surname_1,
        surname_2=person.surname_2 or "",
        student_id=person.student_id or "",
        curp=person.curp or "",
        birth_date=person.birth_date.isoformat() if person.birth_date else "",
        sex=person.sex or "",
        group=str(person.group_id) if person.group_id else "",
        left_on=person.left_on.isoformat() if person.left_on else "",
        guardian=guardian,
    )


def read_correction(
    typed: CorrectionText, person: PersonPage, groups: Iterable[GroupChoice], *, today: date
) -> Correction | tuple[Issue, ...]:
    """The correction, or what to mend. `groups`: those the person may be in."""
    issues = [
        *_name_issues(typed),
        *_curp_issues(typed.curp),
        *_date_issues("birth_date", typed.birth_date, person.birth_date, FIRST_BIRTH, today),
        *_date_issues("left_on", typed.left_on, person.left_on, FIRST_BIRTH, None),
    ]
    if len(typed.student_id) > LONGEST_STUDENT_ID:
        issues.append(Issue("student_id", f"Use hasta {LONGEST_STUDENT_ID} caracteres."))
    if typed.sex not in {"", *SEXES}:
        issues.append(Issue("sex", "Elija una de las opciones."))
    if typed.group not in {"", str(person.group_id), *(str(one.id) for one in groups)}:
        issues.append(Issue("group", "Elija un grupo de su generación."))
    if typed.reason not in REASONS:
        issues.append(Issue("reason", "Elija por qué se corrige; queda en la bitácora."))
    if issues:
        return tuple(issues)
    return Correction(
        given_name=typed.given_name,
        surname_1=typed.surname_1,
        surname_2=typed.surname_2,
        student_id=typed.student_id,
        curp=typed.curp,
        birth_date=_date(typed.birth_date),
        sex=typed.sex,
        group_id=UUID(typed.group) if typed.group else None,
        left_on=_date(typed.left_on),
        guardian_consent={"si": True, "no": False}.get(typed.guardian),
    )


def read_contact(typed: ContactText) -> NewContact | tuple[Issue, ...]:
    """The contact, or what to mend; a likely slip of the domain is asked about once."""
    if typed.kind not in KINDS or typed.given_by not in GIVEN_BY:
        return (Issue("kind", "Elija qué es y quién lo dio."),)
    kind = ContactKind(typed.kind)
    try:
        address = read_address(kind, typed.value)
    except NotAMail as refused:
        hint = f" ¿Quiso escribir {refused.suggestion}?" if refused.suggestion else ""
        return (Issue("value", f"El correo {refused.fault.value}.{hint}"),)
    except NotAPhone as refused:
        return (Issue("value", f"El teléfono {refused.fault.value}. Escriba sus diez dígitos."),)
    meant = read_mail(typed.value, mail_domains()).suggestion if kind is ContactKind.EMAIL else None
    if meant and typed.as_typed != typed.value:
        sentence = f"¿Quiso escribir {meant}? Corríjalo, o guarde otra vez si está bien así."
        return (Issue("value", sentence),)
    return NewContact(address, GIVEN_BY[typed.given_by][0])


def _name_issues(typed: CorrectionText) -> list[Issue]:
    issues = []
    for name, text, needed in (
        ("given_name", typed.given_name, "Escriba el nombre."),
        ("surname_1", typed.surname_1, "Escriba el primer apellido."),
        ("surname_2", typed.surname_2, ""),
    ):
        odd = odd_in_a_name(text)
        if needed and not clean(text):
            issues.append(Issue(name, needed))
        elif odd:
            issues.append(Issue(name, f"Quite «{odd}»: los nombres no lo llevan."))
        elif len(text) > LONGEST_NAME:
            issues.append(Issue(name, f"Use hasta {LONGEST_NAME} letras."))
    return issues


def _curp_issues(text: str) -> list[Issue]:
    try:
        if text:
            read_curp(text)
    except NotACurp as refused:
        return [Issue("curp", f"La CURP {refused.fault.value}.")]
    return []


def _date_issues(
    name: str, text: str, stored: date | None, first: date, last: date | None
) -> list[Issue]:
    if not text:
        gone = "Escriba la fecha: una que ya se tiene no se puede quitar, solo cambiar."
        return [Issue(name, gone)] if stored else []
    found = _date(text)
    if found is None or found < first or (last is not None and found > last):
        return [Issue(name, "Escriba una fecha posible, como 2008-03-01.")]
    return []


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
