"""/e/{token} and /responder through HTTP: what people see, and what looking never does."""

import re
from collections.abc import Sequence
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlmodel import SQLModel, select

from app.db.transactions import Database
from app.directory.tables import Consent, PrivacyNotice
from app.errors import StorageBusy
from app.fieldwork.dispositions import Disposition
from app.fieldwork.links import revoke_link
from app.fieldwork.tables import Case, EntrySession
from app.responses.tables import Answer, AnswerRevision, Response
from tests.responses.people import LINK_KEYS, Person
from tests.web.respondent.site import Device, Seen, Site

BORN, CURP = "2008-03-09", "MUPA080309MJCXRLA7"


def to_step(device: Device, person: Person, *answers: tuple[str, str]) -> Seen:
    """Begin and answer in order; each step holds one variable."""
    page = device.begin(person)
    for name, value in answers:
        assert page.step == name, (page.step, page.title)
        page = device.answer(page, **{name: value})
    return page


CORE = (("aviso_q2", "1"), ("municipio_residencia", "Zapopan"), ("certificado_ems", "1"))


def test_the_start_page_says_nothing_about_the_person(db: Database) -> None:
    site = Site(db, 2)
    person = site.person("Alicia")

    page = site.device().get(f"/e/{person.token}")

    assert page.status == 200
    assert "CBTis 137" in page.body
    assert not re.search(r"Alicia|Muñoz|og:", page.body)


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/plain"])
def test_a_button_that_sends_megabytes_begins_nothing(db: Database, kind: str) -> None:
    site = Site(db, 2)
    person, device = site.person(), site.device()
    device.get(f"/e/{person.token}")

    answer = device.client.post(
        f"/e/{person.token}", content=b"t=" + b"x" * 3_000_000, headers={"content-type": kind}
    )

    with db.reading() as session:
        sessions = session.exec(select(EntrySession)).all()
    assert (answer.status_code, list(sessions)) == (413, [])


def test_looking_writes_nothing(db: Database) -> None:
    """G5: every address a respondent can open, by GET and HEAD, before and after."""
    site = Site(db, 2)
    person, device = site.person(), site.device()
    to_step(device, person, *CORE)
    with db.reading() as session:
        notice = session.exec(select(PrivacyNotice.id)).one()
    before = contents(db)

    statuses = [
        device.client.request(method, path).status_code
        for method in ("GET", "HEAD")
        for path in (
            f"/e/{person.token}",
            "/e/unknown",
            "/responder",
            "/responder?paso=estudia",
            "/responder?paso=aviso_q2",
            "/responder?paso=pausa",
            "/responder?r=00000000",
            "/responder/comprobar",
            f"/aviso/{notice}",
            f"/aviso/{uuid4()}",
        )
    ]

    assert contents(db) == before
    assert max(statuses) < 500


def contents(db: Database) -> dict[str, list[tuple[object, ...]]]:
    with db.reading() as session:
        return {
            table.name: sorted(map(tuple, session.connection().execute(table.select())), key=str)
            for table in SQLModel.metadata.sorted_tables
        }


@pytest.mark.parametrize("cookies", [True, False], ids=["with cookies", "without cookies"])
def test_answers_go_on_step_by_step(db: Database, cookies: bool) -> None:  # noqa: FBT001
    site = Site(db, 2)
    person, device = site.person(), site.device()
    device.cookies = cookies

    page = to_step(device, person, *CORE, ("estudia", "5"))

    assert (page.status, page.step) == (200, "trabaja")
    assert person.token not in page.url
    with db.reading() as session:
        assert {row.variable for row in session.exec(select(Answer))} == {
            "municipio_residencia",
            "certificado_ems",
            "estudia",
        }


def test_back_shows_what_was_answered(db: Database) -> None:
    site = Site(db, 2)
    device = site.device()
    to_step(device, site.person(), *CORE)

    page = device.get("/responder?paso=municipio_residencia")

    assert 'value="Zapopan"' in page.body


def test_the_same_page_sent_twice_is_one_save(db: Database) -> None:
    """F-17, F-22: double taps, and the same page after Back."""
    site = Site(db, 2)
    device = site.device()
    page = to_step(device, site.person(), *CORE)

    onward = [device.answer(page, estudia="5") for _ in range(3)]

    assert {seen.step for seen in onward} == {"trabaja"}
    with db.reading() as session:
        assert len(session.exec(select(AnswerRevision)).all()) == 4


def test_the_same_page_with_another_answer_shows_both(db: Database) -> None:
    """F-18."""
    site = Site(db, 2)
    device = site.device()
    page = to_step(device, site.person(), *CORE)
    device.answer(page, estudia="5")

    clash = device.answer(page, estudia="1")
    assert clash.status == 409
    assert ">No<" in clash.body
    assert "licenciatura" in clash.body
    assert answer_of(db, "estudia") == 5

    device.post("/responder", clash.hidden)  # the last form of the page: the one just sent
    assert answer_of(db, "estudia") == 1


