"""/verifica: is this message real. Which school vouches for it, and never for whom it was.

A person pastes the link or types the key of the school that stands at the end of every message.
"""

import re
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.fieldwork import tokens
from app.fieldwork.vouching import Voucher, voucher_of_link, voucher_of_school
from app.keys import keys_for
from app.messaging.addresses import domain_of
from app.web.language import Say, chosen, with_choice
from app.web.render import Page, render_in
from app.web.wiring import OPEN_PAGE, Db, Form, Now, Site, SiteHere, field

router = APIRouter(dependencies=[OPEN_PAGE])

LONGEST = 400  # characters of a pasted link
_SCHOOL_KEY = re.compile(r"[0-9]{2}[A-Z]{3}[0-9]{4}[A-Z]")
_FOREIGN_LINK = re.compile(r"https?://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class VerifyPage(Page):
    """What a real message looks like; the answer to what was asked, if something was.

    Only a link proves where a message comes from: anybody can write the key of a school.
    """

    template: ClassVar[str] = "public/verify.html"
    title: str
    action: str
    help_url: str
    site: str
    mail_domain: str
    asked: bool = False
    by_link: bool = False
    foreign: bool = False
    voucher: Voucher | None = None


@router.get("/verifica")
def explain(request: Request, site: SiteHere) -> Response:
    """How to tell."""
    return _shown(request, site)


@router.post("/verifica")
def answer(request: Request, form: Form, db: Db, now: Now, site: SiteHere) -> Response:
    """Whether we know the link or the school; a POST, so that no link stands in an address."""
    typed = field(form, "mensaje")[:LONGEST]
    if not typed:
        return _shown(request, site)
    code = _SCHOOL_KEY.fullmatch("".join(typed.upper().split()))
    if code is not None:
        with db.reading() as session:
            voucher = voucher_of_school(session, code[0], now=now)
        return _shown(request, site, asked=True, voucher=voucher)
    token, foreign = _token_in(typed, site)
    if foreign:
        return _shown(request, site, asked=True, by_link=True, foreign=True)
    keys = keys_for(tokens.PURPOSE, site.settings.secret_keys)
    with db.reading() as session:
        voucher = voucher_of_link(session, token, keys, now=now)
    return _shown(request, site, asked=True, by_link=True, voucher=voucher)


def _token_in(typed: str, site: Site) -> tuple[str, bool]:
    """The part of a link that may be ours, and whether the link leads somewhere else."""
    before, found, after = typed.rpartition("/e/")
    if not found:
        return typed, _FOREIGN_LINK.match(typed) is not None
    host = urlsplit(before if "//" in before else f"//{before}").netloc.lower()
    ours = urlsplit(site.settings.base_url).netloc.lower()
    return after, host not in {"", ours}


def _shown(
    request: Request,
    site: Site,
    *,
    asked: bool = False,
    by_link: bool = False,
    foreign: bool = False,
    voucher: Voucher | None = None,
) -> Response:
    say = Say(chosen(request))
    page = VerifyPage(
        title=say("¿Es real el mensaje que recibí?"),
        action=with_choice("/verifica", say.language),
        help_url=with_choice("/ayuda", say.language),
        site=urlsplit(site.settings.base_url).netloc,
        mail_domain=domain_of(site.settings.mail_from),
        asked=asked,
        by_link=by_link,
        foreign=foreign,
        voucher=voucher,
    )
    return render_in(say, page)
