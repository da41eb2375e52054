"""A whole file against the directory, a thousand rows at a time: the preview, and its report.

Good rows never wait for bad ones: rejected rows and conflicts are listed and left out. Only a
fault of the file as a whole (reading.FileRefused) stores nothing.
"""

import gc
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from uuid import UUID

from sqlmodel import Session, col, select

from app.chronology.wave_plan import Cohort
from app.directory.findings import Finding
from app.directory.headings import Field
from app.directory.keyed import MatchKeys
from app.directory.reference import mail_domains
from app.directory.roster.candidates import (
    Candidate,
    Reading,
    Refused,
    School,
    read_candidate,
)
from app.directory.roster.known import load_present
from app.directory.roster.present import Change, FileMemory
from app.directory.roster.reading import RosterFile
from app.directory.roster.review import Decision, RowPlan, Verdict, review
from app.garbage import collection_paused
from app.units.queries import in_scope
from app.units.scope import Scope
from app.units.tables import OrganisationUnit, UnitKind

CHUNK = 1_000  # rows reviewed and written together; bounds memory and bound variables
MOST_SHOWN = 2_000  # rows a preview keeps for the screen


@dataclass(frozen=True, slots=True)
class Target:
    """Where a file goes: both left out, the file's own columns decide."""

    school: School | None = None
    cohort: Cohort | None = None


@dataclass(frozen=True, slots=True)
class RowSummary:
    """One row of a preview."""

    row: int
    verdict: Verdict
    name: str
    changes: tuple[Change, ...]
    findings: tuple[Finding, ...]


@dataclass(slots=True)
class ImportReport:
    """What a file did, or would do. Numbers are rows; totals and blank rows are not counted."""

    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    conflicts: int = 0  # listed in `rejected` too
    rejected: list[Finding] = field(default_factory=list)
    warnings: list[Finding] = field(default_factory=list)
    shown: list[RowSummary] = field(default_factory=list)
    created_members: list[UUID] = field(default_factory=list)
    changed_members: list[tuple[UUID, tuple[str, ...]]] = field(default_factory=list)

    def add(self, plan: RowPlan) -> None:
        """Count one row."""
        self.rows += 1
        self.created += plan.verdict is Verdict.NEW
        self.updated += plan.verdict is Verdict.CHANGED
        self.unchanged += plan.verdict is Verdict.UNCHANGED
        self.conflicts += plan.verdict is Verdict.CONFLICT
        left_out = plan.verdict in {Verdict.CONFLICT, Verdict.REJECTED}
        (self.rejected if left_out else self.warnings).extend(plan.findings)
        if plan.verdict is Verdict.CHANGED and plan.known:
            what = tuple(change.what for change in plan.changes)
            self.changed_members.append((plan.known.id, what))
        if len(self.shown) < MOST_SHOWN:
            name = plan.candidate.name.full if plan.candidate else ""
            self.shown.append(RowSummary(plan.row, plan.verdict, name, plan.changes, plan.findings))


def reading_of(
    session: Session, scope: Scope, file: RosterFile, target: Target, keys: MatchKeys, today: date
) -> Reading:
    """What the rows of `file` are read with; only schools in scope exist."""
    schools = schools_in_scope(session, scope) if target.school is None else {}
    return Reading(file.columns, schools, keys, mail_domains(), today, target.school, target.cohort)


def schools_in_scope(session: Session, scope: Scope) -> dict[str, School]:
    """Schools by CCT."""
    rows = session.exec(
        select(OrganisationUnit.id, OrganisationUnit.code, OrganisationUnit.name).where(
            OrganisationUnit.kind == UnitKind.SCHOOL, in_scope(scope, col(OrganisationUnit.id))
        )
    )
    return {code: School(unit_id, code, name) for unit_id, code, name in rows}


def plan_chunks(
    session: Session,
    file: RosterFile,
    reading: Reading,
    report: ImportReport,
    decisions: Mapping[int, Decision] | None = None,
) -> Iterator[list[RowPlan]]:
    """The plans of a file in order, counted in `report` as they pass.

    Each chunk sees what was written for the chunks before it.
    """
    report.warnings.extend(file.notices)
    report.warnings.extend(_column_notices(file))
    memory = FileMemory()
    counted = _Rows()
    rows = file.rows()
    while typed := list(islice(rows, CHUNK)):
        read = [read_candidate(reading, each.number, each.cells) for each in typed]
        counted.number += len(typed)
        counted.last = typed[-1].number
        report.warnings.extend(
            each.finding for each in read if isinstance(each, Refused) and not each.person
        )
        people = [each for each in read if not isinstance(each, Refused) or each.person]
        candidates = [each for each in people if isinstance(each, Candidate)]
        names = [reading.keys.name_forms(each.name.search) for each in candidates]
        plans = review(people, load_present(session, candidates, names), memory, decisions or {})
        for plan in plans:
            report.add(plan)
        yield plans
        del typed, read, people, candidates, plans
        gc.collect(1)  # the few cycles of a chunk's statements
    report.warnings.sort(key=lambda each: each.row)
    blank = counted.last - file.heading_row - counted.number
    if blank > 0:
        report.warnings.append(
            Finding(0, "", "roster.blank_rows",
                    f"Se omitieron {blank} renglones en blanco o de encabezado repetido.")
        )  # fmt: skip


def preview(
    session: Session,
    file: RosterFile,
    reading: Reading,
    decisions: Mapping[int, Decision] | None = None,
) -> ImportReport:
    """What an import would do; writes nothing."""
    report = ImportReport()
    with collection_paused():
        for _ in plan_chunks(session, file, reading, report, decisions):
            pass
    return report


@dataclass(slots=True)
class _Rows:
    number: int = 0
    last: int = 0


def _column_notices(file: RosterFile) -> Iterator[Finding]:
    if file.columns.has(Field.GRADUATED):
        title = file.columns.title(Field.GRADUATED)
        yield Finding(
            file.heading_row,
            title,
            "roster.confirmation_column",
            f"La columna «{title}» no confirma el egreso al cargar la lista. "
            "Para eso use «Confirmar egreso» con este mismo archivo.",
        )
