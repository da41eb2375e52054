"""Response rates counted again from the cases (AAPOR 2023; domain.md 3.1)."""

from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np
import polars as pl
from scipy import stats

from tests.recount.raw import KEPT, Raw, Wave, local_day

REFUSED = ("refused", "started", "break_off")
SILENT = ("planned", "invited", "undeliverable", "non_contact")
CORE = {1: ("plan_egreso",), 2: ("estudia", "trabaja"), 3: ("estudia", "trabaja")}
Rate = Fraction | None


def groups_of(cases: pl.DataFrame) -> dict[str, int]:
    """Persons by AAPOR's letters."""
    of, sure = pl.col("disposition"), pl.col("confirmed")
    letters = (
        pl.when(of == "complete").then(pl.lit("I"))
        .when(of == "partial").then(pl.lit("P"))
        .when(of == "not_eligible").then(pl.lit("NE"))
        .when(~sure).then(pl.lit("UO"))
        .when(of.is_in(REFUSED)).then(pl.lit("R"))
        .when(of.is_in(SILENT)).then(pl.lit("NC"))
        .when(of == "other").then(pl.lit("O"))
    )  # fmt: skip
    found = dict(cases.group_by(letters.alias("letter")).len().iter_rows())
    assert None not in found, "a disposition that AAPOR's groups do not know"
    return {letter: found.get(letter, 0) for letter in ("I", "P", "R", "NC", "O", "UO", "NE")}


def outcome_rates_of(groups: Mapping[str, int]) -> dict[str, Rate]:
    """The sixteen rates and e, as matrices: parts and bases are sums of letters."""
    letters = ("I", "P", "R", "NC", "O")
    persons = np.array([groups[letter] for letter in letters], dtype=object)
    parts = {"I": "I", "IP": "I P", "R": "R", "C": "I P R O"}
    sums = {
        name: int(sum(persons[letters.index(one)] for one in marks.split()))
        for name, marks in parts.items()
    }
    sure = int(persons.sum())
    unsure, out = groups["UO"], groups["NE"]
    e = Fraction(sure, sure + out) if sure + out else None
    bases: list[Rate] = [
        Fraction(sure + unsure),
        None if e is None else sure + e * unsure,
        Fraction(sure),
    ]
    found: dict[str, Rate] = {"e": e}
    for place, base in enumerate(bases):
        found[f"rr{2 * place + 1}"] = _over(sums["I"], base)
        found[f"rr{2 * place + 2}"] = _over(sums["IP"], base)
        found[f"ref{place + 1}"] = _over(sums["R"], base)
        found[f"con{place + 1}"] = _over(sums["C"], base)
    found["coop1"] = _over(sums["I"], Fraction(sums["C"]))
    found["coop2"] = _over(sums["IP"], Fraction(sums["C"]))
    spoken = Fraction(sums["IP"] + sums["R"])
    found["coop3"], found["coop4"] = _over(sums["I"], spoken), _over(sums["IP"], spoken)
    return found


def contacts_of(groups: Mapping[str, int]) -> set[tuple[int, int]]:
    """Part and base of COOP, REF and CON, in whole persons."""
    both = groups["I"] + groups["P"]
    spoken = both + groups["R"]
    contacted = spoken + groups["O"]
    cooperation = {(part, base) for part in (groups["I"], both) for base in (contacted, spoken)}
    parts = (groups["R"], contacted)
    return cooperation | {(part, base) for part in parts for base in bases_of(groups)}


def bases_of(groups: Mapping[str, int]) -> set[int]:
    """Of RR1 to RR6, where they are whole persons: that of RR3 seldom is."""
    sure = sum(groups[letter] for letter in ("I", "P", "R", "NC", "O"))
    bases = {sure, sure + groups["UO"]}
    known = sure + groups["NE"]
    weighed = sure + Fraction(sure, known) * groups["UO"] if known else None
    return bases if weighed is None or weighed.denominator > 1 else {*bases, int(weighed)}


