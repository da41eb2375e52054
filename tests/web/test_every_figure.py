"""Every number of every page of figures, counted again by other libraries (tests/recount).

A page of figures that joins the application, or a table that joins a page, is one that nobody
checks yet, and says so here.
"""

import html
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from itertools import cycle
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import resvg_py
from sqlmodel import Session, select

from app.analytics.figures.indicators import Kind
from app.analytics.figures.registry import outcomes_of
from app.analytics.released import Audience
from app.analytics.tables import ResultEdition, SignOffAct, SignOffStep
from app.fieldwork.digest import write_digest
from app.fieldwork.stationery import post_office
from app.fieldwork.tables import Wave as WaveRow
from app.fieldwork.tables import WaveState
from app.messaging.delivery import ClaimedMessage
from app.messaging.states import Channel
from app.staff.digests import digest_scope
from app.staff.roles import Permission
from app.staff.tables import StaffAccount
from tests.recount.checks import board_page, findings_page
from tests.recount.compare_checks import compare_page
from tests.recount.digest_checks import digest_checked
from tests.recount.drawn import Drawings, same_picture
from tests.recount.pages import PageText, lines_of
from tests.recount.painted import painted_like
from tests.recount.raw import Wave
from tests.recount.site import OFFICE_SCHOOLS, Site, Told, View, generation_before
from tests.recount.unit_checks import (
    Explored,
    chronology_page,
    closes_page,
    coverage_page,
    explored_page,
    figures_file,
    series_page,
)
from tests.recount.wave_checks import balance_page, calculation_page, wave_page
from tests.recount.world import NOW, raw_of, simulated
from tests.web.test_crawl import staff_routes

OFFICE = "MX"
# When they left: the newest generation whose questionnaire is over.
LEAVES = {1: 2025, 2: 2025, 3: 2024}
SEEDS = ["paginas", *(pytest.param(f"{n}", marks=pytest.mark.deep) for n in range(4))]


@pytest.fixture(scope="module")
def site(
    tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path, request: pytest.FixtureRequest
) -> Iterator[Site]:
    path = tmp_path_factory.mktemp("figures") / "world.db"
    path.write_bytes(sqlite_template.read_bytes())
    made = simulated(path, request.param)
    yield Site(made)
    made.database.dispose()


def units_read(site: Site) -> list[tuple[str, str]]:
    """The largest school by itself and as its office reads it, and the whole: unit and reader."""
    sizes = site.raw.cases.group_by("school").len().sort("len", "school")
    large = sizes["school"][-1]
    return [(large, large), (large, OFFICE), (OFFICE, OFFICE)]


def views(site: Site) -> list[tuple[str, View]]:
    """The last of each questionnaire that is over, as its school, an office and anybody."""
    if not site.views:
        for unit, at in units_read(site):
            theirs = Audience.OWN if at != OFFICE else Audience.OFFICE
            for wave in site.waves_of(unit):
                if wave.leaves == LEAVES[wave.questionnaire]:
                    told = tellers(site, wave) if len(wave.schools) > 1 else {}
                    site.views.append((at, View(site.raw, unit, wave, theirs, told)))
                    if unit == at:  # anybody reads the same of a school, whoever they are
                        site.views.append((at, View(site.raw, unit, wave, Audience.PUBLIC)))
    return site.views


def tellers(site: Site, wave: Wave) -> Told:
    """By school, the figures whose base an office reads of it."""
    found = {}
    for school in sorted(wave.schools & set(site.raw.cases["school"])):
        one = View(site.raw, school, replace(wave, schools=frozenset({school})), Audience.OFFICE)
        if one.told.height >= ALONE:  # of fewer there is a pool
            file = site.get(OFFICE, f"{one.address}/cifras.csv?{one.query}").encode()
            told = [line for line in lines_of(file) if line["base"]]
            found[school] = frozenset((line["clave"], line["categoria"]) for line in told)
    return found


