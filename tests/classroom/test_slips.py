"""Slips of a group: whose links are on them, who may print them, what is left in the trail."""

import pytest
from sqlmodel import select

from app.classroom.slips import slips_of_group
from app.db.transactions import Database
from app.errors import NotFound
from app.fieldwork.dispositions import Disposition
from app.fieldwork.entry import LinkState, open_link
from app.fieldwork.steering import Steward, WaveOver
from app.fieldwork.tables import Wave, WaveState
from app.staff.audit import details_of
from app.staff.tables import AuditEntry
from app.units.scope import Reach, Scope
from tests.classroom.room import TEACHER, a_group, a_room, case_of, students
from tests.responses.people import DURING, LINK_KEYS

NOW = DURING[1]
BASE = "https://trayecto.mx"


def test_a_slip_for_each_who_is_missing(db: Database) -> None:
    with db.unit_of_work() as session:
        room = a_room(session, 4, now=NOW)
        students(session, room.field, a_group(session, room.field, "6B"), 2, letter="B")
        case_of(session, room.people[1]).disposition = Disposition.COMPLETE
        case_of(session, room.people[2]).link_revoked_at = NOW
        wave_id = room.field.wave_id
        found = slips_of_group(
            session, wave_id, room.group_id, LINK_KEYS, base_url=BASE, by=TEACHER, now=NOW
        )

    assert [slip.name for slip in found.slips] == ["Muñoz, EstudianteA1", "Muñoz, EstudianteA4"]
    assert (found.group, found.closes.isoformat()) == ("6A", "2026-07-01")
    with db.reading() as session:
        opened = open_link(session, found.slips[0].url.rpartition("/")[2], LINK_KEYS, now=NOW)
        assert (opened.state, opened.case_id) == (LinkState.OPEN, room.people[0].case_id)
        (entry,) = session.exec(select(AuditEntry).where(AuditEntry.action == "links.exported"))
        assert entry.actor_id == TEACHER.staff_id
        assert details_of(entry.details) == {"group": str(room.group_id), "links": 2}
    assert "/e/" not in repr(found)


def test_slips_are_of_own_groups_and_open_waves(db: Database) -> None:
    with db.unit_of_work() as session:
        room = a_room(session, now=NOW)
    mine = frozenset({room.field.cohort_id})  # some other group
    stranger = Steward(TEACHER.staff_id, Scope((Reach(room.field.school_id, mine),)))
    wave_id, group_id = room.field.wave_id, room.group_id
    with pytest.raises(NotFound), db.unit_of_work() as session:
        slips_of_group(session, wave_id, group_id, LINK_KEYS, base_url=BASE, by=stranger, now=NOW)
    with db.unit_of_work() as session:
        session.get_one(Wave, wave_id).state = WaveState.CLOSED
    with pytest.raises(WaveOver), db.unit_of_work() as session:
        slips_of_group(session, wave_id, group_id, LINK_KEYS, base_url=BASE, by=TEACHER, now=NOW)
