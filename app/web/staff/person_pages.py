"""What a person's page shows, by what the caller may see of this person.

The line of three stations is also a person's history; contacts are whole only for those of
the very school, and identifiers for those who may correct them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from sqlmodel import Session

from app.chronology.calendar import civil_date
from app.directory.person_page import PersonPage, is_in_scope
from app.directory.queries import groups_in_scope
from app.fieldwork.person_line import person_line
from app.staff.roles import Permission
from app.web.render import Page, say_date
from app.web.staff.people_pages import STANDING_WORDS, Choice
from app.web.staff.person_forms import (
    GIVEN_BY,
    GUARDIAN,
    KINDS,
    REASONS,
    SEXES,
    ContactText,
    CorrectionText,
    stored_text,
)
from app.web.staff.person_history import HistoryLine, StationView, history, station_views
from app.web.staff.person_words import (
    CONSENT_WORDS,
    CONTACT_STATES,
    OPT_OUT_SOURCES,
    SHIFT_WORDS,
    SOURCES,
    masked_value,
)
from app.web.staff.shell import Crumb, Issue, Shell, shell
from app.web.wiring import Caller


@dataclass(frozen=True, slots=True)
class Rights:
    """What the caller may do with this very person."""

    edit: bool
    contacts: bool
    fieldwork: bool


@dataclass(frozen=True, slots=True)
class ContactView:
    """One way to reach the person; `action`: where it is confirmed or given up, if usable."""

    kind: str
    value: str
    state: str
    source: str
    confirmed: str
    note: str
    action: str | None


@dataclass(frozen=True, slots=True)
class ConsentView:
    """What was allowed or refused, and when."""

    text: str
    answer: str
    when: str


@dataclass(frozen=True, slots=True)
class RequestView:
    """Data that the person calls wrong."""

    text: str
    when: str
    action: str


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed and refused, to be shown again."""

    correction: CorrectionText | None = None
    contact: ContactText | None = None
    issues: tuple[Issue, ...] = ()


@dataclass(frozen=True, slots=True)
class Choices:
    """Options of the forms."""

    sex: tuple[Choice, ...]
    group: tuple[Choice, ...]
    guardian: tuple[Choice, ...]
    reason: tuple[Choice, ...]
    kind: tuple[Choice, ...]
    given_by: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class PersonScreen(Page):
    """One person."""

    template: ClassVar[str] = "staff/person.html"
    title: str
    shell: Shell
    trail: tuple[Crumb, ...]
    action: str
    lead: str
    done: str
    rights: Rights
    silence: str
    silence_lifts: bool
    facts: tuple[tuple[str, str], ...]
    stations: tuple[StationView, ...]
    history: tuple[HistoryLine, ...]
    contacts: tuple[ContactView, ...]
    alternate: str
    consents: tuple[ConsentView, ...]
    requests: tuple[RequestView, ...]
    requests_note: str
    correction: CorrectionText
    correcting: bool
    contact: ContactText
    adding: bool
    choices: Choices
    issues: tuple[Issue, ...]


NOTHING_TYPED = Typed()


def rights_over(session: Session, caller: Caller, person: PersonPage) -> Rights:
    """What the caller's roles give over one person."""

    def held(permission: Permission) -> bool:
        return is_in_scope(session, caller.actor.scope(permission), person.id)

    return Rights(
        edit=held(Permission.EDIT_PEOPLE),
        contacts=held(Permission.SEE_CONTACTS),
        fieldwork=held(Permission.SEE_FIELDWORK),
    )


def person_screen(
    session: Session,
    caller: Caller,
    person: PersonPage,
    *,
    now: datetime,
    typed: Typed = NOTHING_TYPED,
    done: str = "",
) -> PersonScreen:
    """The page of one person whom the caller may see."""
    rights = rights_over(session, caller, person)
    today = civil_date(now, person.zone)
    line = person_line(session, person.id, person.cohort_id)
    fieldwork = caller.actor.scope(Permission.SEE_FIELDWORK) if rights.fieldwork else None
    correction = typed.correction or (stored_text(person) if rights.edit else CorrectionText())
    contact = typed.contact or ContactText()
    return PersonScreen(
        title=person.full_name,
        shell=shell(caller, at="/panel/personas"),
        trail=(Crumb("Personas", "/panel/personas"), Crumb(person.full_name)),
        action=f"/panel/personas/{person.id}",
        lead=" · ".join(filter(None, (person.school, f"Generación {person.cohort}", person.group))),
        done=done,
        rights=rights,
        silence=_silence(person),
        silence_lifts=person.opted_out_source != "law",
        facts=_facts(person, rights),
        stations=station_views(line, today=today, sees_case=rights.fieldwork),
        history=history(session, fieldwork, person, line),
        contacts=tuple(_contacts(person, rights)),
        alternate=(person.alternate or "") if rights.contacts else "",
        consents=_consents(person),
        requests=_requests(person, rights),
        requests_note="" if rights.contacts or not person.requests else _ONLY_SCHOOL_READS,
        correction=correction,
        correcting=typed.correction is not None,
        contact=contact,
        adding=typed.contact is not None,
        choices=_choices(session, caller, person, correction, contact)
        if rights.edit
        else _NO_CHOICES,
        issues=typed.issues,
    )


