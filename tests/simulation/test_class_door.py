"""The class of the demonstration: what the console prints lets a student in."""

from datetime import datetime

from app.classroom.identifying import Claim, Door, knock
from app.db.transactions import Database
from app.directory.tables import PanelMember
from app.fieldwork.dispositions import Disposition
from app.simulation.doors import class_door
from tests.classroom.room import KEYS, a_room, case_of
from tests.responses.people import DURING


def test_what_the_console_prints_lets_a_student_in(db: Database) -> None:
    now: datetime = DURING[1]
    with db.unit_of_work() as session:
        room = a_room(session, now=now)
        assert class_door(session) is None  # people who exist are nobody's example
        for person in room.people:
            session.get_one(PanelMember, person.member_id).simulated = True
        case_of(session, room.people[1]).disposition = Disposition.PLANNED

    with db.unit_of_work() as session:
        found = class_door(session)
        assert found is not None
        claim = Claim(found.student_id, found.born)
        answer = knock(session, room.classroom_id, claim, keys=KEYS, now=now)

    assert (found.group, found.student_id, answer.door) == ("6A", "A002", Door.ENTERED)
