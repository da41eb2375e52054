"""100,000 rows of a roster: time and memory of reading, review and apply.

`python -m tests.bench.roster [ROWS]`. The child process is measured, so that the parent's
making of the file does not count. Goals: 30 s, 300 MiB.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path

from openpyxl import Workbook
from sqlmodel import SQLModel, select

import app.all_tables  # noqa: F401
from app.db.engine import make_engine
from app.db.transactions import Database
from app.directory.curp import check_digit
from app.directory.keyed import match_keys
from app.directory.roster.apply import apply_roster
from app.directory.roster.planning import Target, reading_of
from app.directory.roster.reading import open_roster
from app.settings import Secret
from app.units.scope import WHOLE
from app.units.tables import OrganisationUnit, UnitKind

ROWS = 100_000
SECONDS, MEBIBYTES = 30, 300
SCHOOLS = 200
BENCH_KEYS = (Secret("b1", b"a data key for benchmarks, long enough"),)
GIVEN = (
    "José",
    "María",
    "Luis",
    "Ximena",
    "Itzel",
    "Óscar",
    "Núria",
    "Ángel",
    "Sofía",
    "Raúl",
    "Inés",
    "Iván",
    "Ana",
    "Hugo",
)
SURNAMES = (
    "Muñoz",
    "Peña",
    "García",
    "Hernández",
    "Cruz",
    "Pérez",
    "Ibáñez",
    "López",
    "Núñez",
    "Ávila",
    "Ríos",
    "Solís",
    "Tun",
    "Chan",
    "Méndez",
    "Ortiz",
    "Vega",
    "Luna",
    "Mora",
    "Salas",
    "Cano",
    "Ruiz",
    "Gil",
    "Soto",
    "Lara",
    "Ponce",
    "Rosas",
    "Bravo",
    "Trejo",
    "Uribe",
)
HEADINGS = (
    "CCT,GENERACIÓN,MATRÍCULA,CURP,NOMBRE(S),APELLIDO PATERNO,APELLIDO MATERNO,GRUPO,TURNO,"
    "CARRERA,CORREO,CELULAR"
)


def run(rows: int = ROWS) -> dict[str, object]:
    """Import a made file twice, by CSV and then by XLSX (same people: nothing changes)."""
    with tempfile.TemporaryDirectory() as folder:
        text, book = Path(folder) / "lista.csv", Path(folder) / "lista.xlsx"
        write_files(rows, text, book)
        measured = {}
        for name, file in (("csv_first", text), ("xlsx_again", book)):
            done = subprocess.run(
                [sys.executable, "-m", "tests.bench.roster", "--child", folder, str(file)],
                check=True,
                capture_output=True,
                text=True,
            )
            measured[name] = json.loads(done.stdout)
    slowest = max(each["seconds"] for each in measured.values())
    largest = max(each["mebibytes"] for each in measured.values())
    return {
        "rows": rows,
        **measured,
        "seconds": slowest,
        "mebibytes": largest,
        "kept": slowest <= SECONDS and largest <= MEBIBYTES,
    }


def write_files(rows: int, text: Path, book: Path) -> None:
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet("Alumnos")
    sheet.append(HEADINGS.split(","))
    with text.open("w", encoding="utf-8") as out:
        out.write(HEADINGS + "\n")
        for number in range(rows):
            first, second = SURNAMES[number % 30], SURNAMES[number // 30 % 30]
            letters = "".join(chr(65 + number // 26**at % 26) for at in range(4))
            curp = f"{letters}08{1 + number % 12:02}{1 + number % 28:02}HDFBCD{'A'}"
            cells = [
                _cct(number % SCHOOLS),
                "2023-2026",
                f"23{number:08}",
                curp + check_digit(curp),
                f"{GIVEN[number // 900 % 14]} {GIVEN[number // 12_600 % 14]}",
                first,
                second,
                f"6{'ABCDEF'[number % 6]}",
                "Matutino",
                "Programación",
                f"persona{number}@gmail.com",
                f"55{10_000_000 + number}",
            ]
            out.write(",".join(cells) + "\n")
            sheet.append(cells)
    workbook.save(book)


def _cct(school: int) -> str:
    return f"09DCT{school:04}X"


def _child(folder: str, file: str) -> None:
    engine = make_engine(f"sqlite:///{folder}/bench.db", BENCH_KEYS)
    SQLModel.metadata.create_all(engine)
    database = Database(engine)
    with database.unit_of_work() as session:
        if session.exec(select(OrganisationUnit)).first() is None:
            for school in range(SCHOOLS):
                session.add(
                    OrganisationUnit(
                        code=_cct(school),
                        name=f"CETIS {school}",
                        kind=UnitKind.SCHOOL,
                        time_zone="America/Mexico_City",
                    )
                )
    base = _mebibytes()
    begin = time.perf_counter()
    roster = open_roster(Path(file).read_bytes())
    opened = time.perf_counter()
    with database.unit_of_work() as session:
        reading = reading_of(
            session, WHOLE, roster, Target(), match_keys(BENCH_KEYS), date(2026, 3, 2)
        )
        report = apply_roster(session, roster, reading, now=datetime(2026, 3, 2, tzinfo=UTC))
    print(
        json.dumps(
            {
                "seconds": round(time.perf_counter() - begin, 2),
                "cpu_seconds": round(time.process_time(), 2),
                "opening": round(opened - begin, 2),
                "mebibytes": round(_mebibytes(), 1),
                "mebibytes_before": round(base, 1),
                "created": report.created,
                "updated": report.updated,
                "unchanged": report.unchanged,
                "rejected": len(report.rejected),
            }
        )
    )


def _mebibytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        _child(*sys.argv[2:4])
    else:
        print(json.dumps(run(int(sys.argv[1]) if sys.argv[1:] else ROWS), indent=2))
