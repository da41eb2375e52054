"""Each audience reads every page, file and drawing of figures: no hidden cell is in any of them.

A school of seven and a large one, of a simulated deployment; the routes come from the application,
so that a new one joins by existing. There is something to leak: the twin at the end finds it.
"""

import html
import re
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from uuid import UUID

import pytest

from app.analytics.charts.boards import BOARDS
from app.analytics.figures.traits import LATTICE
from app.analytics.released import Audience
from app.staff.roles import Permission
from tests.recount.estimates import half_up
from tests.recount.outcomes import Figure
from tests.recount.process import contacts_of, field_of, groups_of
from tests.recount.site import Site, View, answered_of, frame_of
from tests.recount.world import simulated
from tests.web.test_crawl import staff_routes

OFFICE = "MX"
LEAVES, NUMBER = 2024, 2  # a wave that is over, of which an edition is in force
LEAST, SMALL_GROUP, FEW = 5, 50, 23
KINDS = ("share", "cell")
EXPLORED = ("S1", "H1", "H5", "L1", "L3", "C4")
SEEN = {Permission.SEE_OUTCOMES, Permission.SEE_PROCESS}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Site]:
    path = tmp_path_factory.mktemp("leaks") / "world.db"
    path.write_bytes(sqlite_template.read_bytes())
    made = simulated(path, "fugas")
    yield Site(made)
    made.database.dispose()


def schools(site: Site) -> list[str]:
    """The smallest and the largest."""
    by_size = site.raw.cases.group_by("school").len().sort("len", "school")["school"]
    return [by_size[0], by_size[-1]]


def view_of(site: Site, unit: str, audience: Audience) -> View:
    (wave,) = (
        wave
        for wave in site.waves_of(unit)
        if (wave.leaves, wave.questionnaire) == (LEAVES, NUMBER)
    )
    return View(site.raw, unit, wave, audience)


def addresses(view: View) -> Iterator[str]:
    """Every page and file of figures of a wave and of its school, with what they can be asked."""
    wave_id = str(UUID(view.cases["wave_id"][0]))
    for route, method, permission in staff_routes():
        names = set(re.findall(r"{(\w+)", route.path))
        if method != "GET" or permission not in SEEN or route.path.endswith(".png"):
            continue
        if view.audience is Audience.PUBLIC and "/resultados" not in route.path:
            continue  # reads as who signed in, whatever is asked
        if names and names <= {"unit_code", "wave_id"}:
            path = route.path.replace("{unit_code}", view.unit).replace("{wave_id}", wave_id)
            yield from (f"{path}?{tail}" for tail in asked(route.path, view))


def asked(path: str, view: View) -> Iterator[str]:
    yield view.query
    if path.endswith(("/explorar", "/explorar.csv")):
        for name in EXPLORED:
            yield f"{view.query}&indicador={name}"
        for variable, trait in LATTICE.items():
            group = next(iter(trait.values))
            yield f"{view.query}&indicador=S1&variable={variable}"
            yield f"{view.query}&indicador=L1&variable={variable}&grupo={group}"
            yield f"{view.query}&indicador=H1&filtro={variable}:{group}"
    if path.endswith(("/generaciones", "/generaciones.csv")):
        yield from (f"{view.query}&indicador={name}" for name in ("L1", "X2"))
    if path.endswith("/cifras.csv"):
        yield from (f"{view.query}&tablero={one.key}" for one in BOARDS[NUMBER])


def must_hide(figure: Figure, audience: Audience) -> bool:
    """Rules 2 and 3 of domain.md 3.8, in their plainest reading."""
    n, k = figure.base, figure.numerator
    if figure.kind not in KINDS or k is None or not n:
        return False
    if audience is Audience.PUBLIC:
        return True  # no count of persons at all
    return 0 < k < LEAST or (n < SMALL_GROUP and k in {0, n})


