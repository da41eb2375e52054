"""What a figure says, as a sentence, and its number as people write it.

Made from released figures alone, so a sentence never says more than the table under it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.analytics.charts.boards import Look
from app.analytics.figures.indicators import Kind
from app.analytics.figures.registry import indicator
from app.analytics.released import IndicatorRow
from app.fieldwork.percents import as_percent, half_up

SMALL_BASE = 23  # persons: below it, "6 of every 10" would sound surer than it is


@dataclass(frozen=True, slots=True)
class Saying:
    """What one person does, and what several do: "trabaja", "trabajan"."""

    one: str
    several: str


SAYINGS: Mapping[tuple[str, str], Saying] = {
    ("X0", "solo_estudiar"): Saying("planea solo estudiar", "planean solo estudiar"),
    ("X0", "solo_trabajar"): Saying("planea solo trabajar", "planean solo trabajar"),
    ("X0", "estudiar_y_trabajar"): Saying(
        "planea estudiar y trabajar", "planean estudiar y trabajar"
    ),
    ("X0", "ninguna"): Saying(
        "no planea estudiar ni trabajar por ahora", "no planean estudiar ni trabajar por ahora"
    ),
    ("X0", "sin_decidir"): Saying("todavía no lo decide", "todavía no lo deciden"),
    ("S1", "solo_estudia"): Saying("solo estudia", "solo estudian"),
    ("S1", "solo_trabaja"): Saying("solo trabaja", "solo trabajan"),
    ("S1", "estudia_y_trabaja"): Saying("estudia y trabaja", "estudian y trabajan"),
    ("S1", "ninguna"): Saying("ni estudia ni trabaja", "ni estudian ni trabajan"),
    ("H1", "si"): Saying("siguió en educación superior", "siguieron en educación superior"),
    ("H1a", "si"): Saying("ha entrado a educación superior", "han entrado a educación superior"),
    ("L1", "si"): Saying("trabaja", "trabajan"),
    ("C1t", "si"): Saying(
        "dice estar satisfecha con su formación", "dicen estar satisfechas con su formación"
    ),
    ("X0b", "si"): Saying("planea seguir estudiando", "planean seguir estudiando"),
    ("X2", "si"): Saying("hizo lo que planeaba", "hicieron lo que planeaban"),
    ("H2", "inscrita"): Saying(
        "que lo intentaron está inscrita", "que lo intentaron están inscritas"
    ),
    ("L6", "si"): Saying("con empleo tiene seguridad social", "con empleo tienen seguridad social"),
    ("L4", "si"): Saying(
        "que trabajan lo hace en algo relacionado con su carrera técnica",
        "que trabajan lo hacen en algo relacionado con su carrera técnica",
    ),
    ("L4g", "si"): Saying(
        "que trabajan lo hace en algo relacionado con su bachillerato",
        "que trabajan lo hacen en algo relacionado con su bachillerato",
    ),
    ("C4", "si"): Saying(
        "elegiría la misma escuela y carrera", "elegirían la misma escuela y carrera"
    ),
    ("L8b", "si"): Saying(
        "con empleo trabaja jornada completa", "con empleo trabajan jornada completa"
    ),
    ("S6", "C"): Saying("tiene algún estudio o empleo", "tienen algún estudio o empleo"),
    ("S6", "A"): Saying("está en educación superior", "están en educación superior"),
}


def headline(rows: Sequence[IndicatorRow]) -> str:
    """The sentence of one indicator: about its largest figure, or its name where none is shown.

    Args:
        rows: every released figure of the indicator.
    """
    name = indicator(rows[0].id).name
    shown = [row for row in rows if row.value is not None]
    if not shown:
        return name
    # Where a category is withheld it may be the largest, so no other is called so.
    whole = len(shown) == len(rows)
    largest = max(shown, key=lambda row: row.value or 0.0)
    saying = SAYINGS.get((largest.id, largest.category))
    if saying is None or not whole:
        return name
    many, several = how_many(largest)
    return f"{many} {saying.several if several else saying.one}"


def board_headline(
    look: Look,
    rows: Sequence[IndicatorRow],
    question: str,
    *,
    tops: Mapping[str, float] | None = None,
) -> str:
    """The sentence of a dashboard, or its question where nothing of it is told.

    Args:
        look: how it is drawn, and so what is worth saying.
        rows: every released figure of it.
        question: what it answers.
        tops: by scale, the share of its two best answers, where that figure is told.
    """
    told = [row for row in rows if row.value is not None]
    if not told:
        return question
    said: str | None = None
    match look:
        case Look.BARS:
            said = _sentence([row for row in rows if row.id == told[0].id])
        case Look.SORTED_BARS:
            said = _most_named(rows)
        case Look.SCALE:
            said = _best_and_worst(tops or {})
        case Look.MEANS | Look.GAPS:
            said = _highest(told, "Lo más alto" if look is Look.MEANS else "La mayor brecha")
        case Look.CURVE:
            said = _by_then(told[-1])
        case Look.PATHS:
            kept = [row for row in rows if row.id == "X2"]
            said = headline(kept) if kept else None
    return said or question


def _sentence(rows: Sequence[IndicatorRow]) -> str:
    """The headline of one indicator; where there is no saying, its name with what it says."""
    said, entry = headline(rows), indicator(rows[0].id)
    told = [row for row in rows if row.value is not None]
    if said != entry.name or not told:
        return said
    whole = len(told) == len(rows)
    row = max(told, key=lambda one: one.value or 0) if whole else told[0]
    share = percent(row.value, whole=True)
    if category_label(row) == entry.name:
        about = entry.name.rpartition(": ")[2]  # "Opinión: docentes" answers its board's question
        return f"{about[:1].upper()}{about[1:]}: {share}"
    label = _lower(category_label(row))
    often = whole and entry.kind is Kind.DISTRIBUTION
    return (
        f"{entry.name}, lo más frecuente: {label} ({share})"
        if often
        else (f"{entry.name}: {label}, {share}")
    )


def _most_named(rows: Sequence[IndicatorRow]) -> str | None:
    """The most frequent mention, where none that is hidden could be more so."""
    if any(row.value is None for row in rows):
        return None
    largest = max(rows, key=lambda row: row.value or 0)
    share = percent(largest.value, whole=True)
    return f"Lo más mencionado: {_lower(category_label(largest))} ({share})"


def _best_and_worst(top: Mapping[str, float]) -> str | None:
    """Of several questions the best and the worst; of one, who gave the two best answers.

    Shares are figures of their own: parts that were rounded or withheld would add to another.
    """
    if list(top) == ["C1d"]:
        satisfied = percent(top["C1d"], whole=True)
        return f"El {satisfied} de las personas dicen estar satisfechas con su formación"
    if len(top) < 2:
        return None
    best, worst = max(top, key=lambda name: top[name]), min(top, key=lambda name: top[name])
    words = [_lower(indicator(name).name.removeprefix("Cómo califican ")) for name in (best, worst)]
    shares = [percent(top[name], whole=True) for name in (best, worst)]
    return (
        f"Lo mejor calificado: {words[0]} ({shares[0]}); lo menos: {words[1]} ({shares[1]})"
        if best != worst
        else None
    )


def _highest(told: Sequence[IndicatorRow], words: str) -> str:
    row = max(told, key=lambda one: one.value or 0)
    name = indicator(row.id).name.rpartition(": ")[2]
    return f"{words}: {name} ({half_up(row.value or 0, digits=1)})"


def _by_then(row: IndicatorRow) -> str:
    month = int(row.category)
    people = percent(row.value, whole=True)
    when = "El mes del egreso" if month == 0 else f"A {month} {'mes' if month == 1 else 'meses'}"
    return f"{when} de egresar, el {people} ya había tenido su primer empleo"


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def how_many(row: IndicatorRow) -> tuple[str, bool]:
    """How many persons a figure is ("6 de cada 10", "4 de 7 personas"), and if that is a plural."""
    share = row.value or 0.0
    if row.numerator is not None and row.base is not None and row.base < SMALL_BASE:
        people = "persona" if row.base == 1 else "personas"
        return f"{row.numerator} de {row.base} {people}", row.numerator != 1
    if share == 1:
        return "Todas las personas", True
    if share >= 0.95:
        return "Casi todas las personas", True
    if share < 0.05:
        return "Menos de 1 de cada 20", False
    tenths = int(10 * share + 0.5)
    return f"{tenths} de cada 10", tenths > 1


def percent(value: float | None, *, whole: bool) -> str:
    """A share as "62.5 %", in whole percents for the public; a dash where there is none."""
    if value is None:
        return "—"
    return as_percent(value, digits=0 if whole else 1)


def category_label(row: IndicatorRow) -> str:
    """The Spanish words of a figure's category; the indicator's name for a yes or a measure."""
    entry = indicator(row.id)
    known = {category.id: category.label for category in entry.categories}
    if not row.category or (len(known) == 2 and row.category == "si"):
        return entry.name
    return known.get(row.category, row.category)