@pytest.mark.parametrize("site", SEEDS, indirect=True)
def test_the_dashboards_of_a_unit(site: Site) -> None:
    problems = []
    for at, view in views(site):
        page = PageText(site.get(at, f"{view.address}?{view.query}"))
        found = list(board_page(page, view, above(site, view), generation_before(view)))
        if view.audience is not Audience.PUBLIC:
            page = PageText(site.get(at, f"{view.address}/calculo?{view.query}"))
            found += calculation_page(page, view)
        problems += [(view.unit, view.audience.value, said) for said in found]
    assert not problems, "\n".join(map(str, problems))


def above(site: Site, view: View) -> View | None:
    """The unit above where it is a sum of enough schools: the same for all who read a school."""
    asked = view.unit, view.wave
    if asked not in site.above:
        site.above[asked] = _above(site, view)
    return site.above[asked]


def _above(site: Site, view: View) -> View | None:
    parents = [unit for unit, below in site.raw.children_of.items() if view.unit in below]
    for unit in parents:
        wave = replace(view.wave, schools=site.raw.schools_of[unit])
        found = View(site.raw, unit, wave, Audience.PUBLIC)
        if found.told["school"].n_unique() >= OFFICE_SCHOOLS:
            return found
    return None


@pytest.mark.parametrize("site", SEEDS, indirect=True)
def test_the_comparison_of_groups_and_schools(site: Site) -> None:
    problems = []
    for at, view in views(site):
        asked = f"?{view.query}"
        lines = lines_of(site.get(at, f"{view.address}/comparar.csv{asked}").encode())
        page = PageText(site.get(at, f"{view.address}/comparar{asked}"))
        problems += [(view.unit, view.wave, said) for said in compare_page(page, view, lines)]
    assert not problems, "\n".join(map(str, problems))


@pytest.mark.parametrize("site", SEEDS, indirect=True)
def test_the_progress_the_close_and_the_workings_of_a_wave(site: Site) -> None:
    problems = []
    for at, view in views(site):
        if len(view.wave.schools) > 1 or view.audience is not Audience.OWN:
            continue
        wave = f"/panel/olas/{UUID(view.cases['wave_id'][0])}"
        lines = lines_of(site.get(at, f"{wave}/resultados.csv").encode())
        found = list(figures_file(lines, view))
        for tail, check in WAVE_PAGES.items():
            found += check(PageText(site.get(at, wave + tail)), view)
        problems += [(view.unit, view.wave, said) for said in found]
    assert not problems, "\n".join(map(str, problems))


WAVE_PAGES: Mapping[str, Callable[[PageText, View], Iterator[str]]] = {
    "": wave_page,
    "/cierre": balance_page,
    "/calculo": calculation_page,
    "/resultados": findings_page,
}


@pytest.mark.parametrize("site", SEEDS, indirect=True)
def test_the_files_of_figures(site: Site) -> None:
    """Every line of the CSV file, with all its decimals."""
    problems = []
    for at, view in views(site):
        lines = lines_of(site.get(at, f"{view.address}/cifras.csv?{view.query}").encode())
        problems += [(view.unit, view.wave, said) for said in figures_file(lines, view)]
    assert not problems, "\n".join(map(str, problems))


@pytest.mark.parametrize("site", SEEDS, indirect=True)
def test_the_series_over_generations(site: Site) -> None:
    problems = []
    for unit, at in units_read(site):
        audience = Audience.OWN if at != OFFICE else Audience.OFFICE
        for number in (1, 2, 3):
            waves = [w for w in site.waves_of(unit) if w.questionnaire == number]
            points = [View(site.raw, unit, wave, audience) for wave in waves]
            shares = [e.id for e in outcomes_of(number) if e.kind is Kind.PROPORTION]
            for name in shares[::SERIES_STEP]:
                tail = f"?cuestionario={number}&indicador={name}"
                page = PageText(site.get(at, f"/panel/resultados/{unit}/generaciones{tail}"))
                file = site.get(at, f"/panel/resultados/{unit}/generaciones.csv{tail}")
                found = series_page(page, lines_of(file.encode()), name, points)
                problems += [(unit, at, number, name, said) for said in found]
    assert not problems, "\n".join(map(str, problems))


