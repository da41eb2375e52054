"""create_app(): settings, database, clock, routers by audience, error pages."""

from collections.abc import Iterator
from types import ModuleType

from fastapi import APIRouter, FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from app.clock import Clock
from app.db import marks
from app.db.transactions import Database
from app.errors import AppError
from app.settings import Settings
from app.units.places import use_pinned_zones
from app.web import assets, operations, public, verify
from app.web.asgi import Compressed, Open, Outermost, serving
from app.web.errors import add_error_pages
from app.web.render import label_simulated
from app.web.respondent import (
    answering,
    aula,
    check,
    class_end,
    not_to_write,
    optout,
    phone,
    places,
    projector,
    recover,
    start,
)
from app.web.staff import (
    accounts,
    audit,
    chronology,
    classrooms,
    first_run,
    frame,
    glossary,
    handing_over,
    institution,
    lost_links,
    mailbox,
    merging,
    past_results,
    people,
    person,
    plans,
    rehearsals,
    results,
    results_compare,
    results_coverage,
    results_explore,
    results_series,
    results_unit,
    rosters,
    session,
    sign_off,
    slips,
    telephone,
    texts,
    transfers,
    trials,
    units,
    wave_cases,
    waves,
    windows,
    worklist,
    worklist_person,
    worklist_print,
)
from app.web.trace import Trace
from app.web.wiring import Permits, Site

# One module per screen family, in the order in which addresses are matched: saves first.
MODULES: tuple[ModuleType, ...] = (
    answering,
    phone,
    assets,
    operations,
    public,
    verify,
    recover,
    places,
    not_to_write,
    optout,
    start,
    check,
    aula,
    class_end,
    projector,
    session,
    first_run,
    chronology,
    institution,
    mailbox,
    units,
    windows,
    plans,
    rehearsals,
    texts,
    trials,
    waves,
    wave_cases,
    classrooms,
    slips,
    worklist,
    worklist_person,
    worklist_print,
    telephone,
    frame,
    results,
    glossary,
    past_results,
    sign_off,
    results_compare,
    results_coverage,
    results_explore,
    results_series,
    results_unit,
    rosters,
    people,
    person,
    merging,
    transfers,
    lost_links,
    accounts,
    handing_over,
    audit,
)


class UndeclaredRoute(RuntimeError):
    """A route names neither a permission nor that it is open: the build fails."""


def create_app(settings: Settings, database: Database, clock: Clock) -> FastAPI:
    """The web application. Routers join it here, one per screen family."""
    use_pinned_zones()
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, lifespan=serving)
    app.state.database, app.state.clock, app.state.site = database, clock, Site(settings)
    refuse_undeclared()
    # Not include_router: it makes a second tree, which every request would walk down to its route.
    app.router.routes.extend(routes())
    label_simulated(simulated=_is_simulated(database))
    add_error_pages(app)
    app.add_middleware(Trace)
    app.add_middleware(Compressed)
    app.add_middleware(Outermost, secure=settings.secure)
    return app


def _is_simulated(database: Database) -> bool:
    try:
        with database.reading() as session:
            return marks.marked(session, marks.SIMULATED) is not None
    except AppError:
        return False  # a store that is away or not migrated yet says nothing


def refuse_undeclared() -> None:
    """Fail where a route does not say who may use it.

    Raises:
        UndeclaredRoute: it names the route.
    """
    for route in routes():
        if declaration(route) is None:
            raise UndeclaredRoute(f"{sorted(route.methods or ())} {route.path}")


def routes() -> Iterator[APIRoute]:
    """Every route of the application.

    Raises:
        UndeclaredRoute: something that is not a route of ours was mounted, unseen by the rule.
    """
    for module in MODULES:
        router: APIRouter = module.router
        for route in router.routes:
            if not isinstance(route, APIRoute):
                raise UndeclaredRoute(f"{module.__name__}: {route!r}")
            yield route


def declaration(route: APIRoute) -> Permits | Open | None:
    """The permission a route declares, or why it is open."""
    for dependant in _all(route.dependant):
        if isinstance(dependant.call, Permits | Open):
            return dependant.call
    return None


def _all(dependant: Dependant) -> Iterator[Dependant]:
    yield dependant
    for inner in dependant.dependencies:
        yield from _all(inner)
