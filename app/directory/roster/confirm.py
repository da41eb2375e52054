"""Graduation confirmation: who of the directory graduated, who did not, by control escolar's list.

A row confirms or denies only a person it finds; nobody is added. Nothing written is doubt:
an empty cell leaves graduation to be confirmed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice
from uuid import UUID

from sqlmodel import Session, col, update

from app.directory import cells
from app.directory.findings import Finding
from app.directory.headings import Field
from app.directory.matching import Likeness
from app.directory.people import search_form
from app.directory.roster.candidates import Candidate, Reading, Refused, read_candidate
from app.directory.roster.container import FileFault, FileRefused
from app.directory.roster.known import load_present
from app.directory.roster.planning import CHUNK
from app.directory.roster.present import Known
from app.directory.roster.reading import RosterFile
from app.directory.roster.review import find
from app.directory.states import Standing
from app.directory.tables import PanelMember

DEFAULT_REASON = "La lista de control escolar dice que no egresó"
LONGEST_REASON = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """What one row says of one member."""

    member: Known
    graduated: bool
    on: date
    reason: str | None


@dataclass(slots=True)
class ConfirmReport:
    """What a graduation list says. Numbers are rows; the second ones of them changed nothing."""

    rows: int = 0
    confirmed: int = 0
    denied: int = 0
    unmatched: int = 0
    undecided: int = 0  # found, but the list does not say
    findings: list[Finding] = field(default_factory=list)
    confirmed_members: list[UUID] = field(default_factory=list)  # standing changed just now
    denied_members: list[UUID] = field(default_factory=list)


def review_confirmation(
    session: Session, file: RosterFile, reading: Reading
) -> tuple[ConfirmReport, list[Answer]]:
    """What the list would change; writes nothing.

    Raises:
        FileRefused: no column says who graduated.
    """
    if not file.columns.has(Field.GRADUATED):
        raise FileRefused(FileFault.NO_ANSWER_COLUMN)
    report = ConfirmReport(findings=list(file.notices))
    answers: list[Answer] = []
    seen: dict[UUID, int] = {}
    rows = file.rows()
    while typed := list(islice(rows, CHUNK)):
        read = [read_candidate(reading, each.number, each.cells) for each in typed]
        for candidate, known in _found(session, read, reading, report):
            if known.id in seen:
                report.findings.append(_twice(candidate, seen[known.id]))
                continue
            seen[known.id] = candidate.row
            answers += _answer(candidate, known, reading, report)
    return report, answers


def apply_confirmation(
    session: Session, file: RosterFile, reading: Reading, *, now: datetime
) -> ConfirmReport:
    """Move the standings the list decides. Their cases are moved by fieldwork, from the report.

    Raises:
        FileRefused: no column says who graduated.
    """
    report, answers = review_confirmation(session, file, reading)
    for answer in answers:
        wanted = Standing.GRADUATED if answer.graduated else Standing.LEFT
        changed = session.exec(
            update(PanelMember)
            .where(
                col(PanelMember.id) == answer.member.id,
                col(PanelMember.standing) == answer.member.standing,
                col(PanelMember.standing) != wanted,
            )
            .values(
                standing=wanted,
                standing_since=answer.on,
                standing_reason=answer.reason,
                changed_at=now,
            )
            .returning(col(PanelMember.id))
        ).first()
        if changed:
            ids = report.confirmed_members if answer.graduated else report.denied_members
            ids.append(answer.member.id)
    session.expire_all()
    return report


def said_graduated(typed: str) -> bool | None:
    """Yes or no of a cell EGRESÓ or CERTIFICADO; a folio or a date of certificate means yes."""
    if cells.is_blank(typed) and search_form(typed) != "x":
        return None
    said = cells.read_yes_no(typed)
    if said is None and (cells.read_date(typed) or any(sign.isdigit() for sign in typed)):
        return True
    return said


def _found(
    session: Session,
    read: Sequence[Candidate | Refused],
    reading: Reading,
    report: ConfirmReport,
) -> Iterator[tuple[Candidate, Known]]:
    """Rows with the member they surely speak of; the others are reported."""
    candidates = [each for each in read if isinstance(each, Candidate)]
    names = [reading.keys.name_forms(each.name.search) for each in candidates]
    present = load_present(session, candidates, names)
    for each in read:
        if isinstance(each, Refused):
            report.findings.append(each.finding)
            report.rows += each.person
            report.unmatched += each.person
            continue
        report.rows += 1
        known, comparison = find(each, present)
        here = known and known.school_id == each.school.id and known.cohort == each.cohort
        if known and here and comparison.likeness in {Likeness.SAME, Likeness.LIKELY}:
            yield each, known
            continue
        report.unmatched += 1
        why = comparison.explanation if here else "No está en el directorio de esa generación."
        report.findings.append(
            Finding(
                each.row,
                "",
                "confirm.unmatched",
                f"{why} Cárguelo primero en la lista o corrija CURP, matrícula o nombre.",
            )
        )


def _answer(
    candidate: Candidate, known: Known, reading: Reading, report: ConfirmReport
) -> Iterator[Answer]:
    title = reading.columns.title(Field.GRADUATED)
    graduated = said_graduated(candidate.answer)
    if graduated is None:
        report.undecided += 1
        report.findings.append(
            Finding(
                candidate.row,
                title,
                "confirm.undecided",
                f"«{candidate.answer}» no dice si egresó; queda por confirmar. Escriba SÍ o NO.",
            )
        )
        return
    report.confirmed += graduated
    report.denied += not graduated
    day = candidate.left_on if graduated and candidate.left_on else reading.today
    reason = None if graduated else (candidate.reason or DEFAULT_REASON)[:LONGEST_REASON]
    yield Answer(known, graduated, day, reason)


def _twice(candidate: Candidate, row: int) -> Finding:
    return Finding(
        candidate.row,
        "",
        "confirm.one_person_twice",
        f"Es la misma persona del renglón {row}; se usó ese. Deje un solo renglón.",
    )


def counts(report: ConfirmReport) -> Mapping[str, int]:
    """For `--json` and the record of imports."""
    return {
        "rows": report.rows,
        "confirmed": report.confirmed,
        "denied": report.denied,
        "unmatched": report.unmatched,
        "undecided": report.undecided,
    }
