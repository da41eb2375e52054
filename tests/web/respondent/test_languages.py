"""What respondents read in another language: complete, remembered, one catalogue each."""

import html
import re
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages import Catalog
from babel.messages.pofile import read_po, write_po
from sqlmodel import select

from app.db.transactions import Database
from app.fieldwork.stationery import UNSUBSCRIBE
from app.fieldwork.tables import EntrySession
from app.fieldwork.texts import MINUTES
from app.keys import keys_for
from app.messaging.signing import unsubscribe_token
from app.questionnaires.items import Language
from app.responses.tables import Response
from app.web import language, render
from app.web.language import FOLDER
from app.web.respondent.phone_document import make_document
from tests.conftest import SECRET_KEYS
from tests.questionnaires.sources import questionnaire
from tests.web.respondent.catalogue import msgids
from tests.web.respondent.site import Device, Seen, Site

_FIELD = re.compile(r"%\(\w+\)s|\{\w+\}")
SCHOOL_WROTE = ("Tu escuela usa lo que contestes", "Es voluntario.", "CBTis 137, Ñuñoa")


def catalogue(code: str) -> dict[str, str]:
    path = FOLDER / code / "LC_MESSAGES" / "messages.po"
    found = read_po(BytesIO(path.read_bytes()), locale=code)
    return {str(each.id): str(each.string) for each in found if each.id}


@pytest.mark.parametrize("code", [each.value for each in Language if each != Language.SPANISH])
def test_every_text_is_said_in_every_language_and_no_other(code: str) -> None:
    said = catalogue(code)

    assert said.keys() == msgids()
    assert [text for text, words in said.items() if not words.strip()] == []
    assert [
        text for text in said if set(_FIELD.findall(text)) != set(_FIELD.findall(said[text]))
    ] == []


def fields(text: str) -> set[str]:
    return set(_FIELD.findall(text))


def spanish_in(body: str) -> list[str]:
    """Texts of ours that a page still says in Spanish."""
    shown = html.unescape(re.sub(r"<script.*?</script>|<[^>]+>", "\n", body, flags=re.DOTALL))
    lines = {" ".join(line.split()) for line in shown.split("\n")}
    english = catalogue("en")
    plain = {text: _FIELD.sub("", text) for text in english if english[text] != text}
    return [text for text in plain if text in lines or (len(text) > 25 and plain[text] in shown)]


def english_start(device: Device, token: str) -> Seen:
    start = device.get(f"/e/{token}?lang=en")
    assert '<html lang="en">' in start.body
    assert spanish_in(start.body) == []
    if not device.cookies:
        device.client.cookies.clear()
    return device.post(f"/e/{token}", start.hidden)


def test_who_chooses_english_reads_english_to_the_end(db: Database) -> None:
    site = Site(db, 2)
    person, device = site.person(birth_date="2008-03-09", student_id="77"), site.device()
    pages = [english_start(device, person.token)]
    pages.append(device.answer(pages[-1], aviso_q2="1"))
    pages += elsewhere(site.device(), person.token)
    pages.append(device.get("/responder"))
    while pages[-1].step and len(pages) < 120:
        pages.append(device.answer(pages[-1]))  # empty: what is missing is said
        if pages[-1].status == 422:
            pages.append(device.answer(pages[-1], **first_options(pages[-1])))
    pages.append(device.get(f"/e/{person.token}?lang=en"))

    assert {page.status for page in pages} >= {200, 422}
    assert [(page.title, spanish_in(page.body)) for page in pages if spanish_in(page.body)] == []
    assert all('<html lang="en">' in page.body for page in pages)
    with db.reading() as session:
        assert set(session.exec(select(EntrySession.language))) == {Language.ENGLISH}
        assert session.exec(select(Response.language)).all() == ["en"]