def answer_of(db: Database, variable: str) -> object:
    with db.reading() as session:
        return session.exec(select(Answer.value).where(Answer.variable == variable)).one()


def test_a_key_of_another_respondent_says_nothing(db: Database) -> None:
    """F-20."""
    site = Site(db, 2)
    alicia, beto = site.device(), site.device()
    hers = to_step(alicia, site.person("Alicia"), *CORE)
    his = to_step(beto, site.person("Beto"), *CORE)

    page = beto.answer(his, estudia="1", k=hers.hidden["k"])

    assert page.status == 404


def test_two_people_in_one_browser_never_mix(db: Database) -> None:
    site = Site(db, 2)
    shared = site.device()
    hers = to_step(shared, site.person("Alicia"), *CORE)
    his = to_step(shared, site.person("Beto"), ("aviso_q2", "1"))

    after_hers = shared.answer(hers, estudia="5")
    after_his = shared.answer(his, municipio_residencia="Tonalá")

    assert (after_hers.step, after_his.step) == ("trabaja", "certificado_ems")
    assert shared.get("/responder").status == 409
    with db.reading() as session:
        assert len(session.exec(select(Response)).all()) == 2


def test_terminar_y_salir_leaves_nothing_behind(db: Database) -> None:
    site = Site(db, 2)
    device = site.device()
    page = to_step(device, site.person(), *CORE)

    left = device.post("/responder", {"s": page.hidden["s"], "accion": "salir"})

    assert "Listo, saliste" in left.body
    assert device.get("/responder").status == 403
    assert device.answer(page, estudia="1").status == 403


def test_who_stops_can_go_on_with_the_same_link(db: Database) -> None:
    site = Site(db, 2)
    person, device = site.person(), site.device()
    page = to_step(device, person, *CORE)

    stopped = device.answer(page, accion="parar", estudia="5")

    assert "Guardamos lo que contestaste" in stopped.title
    assert answer_of(db, "estudia") == 5
    assert device.begin(person).step == "trabaja"
    with db.reading() as session:
        assert len(session.exec(select(EntrySession)).all()) == 1


def test_a_fault_keeps_what_was_typed(db: Database) -> None:
    site = Site(db, 2)
    device = site.device()
    page = to_step(device, site.person(), *CORE, ("estudia", "5"), ("trabaja", "1"))
    page = device.answer(page, ocupacion="Cajera")
    while page.step != "horas_semana":
        page = device.answer(page, **first_option(page))

    wrong = device.answer(page, horas_semana="muchas & más")

    assert (wrong.status, wrong.step) == (422, "horas_semana")
    assert wrong.title.startswith("Error: ")
    assert 'value="muchas &amp; más"' in wrong.body
    assert 'href="#horas_semana"' in wrong.body
    refused = device.answer(wrong, **{"horas_semana": "", "horas_semana.exit": "nc"})
    assert refused.status == 200
    with db.reading() as session:
        row = session.exec(select(Answer).where(Answer.variable == "horas_semana")).one()
    assert (row.value, row.missing) == (None, -98)


def first_option(page: Seen) -> dict[str, str]:
    found = re.findall(
        r'<input type="(?:radio|checkbox)" name="([^".]+)" value="([^"]+)"', page.body
    )
    return dict(reversed(found))


def test_a_blank_is_asked_about_once(db: Database) -> None:
    site = Site(db, 2)
    device = site.device()
    page = to_step(device, site.person(), ("aviso_q2", "1"))

    asked = device.answer(page)
    assert (asked.status, asked.step) == (200, "municipio_residencia")
    assert "¿Prefieres dejarla en blanco?" in asked.body

    assert device.answer(asked).step == "certificado_ems"


@pytest.mark.parametrize(
    "junk",
    [
        {"estudia": "77"},
        {"estudia": "-98"},
        {"estudia": ["1", "2", "3"]},
        {"estudia": "\x00"},
        {"estudia": "\ud800".encode("utf-8", "surrogatepass").decode("latin-1")},
        {"estudia": "9" * 1_000_000},
        {"estudia": "1", "org_id": "7"},
        {"estudia": "1", "trabaja": "1"},
        {"paso": "no_such_step", "estudia": "1"},
        {"paso": "ocupacion", "ocupacion": "</script>=cmd|' /C calc'!A0"},
        {"s": "nonsense"},
        {"s": ""},
        {"k": "\x00" * 300},
        {"hora": "9" * 40},
        {"visto": "," * 5_000},
        {f"f{n}": "x" for n in range(5_000)},
    ],
    ids=str,
)
def test_junk_is_met_kindly(db: Database, junk: dict[str, str | Sequence[str]]) -> None:
    """F-41 to F-43: never a 5xx, and nothing strange is kept."""
    site = Site(db, 2)
    device = site.device()
    page = to_step(device, site.person(), *CORE)

    answer = device.post("/responder", {**page.hidden, **junk})

    assert answer.status < 500
    with db.reading() as session:
        kept = {row.variable: row.value for row in session.exec(select(Answer))}
    assert kept.get("estudia") in {None, 1}
    assert "ocupacion" not in kept or kept["ocupacion"] is None