@pytest.mark.parametrize("site", SEEDS, indirect=True)
def test_the_exploration_of_indicators_by_traits(site: Site) -> None:
    problems = []
    pairs = cycle([EXPLORED[:3], EXPLORED[3:5], EXPLORED[5:]])
    for at, view in views(site):
        if view.wave.questionnaire == 1:
            continue
        for asked in next(pairs):
            tail = f"?{view.query}{asked.query}"
            page = PageText(site.get(at, f"{view.address}/explorar{tail}"))
            lines = lines_of(site.get(at, f"{view.address}/explorar.csv{tail}").encode())
            found = explored_page(page, lines, view, asked)
            problems += [(view.unit, view.audience.value, asked, said) for said in found]
    assert not problems, "\n".join(map(str, problems))


@pytest.mark.parametrize("site", SEEDS, indirect=True)
def test_the_chronological_table_and_the_coverage(site: Site) -> None:
    problems = []
    for unit, at in units_read(site):
        page = site.get(at, f"/panel/cronologia/{unit}")
        problems += [(unit, said) for said in chronology_page(page, site.raw, unit)]
    for generation in ("2021-2024", "2022-2025"):
        tail = f"/panel/resultados/{OFFICE}/cobertura?generacion={generation}"
        found = coverage_page(site.get(OFFICE, tail), site.raw, OFFICE, generation)
        problems += [(generation, said) for said in found]
    assert not problems, "\n".join(map(str, problems))


