"""`trayecto serve`: the web, in one process or several."""

import socket
from contextlib import closing
from dataclasses import replace
from typing import Annotated

import typer
import uvicorn
from fastapi import FastAPI

from app.cli.database import SCRIPTS
from app.cli.logs import log_config
from app.cli.runtime import Runtime, open_runtime, opened_runtime
from app.db.health import examine, refuse_unfit
from app.errors import AppError
from app.settings import Settings
from app.staff.first_account import needs_first_account, setup_code
from app.web.main import create_app

EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104  # what a browser opens then
SHUTDOWN = 8  # seconds for requests in flight; the process is gone within ten


class SeveralOnSqlite(AppError):
    """SQLite serves one web process well; several need PostgreSQL."""

    code = "serve.workers_on_sqlite"
    status = 400
    plantilla = "Con la base de datos SQLite use un solo proceso, o cambie a PostgreSQL."


class AddressTaken(AppError):
    """Nothing can listen there: another program does, or it is not an address of this machine."""

    code = "serve.address_taken"
    status = 409
    plantilla = (
        "No se puede escuchar en {host}:{port}: ya está ocupado o no es de este equipo. Elija "
        "otro con --port o --host."
    )


def serve(
    host: Annotated[str, typer.Option(help="Dirección en la que se escucha.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Puerto.", min=1, max=65_535)] = 8000,
    workers: Annotated[int, typer.Option(help="Procesos (más de uno: PostgreSQL).", min=1)] = 1,
) -> None:
    """Sirve las páginas; se detiene con Ctrl-C."""
    with opened_runtime() as opened:
        refuse_unfit(examine(opened.settings, opened.database, SCRIPTS))
        if workers > 1 and opened.database.engine_name == "sqlite":
            raise SeveralOnSqlite
        refuse_taken(host, port)
        runtime = replace(opened, settings=answering_at(opened.settings, host, port))
        announce(runtime)
        run_server(runtime, host=host, port=port, workers=workers)


def refuse_taken(host: str, port: int) -> None:
    """Look before the server does: its own complaint is several lines in English.

    Raises:
        AddressTaken: nothing can listen there.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with closing(socket.socket(family)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server does
        try:
            probe.bind((host, port))
        except OSError as error:
            raise AddressTaken(host=host, port=port) from error


def answering_at(settings: Settings, host: str, port: int) -> Settings:
    """Settings whose address is where we listen, unless the operator chose one."""
    if settings.base_url_chosen:
        return settings
    name = EVERYWHERE.get(host, f"[{host}]" if ":" in host else host)
    return replace(settings, base_url=f"http://{name}:{port}")


def announce(runtime: Runtime) -> None:
    """Say where to begin on an empty database."""
    with runtime.database.reading() as session:
        empty = needs_first_account(session)
    base = runtime.settings.base_url
    if empty:
        code = setup_code(runtime.settings.secret_keys)
        print(f"Primer uso: abra {base}/panel/primer-uso/{code}")
    else:
        print(f"Panel del personal: {base}/panel")


def run_server(runtime: Runtime, *, host: str, port: int, workers: int = 1) -> None:
    """Serve until told to stop; requests in flight are finished."""
    settings = runtime.settings
    runtime.database.dispose()  # worker processes open their own connections
    alone = create_app(settings, runtime.database, runtime.clock) if workers == 1 else None
    uvicorn.run(
        alone or "app.cli.serve:application",
        factory=alone is None,
        host=host,
        port=port,
        workers=workers if workers > 1 else None,
        access_log=False,  # ours hides personal links (web/asgi.py)
        log_config=log_config(json_lines=settings.log_format == "json"),
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=",".join(settings.trusted_proxies) or None,
        server_header=False,
        timeout_graceful_shutdown=SHUTDOWN,
        timeout_keep_alive=30,
        h11_max_incomplete_event_size=64 * 1024,
    )


def application() -> FastAPI:
    """The application of one web process."""
    runtime = open_runtime()
    return create_app(runtime.settings, runtime.database, runtime.clock)
