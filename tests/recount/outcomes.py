"""Every outcome of a wave counted again, from what people typed (domain.md 3.2 to 3.6).

Each figure says who counts and among whom as the definitions have it, in Polars; the registry of
the app is not read. `some`: asked of part of the graduates, so that its frame is scaled.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import polars as pl

from tests.recount.estimates import (
    Z,
    banded_median,
    half_waited,
    mean_interval,
    score_interval,
    waited,
)
from tests.recount.raw import ASPECTS, SKILLS, letters, months_between

Key = tuple[str, str]


@dataclass(frozen=True)
class Figure:
    """One figure, exact. `numerator` None for what is no share of persons."""

    numerator: int | None
    base: int
    value: float | None
    low: float | None = None
    high: float | None = None
    kind: str = "share"
    some: bool = False
    few_alike: bool = False  # of a mean: an answer of so few that its interval tells of them

    @property
    def share(self) -> Fraction | None:
        """The exact share, where it is one."""
        if self.numerator is None or not self.base:
            return None
        return Fraction(self.numerator, self.base)


@dataclass(frozen=True)
class Counted:
    """Shares over one base: by category who counts."""

    id: str
    base: pl.Expr
    parts: Mapping[str, pl.Expr]
    some: bool = False
    kind: str = "share"


def one_of(name: str, *codes: int) -> pl.Expr:
    """Whether the answer is one of these; not known is no."""
    return pl.col(name).is_in(codes).fill_null(value=False)


def marked(name: str, *codes: int) -> pl.Expr:
    """Whether one of the marks is among these."""
    hits = [pl.col(name).list.contains(code) for code in codes]
    return pl.any_horizontal(hits).fill_null(value=False)


def share(name: str, part: pl.Expr, base: pl.Expr, *, some: bool = False) -> Counted:
    """A yes among those who could say so."""
    return Counted(name, base, {"si": part}, some)


def each(
    name: str, variable: str, codes: Mapping[str, int], base: pl.Expr | None = None, *, some: bool
) -> Counted:
    """A distribution over codes."""
    known = one_of(variable, *codes.values())
    parts = {category: one_of(variable, code) for category, code in codes.items()}
    return Counted(name, known if base is None else known & base, parts, some)


def same(*codes: int) -> dict[str, int]:
    """Categories named by their code."""
    return {str(code): code for code in codes}


STUDIES, WORKS = one_of("estudia", 1, 2, 3, 4), one_of("trabaja", 1, 2, 3)
SAID = pl.col("estudia").is_not_null()
SAID_WORK = pl.col("trabaja").is_not_null()
KNOWN = SAID & SAID_WORK
ENROLLED = one_of("estudia", 1, 2)
IDLE = ~STUDIES & ~WORKS
SEEKS = one_of("trabaja", 4) & one_of("busca_trabajo", 1)
ACTIVE = WORKS | SEEKS
PARTICIPATION = WORKS | (one_of("trabaja", 4) & one_of("busca_trabajo", 1, 2, 3, 4))
TRIED = ENROLLED | one_of("intento_ingreso", 1, 2, 3)
TECHNICAL, GENERAL = pl.col("tipo").is_in(["2", "3"]), pl.col("tipo") == "1"
EMPLOYED = one_of("posicion", 1, 5)
SITUATIONS = {
    "solo_estudia": STUDIES & ~WORKS,
    "solo_trabaja": ~STUDIES & WORKS,
    "estudia_y_trabaja": STUDIES & WORKS,
    "ninguna": IDLE,
}
PLANS = {
    "solo_estudiar": 1, "solo_trabajar": 2, "estudiar_y_trabajar": 3, "ninguna": 4,
    "sin_decidir": 9,
}  # fmt: skip
REASONS = same(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 97)
SCALE = same(1, 2, 3, 4, 5)
HOME, SCHOOL = pl.col("municipio_residencia"), pl.col("municipality")
TOWNS = HOME.is_not_null() & SCHOOL.is_not_null()
ENOUGH_HOURS = 20
RATINGS, DIFFERENCES = range(1, 6), range(-4, 5)
LEAST, SMALL_GROUP = 5, 50  # persons
FULL_TIME = 35


def mentions(name: str, variable: str, codes: Mapping[str, int]) -> Counted:
    """Marks of a multiple choice, over those with one of them."""
    parts = {category: marked(variable, code) for category, code in codes.items()}
    some = variable != "apoyo_deseado"
    return Counted(name, marked(variable, *codes.values()), parts, some)


def _always(_: int) -> Iterator[Counted]:
    """Of every questionnaire."""
    rated, same_school = one_of("satisfaccion_global", 1, 2, 3, 4, 5), one_of("misma_escuela", 1)
    yield share("S7", HOME != SCHOOL, TOWNS)
    yield share("S7b", HOME.str.slice(0, 2) != SCHOOL.str.slice(0, 2), TOWNS)
    yield mentions("H5", "motivo_no_estudio", REASONS)
    yield share("C1t", one_of("satisfaccion_global", 4, 5), rated)
    yield each("C1d", "satisfaccion_global", SCALE, some=False)
    yield share("C4", same_school, one_of("misma_escuela", 1, 2, 3, 4))
    yield share("C4b", one_of("misma_escuela", 1, 2), one_of("misma_escuela", 1, 2, 3, 4))


def _aspects(rows: tuple[str, ...]) -> Iterator[Counted]:
    for row in rows:
        name = f"eval_formacion_{row}"
        yield share(f"C2t_{row}", one_of(name, 4, 5), one_of(name, 1, 2, 3, 4, 5))
        yield each(f"C2d_{row}", name, SCALE, some=False)


def _title() -> Counted:
    said = one_of("titulacion_tecnica", 1, 2, 3, 4) & TECHNICAL
    return share("L5b", one_of("titulacion_tecnica", 1), said, some=True)


def _first() -> Iterator[Counted]:
    yield each("X0", "plan_egreso", PLANS, some=False)
    yield share("X0b", one_of("plan_egreso", 1, 3), one_of("plan_egreso", 1, 2, 3, 4, 9))
    yield mentions("D4", "apoyo_deseado", same(1, 2, 3, 4, 5))
    yield from _aspects(ASPECTS)
    yield _title()


def _situation() -> Iterator[Counted]:
    yield Counted("S1", KNOWN, SITUATIONS)
    yield share("S2", STUDIES, KNOWN)
    yield share("S3", WORKS, KNOWN)
    yield share("S4", IDLE, KNOWN)
    looking = one_of("busca_trabajo", 1, 2) | one_of("actividad_otra", 1, 2)
    yield share("S4b", IDLE & ~looking, KNOWN)
    first, relation = one_of("primera_opcion", 1, 2, 3, 4), one_of("congruencia_estudio", 1, 2)
    yield share("H3", one_of("primera_opcion", 1), ENROLLED & first, some=True)
    yield share("H3b", one_of("primera_opcion", 1, 2), ENROLLED & first, some=True)
    names = pl.col("wanted_school").is_not_null() & pl.col("own_school").is_not_null()
    match = pl.col("wanted_school") == pl.col("own_school")
    yield share("H3c", match, ENROLLED & names, some=True)
    related = one_of("congruencia_estudio", 1, 2, 3, 4)
    yield share("H4", relation, ENROLLED & related, some=True)


def _work() -> Iterator[Counted]:
    related = one_of("relacion_trabajo_formacion", 1, 2)
    said = WORKS & one_of("relacion_trabajo_formacion", 1, 2, 3, 4)
    yield share("L1", WORKS, SAID_WORK)
    yield share("L1b", WORKS, SAID_WORK & SAID & ~STUDIES, some=True)
    yield share("L2", ACTIVE, PARTICIPATION)
    yield share("L3", SEEKS, ACTIVE, some=True)
    yield share("L4", related, said & TECHNICAL, some=True)
    yield share("L4g", related, said & GENERAL, some=True)
    level = EMPLOYED & one_of("nivel_requerido", 1, 2, 3, 4, 5)
    yield share("L5", one_of("nivel_requerido", 3, 4, 5), level, some=True)
    listed = EMPLOYED & marked("prestaciones", 1, 2, 3, 4)
    yield share("L6", marked("prestaciones", 1), listed, some=True)
    yield share("L6b", ~marked("prestaciones", 1), listed, some=True)
    paper = EMPLOYED & one_of("contrato", 1, 2, 3, 4)
    yield share("L7", one_of("contrato", 1, 2), paper, some=True)
    hours = WORKS & pl.col("horas_semana").is_not_null()
    yield share("L8b", pl.col("horas_semana") >= FULL_TIME, hours, some=True)
    yield each("L9", "ingreso_mensual", same(1, 2, 3, 4, 5, 6), some=True)
    yield share("L10c", pl.col("before") == 1, pl.col("before").is_not_null(), some=True)
    sectors = same(1, 2, 3, 4, 5, 6, 7, 8, 9, 97)
    yield each("L12", "sector", sectors, WORKS, some=True)


def _expected(number: int) -> Iterator[Counted]:
    there = pl.col(f"q{number - 1}_there").fill_null(value=False)
    yield share("X1e", there, pl.lit(value=True))
    plan = pl.col("q1_plan_egreso")
    code = pl.when(STUDIES & WORKS).then(3).when(STUDIES).then(1).when(WORKS).then(2).otherwise(4)
    yield share("X2", plan == code, KNOWN & one_of("q1_plan_egreso", 1, 2, 3, 4), some=True)
    gap = pl.col("ingreso_mensual") - pl.col("q1_ingreso_esperado")
    bands = (1, 2, 3, 4, 5, 6)
    both = one_of("ingreso_mensual", *bands) & one_of("q1_ingreso_esperado", *bands)
    parts = {"menos": gap < 0, "igual": gap == 0, "mas": gap > 0}
    yield Counted("X4", both, parts, some=True)


def _second() -> Iterator[Counted]:
    placed = one_of("estudia", 1, 2, 3) | WORKS | one_of("actividad_otra", 4)
    yield share("S5", placed, KNOWN)
    yield share("H1", ENROLLED, SAID)
    outcomes = {
        "inscrita": ENROLLED,
        "no_aceptada": ~ENROLLED & one_of("intento_ingreso", 1),
        "no_inscrita": ~ENROLLED & one_of("intento_ingreso", 2),
        "dejo": ~ENROLLED & one_of("intento_ingreso", 3),
    }
    yield Counted("H2", TRIED, outcomes, some=True)
    tries = {
        "con_lugar": one_of("intento_ingreso", 5),
        "espera": one_of("intento_ingreso", 6),
        "otra": one_of("intento_ingreso", 1, 2, 3, 4),
    }
    yield Counted("H2b", one_of("intento_ingreso", 1, 2, 3, 4, 5, 6), tries, some=True)
    yield share("X3", ENROLLED, SAID & one_of("q1_plan_egreso", 1, 3), some=True)
    yield share("X3b", ENROLLED, SAID & one_of("q1_plan_egreso", 2, 4, 9), some=True)
    yield each("L11", "medio_empleo", same(1, 2, 3, 4, 5, 6, 97), WORKS, some=True)


def _third() -> Iterator[Counted]:
    path = one_of("trayectoria_es", 1, 2, 3, 4, 5)
    was = one_of("q2_estudia", 1, 2)
    yield share("H1a", one_of("trayectoria_es", 1, 2, 3, 4), path)
    yield share("H6", ENROLLED, was & SAID, some=True)
    yield share("H6b", one_of("trayectoria_es", 2), was & path, some=True)
    enough = pl.col("horas_semana").fill_null(0) >= ENOUGH_HOURS
    job = one_of("trabaja", 1, 3) & ~one_of("posicion", 4) & enough
    a = ENROLLED
    b = a | job
    c = b | one_of("estudia", 3, 4) | WORKS
    yield Counted("S6", KNOWN, {"A": a, "B": b, "C": c})
    content = one_of("satisf_trabajo", 4, 5)
    yield share("C5t", content, one_of("satisf_trabajo", 1, 2, 3, 4, 5), some=True)
    yield from _aspects(("contenidos", "practicas", "orientacion"))
    yield _title()


def counted(number: int) -> Iterator[Counted]:
    """Every figure made of shares."""
    yield from _always(number)
    if number == 1:
        yield from _first()
        return
    yield from _situation()
    yield from _work()
    yield from _expected(number)
    yield from _second() if number == 2 else _third()


def means(number: int) -> Iterator[tuple[str, pl.Expr, bool]]:
    """Id, the number of each person, and whether only some were asked."""

    def rating(name: str) -> pl.Expr:
        return pl.when(one_of(name, 1, 2, 3, 4, 5)).then(pl.col(name))

    yield "C1", rating("satisfaccion_global"), False
    rows = {1: ASPECTS, 2: (), 3: ("contenidos", "practicas", "orientacion")}[number]
    for row in rows:
        yield f"C2_{row}", rating(f"eval_formacion_{row}"), False
    for row in SKILLS:
        if number < 3:
            yield f"C3_{row}", rating(f"competencias_{row}"), row == "tecnica"
        else:
            given = pl.coalesce(rating(f"q2_competencias_{row}"), rating(f"q1_competencias_{row}"))
            yield f"C3b_{row}", rating(f"competencias_uso_{row}") - given, True
    if number == 3:
        yield "C5", rating("satisf_trabajo"), True


def recount(
    told: pl.DataFrame, number: int, frame: int, *, part_of: int | None = None
) -> dict[Key, Figure]:
    """Every figure of a wave as its own school may read it, but for what is withheld.

    Args:
        told: those who answered, as raw.py reads them.
        number: of the questionnaire.
        frame: persons of the list who count or might.
        part_of: where `told` are a group of those who answered: how many these are.
    """
    told = derived(told, number)
    everybody = told.height if part_of is None else part_of
    found: dict[Key, Figure] = {}
    for one in counted(number):
        among = told.filter(one.base)
        some = one.some or part_of is not None
        frame_here = _frame(among.height, frame, everybody, some=some)
        for category, part in one.parts.items():
            k, n = among.filter(part).height, among.height
            low, high = score_interval(k, n, frame_here) or (None, None)
            found[one.id, category] = Figure(k, n, k / n if n else None, low, high, "share", some)
    for name, expression, some in means(number):
        values = told.select(expression.alias("value"))["value"].drop_nulls()
        mean = _mean(values.to_list(), frame, everybody, some=some)
        answers = DIFFERENCES if name.startswith("C3b_") else RATINGS
        found[name, ""] = replace(mean, few_alike=_few_alike(values, answers))
    if number > 1:
        found |= _numbers(told)
        found |= _waiting(told)
        found |= _paths(told, number)
    if number == 3:
        found["C6", ""] = _net_score(told)
    return found


def _frame(n: int, frame: int, everybody: int, *, some: bool) -> float:
    return max(n, n * frame / everybody if some and everybody else frame)


def _mean(values: list[int], frame: int, everybody: int, *, some: bool) -> Figure:
    if not values:
        return Figure(None, 0, None, kind="mean", some=some)
    if len(values) == 1:
        return Figure(None, 1, float(values[0]), kind="mean", some=some)
    n = len(values)
    mean, low, high = mean_interval(values, _frame(n, frame, everybody, some=some))
    return Figure(None, n, mean, low, high, "mean", some)


def _few_alike(values: pl.Series, answers: Sequence[int]) -> bool:
    """Whether some answer is of one to four persons, or of nobody in a group under fifty."""
    persons = np.bincount(values.to_numpy() - answers[0], minlength=len(answers))
    return bool(np.any((persons < LEAST) & ((persons > 0) | (len(values) < SMALL_GROUP))))


def _numbers(told: pl.DataFrame) -> dict[Key, Figure]:
    hours = told.filter(WORKS)["horas_semana"].drop_nulls()
    waits = told["wait"].drop_nulls()
    bands = [told.filter(one_of("ingreso_mensual", band)).height for band in range(1, 7)]
    medians = {
        "L8": (_middle(hours), len(hours)),
        "L9m": (banded_median(bands), sum(bands)),
        "L10a": (_middle(waits), len(waits)),
    }
    return {
        (name, ""): Figure(None, base, value, kind="median")
        for name, (value, base) in medians.items()
    }


def _middle(numbers: pl.Series) -> float | None:
    return float(np.median(numbers.to_numpy())) if len(numbers) else None


def _waiting(told: pl.DataFrame) -> dict[Key, Figure]:
    ended, watched = told["wait"].drop_nulls().to_list(), told["still"].drop_nulls().to_list()
    n = len(ended) + len(watched)
    half = half_waited(ended, watched) if n else None
    found = {("L10b", ""): Figure(None, n, half, kind="median")}
    if not n:
        return found | {("L10k", "0"): Figure(None, 0, None, kind="curve")}
    for month, read in enumerate(waited(ended, watched, min(16, max(ended + watched)))):
        found["L10k", str(month)] = Figure(None, n, *read, "curve")
    return found


def _paths(told: pl.DataFrame, number: int) -> dict[Key, Figure]:
    """What was before against what came of it: shares of each row."""
    if number == 2:
        name, before = "X1", {k: one_of("q1_plan_egreso", code) for k, code in PLANS.items()}
    else:
        studied, worked = one_of("q2_estudia", 1, 2, 3, 4), one_of("q2_trabaja", 1, 2, 3)
        both = pl.col("q2_estudia").is_not_null() & pl.col("q2_trabaja").is_not_null()
        name = "X1b"
        before = {
            "solo_estudia": both & studied & ~worked,
            "solo_trabaja": both & ~studied & worked,
            "estudia_y_trabaja": both & studied & worked,
            "ninguna": both & ~studied & ~worked,
        }
    found = {}
    for first, was in before.items():
        row = told.filter(was & KNOWN)
        for second, now in SITUATIONS.items():
            k, n = row.filter(now).height, row.height
            found[name, f"{first}|{second}"] = Figure(k, n, k / n if n else None, kind="cell")
    return found


def _net_score(told: pl.DataFrame) -> Figure:
    told = told.filter(pl.col("recomendaria").is_between(0, 10))
    n = told.height
    if not n:
        return Figure(None, 0, None, kind="score")
    score = pl.when(pl.col("recomendaria") >= 9).then(1)
    points = told.select(score.when(pl.col("recomendaria") <= 6).then(-1).otherwise(0).alias("p"))[
        "p"
    ]
    mean, reach = float(np.mean(points.to_numpy())), Z * float(np.std(points.to_numpy())) / n**0.5
    return Figure(None, n, mean, max(-1.0, mean - reach), min(1.0, mean + reach), "score")


def derived(told: pl.DataFrame, number: int) -> pl.DataFrame:
    """Names to compare, and the wait for a first job (questions.md, derived variables)."""
    if number == 1:
        return told
    told = told.with_columns(
        wanted_school=pl.col("q1_ies_primera_opcion").map_elements(letters, pl.String),
        own_school=pl.col("ies_nombre").map_elements(letters, pl.String),
    )
    before, wait, still = [], [], []
    for row in told.iter_rows(named=True):
        had, months, watched = _first_job(row, number)
        before.append(had)
        wait.append(months)
        still.append(watched)
    return told.with_columns(
        pl.Series("before", before, pl.Int64),
        pl.Series("wait", wait, pl.Int64),
        pl.Series("still", still, pl.Int64),
    )


def _first_job(row: Mapping[str, object], number: int) -> tuple[int | None, int | None, int | None]:
    """Had a job at the exit; months to the first after it; months watched without one."""
    left = row["left_on"]
    if left is None:
        return None, None, None
    waves = [""] if number == 2 else (["q2_", ""] if row["q2_there"] else [""])
    told = [
        {name: row[f"{w}{name}"] for name in
         ("trabaja", "trabajo_desde_egreso", "empleo_previo", "primer_empleo", "day")}
        for w in waves
    ]  # fmt: skip
    said = [one["empleo_previo"] for one in told]
    had = 1 if 1 in said else 0 if 2 in said else None
    dates = [one["primer_empleo"] for one in told if one["primer_empleo"]]
    if had == 0 and dates:
        months = months_between(str(left), str(dates[0]))
        return had, months if months is not None and months >= 0 else None, None
    last = told[-1]
    jobless = last["trabaja"] == 4 and last["trabajo_desde_egreso"] == 2
    worked = any(one["trabaja"] in {1, 2, 3} or one["trabajo_desde_egreso"] == 1 for one in told)
    if had is None and jobless and not worked:
        day = max(str(one["day"]) for one in told)
        return had, None, max(0, months_between(str(left), day) or 0)
    return had, None, None
