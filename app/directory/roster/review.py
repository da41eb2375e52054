"""Candidates against the directory: what each row would do, decided before anything is written.

A blank cell never erases what is stored. Nobody is joined silently where two signs disagree.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from sys import intern
from uuid import UUID

from app.directory.findings import Finding
from app.directory.matching import Comparison, Identity, Likeness, same_person
from app.directory.roster.candidates import Candidate, Refused
from app.directory.roster.contact_cells import CandidateContact
from app.directory.roster.contact_plans import contact_changes, planned_contacts, shared_addresses
from app.directory.roster.present import Change, FileMemory, Known, Mention, Present
from app.directory.states import Standing


class Verdict(StrEnum):
    """What a row does."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    CONFLICT = "conflict"  # a person decides; not stored meanwhile
    REJECTED = "rejected"


class Decision(StrEnum):
    """How a person settled the conflict of a row."""

    JOIN = "join"  # it is the person we have
    SEPARATE = "separate"  # it is somebody else of the same name


@dataclass(frozen=True, slots=True)
class RowPlan:
    """What one row does, and why."""

    row: int
    verdict: Verdict
    candidate: Candidate | None = None
    known: Known | None = None
    changes: tuple[Change, ...] = ()
    added: tuple[CandidateContact, ...] = ()
    replaced: tuple[tuple[UUID, CandidateContact], ...] = ()
    findings: tuple[Finding, ...] = ()  # the first one is the reason of a conflict or rejection
    transfer: bool = False  # somebody else's member: asked for, not taken


def review(
    rows: Sequence[Candidate | Refused],
    present: Present,
    memory: FileMemory,
    decisions: Mapping[int, Decision],
) -> list[RowPlan]:
    """A plan for each row that speaks of a person, in order."""
    return [
        RowPlan(each.row, Verdict.REJECTED, findings=(each.finding,))
        if isinstance(each, Refused)
        else _plan(each, present, memory, decisions.get(each.row))
        for each in rows
    ]


def _plan(
    candidate: Candidate, present: Present, memory: FileMemory, decision: Decision | None
) -> RowPlan:
    twice = _seen_before(candidate, memory, decision)
    if twice:
        return _conflict(candidate, None, twice)
    _remember(candidate, memory)
    known, comparison = find(candidate, present)
    if known and known.school_id != candidate.school.id:
        moved = present.transfers.get((known.id, candidate.school.id))
        if moved is not True:
            return _transfer(candidate, known, refused=moved is False)
    elif known and comparison.likeness is Likeness.CONTRADICTORY and decision is not Decision.JOIN:
        by_name_only = known.curp != candidate.curp and known.student_id != candidate.student_id
        if decision is Decision.SEPARATE and by_name_only:
            known = None
        else:
            return _conflict(
                candidate,
                known,
                _reason(
                    candidate,
                    "roster.contradiction",
                    comparison.explanation
                    + f" En el directorio es «{known.name.full}». Diga si es la misma "
                    "persona o corrija el renglón.",
                ),
            )
    if known is None:
        return RowPlan(
            candidate.row,
            Verdict.NEW,
            candidate,
            added=candidate.contacts,
            findings=(
                *candidate.findings,
                *shared_addresses(candidate, candidate.contacts, present, memory),
            ),
        )
    return _update(candidate, known, present, memory, comparison)