def test_strange_text_is_kept_clean_or_stays_on_the_page(db: Database) -> None:
    site = Site(db, 2)
    device = site.device()
    page = to_step(device, site.person(), ("aviso_q2", "1"))

    kept = device.answer(page, municipio_residencia="Ame\u0301rica\x00 \u202e😀")
    assert kept.step == "certificado_ems"
    assert answer_of(db, "municipio_residencia") == "América \u202e😀"

    again = device.get("/responder?paso=municipio_residencia")
    long = device.answer(again, municipio_residencia="x" * 1_000_000)
    assert long.status == 422
    assert "x" * 1_000_000 in long.body


def test_a_refusal_is_kept_and_nothing_else(db: Database) -> None:
    """Routing vector 6, through the web."""
    site = Site(db, 1)
    person, device = site.person(), site.device()

    page = device.answer(device.begin(person), aviso_q1="2")

    assert "Está bien, no vas a contestar" in page.title
    with db.reading() as session:
        assert session.get_one(Case, person.case_id).disposition is Disposition.REFUSED
        assert [row.granted for row in session.exec(select(Consent))] == [False]
        assert session.exec(select(Response)).all() == []
    back = device.answer(device.begin(person), aviso_q1="1")
    assert back.step == "datos_correctos"


def test_no_stored_name_is_shown_to_whoever_holds_the_link(db: Database) -> None:
    site = Site(db, 1)
    device = site.device()

    page = to_step(device, site.person("Alicia", curp=CURP), ("aviso_q1", "1"))

    assert page.step == "datos_correctos"
    assert "Alicia" not in page.body
    assert "A••• M•••" in page.body


def test_another_device_shows_answers_only_after_the_second_check(db: Database) -> None:
    site = Site(db, 2)
    person = site.person(curp=CURP, birth_date=BORN)
    to_step(site.device(), person, *CORE)
    other = site.device()

    page = other.begin(person)
    assert page.step == "estudia"
    earlier = other.get("/responder?paso=municipio_residencia")
    assert "Zapopan" not in earlier.body
    assert "Ya contestaste esta pregunta" in earlier.body
    assert other.answer(earlier).step == "estudia"

    check = other.get("/responder/comprobar")
    wrong = claim(other, check, day="9", ending="RLA8")
    assert wrong.status == 422
    right = claim(other, wrong, day="9", ending="rla7")
    assert right.step == "estudia"
    assert "Zapopan" in other.get("/responder?paso=municipio_residencia").body


def test_the_second_check_waits_after_five_wrong_tries(db: Database) -> None:
    site = Site(db, 2)
    person = site.person(student_id="A-77", birth_date=BORN)
    to_step(site.device(), person, *CORE)
    other = site.device()
    other.begin(person)
    check = other.get("/responder/comprobar")
    assert "Tu matrícula" in check.body

    tries = [claim(other, check, day="1", ending=str(number)) for number in range(6)]
    good = claim(other, check, day="9", ending="a-77")
    assert [seen.status for seen in (*tries, good)] == [422] * 5 + [429] * 2

    site.clock.pass_(minutes=31)
    assert claim(other, check, day="9", ending="a-77").status == 200


def claim(device: Device, page: Seen, *, day: str, ending: str) -> Seen:
    typed = {"dia": day, "mes": "3", "anio": "2008", "fin": ending}
    return device.post("/responder/comprobar", {**page.hidden, **typed})


def test_links_that_open_nothing_say_why(db: Database) -> None:
    """F-45, F-46."""
    site = Site(db, 2)
    person, revoked = site.person(), site.person("Beto")
    device = site.device()
    with db.unit_of_work() as session:
        revoke_link(session, revoked.case_id, LINK_KEYS, now=site.clock())
    unknown = [
        device.get(f"/e/{typed}")
        for typed in ("", "x", person.token[:-1], person.token.swapcase(), "a" * 22, "ñ%00", "a/b")
    ]
    assert {seen.status for seen in unknown} == {404}
    assert len({seen.body for seen in unknown}) == 1
    assert device.get(f"/e/{person.token}.)").status == 200

    gone = device.get(f"/e/{revoked.token}")
    assert (gone.status, gone.title) == (410, "Este enlace se cambió por otro")

    opened = site.clock.at
    site.clock.at = opened - timedelta(days=60)
    assert device.get(f"/e/{person.token}").title == "Todavía no abre"
    site.clock.at = opened + timedelta(days=90)
    closed = device.get(f"/e/{person.token}")
    assert (closed.status, closed.title) == (410, "Este cuestionario ya cerró")
    assert device.post(f"/e/{person.token}", {"t": person.token}).status == 410


