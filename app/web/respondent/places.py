"""The municipality of a person: names to choose from, and whether a typed one is known.

Without a catalogue any text is taken, to be coded later.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from sqlalchemy import Connection
from sqlmodel import Session

from app.questionnaires.validation import Issue, Severity
from app.responses.checking import Faulty, Submission
from app.responses.sitting import Sitting
from app.units.catalogues import towns_of
from app.units.municipalities import town_called
from app.units.places import shipped_geography
from app.web.language import Say
from app.web.respondent.posted import MUNICIPALITY, items_of
from app.web.wiring import OPEN_PAGE, Db

router = APIRouter(dependencies=[OPEN_PAGE])

A_DAY = "public, max-age=86400"
UNKNOWN = "town"  # code of the soft issue


@router.get("/municipios/{state}")
def towns(state: str, db: Db) -> Response:
    """The municipalities of a state, for the list beside the field; [] for what is no state."""
    with db.reading() as session:
        names = towns_in(session, state)
    return JSONResponse(list(names), headers={"cache-control": A_DAY})


def towns_in(session: Session, state: str) -> Sequence[str]:
    """By the name of a state as it stands in the list of states."""
    found = shipped_geography().state_called(state) if state else None
    return () if found is None else towns_of(session, found.code)


def known_place(connection: Connection, sitting: Sitting, submission: Submission) -> Submission:
    """The step with its municipality as it is written officially, whatever accents were typed."""
    official_names: dict[str, object] = {}
    for name, town, state in _typed_places(sitting, submission):
        with Session(connection) as session:
            official = town_called(town, towns_in(session, state))
        if official is not None:
            official_names[name] = f"{official}, {state}"
    if not official_names:
        return submission
    return replace(submission, entries={**submission.entries, **official_names})


def unknown_place(
    connection: Connection, sitting: Sitting, submission: Submission
) -> Faulty | None:
    """A municipality that its state does not have, to be asked about once.

    Not asked of a phone: what waited there is kept as it is, for the person may be gone.
    """
    say = Say(sitting.visit.language)
    for name, town, state in _typed_places(sitting, submission):
        with Session(connection) as session:
            names = towns_in(session, state)
        known = not names or town_called(town, names) is not None
        if not known and f"{UNKNOWN}:{name}" not in submission.seen:
            words = say(
                "No encontramos ese municipio en {state}. Revísalo, o toca Continuar otra vez si "
                "está bien.",
                state=state,
            )
            return Faulty((Issue(name, name, UNKNOWN, Severity.SOFT, words),))
    return None


def _typed_places(sitting: Sitting, submission: Submission) -> Iterator[tuple[str, str, str]]:
    """Variable, town and state of each municipality in the step."""
    for item in items_of(sitting, submission.step):
        typed = submission.entries.get(item.name)
        if item.catalogue == MUNICIPALITY and isinstance(typed, str):
            town, _, state = typed.rpartition(", ")
            if town:
                yield item.name, town, state
