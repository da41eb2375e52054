"""What the pages of one wave should say: its progress, its close, and how figures are made."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np
import polars as pl

from app.analytics.released import Audience
from tests.recount.checks import Check, Problems, prose_checked, same_rows, tables_checked
from tests.recount.estimates import half_up
from tests.recount.pages import MINUS, Cells, PageText, of_percent, rate_said
from tests.recount.process import (
    Rate,
    answered_by_day,
    bases_of,
    contacts_of,
    field_of,
    groups_of,
    outcome_rates_of,
)
from tests.recount.site import View, answered_of, day_said, frame_of

SEXES = {"H": "Hombres", "M": "Mujeres", "X": "No binario"}
BALANCED = {"Por sexo": "sexo", "Por turno": "turno", "Por carrera": "programme"}


def wave_page(page: PageText, view: View) -> Problems:
    """The progress of a wave: rates, groups, days and traits."""
    groups = groups_of(view.cases)
    rates = outcome_rates_of(groups)
    checks: dict[str, Check] = {
        "Tasas de respuesta": lambda rows: _aapor(rows, rates),
        "Personas por resultado": lambda rows: _results(rows, groups),
        "Respuestas acumuladas por día": lambda rows: _days(rows, view),
        "Por grupo": lambda rows: _by(rows, view, "group_name"),
        "Por carrera": lambda rows: _by(rows, view, "programme"),
        "Por sexo": lambda rows: _by(rows, view, "sexo"),
    }
    yield from tables_checked(page, checks, needed=set(checks) - {"Por carrera"})
    yield from prose_checked(page, view)
    big = f"{half_up(Fraction(view.answered, view.frame))} %"
    said = f"{view.answered:,} de {view.frame:,} personas respondieron"
    if f"{big} {said}" not in page.prose and f"{big}{said}" not in page.prose:
        yield f"not said: {big} {said}"
    e = rates["e"]
    if e is not None and f"supone egresada: {half_up(e, 1)} %" not in page.prose:
        yield f"e is not {half_up(e, 1)} %"


def _aapor(rows: list[Cells], rates: dict[str, Rate]) -> Problems:
    for _, name, value, _, _ in rows:
        rate = rates[name.lower()]
        said = "no se puede calcular" if rate is None else f"{half_up(rate, 1)} %"
        if value != said:
            yield f"{name} {value}, counted {said}"


def _results(rows: list[Cells], groups: dict[str, int]) -> Problems:
    shown = {letter: int(cases.replace(",", "")) for _, letter, cases, _ in rows}
    if shown != groups:
        yield f"{shown}, counted {groups}"


def _days(rows: list[Cells], view: View) -> Problems:
    counted = [
        (day_said(day), f"{n:,}", f"{half_up(Fraction(n, view.frame))} %")
        for day, n in answered_by_day(view.raw, view.cases)
    ]
    yield from same_rows([row[1:] for row in rows], counted)


def _by(rows: list[Cells], view: View, trait: str) -> Problems:
    parts = view.cases.with_columns(pl.col(trait).fill_null("Sin dato"))
    counted = Counter(
        (SEXES.get(str(name), str(name)), rate_said(answered_of(c), frame_of(c)))
        for (name,), c in parts.partition_by(trait, as_dict=True).items()
    )
    if Counter(row[1:3] for row in rows) != counted:
        yield f"{rows}, counted {counted}"


def balance_page(page: PageText, view: View) -> Problems:
    """The close of a wave: who answered against who is listed, and the verdict."""
    plans = view.raw.plans_of(view.wave)
    cases = view.cases.filter(pl.col("disposition") != "not_eligible")
    cases = cases.join(plans, on="member_id", how="left")
    traits = dict(BALANCED)
    if view.wave.questionnaire > 1:
        traits["Por plan del Cuestionario 1"] = "plan"
    groups = {
        title: cases.with_columns(pl.col(trait).fill_null("")).partition_by(trait)
        for title, trait in traits.items()
    }
    checks = {title: _balance(parts, view) for title, parts in groups.items()}
    checks["Cifras sin ponderar y ponderadas"] = lambda rows: _sensitivity(rows, view)
    checks["Ediciones de los resultados"] = lambda _: iter(())  # numbers of other days
    yield from tables_checked(page, checks, needed=groups)
    yield from prose_checked(page, view)
    biases = [
        possible_bias([answered_of(p) / p.height for p in parts], [p.height for p in parts])
        for parts in groups.values()
    ]
    told = [bias for bias in biases if bias is not None]
    points = Counter(re.findall(r"un porcentaje hasta (\d+) puntos", page.prose))
    if points and points != Counter(str(int(100 * bias + 0.5)) for bias in told):
        yield f"points {points}, counted {biases}"
    rate, worst = Fraction(view.answered, view.frame), max(told, default=0.0)
    if rate < 1 and f"{_advice(rate, worst)}: respondió" not in page.prose:
        yield f"the verdict is not «{_advice(rate, worst)}» ({rate}, {worst})"


def _sensitivity(rows: list[Cells], view: View) -> Problems:
    """The figures that weighting changes most."""
    again = view.weighted
    assert again is not None
    pairs = sorted(
        ((again.shares[key] - (view.figures[key].value or 0), key) for key in again.shares),
        key=lambda pair: -abs(pair[0]),
    )
    said = {
        (of_percent(view.figures[key].value), of_percent(again.shares[key])) for _, key in pairs
    }
    for _, label, plain, weighted, change in rows:
        pair = plain.removeprefix("Sin ponderar: "), weighted.removeprefix("Ponderada: ")
        if pair not in said:
            yield f"{label}: {pair} was not counted"
        if abs(_points(change)) > 100 * abs(pairs[0][0]) + 0.06:
            yield f"{label}: {change}, and the most is {pairs[0]}"
    if abs(abs(_points(rows[0][4])) - 100 * abs(pairs[0][0])) > 0.06:
        yield f"{rows[0]} is not the largest change, {pairs[0]}"


def _points(change: str) -> float:
    if change == "sin cambio":
        return 0.0
    return float(change.removesuffix(" puntos").replace(MINUS, "-"))


def _balance(parts: Sequence[pl.DataFrame], view: View) -> Check:
    frame = sum(part.height for part in parts)
    counted: Counter[Cells] = Counter()
    for part in parts:
        n, k = part.height, answered_of(part)
        listed = f"{half_up(Fraction(n, frame))} % ({n:,})"
        of_answers = f"{half_up(Fraction(k, max(1, view.answered)))} % ({k:,})"
        counted[listed, of_answers, rate_said(k, n)] += 1

    def check(rows: list[Cells]) -> Problems:
        if Counter(row[2:5] for row in rows) != counted:
            yield f"{rows}, counted {counted}"

    return check


def _advice(rate: Fraction, worst: float) -> str:
    if rate < Fraction(30, 100) or worst > 0.10:
        return "No presentar"
    return "Con reserva" if rate < Fraction(65, 100) or worst > 0.05 else "Presentar"


def possible_bias(rates: Sequence[float], sizes: Sequence[int]) -> float | None:
    """Half the coefficient of variation of the groups' rates, without what chance makes of it."""
    r, n = np.array(rates), np.array(sizes, dtype=float)
    whole = float((r * n).sum() / n.sum())
    if len(sizes) < 2 or not whole:
        return None
    spread = float(np.average((r - whole) ** 2, weights=n))
    chance = whole * (1 - whole) * (len(sizes) - 1) / (float(n.sum()) - 1)
    return float(max(0.0, spread - chance) ** 0.5) / (2 * whole)


