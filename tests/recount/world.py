"""Random deployments to count twice: a simulated one, and schools whose people answer by lot."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from app.chronology.wave_plan import Cohort
from app.db.engine import make_engine
from app.db.transactions import Database
from app.directory.keyed import match_keys
from app.fieldwork.dispositions import Disposition
from app.fieldwork.stationery import post_office
from app.questionnaires.answers import EXITS, MissingCode, Unreadable, to_stored
from app.questionnaires.expressions.types import Kind
from app.questionnaires.flow import walk
from app.questionnaires.format import Questionnaire
from app.questionnaires.items import Store
from app.questionnaires.leaves import Leaf
from app.settings import Settings
from app.simulation.loading import load_school, move_windows, prepare
from app.simulation.parameters import parameters
from app.simulation.plans import WorldPlan
from app.worker.counting import gather_counts
from app.worker.cuts import take_cuts
from app.worker.deployment import Deployment
from app.worker.editions import freeze_editions
from tests.analytics.survey import COMPLETE, SILENT, Someone
from tests.conftest import DATA_KEYS
from tests.recount.raw import Raw, read_raw
from tests.simulation.worlds import questionnaires
from tests.web.world import settings_for

# Questionnaire 3 of the younger generation is open; every other one is over.
NOW = datetime(2026, 11, 22, 18, tzinfo=UTC)
COHORTS = (Cohort(2021, 2024), Cohort(2022, 2025))
TOWNS = ("15106", "15033", "09002")
SCHOOLS = ("Universidad Autónoma", "universidad  autonoma", "Normal Superior", "Instituto Técnico")
JOB_MONTHS = ("2026-06", "2026-07", "2026-08", "2026-10", "2027-03", "2027-09")
DISPOSITIONS = (
    *[COMPLETE] * 5, Disposition.PARTIAL, Disposition.REFUSED, Disposition.BREAK_OFF, SILENT,
    Disposition.UNDELIVERABLE, Disposition.OTHER, Disposition.NOT_ELIGIBLE,
)  # fmt: skip


@dataclass(frozen=True)
class Simulated:
    """A simulated deployment, and its tables as Polars reads them."""

    settings: Settings
    database: Database
    raw: Raw


def simulated(path: Path, seed: str, *, schools: int = 4) -> Simulated:
    """Schools of 95, 240, 7 and 95 people a generation; two generations, frozen and gathered.

    Args:
        path: an empty SQLite database with every table.
        seed: of chance.
        schools: how many.
    """
    settings = settings_for(f"sqlite:///{path}")
    database = Database(make_engine(settings.database_url, DATA_KEYS))
    plan = WorldPlan(seed, schools, COHORTS, NOW)
    with database.unit_of_work() as session:
        keys = match_keys(DATA_KEYS)
        ground = prepare(session, plan, post_office(settings), keys, assumed=parameters())
        for school in ground.schools:
            load_school(session, ground, school)
        move_windows(session, ground)
    worker = Deployment(settings, database, lambda: NOW)
    freeze_editions(worker)
    take_cuts(worker)
    gather_counts(worker)
    return Simulated(settings, database, raw_of(database))


def raw_of(database: Database) -> Raw:
    """The tables as they are now."""
    with database.reading() as session:
        return read_raw(session.connection())


def people_by_lot(seed: int, size: int, number: int) -> list[Someone]:
    """People of a school of a random kind, who answer each question with anything it takes."""
    chance = random.Random(seed)
    track = chance.choice("123")
    return [_somebody(chance, number, track) for _ in range(size)]


def _somebody(chance: random.Random, number: int, track: str) -> Someone:
    disposition = chance.choice(DISPOSITIONS)
    answers = {
        n: _answers(chance, questionnaires()[n], track)
        for n in range(1, number + 1)
        if (chance.random() < 0.7 if n < number else disposition in {COMPLETE, Disposition.PARTIAL})
    }
    confirmed = disposition is Disposition.NOT_ELIGIBLE or chance.random() < 0.7
    sex = chance.choice("HMX")
    return Someone(answers, disposition=disposition, confirmed=confirmed, sex=sex, track=track)


def _answers(chance: random.Random, asked: Questionnaire, track: str) -> dict[str, object]:
    given: dict[str, object] = {"tipo_bachillerato": int(track)}
    for leaf in asked.variables.values():
        if chance.random() < 0.9:
            given[leaf.name] = _answer(chance, leaf)
    kept: dict[str, object] = {}
    for name, value in walk(asked, given).answers.items():
        if isinstance(value, MissingCode | Unreadable) or value is None:
            continue
        if asked.variables[name].store is Store.RESPONSE:
            kept[name] = to_stored(value).value
    return kept


def _answer(chance: random.Random, leaf: Leaf) -> object:
    if leaf.exits and chance.random() < 0.1:
        return EXITS[chance.choice(leaf.exits)]
    if leaf.kind is Kind.CHOICE:
        return chance.choice(leaf.choices).code
    if leaf.kind is Kind.MULTIPLE:
        codes = [choice.code for choice in leaf.choices]
        return chance.sample(codes, chance.randint(1, min(3, len(codes))))
    if leaf.kind is Kind.INTEGER:
        low, high = (bound if isinstance(bound, int) else 10 for bound in
                     (leaf.minimum or 0, leaf.maximum))  # fmt: skip
        return chance.randint(low, high)
    if leaf.kind is Kind.MONTH:
        return chance.choice(JOB_MONTHS)
    texts: Mapping[str, Sequence[str]] = {"municipio_residencia": TOWNS}
    return chance.choice(texts.get(leaf.name, SCHOOLS))
