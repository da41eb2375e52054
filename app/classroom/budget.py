"""How often somebody may be wrong in a class, and what an attacker gets out of it (SEC-26, 27).

A matrícula with a date of birth identifies, it does not prove: the code of the class is the gate.
Tries are counted by class and by what was typed as matrícula, never by network address: fifty
telephones of one school share one.
"""

from fractions import Fraction

TRIES_EACH = 5  # wrong tries with one matrícula in one class, then staff unlock it
TRIES_ALL = 60  # wrong tries of everybody in one class, then staff unlock the class
BIRTH_DATES = 1095  # days of three birth years, what an attacker must choose from


def is_locked(*, own: int, all_: int) -> bool:
    """Whether nobody compares anything any more. `own`: wrong tries with this matrícula."""
    return own >= TRIES_EACH or all_ >= TRIES_ALL


def chance_on_one(dates: int = BIRTH_DATES) -> Fraction:
    """Of entering as one student whose matrícula is known, before staff look up."""
    return Fraction(TRIES_EACH, dates)


def expected_students(dates: int = BIRTH_DATES) -> Fraction:
    """Expected number of students entered by spending the whole budget of a class.

    Each try hits one student with probability 1 / dates, whichever matrículas they are spent on.
    """
    return Fraction(TRIES_ALL, dates)
