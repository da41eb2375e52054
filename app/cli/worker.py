"""`trayecto worker`, `tick`, `calendar`, `links`: what happens by itself, and by hand."""

import csv
import logging.config
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import timedelta
from threading import Event, Timer
from types import FrameType
from typing import Annotated

import typer

from app.cli.asked import asked_cohort, asked_unit
from app.cli.database import SCRIPTS
from app.cli.logs import log_config
from app.cli.moments import HELP, clock_at
from app.cli.runtime import opened_runtime
from app.cli.terminal import show_json
from app.db.health import examine, refuse_unfit
from app.fieldwork import tokens
from app.fieldwork.capacity import advice_in_words
from app.fieldwork.channels import written_channels
from app.fieldwork.fitting import limits_of
from app.fieldwork.link_list import PersonalLink, WaveOf, links_of
from app.fieldwork.planning import WaveNote
from app.fieldwork.prospects import rehearsal
from app.fieldwork.rehearsal import Refused, RehearsedDay, RehearsedWave
from app.fieldwork.relaying import relays_of
from app.keys import keys_for
from app.staff import audit
from app.units.scope import WHOLE
from app.worker.deployment import Deployment
from app.worker.loop import run
from app.worker.sending import Sending
from app.worker.tick import TickReport, tick

LAST_WORDS = 8.0  # seconds after a signal; a supervisor kills after ten
STORE = "base de datos"  # the finding that may mend itself while the worker waits
LONGEST_REHEARSAL = 366  # days
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")  # noqa: RUF001

Now = Annotated[str | None, typer.Option("--now", help=HELP)]
Json = Annotated[bool, typer.Option("--json", help="Un documento JSON.")]

log = logging.getLogger("trayecto.worker")


def worker(
    lease: Annotated[
        float, typer.Option(help="Segundos que un proceso aparta un mensaje.", min=1)
    ] = 300,
) -> None:
    """Abre y cierra levantamientos y envía mensajes; se detiene con Ctrl-C."""
    with opened_runtime() as runtime:
        settings = runtime.settings
        findings = examine(settings, runtime.database, SCRIPTS)
        refuse_unfit(finding for finding in findings if finding.what != STORE)
        logging.config.dictConfig(log_config(json_lines=settings.log_format == "json"))
        stop = Event()
        last = _stop_on_signals(stop)
        log.info("worker started")
        deployment = Deployment(settings, runtime.database, runtime.clock)
        run(deployment, stop, lease=timedelta(seconds=lease))
        last.cancel()
        log.info("worker stopped")


def tick_once(now: Now = None, as_json: Json = False) -> None:
    """Hace una pasada: abre, cierra, pone en cola y envía lo que toca; se puede repetir."""
    with opened_runtime() as runtime:
        clock = clock_at(now, runtime.clock)
        deployment = Deployment(runtime.settings, runtime.database, clock)
        with Sending(deployment) as sending:
            report = tick(deployment, sending)
    if as_json:
        show_json(_tick_document(report))
    else:
        _tell_tick(report)


