"""Tools of the long lane that live in npm's registry: old Chromes, their driver, Lighthouse."""

import shutil
import subprocess
import sys
from pathlib import Path

LOCKED = Path(__file__).parent / "node"
HOME = Path(__file__).parents[2] / "var" / "node"
# Decompresses what a package holds; Node has brotli, Python has not.
_INFLATE = """
const fs = require("fs"), zlib = require("zlib")
const [from, to] = process.argv.slice(1)
fs.writeFileSync(to, zlib.brotliDecompressSync(fs.readFileSync(from)))
"""


def tools() -> Path:
    """A folder with the locked packages, installed once."""
    if shutil.which("npm") is None:
        sys.exit("Faltan node y npm: instale los paquetes «nodejs» y «npm».")
    done = HOME / ".done"
    lock = (LOCKED / "package-lock.json").read_bytes()
    if not done.exists() or done.read_bytes() != lock:
        shutil.copytree(LOCKED, HOME, dirs_exist_ok=True)
        subprocess.run(["npm", "ci", "--silent"], cwd=HOME, check=True)
        done.write_bytes(lock)
    return HOME


def old_chrome(version: int) -> Path:
    """Path of a real Chrome of this major version (79, 80, 83), for Linux on x86-64."""
    home = tools() / f"chrome-{version}"
    program = home / "chromium"
    if not program.exists():
        home.mkdir(exist_ok=True)
        for name in ("swiftshader.tar", "aws.tar", "chromium"):
            packed = HOME / "node_modules" / f"chrome{version}" / "bin" / f"{name}.br"
            # aws.tar holds libraries that a Debian with Chromium has already; fonts.conf is in it.
            subprocess.run(["node", "-e", _INFLATE, packed, home / name], check=True)
            if name.endswith(".tar"):
                shutil.unpack_archive(home / name, home, filter="data")
        program.chmod(0o755)
    return program