_ONLY_SCHOOL_READS = "La persona avisó que un dato no está bien. Lo que escribió lo lee su plantel."
_NO_CHOICES = Choices((), (), (), (), (), ())


def _silence(person: PersonPage) -> str:
    if person.opted_out_at is None:
        return ""
    source = OPT_OUT_SOURCES.get(person.opted_out_source or "", "")
    return f"No se le escribe desde el {_day(person.opted_out_at, person.zone)}{source}."


def _facts(person: PersonPage, rights: Rights) -> tuple[tuple[str, str], ...]:
    standing = STANDING_WORDS[person.standing]
    if person.standing_since:
        standing += f" ({say_date(person.standing_since, 'd MMM y')})"
    if person.standing_reason:
        standing += f": {person.standing_reason}"
    guardian = {True: GUARDIAN["si"], False: GUARDIAN["no"], None: ""}[person.guardian_consent]
    facts = (
        ("Matrícula", person.student_id or "Sin matrícula"),
        ("Situación", standing),
        ("Carrera o programa", person.programme or ""),
        ("Turno", SHIFT_WORDS.get(person.shift or "", "")),
        ("Egreso", say_date(person.left_on, "d MMM y") if person.left_on else ""),
        *_identifiers(person, rights),
        ("Autorización de madre, padre o tutor", guardian),
        ("Datos de demostración", "Persona simulada" if person.simulated else ""),
    )
    return tuple((name, value) for name, value in facts if value)


def _identifiers(person: PersonPage, rights: Rights) -> tuple[tuple[str, str], ...]:
    """Whole for those who may correct them; for the others, that they are there."""
    if not rights.edit:
        return (("CURP", "Registrada" if person.curp else "Sin registrar"),)
    born = say_date(person.birth_date, "d 'de' MMMM 'de' y") if person.birth_date else ""
    return (
        ("CURP", person.curp or "Sin registrar"),
        ("Nacimiento", born),
        ("Sexo", SEXES.get(person.sex or "", "")),
    )


def _contacts(person: PersonPage, rights: Rights) -> Iterable[ContactView]:
    for one in person.contacts:
        usable = one.state.value in {"confirmed", "unconfirmed"}
        notes = (
            "cuenta de la escuela" if one.institutional else "",
            "preferido" if one.preferred else "",
            "WhatsApp" if one.whatsapp else "",
            f"comprobado el {_day(one.proven_at, person.zone)}" if one.proven_at else "",
        )
        yield ContactView(
            kind=KINDS[one.kind.value],
            value=one.value if rights.contacts else masked_value(one.kind, one.value),
            state=CONTACT_STATES[one.state],
            source=f"{SOURCES[one.source]}, {_day(one.added_at, person.zone)}",
            confirmed=_day(one.confirmed_at, person.zone) if one.confirmed_at else "Nunca",
            note=", ".join(filter(None, notes)),
            action=f"/panel/personas/{person.id}/contactos/{one.id}"
            if usable and rights.edit and rights.contacts
            else None,
        )


def _consents(person: PersonPage) -> tuple[ConsentView, ...]:
    lines = []
    for one in person.consents:
        said = "Sí" if one.granted.granted else "No"
        notice = f", aviso versión {one.notice_version}" if one.notice_version else ""
        lines.append(
            ConsentView(
                CONSENT_WORDS.get(one.granted.purpose, one.granted.purpose.replace("_", " ")),
                said,
                f"{_day(one.granted.at, person.zone)}{notice}",
            )
        )
    return tuple(lines)


def _requests(person: PersonPage, rights: Rights) -> tuple[RequestView, ...]:
    """What a person typed is read at the school alone (SEC-05)."""
    if not (rights.edit and rights.contacts):
        return ()
    return tuple(
        RequestView(
            one.text,
            _day(one.at, person.zone),
            f"/panel/personas/{person.id}/correcciones/{one.id}/atender",
        )
        for one in person.requests
    )


def _choices(
    session: Session,
    caller: Caller,
    person: PersonPage,
    correction: CorrectionText,
    contact: ContactText,
) -> Choices:
    scope = caller.actor.scope(Permission.EDIT_PEOPLE)
    groups = groups_in_scope(session, scope, person.school_id, person.cohort)
    return Choices(
        sex=_options(SEXES.items(), correction.sex),
        group=_options(((str(one.id), one.name) for one in groups), correction.group),
        guardian=_options(GUARDIAN.items(), correction.guardian),
        reason=_options(REASONS.items(), correction.reason),
        kind=_options(KINDS.items(), contact.kind),
        given_by=_options(((key, words) for key, (_, words) in GIVEN_BY.items()), contact.given_by),
    )


def _options(pairs: Iterable[tuple[str, str]], chosen: str) -> tuple[Choice, ...]:
    return tuple(Choice(value, text, value == chosen) for value, text in pairs)


def _day(moment: datetime, zone: str) -> str:
    return say_date(civil_date(moment, zone), "d MMM y")
