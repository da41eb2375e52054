"""`trayecto migrate` and `trayecto check`: the store, brought up to date and judged."""

from pathlib import Path
from typing import Annotated

import typer
from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError

from app.cli.mail import mail_finding
from app.cli.mail_limits import sending_findings
from app.cli.runtime import make_data_dir, opened_runtime, settings_here
from app.cli.terminal import refuse, show_json
from app.db.health import Finding, examine
from app.db.transactions import named_refusals
from app.errors import AppError

SCRIPTS = Path(__file__).parents[2] / "alembic"


class RevisionUnknown(AppError):
    """The database was migrated by another version of the program."""

    code = "storage.revision_unknown"
    status = 503
    plantilla = (
        "La base de datos es de otra versión de Trayecto y no se tocó. Instale la versión más "
        "nueva, o indique otra base de datos."
    )


def alembic_config(database_url: str) -> Config:
    """Alembic with our migrations, on this database."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["database_url"] = database_url
    return config


def migrate() -> None:
    """Lleva la base de datos a la última versión; se puede repetir."""
    settings = settings_here()
    make_data_dir(settings)
    upgrade(settings.database_url)
    print("La base de datos está al día.")


def upgrade(database_url: str) -> None:
    """Bring the tables up to date.

    Raises:
        RevisionUnknown: the database knows a migration that we do not.
        StorageBroken: it cannot be reached, read or written; or another refusal of the store.
    """
    try:
        with named_refusals():
            command.upgrade(alembic_config(database_url), "head")
    except CommandError as error:
        raise RevisionUnknown from error


def check(
    as_json: Annotated[bool, typer.Option("--json")] = False,
    mail: Annotated[
        bool, typer.Option("--mail", help="También SPF, DKIM, DMARC, rebotes y límites.")
    ] = False,
) -> None:
    """Revisa ajustes, base de datos, migraciones, disco y correo; falla si no se puede servir."""
    with opened_runtime() as runtime:
        findings = (
            *examine(runtime.settings, runtime.database, SCRIPTS),
            mail_finding(runtime.settings),
            *(sending_findings(runtime) if mail else ()),
        )
    if as_json:
        show_json([finding.as_document() for finding in findings])
    else:
        for finding in findings:
            print(f"{'bien ' if finding.fit else 'FALLA'}  {finding.what}: {finding.said}")
    if not all(finding.fit for finding in findings):
        refuse(_summary(findings))
        raise typer.Exit(1)


def _summary(findings: tuple[Finding, ...]) -> str:
    broken = [finding.what for finding in findings if not finding.fit]
    return f"No está listo para servir; corrija: {', '.join(broken)}."