def elsewhere(device: Device, token: str) -> list[Seen]:
    """What another device shows: covered answers, the second check, a wrong try, a pause."""
    first = english_start(device, token)
    check = device.get("/responder/comprobar")
    wrong = device.post("/responder/comprobar", {**check.hidden, "dia": "1"})
    covered = device.get("/responder?paso=aviso_q2")
    stopped = device.post("/responder", {**first.hidden, "accion": "parar"})
    left = device.post("/responder", {"s": stopped.hidden["s"], "accion": "salir"})
    return [first, check, wrong, covered, stopped, left]


def first_options(page: Seen) -> dict[str, str]:
    """The first option of every question of a step, or a text."""
    found: dict[str, str] = {}
    for name, value in re.findall(r'<input type="radio" name="([^"]+)" value="([^"]*)"', page.body):
        found.setdefault(name, value)
    for name in re.findall(r'<input id="\w+" name="(\w+)"', page.body):
        found.setdefault(name, "20")
    return found


def test_without_cookies_the_language_stays(db: Database) -> None:
    site = Site(db, 2)
    person = site.person()
    device = site.device()
    device.cookies = False

    page = english_start(device, person.token)
    following = device.answer(page, aviso_q2="1")

    assert [spanish_in(each.body) for each in (page, following)] == [[], []]
    assert '<html lang="en">' in following.body


def test_the_choice_can_be_changed_and_looking_changes_nothing(db: Database) -> None:
    site = Site(db, 2)
    person, device = site.person(), site.device()
    english_start(device, person.token)

    device.get(f"/e/{person.token}?lang=es")
    still = device.get("/responder").body
    device.post(f"/e/{person.token}", device.get(f"/e/{person.token}").hidden)
    changed = device.get("/responder").body

    assert '<html lang="en">' in still
    assert '<html lang="es-MX">' in changed


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/ayuda", "/recuperar", "/verifica", "/baja/nada", "/no-avisar/nada"),
        *("/e/nada", "/e/AAAAAAAAAAAAAAAAAAAAAA"),
    ],
)
def test_pages_for_anybody_speak_english_when_asked(db: Database, path: str) -> None:
    page = Site(db, 2).device().get(f"{path}?lang=en")

    assert '<html lang="en">' in page.body
    assert spanish_in(page.body) == []
    ways = set(re.findall(r'(?:href|action)="(/(?!static/)[^"]+)"', page.body))
    assert [way for way in ways - {"/panel"} if not way.endswith("?lang=en")] == []
    assert '<a href="?lang=es"' in page.body


# What the browser prefers, what the address says, what is read.
@pytest.mark.parametrize(
    ("accepts", "asked", "read"),
    [
        ("", "", "es-MX"),
        ("en-US,en;q=0.9", "", "es-MX"),
        ("en-US,en;q=0.9", "?lang=es", "es-MX"),
        ("es-MX,es;q=0.9,en;q=0.8", "?lang=en", "en"),
        ("en-US", "?lang=fr", "es-MX"),
    ],
)
def test_the_address_chooses_the_language_and_no_browser(
    db: Database, accepts: str, asked: str, read: str
) -> None:
    site = Site(db, 2)
    person, device = site.person(), site.device()
    device.client.headers["accept-language"] = accepts

    answers = [
        device.client.get(f"{path}{asked}")
        for path in (f"/e/{person.token}", "/", "/ayuda", "/verifica", "/nada")
    ]

    for answer in answers:
        assert "accept-language" not in answer.headers.get("vary", "").lower()
        assert f'<html lang="{read}">' in answer.text
    start = answers[0].text
    assert f'name="lang" value="{read[:2]}"' in start
    ways = set(re.findall(r'(?:href|action)="(/(?!static/|e/|panel)[^"]*)"', answers[2].text))
    assert [way for way in ways if not way.endswith(f"?lang={read[:2]}")] == []


