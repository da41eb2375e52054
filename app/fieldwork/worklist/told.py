"""Who may tell of a person in their place. Kept apart from answers (domain.md R10)."""

from enum import StrEnum


class ToldBy(StrEnum):
    """The source of a situation. The values are those of `fuente`, and of `case.source`."""

    FAMILY = "familiar"
    TEACHER = "docente"
    INSTITUTION = "institución"


TOLD_BY_WORDS = {
    ToldBy.FAMILY: "Un familiar",
    ToldBy.TEACHER: "Un docente",
    ToldBy.INSTITUTION: "Una institución",
}
