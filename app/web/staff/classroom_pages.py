"""What the panel shows of classes: the groups of a wave, and one class by name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import ClassVar
from urllib.parse import urlsplit
from uuid import UUID

from sqlmodel import Session

from app.chronology.calendar import civil_date
from app.classroom import proofs
from app.classroom.budget import TRIES_ALL, TRIES_EACH
from app.classroom.codes import in_halves
from app.classroom.roll import ClassView, GroupClass, Stand, Student, classes_of_wave
from app.classroom.tables import ProofKind
from app.classroom.ways import (
    Alarm,
    Contactability,
    Way,
    contactability,
    counted,
    ways_of,
)
from app.directory.school_domains import own_domains
from app.fieldwork import queries, wave_people
from app.fieldwork.tables import WaveState
from app.keys import keys_for
from app.staff.roles import Permission
from app.web.render import Page
from app.web.staff.shell import Issue, Shell, shell
from app.web.staff.wave_pages import WaveTop, local_moment, wave_top
from app.web.staff.wave_words import rate_in_words
from app.web.wiring import Caller, Site

NO_GROUP = "Sin grupo"
NOBODY = Contactability(0, 0, 0, 0)
_MAIL_STATES: Mapping[Alarm | None, str] = {
    Alarm.SCHOOL_ACCOUNT: "de la escuela: se cierra al egresar",
    Alarm.MISTYPED: "parece mal escrito",
}
STAND_WORDS = {
    Stand.DONE: "Terminó",
    Stand.INSIDE: "Contestando",
    Stand.BEGUN: "Empezó y salió",
    Stand.ABSENT: "No ha entrado",
}


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A group, and what can be done with its class. `value`: of the form; `url`: of its class."""

    name: str
    value: str
    state: str
    waiting: str
    found: str
    alarms: tuple[str, ...]
    url: str | None
    open: bool
    has_slips: bool


@dataclass(frozen=True, slots=True)
class ClassesPage(Page):
    """The groups of a wave."""

    template: ClassVar[str] = "staff/classes.html"
    title: str
    shell: Shell
    top: WaveTop
    in_field: bool
    groups: tuple[GroupRow, ...]
    issues: tuple[Issue, ...]
    whatsapp: str
    domains: tuple[str, ...]
    may_name_domains: bool


@dataclass(frozen=True, slots=True)
class WayLine:
    """One way to reach a student; `button` says that it was seen to work, "" where it cannot."""

    words: str
    state: str
    target: str
    button: str


@dataclass(frozen=True, slots=True)
class StudentRow:
    """One student. `notes`: what needs somebody; `expected`: messages they were told to send."""

    name: str
    action: str
    state: str
    state_class: str
    notes: tuple[str, ...]
    expected: tuple[WayLine, ...]
    ways: tuple[WayLine, ...]
    proven: str
    may_unlock: bool
    may_let_in: bool


@dataclass(frozen=True, slots=True)
class ClassPage(Page):
    """A class as its staff see it, beside the projector."""

    template: ClassVar[str] = "staff/class.html"
    title: str
    shell: Shell
    top: WaveTop
    action: str
    open: bool
    state: str
    halves: tuple[str, str]
    address: str
    wall_url: str
    shared_url: str
    big: str
    words: str
    alarm: str
    stray: str
    found: str
    alarms: tuple[str, ...]
    whatsapp: str
    students: tuple[StudentRow, ...]
    issues: tuple[Issue, ...]


