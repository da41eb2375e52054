"""What the answers of one person say: situation, work, placement, the wait for a first job.

Source: questions.md, "Derived variables", whose Spanish names are kept because they travel in
exports. Answers are by variable; a question not shown, left blank or answered with a typed
missing is None; 97, 98 and 99 are codes of choice lists. What cannot be known is None.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

Answer = int | str | date | Collection[int] | None
Answers = Mapping[str, Answer]

COMPETITIVE_HOURS = 20  # hours a week: IDEA Indicator 14, from memory, hence a setting
FULL_TIME_HOURS = 35  # hours a week: domain.md L8
SOCIAL_SECURITY = 1  # of `prestaciones`


@dataclass(frozen=True, slots=True)
class Derived:
    """Derived variables of one person in one wave: 1, 0 or None, unless said otherwise."""

    estudia_es: int | None
    estudia_algo: int | None
    ocupado: int | None
    desocupado: int | None
    pea: int | None
    situacion: int | None  # 1 studies, 2 works, 3 both, 4 neither
    ninguna_estricta: int | None  # neither, and neither seeking work nor a place (S4b)
    colocado: int | None
    jerarquia_14: str | None  # ES, EMP, OTRA_ED, OTRO_EMP, SIN: the first that holds
    demanda_h2: int | None
    jornada_compl: int | None
    con_ss: int | None


@dataclass(frozen=True, slots=True)
class FirstJob:
    """The wait for the first job that began after leaving school (L10)."""

    previo: int | None  # 1: had a job when leaving
    primer_empleo: date | None  # first day of its month
    espera_meses: int | None  # months, the same month is 0
    espera_evento: int | None  # 1 found, 0 still waiting when last seen, None outside
    espera_tiempo: int | None  # months: to the event, or to the last interview


def derive(answers: Answers, *, hours_cut: int = COMPETITIVE_HOURS) -> Derived:
    """Derived variables of one questionnaire 2 or 3 (questions.md, "Derived variables").

    Args:
        answers: by variable of questions.md.
        hours_cut: weekly hours from which a job counts as EMP in `jerarquia_14`.
    """
    estudia, trabaja = code(answers, "estudia"), code(answers, "trabaja")
    estudia_algo = _in(estudia, {1, 2, 3, 4})
    ocupado = _in(trabaja, {1, 2, 3})
    desocupado = _unemployed(trabaja, code(answers, "busca_trabajo"))
    situacion = _situation(estudia_algo, ocupado)
    return Derived(
        estudia_es=_in(estudia, {1, 2}),
        estudia_algo=estudia_algo,
        ocupado=ocupado,
        desocupado=desocupado,
        pea=_either(ocupado, desocupado),
        situacion=situacion,
        ninguna_estricta=_neither_nor_seeking(situacion, answers),
        colocado=_placed(situacion, answers),
        jerarquia_14=None if situacion is None else _highest(answers, hours_cut),
        demanda_h2=_demand(estudia, code(answers, "intento_ingreso")),
        jornada_compl=_at_least(code(answers, "horas_semana"), FULL_TIME_HOURS),
        con_ss=_covered(answers.get("prestaciones")),
    )


def first_job(
    second: Answers | None,
    third: Answers | None,
    *,
    graduated: date,
    interviewed: Mapping[int, date],
) -> FirstJob:
    """The wait of one person, from whatever questionnaires 2 and 3 they answered.

    Source: questions.md, `previo` … `espera_tiempo`; domain.md L10.

    Args:
        second: answers of questionnaire 2; None if not answered.
        third: answers of questionnaire 3; None if not answered.
        graduated: `fecha_egreso`.
        interviewed: day of each answered wave, by its number.
    """
    waves = [wave for wave in (second, third) if wave is not None]
    had = {code(wave, "empleo_previo") for wave in waves}
    previo = 1 if 1 in had else 0 if 2 in had else None
    started = next((day for wave in waves if (day := month(wave, "primer_empleo"))), None)
    wait = _months(graduated, started) if started and previo == 0 else None
    if wait is not None and wait >= 0:
        return FirstJob(previo, started, wait, 1, wait)
    if waves and previo is None and interviewed and _still_waits(waves):
        watched = _months(graduated, max(interviewed.values()))
        return FirstJob(previo, started, None, 0, max(0, watched))
    return FirstJob(previo, started, None, None, None)


def code(answers: Answers, variable: str) -> int | None:
    """The answer as a whole number; None if missing.

    Raises:
        ValueError: an answer of another type.
    """
    answer = answers.get(variable)
    if answer is None or isinstance(answer, int):
        return answer
    raise ValueError(f"{variable} is not a number")


def codes(answers: Answers, variable: str) -> frozenset[int] | None:
    """The marks of a multiple choice; None if missing or blank.

    Raises:
        ValueError: an answer of another type.
    """
    answer = answers.get(variable)
    if answer is None:
        return None
    if isinstance(answer, Collection) and not isinstance(answer, str):
        return frozenset(answer) or None
    raise ValueError(f"{variable} is not a multiple choice")


def month(answers: Answers, variable: str) -> date | None:
    """First day of the month answered, stored as a date or as "2026-08"; None if missing.

    Raises:
        ValueError: no month.
    """
    answer = answers.get(variable)
    if answer is None or answer == "":
        return None
    if isinstance(answer, date):
        return answer.replace(day=1)
    if isinstance(answer, str):
        return date.fromisoformat(f"{answer[:7]}-01")
    raise ValueError(f"{variable} is not a month")


def _in(answer: int | None, wanted: Collection[int]) -> int | None:
    return None if answer is None else int(answer in wanted)


def _still_waits(waves: Sequence[Answers]) -> bool:
    """Whether the last wave tells of no job since leaving, and no wave of a job without a date."""
    last = waves[-1]
    none_now = code(last, "trabaja") == 4 and code(last, "trabajo_desde_egreso") == 2
    some_job = any(
        code(wave, "trabaja") in {1, 2, 3} or code(wave, "trabajo_desde_egreso") == 1
        for wave in waves
    )
    return none_now and not some_job


def _either(one: int | None, other: int | None) -> int | None:
    """1 if one of them holds, 0 if neither does, None if that is not known."""
    if 1 in {one, other}:
        return 1
    return None if None in {one, other} else 0


def _at_least(answer: int | None, bound: int) -> int | None:
    return None if answer is None else int(answer >= bound)


def _unemployed(trabaja: int | None, busca: int | None) -> int | None:
    """ENOE's logic as questions.md has it: no work, looked for it, could begin."""
    if trabaja is None or (trabaja == 4 and busca in {None, 98}):
        return None
    return int(trabaja == 4 and busca == 1)


