"""One person's row for analysis: this wave, the earlier ones, and what only both tell.

A row maps names to codes: answers and derived variables of the wave under their own names, those
of an earlier wave after `q1_` or `q2_`, and what school control knows (`sexo`, `turno`,
`tipo_bachillerato`, `municipio_plantel`, …). No name, contact or free text belongs here.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from operator import attrgetter

from app.analytics.outcomes import Answer, Answers, Derived, code, derive, first_job

Value = int | str | frozenset[int] | None
Row = Mapping[str, Value]

INCOME_BANDS = range(1, 7)  # codes of bandas_sm
RATINGS = range(1, 6)  # codes of cuanto5
SKILLS = (
    "comunicacion",
    "matematicas",
    "digital",
    "ingles",
    "equipo",
    "aprender",
    "problemas",
    "tecnica",
)


def panel_row(
    wave: int,
    answers: Mapping[int, Answers],
    roster: Answers,
    *,
    graduated: date | None = None,
    interviewed: Mapping[int, date] | None = None,
) -> dict[str, Value]:
    """The row of one person in `wave` (questions.md; linked variables of domain.md 3.2 to 3.6).

    Args:
        wave: 1, 2 or 3.
        answers: those of each wave answered, by its number; later waves are ignored.
        roster: what school control knows, with `municipio_plantel` (five digits).
        graduated: `fecha_egreso`, for the wait until the first job.
        interviewed: day of each wave answered.

    Raises:
        ValueError: an answer of the wrong type, or a wave that was not answered.
    """
    if wave not in answers:
        raise ValueError(f"nothing was answered in wave {wave}")
    row = _values(roster)
    for earlier in range(1, wave):
        told = _own(earlier, answers.get(earlier, {}))
        row.update(zip(map(_PREFIXED[earlier].__getitem__, told), told.values(), strict=True))
    row |= _own(wave, answers[wave])
    if wave > 1:
        row["enlazado"] = int(wave - 1 in answers)
    row |= _moves(row) | _studies(wave, row) | _plan_kept(row) | _skill_gaps(row)
    if graduated is not None and wave > 1:
        days = {w: day for w, day in (interviewed or {}).items() if 1 < w <= wave}
        third = answers.get(3) if wave == 3 else None
        wait = first_job(answers.get(2), third, graduated=graduated, interviewed=days)
        row |= {
            "previo": wait.previo,
            "espera_meses": wait.espera_meses,
            "espera_evento": wait.espera_evento,
            "espera_tiempo": wait.espera_tiempo,
        }
    return row


class _Prefixed(dict[str, str]):
    """Names of variables as a later wave has them, each made once."""

    def __init__(self, wave: int) -> None:
        super().__init__()
        self._wave = wave

    def __missing__(self, name: str) -> str:
        return self.setdefault(name, f"q{self._wave}_{name}")


_PREFIXED = {wave: _Prefixed(wave) for wave in (1, 2)}
_DERIVED = tuple(field.name for field in fields(Derived))
_derived = attrgetter(*_DERIVED)


def _own(wave: int, answers: Answers) -> dict[str, Value]:
    own = _values(answers)
    if wave > 1:
        own.update(zip(_DERIVED, _derived(derive(answers)), strict=True))
    return own


def _values(answers: Answers) -> dict[str, Value]:
    return {name: _value(answer) for name, answer in answers.items()}


def _value(answer: Answer) -> Value:
    if answer is None or isinstance(answer, int | str):
        return answer
    if isinstance(answer, date):
        return answer.isoformat()
    return frozenset(answer) or None


def _moves(row: Row) -> dict[str, Value]:
    """S7: living in another municipality, or another state, than that of the school."""
    school, home = row.get("municipio_plantel"), row.get("municipio_residencia")
    if not isinstance(school, str) or not isinstance(home, str):
        return {"mudanza": None, "mudanza_estado": None}
    return {"mudanza": int(home != school), "mudanza_estado": int(home[:2] != school[:2])}


def _studies(wave: int, row: Row) -> dict[str, Value]:
    """H2 with its answers apart, H3 against the first choice of Q1, H6 against Q2."""
    enrolled = row.get("estudia_es")
    intento = code(row, "intento_ingreso")
    demand = 0 if enrolled == 1 else intento if intento in {1, 2, 3} else None
    chosen, actual = _plain(row.get("q1_ies_primera_opcion")), _plain(row.get("ies_nombre"))
    was_enrolled = wave == 3 and row.get("q2_estudia") in {1, 2} and enrolled is not None
    return {
        "demanda": demand,
        "en_primera_opcion_q1": int(chosen == actual) if enrolled and chosen and actual else None,
        "permanece": enrolled if was_enrolled else None,
    }


def _plan_kept(row: Row) -> dict[str, Value]:
    """X2 and X4: what happened against what Q1 said (for waves 2 and 3)."""
    plan, situacion = row.get("q1_plan_egreso"), row.get("situacion")
    paid, expected = row.get("ingreso_mensual"), row.get("q1_ingreso_esperado")
    linked = plan in {1, 2, 3, 4} and situacion is not None
    gap = (
        paid - expected
        if isinstance(paid, int)
        and isinstance(expected, int)
        and {paid, expected} <= set(INCOME_BANDS)
        else None
    )
    return {"plan_cumplido": int(plan == situacion) if linked else None, "brecha_ingreso": gap}


def _skill_gaps(row: Row) -> dict[str, Value]:
    """C3: what the job or study asks for (Q3) less what the school gave (Q2, else Q1)."""
    gaps: dict[str, Value] = {}
    for skill in SKILLS:
        asked = _rating(row, f"competencias_uso_{skill}")
        second = _rating(row, f"q2_competencias_{skill}")
        given = _rating(row, f"q1_competencias_{skill}") if second is None else second
        gaps[f"brecha_{skill}"] = None if asked is None or given is None else asked - given
    return gaps


def _rating(row: Row, variable: str) -> int | None:
    answer = code(row, variable)
    return answer if answer in RATINGS else None


def _plain(name: Value) -> str:
    """An institution's name for comparison: no accents, case or double spaces."""
    if not isinstance(name, str):
        return ""
    letters = unicodedata.normalize("NFKD", name.casefold())
    return " ".join("".join(c for c in letters if not unicodedata.combining(c)).split())
