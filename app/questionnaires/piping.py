"""Text pieces the system writes into labels, such as {lunes}, {fechas_q2} or {ult2}.

Only dates, the last two digits of a phone and a covered address: never a name, never a whole
contact.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from app.chronology.reference_week import ReferenceWeek
from app.chronology.wave_plan import FieldPeriod, school_year
from app.questionnaires.items import Language
from app.questionnaires.wage_bands import BAND_MARKERS, band_markers

MARKERS = frozenset(
    {
        "lunes",
        "domingo",
        "fechas_q2",
        "fechas_q3",
        "mes_egreso",
        "inicio_ciclo",
        "ult2",
        "correo_tapado",
        *BAND_MARKERS,
    }
)
_MARKER = re.compile(r"\{([a-z0-9_]+)\}")
_MONTHS = {
    Language.SPANISH: (
        "enero",
        "febrero",
        "marzo",
        "abril",
        "mayo",
        "junio",
        "julio",
        "agosto",
        "septiembre",
        "octubre",
        "noviembre",
        "diciembre",
    ),
    Language.ENGLISH: (
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ),
}
_OF = {Language.SPANISH: " de ", Language.ENGLISH: " "}


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a wave and a person, as far as labels need it; None where unknown."""

    week: ReferenceWeek | None = None
    wave_opens: date | None = None
    second: FieldPeriod | None = None  # of the person's generation
    third: FieldPeriod | None = None
    left_on: date | None = None  # fecha_egreso
    mobile: str | None = None
    email: str | None = None
    monthly_wage: int | None = None  # minimum wage of year and zone, in cents a month


def markers_in(text: str) -> frozenset[str]:
    """Names of the markers of a text."""
    return frozenset(_MARKER.findall(text))


def fill(text: str, pieces: Mapping[str, str]) -> str:
    """`text` with every marker replaced; one without a piece becomes three dots."""
    return _MARKER.sub(lambda marker: pieces.get(marker.group(1), "…"), text)


def pieces(facts: Facts, language: Language) -> dict[str, str]:
    """The text of every marker these facts allow."""
    found: dict[str, str | None] = {
        **_of_the_wave(facts, language),
        "mes_egreso": _month(facts.left_on, language) if facts.left_on else None,
        "ult2": facts.mobile and facts.mobile[-2:],
        "correo_tapado": facts.email and covered(facts.email),
    }
    wages = band_markers(facts.monthly_wage) if facts.monthly_wage else {}
    return {name: text for name, text in found.items() if text} | wages


def _of_the_wave(facts: Facts, language: Language) -> dict[str, str | None]:
    week, opens = facts.week, facts.wave_opens
    cycle = date(int(school_year(opens)[:4]), 8, 1) if opens else None
    return {
        "lunes": _day("lunes", "Monday", week.monday, language) if week else None,
        "domingo": _day("domingo", "Sunday", week.sunday, language) if week else None,
        "inicio_ciclo": _month(cycle, language) if cycle else None,
        "fechas_q2": _months(facts.second, language) if facts.second else None,
        "fechas_q3": _months(facts.third, language) if facts.third else None,
    }


def covered(email: str) -> str:
    """The address with everything hidden but its first letter and its domain."""
    local, _, domain = email.partition("@")
    return f"{local[:1]}•••@{domain}"


def month_text(month: str, language: Language) -> str:
    """`julio de 2026` for "2026-07"."""
    return _month(date(int(month[:4]), int(month[5:7]), 1), language)


def _day(spanish: str, english: str, day: date, language: Language) -> str:
    weekday = spanish if language is Language.SPANISH else english
    return f"{weekday} {day.day}{_OF[language]}{_MONTHS[language][day.month - 1]}"


def _month(day: date, language: Language) -> str:
    return f"{_MONTHS[language][day.month - 1]}{_OF[language]}{day.year}"


def _months(period: FieldPeriod, language: Language) -> str:
    """`octubre-noviembre de 2026`; the year twice where the period crosses it."""
    first, last = period.opens, period.closes - timedelta(days=1)
    if (first.year, first.month) == (last.year, last.month):
        return _month(first, language)
    if first.year == last.year:
        return f"{_MONTHS[language][first.month - 1]}-{_month(last, language)}"
    return f"{_month(first, language)}-{_month(last, language)}"
