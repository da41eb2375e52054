"""Whether a late answer contradicts one that came meanwhile from another page or device.

An older revision of the same device is only out of order, and the newer one stays. Anything else
that differs is for the person to decide.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from sqlalchemy import Connection

from app.questionnaires.answers import MissingCode, Unreadable, read_answer
from app.responses import writing
from app.responses.checking import Submission
from app.responses.sitting import Sitting

# Revisions are seconds since this moment, so that the last one typed is the newest on every
# device; as whole numbers of 32 bits they last until 2093.
COUNTED_FROM = datetime(2025, 1, 1, tzinfo=UTC)


def clashing(
    connection: Connection, sitting: Sitting, submission: Submission
) -> Mapping[str, object]:
    """The kept answers that this submission would replace unseen, by variable; {} for none.

    A repeat of a save that was accepted never clashes.
    """
    number = submission.revision
    if number is None:
        return {}
    found: dict[str, object] = {}
    for name, raw in submission.entries.items():
        kept = sitting.kept.get(name)
        typed = read_answer(sitting.questionnaire.variables[name], raw)
        if kept is None or kept.answer is MissingCode.NOT_APPLICABLE or typed is None:
            continue
        as_new = kept.revision > number if not kept.own else kept.revision == number
        same_count = not kept.own and kept.revision == number
        differs = isinstance(typed, Unreadable) or kept.answer != typed
        if (as_new or same_count) and differs:
            found[name] = kept.answer
    if found and writing.first_save(connection, sitting.response_id, submission.client_key):
        return {}
    return found


def revision_now(sitting: Sitting, *, now: datetime) -> int:
    """The count of a step that our own page sent: typed now, and newer than all that is kept."""
    return max(int((now - COUNTED_FROM).total_seconds()), newest_revision(sitting) + 1)


def newest_revision(sitting: Sitting) -> int:
    """The highest count any device has reached."""
    return max((kept.revision for kept in sitting.kept.values()), default=0)
