"""Directory and consent answers: written where they belong, never to the answer table.

In the same transaction as the step. Which item means what is decided here, by its variable.
"""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, delete, update
from sqlmodel import Session, col

from app.directory.consents import note_consent
from app.directory.contacts import (
    confirm_contact,
    keep_contact,
    mark_dead,
    prefer_contact,
    read_address,
    set_alternate,
)
from app.directory.keyed import MatchKeys
from app.directory.mails import NotAMail, read_mail
from app.directory.phones import NotAPhone, read_phone
from app.directory.reference import mail_domains
from app.directory.states import ContactKind, ContactSource
from app.directory.tables import AlternateContact, ContactPoint, CorrectionRequest
from app.questionnaires.items import ItemType, Language, Store
from app.questionnaires.leaves import Leaf
from app.questionnaires.validation import Issue, Severity
from app.responses.sitting import EMAIL, GIVEN, MOBILE, Sitting

YES, NO = 1, 2
_STILL_MINE = {"contacto_vigente": MOBILE, "correo_vigente": EMAIL}
_ADDRESSES = {"celular": ContactKind.MOBILE, "correo_personal": ContactKind.EMAIL}
_CHANNELS = {
    1: ContactKind.MOBILE,
    2: ContactKind.MOBILE,
    3: ContactKind.EMAIL,
    4: ContactKind.MOBILE,
    5: None,
}


def address_issues(
    leaves: Mapping[str, Leaf], values: Mapping[str, object], language: Language
) -> tuple[Issue, ...]:
    """What the directory would refuse, or wants to ask about, in the addresses of a step."""
    found = []
    for name, value in values.items():
        leaf = leaves.get(name)
        if leaf is None or not isinstance(value, str) or value == GIVEN:
            continue
        said = _mail_issue(value) if leaf.type is ItemType.EMAIL else None
        if leaf.type is ItemType.PHONE and not _can_be_dialled(value):
            said = ("phone", Severity.HARD, _NO_PHONE)
        if said is not None:
            code, severity, words = said
            message = words[language].format(_suggestion(value))
            found.append(Issue(leaf.item, name, code, severity, message))
    return tuple(found)


def keep_elsewhere(
    connection: Connection,
    sitting: Sitting,
    values: Mapping[Store, Mapping[str, object]],
    *,
    keys: MatchKeys,
    now: datetime,
) -> None:
    """Route the directory and consent answers of a step that was checked."""
    for name, answer in values[Store.CONSENT].items():
        if answer in {YES, NO}:
            note_consent(
                connection,
                sitting.member_id,
                name,
                answer == YES,
                now=now,
                notice_id=sitting.wave.notice_id,
                case_id=sitting.visit.case_id,
            )
    directory = values[Store.DIRECTORY]
    for name, answer in directory.items():
        if answer is None or answer == GIVEN:
            continue
        if name in _ADDRESSES and isinstance(answer, str):
            keep_contact(
                connection,
                sitting.member_id,
                read_address(_ADDRESSES[name], answer),
                source=ContactSource.RESPONDENT,
                keys=keys,
                now=now,
            )
        else:
            with Session(connection) as session:
                _keep_detail(session, sitting, name, answer, now=now)
                session.flush()
    if isinstance(directory.get("alt_tel"), str):
        with Session(connection) as session:
            _keep_alternate(session, sitting.member_id, directory, now=now)


def forget_contacts(session: Session, member_id: UUID) -> None:
    """`autoriza_red` = 2: who does not stay in the directory is not kept in it."""
    session.exec(delete(ContactPoint).where(col(ContactPoint.member_id) == member_id))
    session.exec(delete(AlternateContact).where(col(AlternateContact.member_id) == member_id))


def _keep_detail(
    session: Session, sitting: Sitting, name: str, answer: object, *, now: datetime
) -> None:
    known = sitting.early.get(_STILL_MINE.get(name, ""))
    if isinstance(known, str) and answer == YES:
        confirm_contact(session, UUID(known), now=now)
    elif isinstance(known, str) and answer in {2, 3}:
        mark_dead(session, UUID(known))
    elif name == "celular_whatsapp":
        session.exec(
            update(ContactPoint)
            .where(
                col(ContactPoint.member_id) == sitting.member_id,
                col(ContactPoint.kind) == ContactKind.MOBILE,
                col(ContactPoint.source) == ContactSource.RESPONDENT,
            )
            .values(whatsapp=answer == YES)
        )
    elif name == "canal_preferido" and isinstance(answer, int):
        prefer_contact(session, sitting.member_id, _CHANNELS.get(answer))
    elif name == "dato_por_corregir" and isinstance(answer, str):
        session.add(CorrectionRequest(member_id=sitting.member_id, text=answer, at=now))


def _keep_alternate(
    session: Session, member_id: UUID, directory: Mapping[str, object], *, now: datetime
) -> None:
    name, phone = directory.get("alt_nombre"), directory.get("alt_tel")
    if not isinstance(phone, str) or phone == GIVEN:
        return
    relationship = directory.get("alt_parentesco")
    set_alternate(
        session,
        member_id,
        name=name if isinstance(name, str) and name != GIVEN else "",
        phone=phone,
        relationship=str(relationship) if isinstance(relationship, int) else None,
        source=ContactSource.RESPONDENT,
        now=now,
    )


def _can_be_dialled(text: str) -> bool:
    try:
        read_phone(text)
    except NotAPhone:
        return False
    return True


def _mail_issue(text: str) -> tuple[str, Severity, Mapping[Language, str]] | None:
    try:
        mail = read_mail(text, mail_domains())
    except NotAMail:
        return "email", Severity.HARD, _NO_MAIL
    if mail.institutional:
        return "institutional", Severity.HARD, _SCHOOL_MAIL
    return None if mail.suggestion is None else ("suggestion", Severity.SOFT, _MISTYPED)


def _suggestion(text: str) -> str:
    try:
        return read_mail(text, mail_domains()).suggestion or ""
    except NotAMail:
        return ""


_NO_PHONE = {
    Language.SPANISH: "Ese número no existe. Escribe los 10 dígitos; si es de otro país, con + "
    "y clave.",
    Language.ENGLISH: "That number does not exist. Write the 10 digits; from another country, "
    "with + and its code.",
}
_NO_MAIL = {
    Language.SPANISH: "Escribe el correo completo, por ejemplo ana@correo.mx.",
    Language.ENGLISH: "Write the whole address, for example ana@mail.com.",
}
_SCHOOL_MAIL = {
    Language.SPANISH: "Ese correo es de la escuela y se cierra cuando egresas. Escribe uno "
    "personal o deja la pregunta en blanco.",
    Language.ENGLISH: "That address is the school's and closes when you leave. Write a personal "
    "one or leave the question blank.",
}
_MISTYPED = {
    Language.SPANISH: "¿Quisiste escribir {}? Corrígelo, o toca Continuar otra vez si está bien.",
    Language.ENGLISH: "Did you mean {}? Correct it, or press Continue again if it is right.",
}
