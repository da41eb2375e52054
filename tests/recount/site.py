"""The panel of a simulated deployment as three readers open it, and what they should find."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from fractions import Fraction
from functools import cached_property

import polars as pl
from fastapi.testclient import TestClient

from app.analytics.figures.registry import column, indicator
from app.analytics.released import Audience
from app.staff import invitations, sessions
from app.staff.addresses import staff_keys
from app.staff.roles import Role, WantedGrant
from app.web import security
from app.web.main import create_app
from tests.conftest import DATA_KEYS
from tests.recount.agreement import Reader
from tests.recount.estimates import fives, half_up
from tests.recount.outcomes import Figure, Key, recount
from tests.recount.pages import rate_said
from tests.recount.process import followed_of, groups_of
from tests.recount.raw import Raw, Wave
from tests.recount.weights import Again, weighted_again
from tests.recount.world import NOW, Simulated

SMALL_FRAME = 23
LEAST = 5  # persons of a published cell
LEAST_TELLERS = 2  # schools of a sum of some
WHOLE_GROUP = 50  # below it, neither nobody nor everybody is published
OFFICE_SCHOOLS = 3
Told = Mapping[str, frozenset[tuple[str, str]]]  # by school: figures, by id and label
MONTHS = (
    "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre",
    "octubre", "noviembre", "diciembre",
)  # fmt: skip


@dataclass
class Site:
    """A deployment with somebody signed in at each unit."""

    made: Simulated
    now: datetime = NOW
    tokens: dict[str, str] = field(default_factory=dict)
    views: list[tuple[str, "View"]] = field(default_factory=list)  # who reads, and what
    above: dict[tuple[str, Wave], "View | None"] = field(default_factory=dict)

    @property
    def raw(self) -> Raw:
        return self.made.raw

    @cached_property
    def client(self) -> TestClient:
        app = create_app(self.made.settings, self.made.database, lambda: self.now)
        return TestClient(app, base_url="http://127.0.0.1:8000", follow_redirects=False)

    def sign_in(self, unit: str) -> None:
        """An officer of that unit."""
        if unit not in self.tokens:
            with self.made.database.unit_of_work() as session:
                wanted = WantedGrant(unit, Role.OFFICER)
                invited = invitations.invite(
                    session, f"o.{unit.lower()}@escuela.mx", wanted,
                    keys=staff_keys(DATA_KEYS), by=None, now=self.now,
                )  # fmt: skip
                self.tokens[unit] = sessions.open_session(
                    session, invited.account_id, place="p", device="t", now=self.now
                )
        self.client.cookies.clear()
        cookie = security.cookie_name(security.STAFF_COOKIE, secure=False)
        self.client.cookies.set(cookie, self.tokens[unit])

    def get(self, unit: str, address: str) -> str:
        """The page as an officer of `unit` reads it."""
        return self.fetch(unit, address).decode("utf-8-sig")

    def fetch(self, unit: str, address: str) -> bytes:
        """A file as an officer of `unit` gets it."""
        self.sign_in(unit)
        answer = self.client.get(address)
        assert answer.status_code == 200, (address, answer.status_code, answer.text[:300])
        return answer.content

    def waves_of(self, unit: str) -> list[Wave]:
        """Every questionnaire of a generation that was fielded below a unit."""
        return waves_of(self.raw, unit)


def waves_of(raw: Raw, unit: str) -> list[Wave]:
    """Every questionnaire of a generation that was fielded below a unit."""
    schools = raw.schools_of[unit]
    here = raw.cases.filter(pl.col("school").is_in(sorted(schools)))
    keys = here.select("entered", "leaves", "questionnaire").unique().sort(pl.all())
    return [Wave(entered, leaves, number, schools) for entered, leaves, number in keys.rows()]


@dataclass(frozen=True)
class View:
    """A wave of a unit as one reader should see it."""

    raw: Raw
    unit: str
    wave: Wave
    audience: Audience
    told_by: Told = field(default_factory=dict, compare=False)  # of a sum

    @cached_property
    def cases(self) -> pl.DataFrame:
        return self.raw.listed(self.wave)

    @cached_property
    def told(self) -> pl.DataFrame:
        return self.raw.told(self.wave)

    @property
    def answered(self) -> int:
        return answered_of(self.cases)

    @property
    def frame(self) -> int:
        return frame_of(self.cases)

    @property
    def is_open(self) -> bool:
        return "open" in set(self.cases["state"])

    @property
    def exact(self) -> bool:
        """Whether one-way counts are told as they are (domain.md 3.8)."""
        if self.audience is Audience.OWN:
            return self.frame >= SMALL_FRAME
        schools = self.told["school"].n_unique()
        return self.audience is Audience.OFFICE and schools >= OFFICE_SCHOOLS

    @property
    def reader(self) -> Reader:
        return Reader(self.audience, self.exact, self.frame, self.told.height)

    @property
    def based(self) -> tuple[int, int]:
        """Persons who answered and persons listed, of the figures."""
        return self.answered, self.frame

    @cached_property
    def figures(self) -> Mapping[Key, Figure]:
        return recount(self.told, self.wave.questionnaire, self.frame)

    @cached_property
    def in_part(self) -> Mapping[Key, Figure]:
        """Each figure over the schools of a sum that tell its base themselves."""
        keys_of: dict[frozenset[str], list[Key]] = {}
        for key in self.figures:
            named = (key[0], label_of(key))
            tellers = frozenset(school for school, told in self.told_by.items() if named in told)
            if len(tellers) >= LEAST_TELLERS:
                keys_of.setdefault(tellers, []).append(key)
        found: dict[Key, Figure] = {}
        for tellers, keys in keys_of.items():
            wave = replace(self.wave, schools=tellers)
            part = View(self.raw, self.unit, wave, self.audience)
            found |= {key: part.figures[key] for key in keys if key in part.figures}
        return found

    @cached_property
    def followed(self) -> tuple[int, int, int]:
        """Known persons; who stayed, of those who had answered before."""
        return followed_of(self.raw, self.wave)

    @cached_property
    def weighted(self) -> Again | None:
        """Its own school alone reads weighted figures."""
        own = self.audience is Audience.OWN and self.exact
        return weighted_again(self.raw, self.wave) if own else None

    @property
    def address(self) -> str:
        return f"/panel/resultados/{self.unit}"

    @property
    def query(self) -> str:
        wave = self.wave
        asked = f"generacion={wave.entered}-{wave.leaves}&cuestionario={wave.questionnaire}"
        return asked + ("&audiencia=publica" if self.audience is Audience.PUBLIC else "")

    def among(self, traits: Mapping[str, str]) -> Mapping[Key, Figure]:
        """The figures of those who share values of some traits."""
        mine = self.told
        for variable, code in traits.items():
            name = "tipo" if variable == "tipo_bachillerato" else variable
            mine = mine.filter(pl.col(name) == code)
        return recount(mine, self.wave.questionnaire, self.frame, part_of=self.told.height)


def generation_before(view: View) -> View | None:
    """The generation of the same unit that left before, if it was asked the same."""
    number = view.wave.questionnaire
    waves = [one for one in waves_of(view.raw, view.unit) if one.questionnaire == number]
    earlier = [one for one in waves if one.leaves < view.wave.leaves]
    found = max(earlier, key=lambda wave: wave.leaves, default=None)
    return None if found is None else View(view.raw, view.unit, found, view.audience)


def frame_of(cases: pl.DataFrame) -> int:
    """Persons who count or might."""
    return cases.filter(pl.col("disposition") != "not_eligible").height


def answered_of(cases: pl.DataFrame) -> int:
    """Complete and partial."""
    groups = groups_of(cases)
    return groups["I"] + groups["P"]


def rate_told(cases: pl.DataFrame, audience: Audience) -> tuple[str, float | None]:
    """The rate of response of some cases as this reader may have it: its words, and its share."""
    return share_told(answered_of(cases), frame_of(cases), audience)


def share_told(k: int, n: int, audience: Audience) -> tuple[str, float | None]:
    """The rate of `k` of `n` persons as this reader may have it."""
    if audience is not Audience.PUBLIC:
        return rate_said(k, n), k / n if n else None
    few = 0 < k < LEAST or 0 < n - k < LEAST or (n < WHOLE_GROUP and k in {0, n})
    if n < SMALL_FRAME or few:
        return "no se muestra", None
    whole = half_up(Fraction(k, n))
    return f"{whole} % de unas {fives(n):,} personas", int(whole) / 100


def label_of(key: Key) -> str:
    """How a table names a figure: words are the registry's, numbers never."""
    name, category = key
    entry = indicator(name)
    words = {one.id: one.label for one in entry.categories}
    first, bar, second = category.partition("|")
    if bar:
        return (
            f"{words[first]} → {next(c.label for c in column(entry).categories if c.id == second)}"
        )
    if not category or (len(words) == 2 and category == "si"):
        return entry.name
    return words.get(category, category)


def day_said(day: str) -> str:
    """A civil day without its year."""
    return f"{int(day[8:10])} de {MONTHS[int(day[5:7]) - 1]}"
