"""The tables of a deployment as Polars reads them, by SQL of our own.

Nothing of app/ is asked here or beside: a figure counted from these frames is a second opinion.
"""

import json
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import polars as pl
from sqlalchemy import Connection, text

SKILLS = (
    "comunicacion", "matematicas", "digital", "ingles", "equipo", "aprender", "problemas",
    "tecnica",
)  # fmt: skip
ASPECTS = ("docentes", "contenidos", "practicas", "instalaciones", "orientacion", "ambiente")
NUMBERS = (
    "plan_egreso", "estudia", "trabaja", "busca_trabajo", "trabajo_desde_egreso", "empleo_previo",
    "actividad_otra", "intento_ingreso", "trayectoria_es", "primera_opcion", "congruencia_estudio",
    "relacion_trabajo_formacion", "nivel_requerido", "titulacion_tecnica", "posicion", "contrato",
    "horas_semana", "ingreso_mensual", "ingreso_esperado", "medio_empleo", "sector",
    "satisfaccion_global", "satisf_trabajo", "recomendaria", "misma_escuela",
    *(f"eval_formacion_{row}" for row in ASPECTS),
    *(f"competencias_{row}" for row in SKILLS), *(f"competencias_uso_{row}" for row in SKILLS),
)  # fmt: skip
LISTS = ("motivo_no_estudio", "prestaciones", "apoyo_deseado")
TEXTS = ("municipio_residencia", "ies_nombre", "ies_primera_opcion", "primer_empleo")
ANSWERS: Mapping[str, pl.DataType] = {
    **dict.fromkeys(NUMBERS, pl.Int64()),
    **dict.fromkeys(LISTS, pl.List(pl.Int64())),
    **dict.fromkeys(TEXTS, pl.String()),
}
CASES = """
select c.id as case_id, c.member_id, c.disposition, c.eligibility_confirmed as confirmed,
       c.source, c.late_reason, c.added_at, c.first_answer_at, c.completed_at,
       w.id as wave_id, w.questionnaire, w.opens, w.closes, w.state,
       k.entered, k.leaves, u.code as school, u.municipality, u.time_zone as zone,
       m.sex as sexo, m.shift as turno, coalesce(m.track, p.track) as tipo, p.name as programme,
       m.left_on, g.name as group_name, r.started_at, r.finished_at
from survey_case c
join wave w on w.id = c.wave_id
join cohort k on k.id = w.cohort_id
join organisation_unit u on u.id = w.school_id
join panel_member m on m.id = c.member_id
left join programme p on p.id = m.programme_id
left join student_group g on g.id = m.group_id
left join response r on r.case_id = c.id
"""
TOLD = """
select r.case_id, a.variable, a.value from answer a join response r on r.id = a.response_id
where a.missing is null and a.value is not null
"""
ABOVE = """
select u.code, a.code as above from unit_ancestor t
join organisation_unit u on u.id = t.unit_id join organisation_unit a on a.id = t.ancestor_id
"""
CHILDREN = """
select p.code, u.code from organisation_unit u
join organisation_unit p on p.id = u.parent_id or p.id = u.subsystem_parent_id
"""
DENIED = """
select distinct c.wave_id, c.id as case_id from case_event e join survey_case c on c.id = e.case_id
where e.disposition = 'not_eligible' and c.late_reason is null and e.at <= c.added_at
"""
CLASSES = "select distinct wave_id from classroom"
UNCONFIRMED = """
select u.code, k.entered, k.leaves, count(*) from panel_member m join cohort k on k.id = m.cohort_id
join organisation_unit u on u.id = k.school_id join wave w on w.cohort_id = k.id
where w.questionnaire = 1 and w.state = 'closed' and m.standing = 'enrolled'
group by u.code, k.entered, k.leaves
"""
CLOSES = """
select coalesce((select a.step from sign_off_act a where a.wave_id = w.id
                 order by a.number desc limit 1), 'to_submit'), count(*)
from wave w where w.state = 'closed' group by 1
"""
FIRST_ANSWERS = """
select e.case_id, min(e.at) from case_event e
where e.disposition in ('complete', 'partial') group by e.case_id
"""
DEVICES = "select distinct case_id from entry_session"
MARKS = """
select r.case_id, k.variable, k.value from response_mark k join response r on r.id = k.response_id
where k.variable in ('aviso_q1', 'aviso_q2', 'aviso_q3', 'autoriza_seguimiento', 'datos_correctos')
"""
ADDRESSES = "select member_id, kind, state, institutional from contact_point"
RELATIVES = "select distinct member_id from alternate_contact"
KEPT = ("complete", "partial")