def calendar(
    now: Now = None,
    days: Annotated[int, typer.Option(help="Cuántos días.", min=1, max=LONGEST_REHEARSAL)] = 14,
    unit: Annotated[
        str | None, typer.Option(help="Solo esta unidad y lo que tiene debajo, por su clave.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Ensaya los próximos días: qué se abrirá, enviará y cerrará, sin hacerlo."""
    with opened_runtime() as runtime, runtime.database.reading() as session:
        moment = clock_at(now, runtime.clock)()
        limits = limits_of(session, runtime.settings, now=moment)
        unit_id = None if unit is None else asked_unit(session, unit).id
        report = rehearsal(
            session,
            now=moment,
            days=days,
            limits=limits,
            unit_id=unit_id,
            channels=written_channels(runtime.settings),
            relays=relays_of(runtime.settings),
        )
    if as_json:
        show_json([_day_document(day) for day in report])
    else:
        _tell_days(report)


def links(
    unit: Annotated[str, typer.Option(help="Clave de la unidad; de una escuela, su CCT.")],
    generation: Annotated[str, typer.Option(help="Por ejemplo 2013-2016.")],
    questionnaire: Annotated[int, typer.Option(help="1, 2 o 3.", min=1, max=3)],
    as_json: Json = False,
) -> None:
    """Escribe las ligas personales de un levantamiento; queda en la bitácora."""
    cohort = asked_cohort(generation)
    with opened_runtime() as runtime, runtime.database.unit_of_work() as session:
        found = asked_unit(session, unit)
        keys = keys_for(tokens.PURPOSE, runtime.settings.secret_keys)
        wave = WaveOf(found.id, cohort, questionnaire)
        written = links_of(session, WHOLE, wave, keys, base_url=runtime.settings.base_url)
        audit.append(
            session,
            "links.exported",
            actor_id=None,
            about=("unit", found.code),
            unit_id=found.id,
            now=runtime.clock(),
            generation=str(cohort),
            questionnaire=questionnaire,
            links=len(written),
        )
    _write_links(written, as_json=as_json)


def _stop_on_signals(stop: Event) -> Timer:
    """Ask the loop to end; whoever does not in time is ended. Leases mend the rest."""
    last = Timer(LAST_WORDS, lambda: os._exit(1))
    last.daemon = True

    def on_signal(_: int, __: FrameType | None) -> None:
        if not stop.is_set():
            stop.set()
            last.start()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    return last


def _tick_document(report: TickReport) -> dict[str, object]:
    counts = asdict(report)
    counts["missed"] = [_note(note) for note in report.missed]
    counts["blocked"] = [_note(note) for note in report.blocked]
    return counts


def _note(note: WaveNote) -> dict[str, object]:
    return {
        "school": note.school,
        "generation": note.cohort,
        "questionnaire": note.questionnaire,
    }


def _tell_tick(report: TickReport) -> None:
    print(
        f"Levantamientos: {report.opened} abiertos, {report.closed} cerrados. "
        f"Mensajes: {report.queued} en cola, {report.sent} enviados, "
        f"{report.deferred} para después, {report.failed} rechazados, "
        f"{report.unknown} en duda, {report.cancelled} cancelados."
    )
    for note in report.blocked:
        print(
            f"Espera un cuestionario publicado: {note.school}, {note.cohort}, "
            f"Cuestionario {note.questionnaire}."
        )
    for note in report.missed:
        print(
            f"La ventana pasó sin abrirse: {note.school}, {note.cohort}, "
            f"Cuestionario {note.questionnaire}."
        )
    if report.pause is not None:
        print(f"El servidor de correo no aceptó más mensajes: {report.pause}.")


def _day_document(day: RehearsedDay) -> dict[str, object]:
    return {
        "date": day.day.isoformat(),
        "opened": [_wave_document(wave) for wave in day.opened],
        "closed": [_wave_document(wave) for wave in day.closed],
        "sent": day.messages.total(),
        "domains": dict(day.messages.most_common()),
        "leaves": day.leaving.total(),
        "waiting": day.waiting,
        "refused": [
            {**_wave_document(one.wave), "advice": advice_in_words(one.advice)}
            for one in day.refused
        ],
        "late": [
            {**_wave_document(one.wave), "advice": advice_in_words(one.advice)} for one in day.late
        ],
    }


def _wave_document(wave: RehearsedWave) -> dict[str, object]:
    return {
        "school": wave.school,
        "generation": wave.cohort,
        "questionnaire": wave.period.wave,
    }


def _tell_days(report: Sequence[RehearsedDay]) -> None:
    for day in report:
        if not (day.opened or day.closed or day.messages or day.leaving or day.waiting):
            continue
        print(
            f"{day.day.isoformat()}  se abren {len(day.opened)}, se cierran {len(day.closed)}, "
            f"tocan {day.messages.total():,} mensajes, salen {day.leaving.total():,}"
        )
        for domain, count in day.messages.most_common():
            print(f"            {count:>7}  {domain}")
        if day.waiting:
            print(f"            {day.waiting:>7}  esperan otro día por los límites de envío")
        for name, refused in _in_trouble(day):
            print(
                f"            {name}: {refused.wave.school}, {refused.wave.cohort}, Cuestionario "
                f"{refused.wave.period.wave}. {advice_in_words(refused.advice)}"
            )
    if not any(day.opened or day.closed or day.messages for day in report):
        print("No hay nada que abrir, enviar ni cerrar en esos días.")


def _in_trouble(day: RehearsedDay) -> Iterator[tuple[str, Refused]]:
    yield from (("Ya no alcanza", one) for one in day.late)
    yield from (("No cabe", one) for one in day.refused)


def _write_links(written: Sequence[PersonalLink], *, as_json: bool) -> None:
    if as_json:
        show_json([{"case": str(one.case), "name": one.name, "url": one.url} for one in written])
        return
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(("case", "name", "url"))
    writer.writerows((one.case, _harmless(one.name), one.url) for one in written)


def _harmless(text: str) -> str:
    """A spreadsheet must not take a name for a formula (trust.md SEC-43)."""
    return f"'{text}" if text.startswith(_DANGEROUS) else text