def secrets(view: View, also: Iterable[tuple[int, int]] = ()) -> set[str]:
    """What would tell a hidden cell: as words, as a working, as a line of a file, as a share.

    `also`: figures of the field that this reader may see.
    """
    process = rates_of(view) | set(also)
    hidden = {
        (figure.numerator, figure.base)
        for figure in view.figures.values()
        if must_hide(figure, view.audience)
    }
    open_pairs = {
        (figure.numerator, figure.base)
        for figure in view.figures.values()
        if figure.kind in KINDS and not must_hide(figure, view.audience)
    }
    said = {
        text
        for k, n in hidden - open_pairs - process
        for text in (f"{k} de {n}", f"{k} ÷ {n}", f",{k},{n},")
    }
    if view.frame >= FEW:  # a share may be the margin of another; test_every_figure.py looks at it
        return said
    open_shares = {Fraction(k or 0, n) for k, n in (open_pairs | process) if n}
    for k, n in hidden:
        if Fraction(k or 0, n) not in open_shares and k not in {0, n}:
            said |= {f"{half_up(Fraction(k or 0, n), 1)} %", f",{(k or 0) / n},"}
    return said


def rates_of(view: View) -> set[tuple[int | None, int]]:
    """Process figures: of the wave, its days, groups and traits; live for whoever may see them."""
    found: set[tuple[int | None, int]] = {(n, view.frame) for n in range(view.frame + 1)}
    for trait in ("group_name", "programme", "sexo", "turno"):
        for part in view.cases.partition_by(trait):
            found.add((answered_of(part), frame_of(part)))
    groups = groups_of(view.cases)
    for answered in (groups["I"], groups["I"] + groups["P"]):
        found.add((answered, view.frame - groups["UO"]))
    known, stayed, before = view.followed
    return found | {(known, view.frame), (stayed, before)} | contacts_of(groups)


def told(site: Site, view: View, at: str, wanted: set[str]) -> set[tuple[str, str]]:
    """Addresses and the secrets that they show to somebody of `at`."""
    site.sign_in(at)
    found, read = set(), 0
    for address in addresses(view):
        answer = site.client.get(address)
        assert answer.status_code in {200, 303, 404}, (address, answer.status_code)
        read += answer.status_code == 200
        text = html.unescape(answer.content.decode("utf-8-sig")).replace("\u00a0", " ")
        found |= {
            (address, secret)
            for secret in wanted
            if re.search(rf"(?<![\d.,]){re.escape(secret)}(?![\d.]| plantel)", text)
        }
    assert read > 10
    return found


@pytest.mark.parametrize("audience", [Audience.OFFICE, Audience.PUBLIC])
def test_outside_a_school_no_hidden_cell_is_read(site: Site, audience: Audience) -> None:
    for unit in schools(site):
        view = view_of(site, unit, audience)
        wanted = secrets(view)

        assert wanted
        assert told(site, view, OFFICE, wanted) == set()


def test_the_school_of_seven_reads_no_cell_of_its_own(site: Site) -> None:
    small, _ = schools(site)
    view = view_of(site, small, Audience.OFFICE)
    field = field_of(view.raw, view.wave).values()

    assert told(site, view, small, secrets(view, field)) == set()


def test_the_large_school_reads_its_own_cells(site: Site) -> None:
    """The twin: what nobody outside reads is there to be read."""
    _, large = schools(site)
    outside = view_of(site, large, Audience.OFFICE)
    own = view_of(site, large, Audience.OWN)
    found = {secret for _, secret in told(site, own, large, secrets(outside))}

    assert len(found) > 10


def test_nothing_of_another_school_is_found(site: Site) -> None:
    small, large = schools(site)
    view = view_of(site, large, Audience.OWN)
    site.sign_in(small)
    answered = {address: site.client.get(address).status_code for address in addresses(view)}

    assert {address: code for address, code in answered.items() if code != 404} == {}
    assert len(answered) > 15