def test_an_expired_session_costs_nothing(db: Database) -> None:
    """F-40."""
    site = Site(db, 2)
    person, device = site.person(), site.device()
    page = to_step(device, person, *CORE)
    site.clock.pass_(hours=25)

    over = device.answer(page, estudia="1")
    assert over.status == 403
    assert "abre otra vez tu enlace" in over.body

    assert device.begin(person).step == "estudia"


def test_a_page_left_open_over_the_close_is_still_taken(db: Database) -> None:
    """F-35: typed before the end, by the page's own word."""
    site = Site(db, 2)
    person, device = site.person(), site.device()
    with db.reading() as session:
        closes = session.get_one(Case, person.case_id)
    site.clock.pass_(days=50, hours=17, minutes=30)
    page = to_step(device, person, *CORE)
    site.clock.pass_(hours=1)

    taken = device.answer(page, estudia="5")
    late = device.answer(page, estudia="5", k="", hora=str(int(site.clock().timestamp())))

    assert closes.completed_at is None
    assert answer_of(db, "estudia") == 5
    assert "ya cerró" in taken.title
    assert (late.status, "ya cerró" in late.title) == (410, True)


def test_a_store_that_is_busy_keeps_what_was_typed(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F-06, F-09: the page comes back as filled in, with when to try again."""
    site = Site(db, 2)
    device = site.device()
    page = to_step(device, site.person(), ("aviso_q2", "1"))

    with monkeypatch.context() as patch:
        patch.setattr(Database, "saving", busy)
        waiting = device.answer(page, municipio_residencia="Zapopan")
        patch.setattr(Database, "reading", busy)
        nothing = device.answer(page, municipio_residencia="Zapopan")

    assert (waiting.status, nothing.status) == (503, 503)
    assert 'value="Zapopan"' in waiting.body
    assert 'value="Zapopan"' in nothing.body
    assert device.post("/responder", nothing.hidden).step == "certificado_ems"


def busy(_: Database) -> None:
    raise StorageBusy(hint="test")


def test_pages_are_light(db: Database) -> None:
    """UX-02: 5 kB compressed beside the style file."""
    site = Site(db, 3)
    device = site.device()
    page = device.begin(site.person())
    heaviest = 0
    for _ in range(60):
        headers = {"accept-encoding": "gzip"}
        with device.client.stream("GET", "/responder", headers=headers) as response:
            heaviest = max(heaviest, len(b"".join(response.iter_raw())))
        if not page.step:
            break
        page = device.answer(page, **first_option(page))
        if "¿Prefieres" in page.body or "¿Quieres seguir así?" in page.body:
            page = device.answer(page, **first_option(page))

    assert "ya recibimos" in page.title
    assert heaviest <= 5_000


def test_the_count_is_said_only_where_it_stays(db: Database) -> None:
    site = Site(db, 1)
    device = site.device()
    page = device.begin(site.person())
    said: list[tuple[int, ...]] = []
    while page.step and len(said) < 60:
        found = re.search(r"Pregunta (\d+) de (\d+)", page.body)
        said.append(tuple(map(int, found.groups())) if found else ())
        page = device.answer(page, **first_options(page))
        assert page.status == 200, (page.title, page.body)

    counted = [each for each in said if each]
    assert said[0] == ()
    assert said[-1] == (len(said), len(said))
    assert len(counted) >= 8
    assert [place for place, _ in counted] == [
        number for number, each in enumerate(said, 1) if each
    ]


def first_options(page: Seen) -> dict[str, str | Sequence[str]]:
    """The first option of every question of a step, or a text; what is asked once was seen."""
    found: dict[str, str | Sequence[str]] = {}
    for name, value in re.findall(
        r'<input type="(?:radio|checkbox)" name="([^".]+)" value="([^"]*)"', page.body
    ):
        found.setdefault(name, value)
    for tag, name in re.findall(r'(<(?:input|textarea) id="\w+" name="(\w+)"[^>]*>)', page.body):
        special = {"tel": "55 1234 5678", "email": "ana@correo.test"}
        kind = re.search(r'type="(\w+)"', tag)
        found.setdefault(name, special.get(kind[1], "20") if kind else "20")
    return found