@pytest.mark.parametrize("site", SEEDS, indirect=True)
def test_pictures_have_what_their_pages_draw(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The library that paints is handed the very shapes; and one of each kind is looked at."""
    painted: list[str] = []
    problems, kinds = [], set[str]()
    for at, view in views(site)[1:4]:
        for page, tail in PICTURES:
            address = f"{view.address}{page}"
            for drawn in Drawings(site.get(at, f"{address}?{view.query}{tail}")).found:
                named = {"": f"&tablero={drawn.key}", "/comparar": f"&grafica={drawn.key}"}
                file = f"{view.address}/grafica" if not page else address
                asked = f"{file}.png?{view.query}{tail}{named.get(page, '')}"
                look = drawn.shapes[0][1]["class"]
                with monkeypatch.context() as patched:
                    patched.setattr(
                        resvg_py, "svg_to_bytes", painter(painted, real=look not in kinds)
                    )
                    made = site.fetch(at, asked)
                found = list(same_picture(drawn, painted[-1]))
                if look not in kinds:
                    (down,) = re.findall(r'<g transform="translate\(0 ([\d.]+)\)">', painted[-1])
                    found += painted_like(drawn, made, down=float(down))
                kinds.add(look)
                problems += [(asked, said) for said in found]
    assert not problems, "\n".join(map(str, problems))
    assert len(painted) > len(PICTURES)
    assert {"bar-track", "scale-1", "axis"} <= kinds


def painter(painted: list[str], *, real: bool) -> Callable[..., bytes]:
    """Keeps what is to be painted; where that is `real`, paints it in a quarter of its pixels."""
    paint = resvg_py.svg_to_bytes

    def keep(svg_string: str, **_: int) -> bytes:
        painted.append(html.unescape(svg_string))
        return bytes(paint(svg_string=svg_string)) if real else svg_string.encode()

    return keep


@pytest.mark.parametrize("site", SEEDS, indirect=True)
def test_the_closes_by_state(site: Site) -> None:
    """Two schools handed in, of which one was returned and one accepted; the rest did not."""
    with site.made.database.unit_of_work() as session:
        editions = {one.wave_id: one.id for one in session.exec(select(ResultEdition)).all()}
        closed = select(WaveRow.id).where(WaveRow.state == WaveState.CLOSED)
        waves = [one for one in session.exec(closed).all() if one in editions]
        for wave, steps in zip(waves, (STEPS[:1], STEPS[:2], STEPS[::2]), strict=False):
            for number, step in enumerate(steps, 1):
                session.add(
                    SignOffAct(
                        wave_id=wave, number=number, step=step, edition_id=editions[wave],
                        staff_id=wave, at=NOW,
                    )
                )  # fmt: skip
    raw = raw_of(site.made.database)

    assert {step: raw.closes[step] for step in STEPS} == dict.fromkeys(STEPS, 1)
    assert list(closes_page(site.get(OFFICE, "/panel/cierres"), raw.closes)) == []


@pytest.mark.parametrize("site", SEEDS, indirect=True)
def test_the_summary_that_staff_get_on_mondays(site: Site) -> None:
    problems = []
    for unit in dict.fromkeys(unit for unit, _ in units_read(site)):
        site.sign_in(unit)
        with site.made.database.reading() as session:
            letter = summary_of(session, site, unit)
        html_part, text = (letter.get_body((kind,)) for kind in ("html", "plain"))
        assert html_part is not None
        assert text is not None
        found = digest_checked(
            str(letter["Subject"]), text.get_content(), html_part.get_content(), site.raw, unit
        )
        problems += [(unit, said) for said in found]
    assert not problems, "\n".join(map(str, problems))


def summary_of(session: Session, site: Site, unit: str) -> EmailMessage:
    """What the officer of a unit would get now."""
    accounts = session.exec(select(StaffAccount)).all()
    (account,) = (one for one in accounts if one.email == f"o.{unit.lower()}@escuela.mx")
    message = ClaimedMessage(
        id=uuid4(), attempt=1, context_id=account.id, kind="digest/2026-11-23", message_id="<1@x>",
        recipient=account.email, unit_id=None, identity="", deferrals=0, doubts=0, not_after=None,
        domain=None, channel=Channel.MAIL,
    )  # fmt: skip
    scope = digest_scope(session, account.id)
    rendered = write_digest(session, post_office(site.made.settings), scope, message, now=NOW)
    return BytesParser(EmailMessage, policy=policy.default).parsebytes(rendered.content)


def test_no_page_of_figures_is_left_unchecked() -> None:
    """A route that shows figures is checked above, or shows none of its own."""
    shown = {
        route.path
        for route, method, permission in staff_routes()
        if method == "GET" and permission in {Permission.SEE_OUTCOMES, Permission.SEE_PROCESS}
    }
    assert shown - CHECKED - WITHOUT_FIGURES.keys() == set()
    assert (CHECKED | WITHOUT_FIGURES.keys()) - shown == set()


SERIES_STEP = 12
PICTURES = (("", ""), ("/comparar", ""), ("/generaciones", ""), ("/explorar", "&indicador=C1t"))
STEPS = (SignOffStep.SUBMITTED, SignOffStep.RETURNED, SignOffStep.ACCEPTED)
ALONE = 23  # answers
EXPLORED = (
    Explored("S1"),
    Explored("H5"),
    Explored("S4", "", "sexo", "M"),
    Explored("S3", "sexo"),
    Explored("L1", "sexo", "turno", "1"),
    Explored("S1", "tipo_bachillerato"),
    Explored("S2", "turno", "sexo", "H"),
    Explored("L1", "turno"),
)
UNIT, WAVE = "/panel/resultados/{unit_code}", "/panel/olas/{wave_id}"
CHECKED = {
    UNIT,
    *(f"{UNIT}/{tail}" for tail in ("cifras.csv", "comparar", "comparar.csv", "cobertura")),
    f"{UNIT}/calculo",
    f"{WAVE}/resultados.csv",
    *(f"{UNIT}/{tail}" for tail in ("generaciones", "generaciones.csv")),
    *(f"{UNIT}/{tail}" for tail in ("explorar", "explorar.csv")),
    *(WAVE + tail for tail in WAVE_PAGES),
    "/panel/cierres",
}
WITHOUT_FIGURES = {
    "/panel/resultados": "leads to the results of a unit",
    f"{WAVE}/explorar": "leads to the exploration of the unit",
    "/panel/glosario": "definitions without numbers",
    "/panel/cronologia/{unit_code}/anteriores": "what staff typed from papers of the time",
    f"{UNIT}/grafica.png": "drawn from the figures of the dashboard",
    f"{UNIT}/comparar.png": "drawn from the figures of its page",
    f"{UNIT}/generaciones.png": "drawn from the figures of its page",
    f"{UNIT}/explorar.png": "drawn from the figures of its page",
}
