"""What the questionnaire weighs as a phone receives it, and which question spent what.

The table of the last run is in var/bytes/.
"""

import gzip
import re
import socket
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.db.transactions import Database
from app.questionnaires.items import Language
from app.web.asgi import HSTS
from app.web.respondent.phone_document import make_document
from tests.questionnaires.sources import questionnaire
from tests.web.respondent.served import Served
from tests.web.respondent.site import Site

TABLES = Path(__file__).parents[3] / "var" / "bytes"
HTTPS_ONLY = len(f"strict-transport-security: {HSTS}\r\n")  # the test speaks plain http
FIRST_FLIGHT = 14_336  # bytes of bodies and headers: ten packets
STEP = 5 * 1024  # a page without a script
_ASSET = re.compile(r"/static/[0-9a-f]+/(?:respondent\.css|answer\.js)")


@dataclass(frozen=True, slots=True)
class Received:
    """One answer of the server, as it came through the socket."""

    head: bytes
    body: bytes

    @property
    def text(self) -> str:
        packed = b"content-encoding: gzip" in self.head.lower()
        return (gzip.decompress(self.body) if packed else self.body).decode()


def ask(port: int, path: str, cookie: str = "") -> Received:
    """The bytes of one GET as a browser asks for it."""
    lines = [
        f"GET {path} HTTP/1.1",
        "Host: 127.0.0.1",
        "Accept-Encoding: gzip",
        "Connection: close",
    ]
    if cookie:
        lines.append(f"Cookie: {cookie}")
    with socket.create_connection(("127.0.0.1", port)) as link:
        link.sendall("\r\n".join([*lines, "", ""]).encode())
        whole = b"".join(iter(lambda: link.recv(65536), b""))
    head, _, body = whole.partition(b"\r\n\r\n")
    assert b" 200 " in head[:16], head
    return Received(head + b"\r\n\r\n", body)


@pytest.mark.parametrize(
    ("track", "language"), [("1", "es"), ("2", "es"), ("1", "en"), ("2", "en")]
)
@pytest.mark.parametrize("number", [1, 2, 3])
def test_everything_fits_the_first_flight(
    db: Database, number: int, track: str, language: str
) -> None:
    site = Site(db, number)
    person = site.person(track=track)
    served = Served(site)
    device = site.device()
    device.get(f"/e/{person.token}")
    device.post(f"/e/{person.token}", {"t": person.token, "lang": language})
    cookie = "; ".join(f"{name}={value}" for name, value in device.client.cookies.items())

    document = ask(served.port, "/responder", f"{cookie}; trayecto_js=1")
    paths = sorted(set(_ASSET.findall(document.text)))
    received = {"document": document} | {
        path.rpartition("/")[2]: ask(served.port, path) for path in paths
    }
    state = ask(served.port, "/responder/estado", cookie)
    served.stop()

    total = sum(len(each.head) + len(each.body) for each in received.values()) + HTTPS_ONLY
    write_table(f"{number}-track-{track}-{language}", {**received, "state": state}, total)
    assert document.text.count("<template>") == 2 + len(set(step_names(number, track)))
    assert len(received) == 3
    assert total <= FIRST_FLIGHT, {n: (len(r.head), len(r.body)) for n, r in received.items()}
    assert len(state.head) + len(state.body) <= 3 * 1024


def step_names(number: int, track: str) -> list[str]:
    form = questionnaire(number)
    return [item.step or item.name for item in form.items if item.applies is None or track != "1"]


def write_table(name: str, received: dict[str, Received], total: int) -> None:
    rows = [f"{what:12} {len(r.head):6} {len(r.body):6}" for what, r in received.items()]
    TABLES.mkdir(parents=True, exist_ok=True)
    table = "\n".join(
        ["what           head   body", *rows, f"total of the first three, over https: {total}", ""]
    )
    (TABLES / f"questionnaire-{name}.txt").write_text(table, "utf-8")


@pytest.mark.parametrize("number", [1, 2, 3])
def test_which_question_spent_what(number: int) -> None:
    """The bytes the compressed document loses without each step: its question, options, rules."""
    form = questionnaire(number)
    whole = make_document(form, frozenset(form.audiences), Language.SPANISH).body.decode()
    steps = re.findall(r"<template>.*?</template>", whole)[2:]
    names = list(dict.fromkeys(item.step or item.name for item in form.items))
    size = packed(whole)

    spent = {
        name: size - packed(whole.replace(step, ""))
        for name, step in zip(names, steps, strict=True)
    }

    rows = sorted(spent.items(), key=lambda row: -row[1])
    rest = size - sum(spent.values())
    TABLES.mkdir(parents=True, exist_ok=True)
    lines = [
        f"{cost:5} {name}" for name, cost in [*rows, ("rules, frame and what steps share", rest)]
    ]
    (TABLES / f"questionnaire-{number}-steps.txt").write_text("\n".join(lines) + "\n", "utf-8")
    assert max(spent.values()) <= 700, rows[:3]


def packed(text: str) -> int:
    return len(gzip.compress(text.encode(), 9, mtime=0))