def classes_page(
    session: Session,
    caller: Caller,
    wave_id: UUID,
    *,
    now: datetime,
    issues: tuple[Issue, ...] = (),
    whatsapp: str = "",
) -> ClassesPage:
    """The groups of a wave of the caller's.

    Raises:
        NotFound: there is no such wave, or it is not the caller's.
    """
    header = queries.wave_header(session, caller.scope, wave_id)
    top = wave_top(caller, header, at="/aula")
    groups = wave_people.groups_waiting(session, caller.scope, wave_id)
    classes = classes_of_wave(session, caller.scope, wave_id, groups, now=now)
    found = contactability(session, caller.scope, wave_id)
    return ClassesPage(
        title=f"Aula: {top.title}",
        shell=shell(caller, at="/panel"),
        top=top,
        in_field=header.state is WaveState.OPEN,
        groups=tuple(
            _group_row(
                one,
                group.waiting,
                found.get(group.group_id, NOBODY),
                has_slips=caller.actor.may(Permission.SEE_LINKS),
                now=now,
            )
            for one, group in zip(classes, groups, strict=True)
        ),
        issues=issues,
        whatsapp=whatsapp,
        domains=own_domains(session, header.school_id),
        may_name_domains=caller.actor.may(Permission.MANAGE_INSTITUTION),
    )


def class_page(
    session: Session,
    caller: Caller,
    site: Site,
    view: ClassView,
    *,
    now: datetime,
    issues: tuple[Issue, ...] = (),
) -> ClassPage:
    """One class; the caller read `view` within their scope."""
    header = queries.wave_header(session, caller.scope, view.wave_id)
    name = f"Aula {view.group or NO_GROUP}"
    done = sum(student.stand is Stand.DONE for student in view.students)
    inside = sum(student.stand is Stand.INSIDE for student in view.students)
    action = f"/panel/aulas/{view.id}"
    keys = keys_for(proofs.PURPOSE, site.settings.secret_keys)
    ways = ways_of(session, [student.member_id for student in view.students], keys, now=now)
    reach = counted(ways, len(view.students))
    entrance = f"/aula/{view.code}"
    return ClassPage(
        title=name,
        shell=shell(caller, at="/panel"),
        top=wave_top(caller, header, at="/aula", tail=name),
        action=action,
        open=view.open,
        state=_state(view, now=now),
        halves=in_halves(view.code),
        address=f"{urlsplit(site.settings.base_url).netloc}/aula",
        wall_url=f"{entrance}/pantalla",
        shared_url=f"{entrance}/equipo",
        big=f"{done} de {len(view.students)}",
        words=f"terminaron; {inside} contestando ahora",
        alarm=_alarm(view),
        stray=_stray(view.stray),
        found=_found(reach),
        alarms=tuple(_alarms(reach)),
        whatsapp=view.whatsapp or "",
        students=tuple(
            _student_row(one, action, view, ways.get(one.member_id, ()))
            for one in _in_need_first(view)
        ),
        issues=issues,
    )


def _group_row(
    found: GroupClass, waiting: int, reach: Contactability, *, has_slips: bool, now: datetime
) -> GroupRow:
    return GroupRow(
        name=found.name or NO_GROUP,
        value=str(found.group_id) if found.group_id else "",
        state=_group_state(found, now=now),
        waiting="Nadie falta" if not waiting else f"Faltan {waiting}" if waiting > 1 else "Falta 1",
        found=_found(reach),
        alarms=tuple(_alarms(reach)),
        url=f"/panel/aulas/{found.classroom_id}" if found.classroom_id else None,
        open=found.open,
        has_slips=has_slips and waiting > 0,
    )


def _group_state(found: GroupClass, *, now: datetime) -> str:
    if found.locked:
        return "Entrada detenida por demasiados intentos"
    if not found.open or found.expires_at is None:
        return "Sesión terminada" if found.classroom_id else "Sin sesión todavía"
    return f"Sesión abierta, {_left(found.expires_at, now=now)}"


def _state(view: ClassView, *, now: datetime) -> str:
    if view.open:
        return f"Abierta, {_left(view.expires_at, now=now)}."
    over = min(view.closed_at or view.expires_at, view.expires_at)
    day = civil_date(over, view.zone)
    same = "hoy" if day == civil_date(now, view.zone) else ""
    moment = local_moment(over, view.zone)
    return f"Terminó {same + ' ' if same else ''}({moment}). El código ya no deja entrar."


