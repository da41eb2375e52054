"""Whether two descriptions are of the same person, with the reason in words."""

from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from app.directory.people import PersonName

_CLOSE = 0.86  # share of letters in common above which a name is the same, misspelt


class Likeness(StrEnum):
    """How sure we are. Only SAME and LIKELY are ever joined without asking."""

    SAME = "same"
    LIKELY = "likely"  # joined, and said so
    CONTRADICTORY = "contradictory"  # a person decides
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class Identity:
    """What tells people apart. `student_id` only counts within one school."""

    name: PersonName
    curp: str | None = None
    student_id: str | None = None
    birth_date: str | None = None  # ISO 8601


@dataclass(frozen=True, slots=True)
class Comparison:
    """A verdict and its explanation, in Spanish, for the person who decides."""

    likeness: Likeness
    explanation: str


def same_person(one: Identity, other: Identity, *, same_cohort: bool = True) -> Comparison:
    """Whether two rows of one school speak of the same person."""
    if one.curp and one.curp == other.curp:
        if similar_names(one.name, other.name):
            return Comparison(Likeness.SAME, "Tiene la misma CURP.")
        return Comparison(Likeness.CONTRADICTORY, "Tiene la misma CURP pero otro nombre.")
    if one.student_id and one.student_id == other.student_id:
        return _by_student_id(one, other)
    return _by_name(one, other, same_cohort=same_cohort)


def similar_names(one: PersonName, other: PersonName) -> bool:
    """The same name with a part missing, in another order, or misspelt."""
    left, right = one.search, other.search
    if left == right:
        return True
    words, others = set(left.split()), set(right.split())
    if len(words & others) >= 2 and (words <= others or others <= words):
        return True
    return SequenceMatcher(None, left, right, autojunk=False).ratio() >= _CLOSE


def _by_student_id(one: Identity, other: Identity) -> Comparison:
    similar = similar_names(one.name, other.name)
    if similar and one.curp and other.curp:
        return Comparison(
            Likeness.LIKELY, "Tiene la misma matrícula y el mismo nombre, con otra CURP."
        )
    if similar:
        return Comparison(Likeness.SAME, "Tiene la misma matrícula.")
    return Comparison(Likeness.CONTRADICTORY, "Tiene la misma matrícula pero otro nombre.")


def _by_name(one: Identity, other: Identity, *, same_cohort: bool) -> Comparison:
    if one.name.search != other.name.search or (one.curp and other.curp):
        return Comparison(Likeness.DIFFERENT, "Son personas distintas.")
    other_number = bool(one.student_id and other.student_id)
    if one.birth_date and other.birth_date:
        if one.birth_date != other.birth_date:
            return Comparison(Likeness.DIFFERENT, "Se llaman igual y nacieron en fechas distintas.")
        if other_number:
            return Comparison(
                Likeness.CONTRADICTORY,
                "Tiene el mismo nombre y la misma fecha de nacimiento, con otra matrícula.",
            )
        return Comparison(Likeness.SAME, "Tiene el mismo nombre y la misma fecha de nacimiento.")
    if other_number or not same_cohort:
        return Comparison(Likeness.DIFFERENT, "Se llaman igual; nada más las une.")
    return Comparison(
        Likeness.LIKELY, "Tiene el mismo nombre en la misma generación; faltan CURP o matrícula."
    )
