"""Load a simulated world: the ground first, then school by school, in the caller's transactions.

Refuses a database in which somebody real might be.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import insert
from sqlmodel import Session, col, select

from app.chronology.calendar import local_midnight
from app.chronology.wave_plan import Cohort
from app.db import marks
from app.directory.keyed import MatchKeys
from app.directory.notices import Institution, default_notice, publish_notice
from app.directory.tables import CalendarName, CohortRow, PanelMember
from app.errors import AppError
from app.fieldwork.stationery import PostOffice
from app.fieldwork.tables import Case
from app.fieldwork.windows import Move, move_window
from app.messaging.past import PastMessage, remember
from app.questionnaires.format import Questionnaire
from app.questionnaires.library import source_files
from app.questionnaires.publication import fetch, publish
from app.responses.tables import Answer, Response
from app.settings import Environment, Settings
from app.simulation.curps import CurpRegistry
from app.simulation.generations import Place, first_list, generation, opened
from app.simulation.mailbox import fill_mailbox
from app.simulation.parameters import Parameters
from app.simulation.people import Roster, afternoon
from app.simulation.plans import REASON, WorldPlan
from app.simulation.rows import Ids, Rows, Tools
from app.simulation.schools import NATION, School, schools, units_csv
from app.units.importing import import_units
from app.units.profiles import ProfileText, store_profile
from app.units.tables import OrganisationUnit, Programme, Shift, StudentGroup

LOADING = "loading"  # value of the mark until everything is in
_EARLIER = timedelta(days=5)  # notice and questionnaires are published before the first list


class RealPeople(AppError):
    """The database holds a school or somebody who is not simulated."""

    code = "simulation.real_people"
    status = 409
    plantilla = (
        "Esta base de datos tiene escuelas o personas reales, y no se mezclan con simuladas. "
        "Use otra base: cambie TRAYECTO_DATA_DIR o TRAYECTO_DATABASE_URL."
    )


class AlreadySimulated(AppError):
    """The database holds a simulated world already."""

    code = "simulation.already_loaded"
    status = 409
    plantilla = (
        "Esta base de datos ya tiene datos simulados. Para simular otra vez use una base vacía: "
        "cambie TRAYECTO_DATA_DIR o TRAYECTO_DATABASE_URL."
    )


class OnlyInDevelopment(AppError):
    """Production never holds people who do not exist."""

    code = "simulation.production"
    status = 409
    plantilla = (
        "En producción no se cargan datos simulados. Use TRAYECTO_ENVIRONMENT=development y una "
        "base de datos aparte."
    )


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was written."""

    schools: int = 0
    members: int = 0
    waves: int = 0
    cases: int = 0
    responses: int = 0
    answers: int = 0
    messages: int = 0

    def __add__(self, other: "Loaded") -> "Loaded":
        return Loaded(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class Ground:
    """What every school stands on."""

    plan: WorldPlan
    schools: tuple[School, ...]
    units: Mapping[str, tuple[UUID, str]]  # by code: id, time zone
    versions: Mapping[int, UUID]
    questionnaires: Mapping[int, Questionnaire]
    notice: UUID
    tools: Tools
    assumed: Parameters
    registry: CurpRegistry


def refuse_unfit(session: Session, settings: Settings) -> None:
    """Refuse production, and any database with people in it.

    Raises:
        OnlyInDevelopment: this is production.
        RealPeople: somebody is not simulated.
        AlreadySimulated: a world was loaded before, or began to be.
    """
    if settings.environment is Environment.PRODUCTION:
        raise OnlyInDevelopment
    real = select(PanelMember.id).where(col(PanelMember.simulated).is_(False)).limit(1)
    if session.exec(real).first() is not None:
        raise RealPeople
    if marks.marked(session, marks.SIMULATED) is not None:
        raise AlreadySimulated
    if session.exec(select(OrganisationUnit.id).limit(1)).first() is not None:
        raise RealPeople


def prepare(
    session: Session,
    plan: WorldPlan,
    office: PostOffice,
    match: MatchKeys,
    *,
    assumed: Parameters,
) -> Ground:
    """Mark the database; write units, sender, privacy notice and questionnaires."""
    marks.mark(session, marks.SIMULATED, LOADING, now=plan.now)
    world = schools_of(plan, assumed)
    refused = import_units(session, units_csv(world)).rejected
    if refused:
        raise ValueError(f"the simulated tree is not one: {refused[0]}")
    units = _units(session)
    published_at = _begins(plan, world, units) - _EARLIER
    nation = units[NATION][0]
    versions = {
        source.number: publish(session, source.text, now=published_at, file=source.name).id
        for source in source_files()
    }
    questionnaires = {number: fetch(session, version) for number, version in versions.items()}
    notice = publish_notice(session, nation, default_notice(_INSTITUTION), now=published_at)
    store_profile(session, nation, _PROFILE, now=published_at)
    return Ground(
        plan=plan,
        schools=world,
        units=units,
        versions=versions,
        questionnaires=questionnaires,
        notice=notice,
        tools=Tools(office.link_keys, match, office.mail_domain, questionnaires),
        assumed=assumed,
        registry=CurpRegistry(),
    )


def schools_of(plan: WorldPlan, assumed: Parameters) -> tuple[School, ...]:
    """The schools of a world, the same whenever they are asked for."""
    return schools(_stream(plan.seed, "schools"), plan.schools, assumed.schools)


def load_school(
    session: Session, ground: Ground, school: School, office: PostOffice | None = None
) -> Loaded:
    """Write a school with all its generations; with `office`, its newest letters too."""
    school_id, zone = ground.units[school.code]
    programmes = _programmes(session, school, school_id)
    total = Loaded(schools=1)
    for cohort in ground.plan.cohorts:
        done, messages = _load_cohort(session, ground, Place(school, zone), cohort, programmes)
        total += done
        if office is not None:
            fill_mailbox(session, office, messages)
    return total


def move_windows(session: Session, ground: Ground) -> None:
    """Write down the windows that the plan moved, once the generations are there."""
    for moved in ground.plan.moved:
        school = ground.schools[moved.school or 0]
        code = school.state.code if moved.school is None else school.code
        unit_id, zone = ground.units[code]
        at = local_midnight(moved.period.opens, zone) - timedelta(days=1)
        move_window(session, unit_id, Move(moved.cohort, moved.period, REASON), now=at)


def finish(session: Session, plan: WorldPlan, *, kind: str) -> None:
    """The world is whole: say what it is (one word) and how it was made."""
    value = f"{kind} seed={plan.seed} schools={plan.schools} now={plan.now.isoformat()}"
    marks.mark(session, marks.SIMULATED, value[:400], now=plan.now)


def _load_cohort(
    session: Session,
    ground: Ground,
    place: Place,
    cohort: Cohort,
    programmes: Sequence[UUID],
) -> tuple[Loaded, Sequence[PastMessage]]:
    school_id = ground.units[place.school.code][0]
    lived = generation(
        _stream(ground.plan.seed, f"{place.school.number}/{cohort}"),
        ground.plan,
        place,
        cohort,
        questionnaires=ground.questionnaires,
        assumed=ground.assumed,
        registry=ground.registry,
    )
    row = CohortRow(
        school_id=school_id,
        entered=cohort.entered,
        leaves=cohort.leaves,
        calendar=CalendarName.SEP,
        exit_month=7,
    )
    session.add(row)
    session.flush()
    ids = Ids(
        school=school_id,
        cohort=row.id,
        groups=_groups(session, school_id, lived.roster),
        programmes=programmes,
        versions=ground.versions,
        notice=ground.notice,
    )
    rows = Rows(lived, place.school.track, ids, ground.tools)
    rows.write(session)
    remember(session, rows.messages)
    counts = Loaded(
        members=rows.count(PanelMember),
        waves=len(lived.timelines),
        cases=rows.count(Case),
        responses=rows.count(Response),
        answers=rows.count(Answer),
        messages=len(rows.messages),
    )
    # Only letters of waves that are open are worth reading: the links of the others are closed.
    return counts, [m for m in rows.messages if m.not_after > ground.plan.now]


def _programmes(session: Session, school: School, school_id: UUID) -> list[UUID]:
    rows = [
        Programme(school_id=school_id, name=name, track=str(school.track))
        for name in school.programmes
    ]
    session.add_all(rows)
    session.flush()
    return [row.id for row in rows]


def _groups(session: Session, school_id: UUID, people: Roster) -> list[UUID]:
    ids = [uuid4() for _ in people.groups]
    late = [afternoon(place, len(people.groups)) for place in range(len(people.groups))]
    session.connection().execute(
        insert(StudentGroup),
        [
            {
                "id": identifier,
                "school_id": school_id,
                "cohort": str(people.cohort),
                "name": name,
                "shift": Shift.AFTERNOON if afternoon_group else Shift.MORNING,
            }
            for identifier, name, afternoon_group in zip(ids, people.groups, late, strict=True)
        ],
    )
    return ids


def _units(session: Session) -> dict[str, tuple[UUID, str]]:
    rows = session.exec(
        select(OrganisationUnit.code, OrganisationUnit.id, OrganisationUnit.time_zone)
    )
    return {code: (identifier, zone) for code, identifier, zone in rows}


def _begins(
    plan: WorldPlan, world: Sequence[School], units: Mapping[str, tuple[UUID, str]]
) -> datetime:
    """When the first list of anybody was loaded."""
    return min(
        first_list(plan, opened(plan, Place(school, units[school.code][1]), cohort))
        for school in world
        for cohort in plan.cohorts
    )


def _stream(seed: str, name: str) -> random.Random:
    """A stream of chance of its own for each part: adding a school changes no other."""
    return random.Random(f"{seed}/{name}")  # noqa: S311  # invents people, guards nothing


_INSTITUTION = Institution(
    name="Dirección de Educación Media Superior (institución simulada)",
    address="Calle de la Demostración 1, Ciudad Simulada",
    legal_basis=(
        "Ley aplicable a la institución, artículos que correspondan (texto de demostración, "
        "no lo use)"
    ),
    transparency_office="Unidad de Transparencia (simulada), transparencia@institucion.test",
    notice_url="https://institucion.test/aviso",
)
_PROFILE = ProfileText(
    sender_name="Seguimiento de egresados (simulado)",
    reply_to="seguimiento@institucion.test",
    footer="Datos simulados: esta institución y estas personas no existen.",
    contact="seguimiento@institucion.test",
)