def test_the_document_of_a_session_follows_the_session_and_not_the_browser(db: Database) -> None:
    """One address and one content for each language: what a browser keeps stays right."""
    site = Site(db, 2)
    person, device = site.person(), site.device()
    english_start(device, person.token)
    device.client.cookies.set("trayecto_js", "1")

    english = device.client.get("/responder", headers={"accept-language": "es-MX"})
    tag = {"if-none-match": english.headers["etag"], "accept-language": "fr"}
    again = device.client.get("/responder", headers=tag)

    assert "<html lang=en>" in english.text
    assert "accept-language" not in english.headers.get("vary", "").lower()
    assert again.status_code == 304


def test_help_says_the_minutes_of_each_questionnaire(db: Database) -> None:
    page = Site(db, 2).device().get("/ayuda").body

    said = f"unos {MINUTES[1]} minutos, el segundo unos {MINUTES[2]} y el último unos {MINUTES[3]}."
    assert said in page


def test_who_stops_the_messages_reads_english(db: Database) -> None:
    site = Site(db, 2)
    person, device = site.person(), site.device()
    address = f"/baja/{unsubscribe_token(person.member_id, keys_for(UNSUBSCRIBE, SECRET_KEYS))}"

    pages = [device.get(f"{address}?lang=en")]
    (action,) = re.findall(r'action="([^"]+)"', pages[0].body)
    pages += [device.post(action, {"accion": word}) for word in ("baja", "volver")]

    assert action == f"{address}?lang=en"
    assert [spanish_in(page.body) for page in pages] == [[], [], []]
    assert all('<html lang="en">' in page.body for page in pages)


def test_the_answer_about_a_message_is_english_too(db: Database) -> None:
    site = Site(db, 2)
    device, token = site.device(), site.person().token
    said = [
        device.post("/verifica?lang=en", {"mensaje": typed})
        for typed in (token, "https://otra.test/x", "nada", "09DCT0001A")
    ]

    assert [spanish_in(page.body) for page in said] == [[], [], [], []]
    assert "vouches for this message" in said[0].body
    assert "until " in said[0].body


def test_a_lapsed_session_still_speaks_its_language(db: Database) -> None:
    site = Site(db, 2)
    person, device = site.person(), site.device()
    english_start(device, person.token)
    site.clock.pass_(hours=25)

    page = device.get("/responder")

    assert page.status == 403
    assert spanish_in(page.body) == []
    assert device.client.get("/responder/estado").json()["z"].startswith("This session is over")


@pytest.mark.parametrize("number", [1, 2, 3])
def test_the_document_of_a_phone_is_english_too(number: int) -> None:
    form = questionnaire(number)
    body = make_document(form, frozenset(form.audiences), Language.ENGLISH).body.decode()

    assert "<html lang=en>" in body
    assert spanish_in(body) == []
    assert '"Saved"' in body


def test_the_phone_gets_the_document_and_the_state_of_its_language(db: Database) -> None:
    site = Site(db, 2)
    person, device = site.person(), site.device()
    english_start(device, person.token)
    device.client.cookies.set("trayecto_js", "1")

    document = device.get("/responder").body
    state = device.client.get("/responder/estado").json()

    assert "<html lang=en>" in document
    assert state["p"]["lunes"].startswith("Monday")


def test_a_new_language_is_one_catalogue(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With nothing but another file every text of ours changes."""
    folder = tmp_path / "en" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    strange = Catalog(locale="en")
    for text in msgids():
        strange.add(text, f"«{len(strange)}»{''.join(_FIELD.findall(text))}")
    with (folder / "messages.po").open("wb") as target:
        write_po(target, strange)
    monkeypatch.setattr(language, "FOLDER", tmp_path)
    for kept in (language.translations, render.environment_of):
        kept.cache_clear()

    try:
        page = Site(db, 2).device().get("/ayuda?lang=en").body
    finally:
        monkeypatch.undo()
        for kept in (language.translations, render.environment_of):
            kept.cache_clear()

    assert len(re.findall(r"«\d+»", page)) >= 15
    assert spanish_in(page) == []
