"""`trayecto demo`: a believable site in one command, and its end in one key.

Loads the demonstration once, starts web and worker as children, and takes both down with it.
"""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from threading import Event
from types import FrameType
from typing import Annotated

import typer
from sqlmodel import Session

from app.cli.database import upgrade
from app.cli.moments import CENTRE
from app.cli.runtime import Runtime, environment_of_a_child, opened_runtime
from app.db import marks
from app.db.tables import DeploymentMark
from app.directory.keyed import match_keys
from app.errors import AppError
from app.fieldwork.stationery import post_office
from app.settings import Settings
from app.simulation.doors import ClassDoor, Door, class_door, open_doors
from app.simulation.loading import (
    AlreadySimulated,
    finish,
    load_school,
    move_windows,
    prepare,
    refuse_unfit,
    schools_of,
)
from app.simulation.parameters import parameters
from app.simulation.plans import demonstration
from app.simulation.staffing import PASSWORD, DemoAccount, demo_accounts, hire
from app.staff import audit
from app.staff.addresses import staff_keys
from app.staff.passwords import HashedPassword, hash_new_password

HOST = "127.0.0.1"
SEED = "demostración"
KIND = "demo"
_LOOK = 0.2  # seconds between two looks at the children
_START = 60.0  # seconds a web process may take to answer
_LAST_WORDS = 10.0  # seconds a child has to end by itself


class PortTaken(AppError):
    """Something listens there already."""

    code = "demo.port_taken"
    status = 409
    plantilla = "El puerto {port} ya está ocupado. Elija otro: make demo PORT={other}."


class DemoStopped(AppError):
    """A child ended by itself."""

    code = "demo.stopped"
    status = 503
    plantilla = (
        "La demostración se detuvo porque terminó {part}. Revise el mensaje de arriba y vuelva a "
        "iniciarla."
    )


def demo(
    port: Annotated[int, typer.Option(help="Puerto.", min=1, max=65_535)] = 8000,
) -> None:
    """Carga una demostración con datos simulados y la sirve; se detiene con Ctrl-C."""
    _refuse_taken(port)
    with opened_runtime() as opened:
        settings = replace(opened.settings, base_url=f"http://{HOST}:{port}")
        runtime = replace(opened, settings=settings)
        upgrade(settings.database_url)
        _load_once(runtime)
        words = _words(settings, *_what_to_show(runtime))
    _serve(settings, port, words)


def _refuse_taken(port: int) -> None:
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server does
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise PortTaken(port=port, other=port + 1) from error


def _load_once(runtime: Runtime) -> None:
    """Everything in one transaction: a start that was interrupted leaves nothing behind."""
    with runtime.database.reading() as session:
        found = marks.marked(session, marks.SIMULATED)
    if found is not None:
        if not found.startswith(KIND):
            raise AlreadySimulated
        return
    print("Preparando la demostración (una sola vez)…", flush=True)
    password = hash_new_password(PASSWORD)
    with runtime.database.unit_of_work() as session:
        _load(session, runtime, password)


def _what_to_show(
    runtime: Runtime,
) -> tuple[Sequence[Door], ClassDoor | None, Sequence[DemoAccount]]:
    with runtime.database.reading() as session:
        doors = open_doors(session, post_office(runtime.settings))
        lesson = class_door(session)
        loaded_at = session.get_one(DeploymentMark, marks.SIMULATED).at
    plan = demonstration(SEED, now=loaded_at, zone=CENTRE)  # as it was made then
    return doors, lesson, demo_accounts(schools_of(plan, parameters()), plan)


def _load(session: Session, runtime: Runtime, password: HashedPassword) -> None:
    settings, now = runtime.settings, runtime.clock()
    office = post_office(settings)
    refuse_unfit(session, settings)
    plan = demonstration(SEED, now=now, zone=CENTRE)
    match = match_keys(settings.data_keys)
    ground = prepare(session, plan, office, match, assumed=parameters())
    for school in ground.schools:
        load_school(session, ground, school, office)
    move_windows(session, ground)
    keys = staff_keys(settings.data_keys)
    hire(session, demo_accounts(ground.schools, plan), password, keys=keys, now=now)
    finish(session, plan, kind=KIND)
    audit.append(
        session, "simulation.loaded", actor_id=None, about=("seed", SEED), now=now, kind=KIND
    )