def known_of(raw: Raw, wave: Wave) -> tuple[int, int]:
    """Persons whose situation they told themselves, and those known by a third party alone."""
    told = raw.told(wave)
    core = pl.all_horizontal([pl.col(name).is_not_null() for name in CORE[wave.questionnaire]])
    by_self = set(told.filter(core)["case_id"])
    by_others = raw.listed(wave).filter(
        (pl.col("source") != "self") & (pl.col("disposition") != "not_eligible")
    )
    return len(by_self), len(set(by_others["case_id"]) - by_self)


def followed_of(raw: Raw, wave: Wave) -> tuple[int, int, int]:
    """Persons whose situation is known (R10), who stayed of those who had answered before (R12)."""
    known = sum(known_of(raw, wave))
    if wave.questionnaire == 1:
        return known, 0, 0
    before = raw.listed(Wave(wave.entered, wave.leaves, wave.questionnaire - 1, wave.schools))
    answered = set(before.filter(pl.col("disposition").is_in(KEPT))["member_id"])
    again = raw.listed(wave).filter(pl.col("disposition").is_in(KEPT))["member_id"]
    return known, len(answered & set(again)), len(answered)


def field_of(raw: Raw, wave: Wave) -> dict[str, tuple[int, int]]:
    """R11, R13, D1, D2 with its dead addresses, and D3: persons, and of how many."""
    listed = raw.listed(wave)
    number = wave.questionnaire
    of = dict(listed.select("case_id", "disposition").iter_rows())
    marked = {key: str(code) for key, code in raw.marks.items() if key[0] in of}
    answered = {case for case, disposition in of.items() if disposition in KEPT}
    began = {
        case
        for case, disposition in of.items()
        if disposition in {*KEPT, "started", "break_off"} or case in raw.devices
    }

    def said(cases: set[str], variable: str, *codes: str) -> int:
        return sum(marked.get((case, variable)) in codes for case in cases)

    members = listed.filter(pl.col("disposition") != "not_eligible").select("member_id")
    own = raw.addresses.join(members, on="member_id").filter(pl.col("state") != "withdrawn")
    usable = own.filter((pl.col("state") != "dead") & ~pl.col("institutional"))
    mail = set(usable.filter(pl.col("kind") == "email")["member_id"])
    phone = set(usable.filter(pl.col("kind") != "email")["member_id"])
    ways = [sum(one in way for way in (mail, phone, raw.relatives)) for one in members["member_id"]]
    found = {
        "R11": (said(began, f"aviso_q{number}", "1"), len(began)),
        "R13": (known_of(raw, wave)[0], members.height),
        "D2": (sum(count >= 2 for count in ways), members.height),
        "dead": (own.filter(pl.col("state") == "dead").height, own.height),
    }
    if number == 1:
        found["D1"] = said(answered, "datos_correctos", "2"), len(answered)
    if number < 3:
        asked = said(answered, "autoriza_seguimiento", "1", "2")
        found["D3"] = said(answered, "autoriza_seguimiento", "1"), asked
    return found


def answered_by_day(raw: Raw, cases: pl.DataFrame) -> list[tuple[str, int]]:
    """The cumulative line: civil day of the school, and persons who had answered by its end."""
    answered = cases.filter(pl.col("disposition").is_in(KEPT))
    days = [
        local_day(raw.answered_at[case_id], zone)
        for case_id, zone in answered.select("case_id", "zone").rows()
    ]
    if not days:
        return []
    daily = pl.DataFrame({"day": days}).group_by("day").len().sort("day")
    return list(zip(daily["day"], daily["len"].cum_sum(), strict=True))


def funnel_of(schools: Sequence[tuple[str, float, int]]) -> tuple[float, set[str]]:
    """Dispersion of the schools' rates, and who lies outside the 99.8 % limits.

    Standardised by the binomial around the rate of all (Spiegelhalter 2005).

    Args:
        schools: name, answered, listed.
    """
    answered = np.array([k for _, k, _ in schools], dtype=float)
    listed = np.array([n for _, _, n in schools], dtype=float)
    rate = answered.sum() / listed.sum()
    z = (answered / listed - rate) / np.sqrt(rate * (1 - rate) / listed)
    tails = 2 * stats.norm.sf(np.abs(z))
    outside = {name for (name, _, _), tail in zip(schools, tails, strict=True) if tail < 0.002}
    return float((z**2).mean()), outside


def _over(part: int, base: Rate) -> Rate:
    return part / base if base else None
