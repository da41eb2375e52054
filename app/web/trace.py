"""The one place that writes on a staff GET: who saw what, and when they were last here.

Written before the page leaves, in its own short unit of work, so that nothing personal is
shown without its audit row. A respondent's request never comes this way.
"""

import logging
from datetime import datetime

from starlette.concurrency import run_in_threadpool

from app.db.transactions import Database
from app.errors import AppError
from app.staff import audit, sessions
from app.web.asgi import App, Message, Receive, Scope, Send
from app.web.errors import refusal_response
from app.web.wiring import Caller, View

log = logging.getLogger("trayecto.web")


class Trace:
    """Middleware around the application, inside the error pages."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET":
            await self.app(scope, receive, send)
            return
        refused = False

        async def outgoing(message: Message) -> None:
            nonlocal refused
            called = "caller" in scope.get("state", {})
            if called and message["type"] == "http.response.start":
                refusal = await run_in_threadpool(_write, scope)
                if refusal is not None:
                    refused = True
                    await refusal_response(refusal, staff=True)(scope, receive, send)
                    return
            if not refused:
                await send(message)

        await self.app(scope, receive, outgoing)


def _write(scope: Scope) -> AppError | None:
    """Audit rows and last_seen. Returns a refusal where an audit row could not be kept."""
    state = scope["state"]
    caller: Caller = state["caller"]
    views: list[View] = state.get("views", [])
    database: Database = scope["app"].state.database
    now: datetime = scope["app"].state.clock()
    try:
        if not views and not sessions.needs_touch(caller.actor, now=now):
            return None
        with database.unit_of_work() as session:
            sessions.touch(session, caller.actor, now=now)
            for view in views:
                audit.append(
                    session,
                    view.action,
                    actor_id=caller.actor.account_id,
                    about=(view.object_kind, view.object_id),
                    unit_id=view.unit_id,
                    now=now,
                )
    except AppError as error:
        log.warning("trace not written: %s", error.code)
        return error if views else None
    return None
