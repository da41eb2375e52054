"""What came back to a school, and what its office has to look at, is said on the first page."""

from app.analytics.sign_off import SignOffState
from app.web.staff.pending_tasks import close_tasks

CLOSES = (
    {SignOffState.TO_SUBMIT: 4, SignOffState.RETURNED: 1},
    {SignOffState.ACCEPTED: 3, SignOffState.SUBMITTED: 2},
)


def test_a_school_is_told_what_came_back() -> None:
    (task,) = close_tasks(CLOSES, school=True)

    assert task.sentence == "La oficina devolvió 1 cierre con su comentario."
    assert task.url == "/panel/cierres?estado=returned"


def test_an_office_is_told_what_waits_for_it() -> None:
    (task,) = close_tasks(CLOSES, school=False)

    assert task.sentence == "2 cierres esperan su revisión."


def test_nothing_to_sign_is_nothing_to_say() -> None:
    quiet = [{SignOffState.TO_SUBMIT: 4, SignOffState.ACCEPTED: 1}]

    assert [*close_tasks(quiet, school=True), *close_tasks(quiet, school=False)] == []