def _situation(estudia_algo: int | None, ocupado: int | None) -> int | None:
    if estudia_algo is None or ocupado is None:
        return None
    return {(1, 0): 1, (0, 1): 2, (1, 1): 3, (0, 0): 4}[estudia_algo, ocupado]


def _neither_nor_seeking(situacion: int | None, answers: Answers) -> int | None:
    """S4b: seeking work by either question, or preparing for a place, is not counted."""
    if situacion is None:
        return None
    seeks = code(answers, "busca_trabajo") in {1, 2}
    prepares = code(answers, "actividad_otra") in {1, 2}
    return int(situacion == 4 and not seeks and not prepares)


def _placed(situacion: int | None, answers: Answers) -> int | None:
    """S5, among those whose situation is known: else only the placed would join the base."""
    if situacion is None:
        return None
    studies = code(answers, "estudia") in {1, 2, 3}
    works = code(answers, "trabaja") in {1, 2, 3}
    return int(studies or works or code(answers, "actividad_otra") == 4)


def _highest(answers: Answers, hours_cut: int) -> str:
    """The first of five states that holds; a blank equals no code (questions.md)."""
    estudia, trabaja = code(answers, "estudia"), code(answers, "trabaja")
    if estudia in {1, 2}:
        return "ES"
    hours = code(answers, "horas_semana") or 0
    if trabaja in {1, 3} and code(answers, "posicion") != 4 and hours >= hours_cut:
        return "EMP"
    if estudia in {3, 4}:
        return "OTRA_ED"
    return "OTRO_EMP" if trabaja in {1, 2, 3} else "SIN"


def _demand(estudia: int | None, intento: int | None) -> int | None:
    """Base of H2; who waits for a place or a result is outside, and shown apart."""
    if estudia in {1, 2} or intento in {1, 2, 3}:
        return 1
    return 0 if intento == 4 else None


def _covered(prestaciones: Answer) -> int | None:
    marks = codes({"prestaciones": prestaciones}, "prestaciones")
    if marks is None or marks <= {98, 99}:
        return None
    return int(SOCIAL_SECURITY in marks)


def _months(start: date, end: date) -> int:
    return (end.year - start.year) * 12 + end.month - start.month