def _update(
    candidate: Candidate,
    known: Known,
    present: Present,
    memory: FileMemory,
    comparison: Comparison,
) -> RowPlan:
    if known.id in memory.members:
        return _conflict(
            candidate,
            known,
            _reason(
                candidate,
                "roster.one_person_twice",
                f"Es la misma persona del renglón {memory.members[known.id]}. "
                "Deje un solo renglón.",
            ),
        )
    if known.school_id == candidate.school.id and (stays := _cannot_move(candidate, known)):
        return _conflict(candidate, known, stays)
    memory.members[known.id] = candidate.row
    added, replaced = planned_contacts(candidate, known)
    changes = (*differences(candidate, known), *contact_changes(known, added, replaced))
    new = (*added, *(contact for _, contact in replaced))
    findings = [*candidate.findings, *shared_addresses(candidate, new, present, memory, known.id)]
    if changes and comparison.likeness is Likeness.LIKELY:
        findings.append(
            Finding(
                candidate.row,
                "",
                "roster.likely_same",
                f"{comparison.explanation} Se tomó como la misma persona, «{known.name.full}».",
            )
        )
    verdict = Verdict.CHANGED if changes else Verdict.UNCHANGED
    return RowPlan(
        candidate.row, verdict, candidate, known, changes, added, replaced, tuple(findings)
    )


def find(candidate: Candidate, present: Present) -> tuple[Known | None, Comparison]:
    """Who in the directory the row speaks of, and how sure that is."""
    mine = identity_of(candidate)
    school = candidate.school.id
    by_curp = next(
        (present.by_curp[form] for form in candidate.curp_forms if form in present.by_curp), None
    )
    number = candidate.student_id
    by_number = present.by_student_id.get((school, number)) if number else None
    if by_curp and by_number and by_curp.id != by_number.id and by_curp.school_id == school:
        return by_curp, Comparison(
            Likeness.CONTRADICTORY,
            f"La CURP es de «{by_curp.name.full}» y la matrícula de «{by_number.name.full}».",
        )
    found = by_curp or by_number
    if found:
        return found, same_person(mine, found.identity)
    return _namesake(candidate, mine, present.by_name.get((school, candidate.name_hash), ()))


def identity_of(candidate: Candidate) -> Identity:
    """What tells the person of a row apart."""
    return Identity(candidate.name, candidate.curp, candidate.student_id, candidate.birth_date)


def _namesake(
    candidate: Candidate, mine: Identity, namesakes: Sequence[Known]
) -> tuple[Known | None, Comparison]:
    order = (Likeness.SAME, Likeness.CONTRADICTORY, Likeness.LIKELY)
    compared = [
        (each, same_person(mine, each.identity, same_cohort=each.cohort == candidate.cohort))
        for each in namesakes
    ]
    for likeness in order:
        alike = [pair for pair in compared if pair[1].likeness is likeness]
        if len(alike) > 1:
            return alike[0][0], Comparison(
                Likeness.CONTRADICTORY, "Hay varias personas con ese nombre."
            )
        if alike:
            return alike[0]
    return None, Comparison(Likeness.DIFFERENT, "Nadie se llama así.")


def _seen_before(
    candidate: Candidate, memory: FileMemory, decision: Decision | None
) -> Finding | None:
    school = candidate.school.id
    if candidate.curp_forms and (row := memory.curps.get(candidate.curp_forms[0])):
        return _reason(
            candidate,
            "roster.repeated_curp",
            f"La CURP «{candidate.curp}» ya está en el renglón {row}. "
            "Deje un solo renglón o corrija la CURP.",
        )
    number = candidate.student_id
    if number and (row := memory.numbers.get(school, {}).get(number)):
        return _reason(
            candidate,
            "roster.repeated_student_id",
            f"La matrícula «{number}» ya está en el renglón "
            f"{row}. Deje un solo renglón o corrija la matrícula.",
        )
    if decision is Decision.SEPARATE:
        return None
    mine = identity_of(candidate)
    for said in memory.names.get(school, {}).get(candidate.name_hash, ()):
        # Found by the name, so the name is the same; and another CURP, or it was caught above.
        curp = "another" if said.has_curp else None
        other = Identity(candidate.name, curp, said.student_id, said.birth_date)
        compared = same_person(mine, other, same_cohort=said.cohort == candidate.cohort)
        if compared.likeness is not Likeness.DIFFERENT:
            return _reason(
                candidate,
                "roster.repeated_person",
                f"Parece la misma persona del renglón {said.row}. "
                f"{compared.explanation} Agregue la CURP o la matrícula.",
            )
    return None


