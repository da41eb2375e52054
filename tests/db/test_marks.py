from datetime import UTC, datetime
from threading import Barrier, Thread

from app.db import marks
from app.db.transactions import Database

NOW = datetime(2026, 3, 2, tzinfo=UTC)
CREW = 6


def test_many_workers_may_set_a_mark_at_once(db: Database) -> None:
    failures: list[Exception] = []

    def work(number: int, start: Barrier) -> None:
        start.wait()
        try:
            with db.unit_of_work() as session:
                marks.mark(session, f"probe {start.parties}", str(number), now=NOW)
        except Exception as error:  # noqa: BLE001  # told to the test below
            failures.append(error)

    for _ in range(20):
        with db.unit_of_work() as session:
            marks.unmark(session, f"probe {CREW}")
        start = Barrier(CREW)
        crew = [Thread(target=work, args=(number, start)) for number in range(CREW)]
        for thread in crew:
            thread.start()
        for thread in crew:
            thread.join()

    with db.reading() as session:
        value = marks.marked(session, f"probe {CREW}")
    assert failures == []
    assert value in {str(number) for number in range(CREW)}


def test_a_mark_is_read_as_it_was_last_set(db: Database) -> None:
    with db.unit_of_work() as session:
        marks.mark(session, "probe", "one", now=NOW)
        before = marks.marked(session, "probe")
        marks.mark(session, "probe", "two", now=NOW)
        after = marks.marked(session, "probe")
        marks.unmark(session, "probe")
        gone = marks.marked(session, "probe")

    assert (before, after, gone) == ("one", "two", None)