def _field_told(page: PageText, field: Mapping[str, tuple[int, int]]) -> Problems:
    """Each figure of the field under its own name."""
    for name, (part, whole) in field.items():
        if not whole:
            continue
        said = f"{part:,} ÷ {whole:,} = "
        before = "Direcciones que dejaron de servir: " if name == "dead" else f" {name} "
        there = re.sub(r"\s+", " ", page.prose).partition(before)[2]
        if not there.startswith(said):
            yield f"{name} is {there[:30]!r}, counted {said}"


def _worked_through(view: View) -> set[tuple[int, int]]:
    """Part and base of every figure that may be worked through."""
    counted = {(f.numerator, f.base) for f in view.figures.values() if f.numerator is not None}
    groups = groups_of(view.cases)
    for part in (groups["I"], groups["I"] + groups["P"]):
        counted |= {(part, base) for base in bases_of(groups)}
    known, stayed, before = view.followed
    counted |= {(known, view.frame), (stayed, before)}
    counted |= contacts_of(groups)
    return counted


def calculation_page(page: PageText, view: View) -> Problems:
    """How each figure is made: "148 ÷ 239 = 61.9 %" is arithmetic, and its parts were counted."""
    counted = _worked_through(view)
    if view.audience is Audience.OWN:
        field = field_of(view.raw, view.wave)
        counted |= set(field.values())
        yield from _field_told(page, field)
    found = re.findall(r"([\d,]+) ÷ ([\d,]+(?:\.\d)?) = ([\d.]+) %", page.prose)
    for part, whole, percent in found:
        if "." in whole:  # e weighs those whose eligibility is not known
            continue
        k, n = int(part.replace(",", "")), int(whole.replace(",", ""))
        if str(half_up(Fraction(k, n), 1)) != percent:
            yield f"{k} ÷ {n} is not {percent} %"
        if (k, n) not in counted:
            yield f"{k} ÷ {n} was not counted"
    if view.exact and view.audience is Audience.OWN and len(found) < 20:
        yield f"only {len(found)} figures are worked through"