@dataclass(frozen=True)
class Wave:
    """One questionnaire of a generation at some schools."""

    entered: int
    leaves: int
    questionnaire: int
    schools: frozenset[str]


@dataclass(frozen=True)
class Raw:
    """Cases, one a line, and what each case answered."""

    cases: pl.DataFrame
    answers: Mapping[str, Mapping[str, object]]
    schools_of: Mapping[str, frozenset[str]]  # units below, itself too
    children_of: Mapping[str, frozenset[str]]  # units right below
    denied: frozenset[str]  # cases denied before the frame was frozen
    in_class: frozenset[str]  # waves for which a class was opened
    answered_at: Mapping[str, str]  # by case, when it first was partial or complete
    unconfirmed: Mapping[tuple[str, int, int], int]  # persons of a school's generation
    closes: Counter[str]  # closed waves by the last step of their sign-off
    devices: frozenset[str]  # cases that pressed Comenzar on some
    marks: Mapping[tuple[str, str], object]  # by case and variable, what is stored elsewhere
    addresses: pl.DataFrame  # of members
    relatives: frozenset[str]  # members of whom somebody can tell
    read: dict[tuple[str, Wave], pl.DataFrame] = field(default_factory=dict, compare=False)

    def listed(self, wave: Wave) -> pl.DataFrame:
        """Every case of a wave."""
        return self.cases.filter(
            (pl.col("entered") == wave.entered)
            & (pl.col("leaves") == wave.leaves)
            & (pl.col("questionnaire") == wave.questionnaire)
            & pl.col("school").is_in(sorted(wave.schools))
        )

    def told(self, wave: Wave) -> pl.DataFrame:
        """Those who answered a wave: answers under their names, earlier ones as q1_, q2_."""
        return self._once("told", wave, self._told)

    def _told(self, wave: Wave) -> pl.DataFrame:
        mine = self._answered(wave)
        for number in range(1, wave.questionnaire):
            before = self._answered(Wave(wave.entered, wave.leaves, number, wave.schools))
            names = {name: f"q{number}_{name}" for name in (*ANSWERS, "day")}
            kept = before.select("member_id", *ANSWERS, "day", pl.lit(value=True).alias("there"))
            renamed = kept.rename({**names, "there": f"q{number}_there"})
            mine = mine.join(renamed, on="member_id", how="left")
        return mine

    def plans_of(self, wave: Wave) -> pl.DataFrame:
        """What each member said in Questionnaire 1 that they planned."""
        first = self._answered(Wave(wave.entered, wave.leaves, 1, wave.schools))
        return first.select("member_id", pl.col("plan_egreso").cast(pl.String).alias("plan"))

    def _once(self, what: str, wave: Wave, make: Callable[[Wave], pl.DataFrame]) -> pl.DataFrame:
        """Frames do not change: each is made once."""
        if (what, wave) not in self.read:
            self.read[what, wave] = make(wave)
        return self.read[what, wave]

    def _answered(self, wave: Wave) -> pl.DataFrame:
        return self._once("answered", wave, self._with_answers)

    def _with_answers(self, wave: Wave) -> pl.DataFrame:
        here = self.listed(wave).filter(
            pl.col("disposition").is_in(KEPT) & pl.col("started_at").is_not_null()
        )
        columns: dict[str, list[object]] = {name: [] for name in ANSWERS}
        for case_id in here["case_id"]:
            given = self.answers.get(case_id, {})
            for name, column in columns.items():
                column.append(_typed(name, given.get(name)))
        wide = pl.DataFrame(columns, schema=ANSWERS)
        days = [
            local_day(finished or started, zone)
            for finished, started, zone in here.select("finished_at", "started_at", "zone").rows()
        ]
        return pl.concat(
            [here, wide, pl.DataFrame({"day": days}, schema={"day": pl.String})], how="horizontal"
        )


