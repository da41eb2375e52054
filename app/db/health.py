"""Whether a deployment is fit to serve, finding by finding.

Each finding is one Spanish sentence for the operator; nothing here changes anything.
"""

import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import make_url

from app.db import marks
from app.db.transactions import Database
from app.errors import AppError
from app.settings import Environment, Settings

LEAST_FREE = 200 * 1024 * 1024  # bytes on the disk of the data folder
# File systems whose locks SQLite cannot trust (sqlite.org, "How To Corrupt", 2.1).
NETWORK_FILE_SYSTEMS = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "9p", "afs", "glusterfs", "ceph"}
)


class NotFitToServe(AppError):
    """The process must not start as it is."""

    code = "deployment.unfit"
    status = 503
    plantilla = "No se puede iniciar: {problems}."


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing examined."""

    what: str
    fit: bool
    said: str

    def as_document(self) -> dict[str, object]:
        """For `--json`."""
        return asdict(self)


def examine(settings: Settings, database: Database, scripts: Path) -> tuple[Finding, ...]:
    """Settings, store, migrations and disk, in the order an operator mends them."""
    return (
        _network_folder(settings),
        _disk(settings.data_dir),
        *_store(settings, database, scripts),
    )


def refuse_unfit(findings: Iterable[Finding]) -> None:
    """Stop the start of a process.

    Raises:
        NotFitToServe: it names every finding that is not fit.
    """
    problems = [f"{finding.what}: {finding.said}" for finding in findings if not finding.fit]
    if problems:
        raise NotFitToServe(problems="; ".join(problems))


def file_system_of(path: Path, mounts: str) -> str:
    """Type of the file system `path` is on, by the text of /proc/mounts; "" if unknown."""
    best, kind = "", ""
    for line in mounts.splitlines():
        fields = line.split()
        if len(fields) > 2:
            folder = fields[1].replace("\\040", " ")
            inside = path.is_relative_to(folder)
            if inside and len(folder) >= len(best):
                best, kind = folder, fields[2]
    return kind


def _network_folder(settings: Settings) -> Finding:
    url = make_url(settings.database_url)
    mounts = Path("/proc/mounts")
    if url.get_backend_name() != "sqlite" or not url.database or not mounts.is_file():
        return Finding("carpeta", fit=True, said="la base de datos está en su lugar")
    kind = file_system_of(Path(url.database).resolve(), mounts.read_text("utf-8"))
    if kind in NETWORK_FILE_SYSTEMS:
        return Finding(
            "carpeta",
            fit=settings.environment is not Environment.PRODUCTION,
            said=f"SQLite está en una carpeta de red ({kind}); use un disco local o PostgreSQL",
        )
    return Finding("carpeta", fit=True, said="la base de datos está en un disco local")


def _disk(folder: Path) -> Finding:
    free = shutil.disk_usage(folder if folder.exists() else folder.absolute().parent).free
    said = f"quedan {free // 2**20:,} MiB libres"
    return Finding("disco", fit=free >= LEAST_FREE, said=said)


def _store(settings: Settings, database: Database, scripts: Path) -> tuple[Finding, ...]:
    config = Config()
    config.set_main_option("script_location", str(scripts))
    head = ScriptDirectory.from_config(config).get_current_head()
    try:
        with database.reading() as session:
            present = MigrationContext.configure(session.connection()).get_current_revision()
            if present != head:
                return (
                    Finding(
                        "migraciones",
                        fit=False,
                        said="la base de datos no está al día; ejecute «trayecto migrate»",
                    ),
                )
            simulated = marks.marked(session, marks.SIMULATED) is not None
    except AppError as error:
        return (Finding("base de datos", fit=False, said=error.mensaje_personal.rstrip(".")),)
    production = settings.environment is Environment.PRODUCTION
    return (
        Finding("base de datos", fit=True, said=f"responde ({database.engine_name})"),
        Finding("migraciones", fit=True, said="al día"),
        Finding(
            "datos",
            fit=not (simulated and production),
            said="contiene datos simulados, que producción no admite"
            if simulated and production
            else ("simulados" if simulated else "reales"),
        ),
    )