def _remember(candidate: Candidate, memory: FileMemory) -> None:
    if candidate.curp_forms:
        memory.curps[candidate.curp_forms[0]] = candidate.row
    school = candidate.school.id
    if candidate.student_id:
        memory.numbers.setdefault(school, {})[candidate.student_id] = candidate.row
    names = memory.names.setdefault(school, {})
    said = Mention(
        candidate.row,
        candidate.curp is not None,
        candidate.student_id,
        intern(candidate.birth_date) if candidate.birth_date else None,
        candidate.cohort,
    )
    names[candidate.name_hash] = (*names.get(candidate.name_hash, ()), said)


def _cannot_move(candidate: Candidate, known: Known) -> Finding | None:
    if candidate.cohort == known.cohort:
        return None
    if candidate.cohort.leaves < known.cohort.leaves:
        return _reason(
            candidate,
            "roster.moved_on",
            f"Esta persona ya está en la generación {known.cohort}; no se "
            f"regresó a {candidate.cohort}. Quite el renglón o corrija la generación.",
        )
    if known.standing is Standing.GRADUATED:
        return _reason(
            candidate,
            "roster.already_graduated",
            f"Esta persona ya egresó en la generación "
            f"{known.cohort}. Quite el renglón o corrija primero su egreso.",
        )
    return None


def differences(candidate: Candidate, known: Known) -> tuple[Change, ...]:
    """What the row would change of a member, addresses apart."""
    pairs = (
        ("CURP", known.curp, candidate.curp),
        ("matrícula", known.student_id, candidate.student_id),
        ("nombre", known.name.given, candidate.name.given),
        ("primer apellido", known.name.surname_1, candidate.name.surname_1),
        ("segundo apellido", known.name.surname_2, candidate.name.surname_2),
        ("fecha de nacimiento", known.birth_date, candidate.birth_date),
        ("sexo", known.sex, candidate.sex),
        ("turno", known.shift, candidate.shift),
        ("tipo de bachillerato", known.track, candidate.track),
        ("promedio", known.grade_average, candidate.grade_average),
        ("fecha de egreso", known.left_on, candidate.left_on),
        ("autorización del tutor", known.guardian_consent, candidate.guardian_consent),
        ("carrera", known.programme, candidate.programme),
        ("generación", known.cohort, candidate.cohort),
        ("plantel", known.school_id, candidate.school.id),
    )
    changes = [
        Change(what, _shown(before), _shown(after))
        for what, before, after in pairs
        if after is not None and after != before
    ]
    moved = known.cohort != candidate.cohort or known.school_id != candidate.school.id
    if (candidate.group or moved) and candidate.group != known.group:
        changes.append(Change("grupo", _shown(known.group), _shown(candidate.group)))
    return tuple(changes)


def _shown(value: object) -> str:
    return "" if value is None else str(value)


def _reason(candidate: Candidate, code: str, message: str) -> Finding:
    return Finding(candidate.row, "", code, message)


def _conflict(candidate: Candidate, known: Known | None, reason: Finding) -> RowPlan:
    return RowPlan(candidate.row, Verdict.CONFLICT, candidate, known, findings=(reason,))


def _transfer(candidate: Candidate, known: Known, *, refused: bool) -> RowPlan:
    message = (
        "El otro plantel no aceptó el traslado de esta persona. Comuníquese con él."
        if refused
        else f"La CURP «{candidate.curp}» es de una persona de otro plantel. Se pedirá su "
        "traslado; cuando lo acepten, cargue otra vez el archivo."
    )
    reason = Finding(candidate.row, "", "roster.other_school_curp", message)
    return RowPlan(
        candidate.row,
        Verdict.CONFLICT,
        candidate,
        known,
        findings=(reason,),
        transfer=not refused,
    )