def read_raw(connection: Connection) -> Raw:
    """Everything, a statement a matter."""
    found = connection.execute(text(CASES))
    schema: dict[str, pl.DataType] = dict.fromkeys(found.keys(), pl.String())
    schema |= dict.fromkeys(("questionnaire", "entered", "leaves"), pl.Int64())
    schema |= {"confirmed": pl.Boolean()}
    lines = [
        {name: _plain(value, schema[name]) for name, value in case.items()}
        for case in found.mappings()
    ]
    answers: dict[str, dict[str, object]] = defaultdict(dict)
    for case_id, variable, value in connection.execute(text(TOLD)):
        answers[_key(case_id)][variable] = json.loads(value)
    below: dict[str, set[str]] = defaultdict(set)
    for code, above in connection.execute(text(ABOVE)):
        below[above].add(code)
    children: dict[str, set[str]] = defaultdict(set)
    for above, code in connection.execute(text(CHILDREN)):
        children[above].add(code)
    return Raw(
        cases=pl.DataFrame(lines, schema=schema),
        answers=answers,
        schools_of={unit: frozenset(codes) for unit, codes in below.items()},
        children_of={unit: frozenset(codes) for unit, codes in children.items()},
        denied=frozenset(_key(case_id) for _, case_id in connection.execute(text(DENIED))),
        in_class=frozenset(_key(wave_id) for (wave_id,) in connection.execute(text(CLASSES))),
        unconfirmed={
            (code, entered, leaves): persons
            for code, entered, leaves, persons in connection.execute(text(UNCONFIRMED))
        },
        devices=frozenset(_key(case_id) for (case_id,) in connection.execute(text(DEVICES))),
        marks={
            (_key(case_id), name): json.loads(value)
            for case_id, name, value in connection.execute(text(MARKS))
            if value is not None
        },
        addresses=pl.DataFrame(
            [
                (_key(member_id), kind, state, bool(institutional))
                for member_id, kind, state, institutional in connection.execute(text(ADDRESSES))
            ],
            schema=["member_id", "kind", "state", "institutional"],
            orient="row",
        ),
        relatives=frozenset(_key(member) for (member,) in connection.execute(text(RELATIVES))),
        closes=Counter({str(step): waves for step, waves in connection.execute(text(CLOSES))}),
        answered_at={
            _key(case_id): str(at) for case_id, at in connection.execute(text(FIRST_ANSWERS))
        },
    )


def letters(name: str | None) -> str | None:
    """A name for comparison: neither accents nor capitals nor double spaces."""
    if not name:
        return None
    parts = unicodedata.normalize("NFD", name.lower())
    return " ".join("".join(c for c in parts if unicodedata.category(c) != "Mn").split())


def months_between(first: str | None, last: str | None) -> int | None:
    """Calendar months from one ISO day to another."""
    if not first or not last:
        return None
    a, b = (int(day[:4]) * 12 + int(day[5:7]) for day in (first, last))
    return b - a


def local_day(moment: str, zone: str) -> str:
    """The civil day of a moment that the database keeps in UTC."""
    at = datetime.fromisoformat(moment[:19]).replace(tzinfo=UTC)
    return at.astimezone(ZoneInfo(zone)).date().isoformat()


def _typed(name: str, value: object) -> object:
    if name in LISTS:
        return value or None
    return value if value is None or name in TEXTS else int(str(value))


def _key(value: object) -> str:
    return str(value).replace("-", "")


def _plain(value: object, kind: pl.DataType) -> object:
    if value is None or kind == pl.Int64():
        return value
    if kind == pl.Boolean():
        return bool(value)
    shown = str(value)
    return _key(value) if len(shown) in {32, 36} and " " not in shown else shown
