"""What becomes of a person: the plan, and the situation at Questionnaires 2 and 3.

Decided once, so that the answers of three questionnaires agree with each other.
Codes are those of `plan_egreso`, `estudia`, `trabaja`, `busca_trabajo`.
"""

from dataclasses import dataclass

from app.simulation.chance import Chance, happens, waiting, whole
from app.simulation.parameters import Parameters

OTHER_STUDIES, NO_STUDIES = 3, 5
NO_WORK = 4
MONTHS = {2: 3, 3: 15}  # from the exit to the window of the questionnaire
IN_HIGHER = frozenset({1, 2})


@dataclass(frozen=True, slots=True)
class Situation:
    """How somebody stands when a questionnaire asks."""

    studies: int
    works: int
    job_since_exit: bool
    entered_higher: bool  # at some time
    same_programme: bool = True
    entered_before: bool = False  # before the present school year

    @property
    def in_higher(self) -> bool:
        return self.studies in IN_HIGHER

    @property
    def working(self) -> bool:
        return self.works != NO_WORK


@dataclass(frozen=True, slots=True)
class Life:
    """A person from the last term to a year and a half later."""

    works_at_school: int
    plan: int
    second: Situation
    third: Situation
    job_before_exit: bool
    first_job_month: int  # months from the exit to the first job after it
    institution: int
    programme: int
    occupation: int

    def at(self, questionnaire: int) -> Situation:
        """The situation at Questionnaire 2 or 3."""
        return self.second if questionnaire == 2 else self.third


def draw_life(chance: Chance, assumed: Parameters) -> Life:
    """A life, plausible as a whole."""
    life = assumed.life
    plan = life.plan.draw(chance)
    at_school = life.works_at_school.draw(chance)
    second = _second(chance, assumed, plan)
    third = _third(chance, assumed, second)
    before = life.job_before_exit["works" if at_school in {1, 2} else "other"]
    return Life(
        works_at_school=at_school,
        plan=plan,
        second=second,
        third=third,
        job_before_exit=happens(chance, before),
        first_job_month=_first_job_month(chance, second),
        institution=whole(chance, 0, 999),
        programme=whole(chance, 0, 999),
        occupation=whole(chance, 0, 999),
    )


def _first_job_month(chance: Chance, second: Situation) -> int:
    """Soon after the exit for most; between the two questionnaires if not before the first."""
    earliest, latest = (0, MONTHS[2]) if second.job_since_exit else (MONTHS[2] + 1, MONTHS[3])
    month = earliest + int(waiting(chance, 2.0))
    return month if month <= latest else whole(chance, earliest, latest)


def _second(chance: Chance, assumed: Parameters, plan: int) -> Situation:
    life = assumed.life
    enters = happens(chance, life.enters_by_plan[plan])
    if enters:
        studies = 2 if happens(chance, life.short_cycle) else 1
    else:
        studies = life.other_studies.draw(chance)
    works_share = life.works_by_plan[plan] + (0.0 if enters else life.works_more_outside)
    works = life.kind_of_work.draw(chance) if happens(chance, works_share) else NO_WORK
    meanwhile = happens(chance, life.worked_meanwhile[2])
    return Situation(
        studies=studies,
        works=works,
        job_since_exit=works != NO_WORK or meanwhile,
        entered_higher=enters,
    )


def _third(chance: Chance, assumed: Parameters, second: Situation) -> Situation:
    life = assumed.life
    inside = happens(chance, life.stays if second.in_higher else life.enters_later)
    if inside:
        studies = second.studies if second.in_higher else 1
    else:
        studies = life.other_studies.draw(chance)
    starts = life.starts_working["studies" if inside else "other"]
    works_share = life.still_works if second.working else starts
    works = life.kind_of_work.draw(chance) if happens(chance, works_share) else NO_WORK
    meanwhile = happens(chance, life.worked_meanwhile[3])
    return Situation(
        studies=studies,
        works=works,
        job_since_exit=second.job_since_exit or works != NO_WORK or meanwhile,
        entered_higher=second.entered_higher or inside,
        same_programme=not happens(chance, life.changes_programme),
        entered_before=second.in_higher,
    )
