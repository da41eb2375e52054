"""Pages for anybody: the front door, and whether a message is real."""

from dataclasses import dataclass
from typing import ClassVar

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, RedirectResponse, Response

from app.web.assets import FOREVER, asset
from app.web.language import Say, chosen, with_choice
from app.web.render import Page, render_in
from app.web.wiring import OPEN_PAGE

router = APIRouter(dependencies=[OPEN_PAGE])


@dataclass(frozen=True, slots=True)
class FrontPage(Page):
    """Who this is for, and where to go."""

    template: ClassVar[str] = "public/front.html"
    title: str
    verify_url: str
    recover_url: str
    help_url: str


@router.get("/")
def front(request: Request) -> Response:
    """The front door."""
    say = Say(chosen(request))
    verify, recover, explain = (
        with_choice(path, say.language) for path in ("/verifica", "/recuperar", "/ayuda")
    )
    return render_in(say, FrontPage(say("Seguimiento de egresados"), verify, recover, explain))


@router.get("/robots.txt")
def robots() -> Response:
    """Nothing here is for search engines."""
    return PlainTextResponse("User-agent: *\nDisallow: /\n")


@router.get("/favicon.ico")
def favicon() -> Response:
    """For browsers that do not read the link element."""
    found = asset("favicon.svg")
    return Response(found.body, media_type=found.media_type, headers={"cache-control": FOREVER})


@router.get("/.well-known/change-password")
def change_password() -> Response:
    """Where password managers send people (RFC 8615)."""
    return RedirectResponse("/panel/cuenta", 302)
