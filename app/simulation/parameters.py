"""The assumptions of the simulation, read from one labelled file (parameters.yaml)."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, PlainValidator, TypeAdapter

from app.chronology.contact_plan import Step
from app.simulation.chance import Weighted, weighted


def _codes(raw: object) -> Weighted[int]:
    return weighted(TypeAdapter(dict[int, float]).validate_python(raw))


def _names(raw: object) -> Weighted[str]:
    return weighted(TypeAdapter(dict[str, float]).validate_python(raw))


def _steps(raw: object) -> Mapping[Step, float]:
    return TypeAdapter(dict[Step, float]).validate_python(raw)


Codes = Annotated[Weighted[int], PlainValidator(_codes)]
Names = Annotated[Weighted[str], PlainValidator(_names)]
ByStep = Annotated[Mapping[Step, float], PlainValidator(_steps)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PeopleParameters(_Part):
    """Who is on the lists. Shares from 0 to 1, here and below."""

    sex: Names
    age_at_exit: Codes
    born_elsewhere: float
    two_given_names: float
    second_surname_missing: float
    curp_missing: float
    birth_date_missing: float
    guardian_consent: float
    grade_average: tuple[float, float]
    moves: float


class SchoolParameters(_Part):
    """Which schools there are beyond the three of the demonstration."""

    track: Codes
    graduates: Codes
    group_size: int


class StandingParameters(_Part):
    """What control escolar says after the exit; the rest stays unconfirmed."""

    graduated: float
    denied: float


class ContactParameters(_Part):
    """Ways to reach people, and the questionnaire in which each is gone (9: alive)."""

    school_mail: float
    personal_mail: float
    mobile: float
    whatsapp: float
    school_mail_ends: Codes
    personal_mail_ends: Codes
    mobile_ends: Codes
    gives_mail: float
    gives_mobile: float
    gives_alternate: float
    renews: float


class ResponseParameters(_Part):
    """Who answers, when, and how far they get. By questionnaire where it says so."""

    class_attendance: float
    follow_up: dict[int, float]
    without_mail: dict[int, float]
    answers_after: ByStep
    delay_hours: float
    ending: Names
    class_ending: Names
    opts_out: float
    refuses_by_phone: float
    pace: tuple[float, float]
    blank: float
    way_out: float
    comment: float


class LifeParameters(_Part):
    """Plans, and what becomes of them. `…_by_plan`: by the code of plan_egreso."""

    works_at_school: Codes
    plan: Codes
    enters_by_plan: dict[int, float]
    short_cycle: float
    other_studies: Codes
    works_by_plan: dict[int, float]
    works_more_outside: float
    kind_of_work: Codes
    stays: float
    changes_programme: float
    enters_later: float
    still_works: float
    starts_working: dict[str, float]
    worked_meanwhile: dict[int, float]
    job_before_exit: dict[str, float]


class OpenAnswerParameters(_Part):
    """Answers that are made of several draws."""

    reason: Codes
    second_reason: Codes
    has_second_reason: float
    hours: Codes
    hours_at_school: Codes
    social_security: float
    no_benefits: float
    wants: Codes


class Parameters(_Part):
    """Everything assumed. `answers`: weights of the codes of a variable, or `variable@wave`."""

    people: PeopleParameters
    schools: SchoolParameters
    standing: StandingParameters
    contacts: ContactParameters
    response: ResponseParameters
    life: LifeParameters
    answers: dict[str, Codes]
    open_answers: OpenAnswerParameters

    def weights_of(self, variable: str, questionnaire: int) -> Weighted[int] | None:
        """Weights of a variable's codes in this questionnaire, where there are any."""
        return self.answers.get(f"{variable}@{questionnaire}") or self.answers.get(variable)


def read_parameters(text: str) -> Parameters:
    """The parameters of a file.

    Raises:
        ValueError: something is missing, unknown or no number.
    """
    return Parameters.model_validate(yaml.safe_load(text))


@cache
def parameters() -> Parameters:
    """Those that ship with the program."""
    return read_parameters((files("app.simulation") / "parameters.yaml").read_text("utf-8"))
