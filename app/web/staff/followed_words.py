"""How well a generation is followed, in words, wherever a response rate is told."""

from collections.abc import Iterator
from fractions import Fraction

from sqlmodel import Session

from app.analytics.charts.headlines import percent
from app.analytics.field_figures import FieldFigures
from app.analytics.figures.registry import indicator
from app.analytics.followed import Followed, followed
from app.fieldwork.queries import WaveHeader
from app.web.staff.told_rates import told_rate
from app.web.staff.worked import Entry, entry_of
from app.web.wiring import Caller


def followed_of_wave(session: Session, caller: Caller, header: WaveHeader) -> Followed:
    """Of the wave of a school that the caller has read."""
    return followed(
        session,
        caller.scope,
        header.school_id,
        header.cohort,
        header.questionnaire,
        header.counts.frame,
    )


def followed_words(found: Followed, *, public: bool = False) -> str:
    """One or two short sentences; empty where nobody is listed."""
    if found.knowledge_rate is None:
        return ""
    known = told_rate(found.known, found.frame, public=public).words
    said = f"Tasa de conocimiento: {known}."
    if found.retention is None:
        return said
    stayed = told_rate(found.stayed, found.before, public=public).words
    return f"{said} Siguen desde el cuestionario anterior: {stayed}."


def followed_entries(found: Followed, *, public: bool = False) -> tuple[Entry, ...]:
    """Both rates worked through, for the pages that show how each figure is made."""
    return (
        entry_of(indicator("R10"), [_worked(found.known, found.frame, public=public)]),
        entry_of(indicator("R12"), [_worked(found.stayed, found.before, public=public)]),
    )


def field_entries(found: FieldFigures) -> Iterator[Entry]:
    """Notice, nucleus and directory, worked through for their own school."""
    told = (
        ("R11", found.accepted),
        ("R13", found.nucleus),
        ("D1", found.corrected),
        ("D2", found.reachable),
        ("D3", found.allows),
    )
    for name, part in told:
        if part is not None:
            lines = [_worked(part.count, part.base, public=False)]
            if part is found.reachable:
                dead = _worked(found.dead.count, found.dead.base, public=False)
                lines.append(f"Direcciones que dejaron de servir: {dead}")
            yield entry_of(indicator(name), lines)


def _worked(part: int, whole: int, *, public: bool) -> str:
    if not whole:
        return "No se puede calcular: nadie está en la base."
    if public:
        return told_rate(part, whole, public=True).words.capitalize()
    return f"{part:,} ÷ {whole:,} = {percent(float(Fraction(part, whole)), whole=False)}"