def _left(until: datetime, *, now: datetime) -> str:
    minutes = ceil((until - now).total_seconds() / 60)
    return "queda 1 minuto" if minutes == 1 else f"quedan {minutes} minutos"


def _alarm(view: ClassView) -> str:
    if view.locked:
        return (
            f"Hubo {view.wrong} intentos con datos que no coinciden y la entrada se detuvo. Si "
            "alguien de fuera tiene el código, cierre la sesión y vuelva a abrirla: tendrá otro. "
            "Si fueron sus estudiantes, desbloquéela."
        )
    if view.wrong * 2 >= TRIES_ALL:
        return (
            f"Van {view.wrong} intentos con datos que no coinciden; a los {TRIES_ALL} la entrada "
            "se detiene."
        )
    return ""


def _stray(count: int) -> str:
    if not count:
        return ""
    tries = "1 intento" if count == 1 else f"{count} intentos"
    return f"{tries} con matrículas que nadie del grupo tiene."


def _in_need_first(view: ClassView) -> list[Student]:
    """Whoever waits for help stands on top; the rest by surname."""
    return sorted(view.students, key=lambda one: not (one.clashes or one.locked))


def _student_row(student: Student, action: str, view: ClassView, ways: Sequence[Way]) -> StudentRow:
    return StudentRow(
        name=student.name,
        action=f"{action}/estudiantes/{student.case_id}",
        state=STAND_WORDS[student.stand],
        state_class=f"stand-{student.stand.value}",
        notes=tuple(_notes(student)),
        expected=tuple(_way_line(way) for way in ways if way.digits and not way.proven),
        ways=tuple(_way_line(way) for way in ways if not way.digits or way.proven),
        proven=f"{sum(way.proven for way in ways)} de {len(ways)} comprobadas"
        if ways
        else "Sin contactos",
        may_unlock=student.wrong > 0 and not view.locked,
        may_let_in=student.clashes > 0,
    )


def _way_line(way: Way) -> WayLine:
    name = {ProofKind.MAIL: "Correo", ProofKind.WHATSAPP: "Celular", ProofKind.RELATIVE: ""}
    words = f"{name[way.kind]} {way.shown}".strip()
    if way.proven:
        return WayLine(words, "comprobado", str(way.target_id), "")
    if way.digits:
        return WayLine(words, f"mandará el código {way.digits}", str(way.target_id), "Llegó")
    if way.kind is ProofKind.MAIL:
        return WayLine(words, _MAIL_STATES.get(way.alarm, "sin comprobar"), "", "")
    return WayLine(words, "sin comprobar", str(way.target_id), "Contestó")


def _found(reach: Contactability) -> str:
    return f"Con dos vías comprobadas: {rate_in_words(reach.enough, reach.members)}"


def _alarms(reach: Contactability) -> list[str]:
    found = []
    if reach.school_account_only:
        who = (
            "1 persona"
            if reach.school_account_only == 1
            else f"{reach.school_account_only} personas"
        )
        found.append(f"{who} solo con correo de la escuela, que se cierra al egresar.")
    if reach.mistyped:
        who = "1 persona" if reach.mistyped == 1 else f"{reach.mistyped} personas"
        found.append(f"{who} con un correo que parece mal escrito.")
    return found


def _notes(student: Student) -> list[str]:
    notes = []
    if student.clashes:
        times = "una vez" if student.clashes == 1 else f"{student.clashes} veces"
        notes.append(f"Alguien más quiso entrar con sus datos ({times}) y vio «ya está en uso».")
    if student.locked:
        notes.append(f"Bloqueada: {TRIES_EACH} intentos con su matrícula y otra fecha.")
    elif student.wrong:
        notes.append(f"Intentos con otra fecha: {student.wrong} de {TRIES_EACH}.")
    if not student.can_identify and student.stand is Stand.ABSENT:
        notes.append("En la lista falta su matrícula o su fecha de nacimiento: dele su enlace.")
    return notes