def _words(
    settings: Settings,
    doors: Sequence[Door],
    lesson: ClassDoor | None,
    accounts: Sequence[DemoAccount],
) -> str:
    """What the console says once the site answers."""
    wide = max(len(account.email) for account in accounts)
    staff = "\n".join(f"  {account.email:<{wide}}  {account.words}" for account in accounts)
    links = "\n".join(f"  Cuestionario {door.questionnaire}  {door.url}" for door in doors)
    closed = [str(number) for number in (1, 2, 3) if number not in {d.questionnaire for d in doors}]
    missing = (
        f"\n  Ya no hay enlaces abiertos del cuestionario {', '.join(closed)}; para cargar la "
        "demostración otra vez: make clean demo"
        if closed
        else ""
    )
    return (
        f"\nTrayecto, demostración con datos simulados: {settings.base_url}\n\n"
        f"Personal: {settings.base_url}/panel  (contraseña de todas las cuentas: {PASSWORD})\n"
        f"{staff}\n\n"
        f"Enlaces personales para contestar:\n{links}{missing}\n\n"
        f"{_of_class(lesson, accounts)}"
        "Para terminar: Ctrl-C.\n"
    )


def _of_class(lesson: ClassDoor | None, accounts: Sequence[DemoAccount]) -> str:
    """How to try a class; nothing where no group is left."""
    school = {account.wanted.unit: account.email for account in reversed(accounts)}
    if lesson is None or lesson.school_code not in school:
        return ""
    return (
        f"En el aula: entre como {school[lesson.school_code]}, toque el Cuestionario 1 abierto, "
        f"pestaña Aula, grupo {lesson.group}.\n"
        f"  Como estudiante: matrícula {lesson.student_id}, nacimiento {lesson.born:%d/%m/%Y}\n\n"
    )


def _serve(settings: Settings, port: int, words: str) -> None:
    """Run web and worker until told to stop, or until one of them ends."""
    stop = Event()

    def on_signal(_: int, __: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, on_signal)
    children: dict[str, subprocess.Popen[bytes]] = {}
    try:
        children["el sitio"] = _start(settings, "serve", "--host", HOST, "--port", str(port))
        children["el trabajador"] = _start(settings, "worker")
        if _answers(port, stop, children):
            print(words, flush=True)
        while not stop.wait(_LOOK) and not _ended(children):
            pass
        ended = _ended(children)
    finally:
        _end(children.values())
    if ended and not stop.is_set():
        raise DemoStopped(part=" y ".join(ended))
    print("La demostración terminó. Los datos quedan para la próxima vez.", flush=True)


def _start(settings: Settings, *arguments: str) -> subprocess.Popen[bytes]:
    """Another command of this same program, in the same terminal."""
    return subprocess.Popen(  # noqa: S603  # our own interpreter and our own words
        [sys.executable, "-m", "app", *arguments], env=environment_of_a_child(settings)
    )


def _answers(port: int, stop: Event, children: Mapping[str, subprocess.Popen[bytes]]) -> bool:
    """Wait until the site takes connections; False if it will not."""
    until = time.monotonic() + _START
    while time.monotonic() < until and not stop.is_set() and not _ended(children):
        with closing(socket.socket()) as probe:
            if probe.connect_ex((HOST, port)) == 0:
                return True
        stop.wait(_LOOK)
    return False


def _ended(children: Mapping[str, subprocess.Popen[bytes]]) -> list[str]:
    return [name for name, child in children.items() if child.poll() is not None]


def _end(children: Iterable[subprocess.Popen[bytes]]) -> None:
    """Ask every child to end; whoever does not is ended. Nobody is left behind."""
    alive = [child for child in children if child.poll() is None]
    for child in alive:
        child.terminate()
    until = time.monotonic() + _LAST_WORDS
    for child in alive:
        try:
            child.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
