"""Carry out a roster: cohorts, groups, programmes, members and addresses, in bulk.

In the caller's transaction, so a file is stored whole or not at all. The file is reviewed again
while it is written: what changed since the preview is seen.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import Table, bindparam, insert, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, SQLModel, col, select

from app.directory.keyed import MatchKeys
from app.directory.roster.candidates import Candidate, Reading
from app.directory.roster.contact_cells import CandidateContact
from app.directory.roster.places import Places
from app.directory.roster.planning import ImportReport, plan_chunks
from app.directory.roster.present import Known
from app.directory.roster.reading import RosterFile
from app.directory.roster.review import Decision, RowPlan, Verdict
from app.directory.states import ContactSource, ContactState, Standing
from app.directory.tables import ContactPoint, PanelMember, TransferRequest
from app.errors import AppError
from app.garbage import collection_paused
from app.units.tables import OrganisationUnit

Values = dict[str, object]  # column → value of one statement


class RosterMeanwhile(AppError):
    """Another import of the same people ended first."""

    code = "roster.meanwhile"
    status = 409
    plantilla = (
        "Otra persona cargó datos del mismo plantel al mismo tiempo, así que no se guardó nada "
        "de este archivo. Vuelva a cargarlo."
    )


def apply_roster(
    session: Session,
    file: RosterFile,
    reading: Reading,
    *,
    now: datetime,
    decisions: Mapping[int, Decision] | None = None,
) -> ImportReport:
    """Store every good row of `file`; the same file again changes nothing.

    Raises:
        RosterMeanwhile: somebody else stored the same people first.
        FileRefused: more rows than one import takes.
    """
    report = ImportReport()
    writer = _Writer(session, reading.keys, now)
    session.flush()
    try:
        with collection_paused():
            for plans in plan_chunks(session, file, reading, report, decisions):
                writer.lock_schools(plans)
                report.created_members.extend(writer.create(plans))
                writer.change(plans)
                writer.ask_for_transfers(plans)
    except IntegrityError as error:
        raise RosterMeanwhile from error
    session.expire_all()
    return report


class _Writer:
    """The statements of one import. Holds what was already made for earlier chunks."""

    def __init__(self, session: Session, keys: MatchKeys, now: datetime) -> None:
        self._session = session
        self._connection = session.connection()
        self._keys = keys
        self._now = now
        self._places = Places(session)
        self._locked: set[UUID] = set()

    def lock_schools(self, plans: Sequence[RowPlan]) -> None:
        """One import at a time per school; PostgreSQL waits, SQLite has a single writer anyway."""
        wanted = {plan.candidate.school.id for plan in plans if plan.candidate} - self._locked
        if wanted:
            self._session.exec(
                select(OrganisationUnit.id)
                .where(col(OrganisationUnit.id).in_(wanted))
                .order_by(col(OrganisationUnit.id))
                .with_for_update(key_share=True)
            ).all()
            self._locked |= wanted

    def create(self, plans: Sequence[RowPlan]) -> list[UUID]:
        """Insert the new members of a chunk with their addresses."""
        members: list[Values] = []
        contacts: list[Values] = []
        for plan in plans:
            if plan.verdict is Verdict.NEW and plan.candidate:
                member_id = uuid4()
                members.append(self._member(member_id, plan.candidate))
                contacts += (self._contact(member_id, each) for each in plan.added)
        self._insert(PanelMember, members)
        self._insert(ContactPoint, contacts)
        return [member["id"] for member in members if isinstance(member["id"], UUID)]

    def change(self, plans: Sequence[RowPlan]) -> None:
        """Update the changed members of a chunk; addresses are added or corrected."""
        updates: dict[tuple[str, ...], list[Values]] = {}
        contacts: list[Values] = []
        corrected: list[Values] = []
        for plan in plans:
            if plan.verdict is not Verdict.CHANGED or not plan.candidate or not plan.known:
                continue
            member_id = plan.known.id
            values = self._changed(plan.candidate, plan.known)
            updates.setdefault(tuple(sorted(values)), []).append({"b_id": member_id, **values})
            contacts += (self._contact(member_id, each) for each in plan.added)
            corrected += (self._corrected(old, each) for old, each in plan.replaced)
        for rows in updates.values():
            self._update(PanelMember, rows)
        self._insert(ContactPoint, contacts)
        self._update(ContactPoint, corrected)

    def ask_for_transfers(self, plans: Sequence[RowPlan]) -> None:
        """Leave a request for members of other schools, once."""
        wanted = {
            (plan.known.id, plan.candidate.school.id)
            for plan in plans
            if plan.transfer and plan.known and plan.candidate
        }
        if not wanted:
            return
        asked = set(
            self._session.exec(
                select(TransferRequest.member_id, TransferRequest.to_school_id).where(
                    col(TransferRequest.member_id).in_([member for member, _ in wanted])
                )
            )
        )
        rows: list[Values] = [
            {"id": uuid4(), "member_id": member, "to_school_id": school, "at": self._now}
            for member, school in sorted(wanted - asked)
        ]
        self._insert(TransferRequest, rows)

    def _member(self, member_id: UUID, person: Candidate) -> Values:
        school = person.school.id
        track = person.track or person.assumed_track
        return {
            "id": member_id,
            "cohort_id": self._places.cohort(school, person.cohort),
            "group_id": self._places.group(person),
            "programme_id": self._places.programme(school, person.programme, track),
            "track": track,
            "standing": Standing.ENROLLED,
            "simulated": False,
            "added_at": self._now,
            "changed_at": self._now,
            **_facts(person),
        }

    def _changed(self, person: Candidate, known: Known) -> Values:
        school = person.school.id
        track = person.track or known.track or person.assumed_track
        moved = known.cohort != person.cohort or known.school_id != school
        values: Values = {
            name: value for name, value in _facts(person).items() if value is not None
        }
        values |= {"changed_at": self._now, "track": track}
        if person.programme:
            values["programme_id"] = self._places.programme(school, person.programme, track)
        if person.group or moved:
            values["group_id"] = self._places.group(person)
        if moved:
            # A repeater, or somebody who changed school: the same person, enrolled again.
            values |= {
                "cohort_id": self._places.cohort(school, person.cohort),
                "standing": Standing.ENROLLED,
                "standing_since": None,
                "standing_reason": None,
                "left_on": person.left_on,
            }
        return values

    def _contact(self, member_id: UUID, contact: CandidateContact) -> Values:
        return {
            "id": uuid4(),
            "member_id": member_id,
            "kind": contact.kind,
            "value": contact.value,
            "value_hash": contact.forms[0],
            "source": ContactSource.ROSTER,
            "state": ContactState.UNCONFIRMED,
            "institutional": contact.institutional,
            "preferred": False,
            "soft_bounces": 0,
            "added_at": self._now,
        }

    def _corrected(self, contact_id: UUID, contact: CandidateContact) -> Values:
        return {
            "b_id": contact_id,
            "value": contact.value,
            "value_hash": contact.forms[0],
            "soft_bounces": 0,
            "added_at": self._now,
        }

    def _insert(self, table: type[SQLModel], rows: list[Values]) -> None:
        if rows:
            self._connection.execute(insert(_table(table)), rows)

    def _update(self, table: type[SQLModel], rows: list[Values]) -> None:
        """Rows that change the same columns, in one statement."""
        if rows:
            columns = [name for name in rows[0] if name != "b_id"]
            held = _table(table)
            self._connection.execute(
                update(held)
                .where(held.c.id == bindparam("b_id"))
                .values({name: bindparam(name) for name in columns}),
                rows,
            )


def _facts(person: Candidate) -> Values:
    return {
        "school_id": person.school.id,
        "student_id": person.student_id,
        "curp": person.curp,
        "curp_hash": person.curp_forms[0] if person.curp_forms else None,
        "name_hash": person.name_hash,
        "given_name": person.name.given,
        "surname_1": person.name.surname_1,
        "surname_2": person.name.surname_2,
        "birth_date": person.birth_date,
        "sex": person.sex,
        "shift": person.shift,
        "grade_average": person.grade_average,
        "left_on": person.left_on,
        "guardian_consent": person.guardian_consent,
    }


def _table(of: type[SQLModel]) -> Table:
    return SQLModel.metadata.tables[str(of.__tablename__)]
