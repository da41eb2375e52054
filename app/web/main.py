"""create_app(): settings, database, clock, routers by audience, error pages."""

from collections.abc import Iterator

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.middleware.gzip import GZipMiddleware

from app.clock import Clock
from app.db.transactions import Database
from app.settings import Settings
from app.web import assets, operations, public
from app.web.asgi import Outermost
from app.web.errors import add_error_pages
from app.web.staff import (
    accounts,
    audit,
    chronology,
    first_run,
    session,
    units,
)
from app.web.trace import Trace
from app.web.wiring import Open, Permits, Site


class UndeclaredRoute(RuntimeError):
    """A route names neither a permission nor that it is open: the build fails."""


def create_app(settings: Settings, database: Database, clock: Clock) -> FastAPI:
    """The web application. Routers join it here, one per screen family."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.state.database, app.state.clock, app.state.site = database, clock, Site(settings)
    for module in (
        assets,
        operations,
        public,
        session,
        first_run,
        chronology,
        units,
        accounts,
        audit,
    ):
        app.include_router(module.router)
    refuse_undeclared(app)
    add_error_pages(app)
    app.add_middleware(Trace)
    app.add_middleware(GZipMiddleware, minimum_size=500)
    app.add_middleware(Outermost, secure=settings.secure, json_log=settings.log_format == "json")
    return app


def refuse_undeclared(app: FastAPI) -> None:
    """Fail where a route does not say who may use it.

    Raises:
        UndeclaredRoute: it names the route.
    """
    for route in app.routes:
        if isinstance(route, APIRoute) and declaration(route) is None:
            raise UndeclaredRoute(f"{sorted(route.methods or ())} {route.path}")


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
