"""The lists the directory ships with: mail domains and headings of school lists."""

import csv
from functools import cache
from importlib.resources import files

from app.directory.headings import KnownHeading, read_headings
from app.directory.mails import MailDomains, read_domains


@cache
def mail_domains() -> MailDomains:
    """Usual domains, typing errors and institutional patterns."""
    return read_domains(_lines("dominios_correo.csv"))


@cache
def known_headings() -> dict[str, KnownHeading]:
    """Headings of school-control lists by their normal form."""
    return read_headings(csv.DictReader(_lines("encabezados_roster.csv")))


def _lines(name: str) -> list[str]:
    return (files("app.directory") / "data" / name).read_text("utf-8").splitlines()
