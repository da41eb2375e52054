"""What the pages of the sign-off show: one wave's close, and the list an office works through."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import ClassVar
from uuid import UUID

from sqlmodel import Session

from app.analytics.editions.freezing import EditionHead
from app.analytics.figures.expectation import PLANS
from app.analytics.figures.traits import LATTICE
from app.analytics.nonresponse import TRAITS, TraitBalance
from app.analytics.released import Audience
from app.analytics.reports import WaveOfUnit, audience_of, indicators_report, verdict_report
from app.analytics.sign_off import ActLine, SignOff, SignOffState, sign_off_of
from app.analytics.sign_off_list import LISTED, ClosedWave, closed_waves
from app.analytics.tables import EditionKind, SignOffStep
from app.fieldwork.percents import in_percent
from app.fieldwork.queries import WaveHeader, wave_header
from app.staff.roles import Permission
from app.units.queries import unit_by_code
from app.web.render import Page, say_date
from app.web.staff.followed_words import followed_of_wave, followed_words
from app.web.staff.shell import Crumb, Issue, Shell, shell
from app.web.staff.wave_pages import WaveTop, local_moment, wave_top
from app.web.staff.wave_words import percent, rate_in_words
from app.web.staff.weighted_words import Sensitivity, sensitivity_of
from app.web.wiring import Caller

TAB = "/cierre"
METHOD = (
    "Si un grupo responde más que otro y le va distinto, el porcentaje se desvía. La medida es la "
    "mitad del coeficiente de variación de las tasas de respuesta de los grupos, sin lo que haría "
    "el azar (Schouten, Cobben y Bethlehem, 2009). Hasta 5 puntos, y con 65\u00a0% de respuesta o "
    "más, se presenta; con más de 10 puntos, o menos de 30\u00a0% de respuesta, no; entre ambos, "
    "con reserva."
)
STATE_WORDS = {
    SignOffState.IN_FIELD: "En levantamiento",
    SignOffState.SETTLING: "Cerrado; llegan las últimas respuestas",
    SignOffState.TO_SUBMIT: "Por entregar",
    SignOffState.SUBMITTED: "Entregado, en revisión",
    SignOffState.RETURNED: "Devuelto al plantel",
    SignOffState.ACCEPTED: "Aceptado",
}
LIST_WORDS = {
    SignOffState.SUBMITTED: "En revisión",
    SignOffState.RETURNED: "Devueltos",
    SignOffState.TO_SUBMIT: "Por entregar",
    SignOffState.ACCEPTED: "Aceptados",
}
EMPTY_WORDS = {
    SignOffState.SUBMITTED: "Ningún cierre espera revisión. Cuando un plantel entregue el suyo, "
    "aparecerá aquí.",
    SignOffState.RETURNED: "Ningún cierre está devuelto.",
    SignOffState.TO_SUBMIT: "Ningún plantel tiene un cierre por entregar.",
    SignOffState.ACCEPTED: "Todavía no se acepta ningún cierre.",
}
STEP_WORDS = {
    SignOffStep.SUBMITTED: "Entregado por el plantel",
    SignOffStep.RETURNED: "Devuelto por la oficina",
    SignOffStep.ACCEPTED: "Aceptado por la oficina",
}
VALUE_WORDS = {
    **{("sexo", str(code)): word for code, word in LATTICE["sexo"].values.items()},
    **{("turno", str(code)): word for code, word in LATTICE["turno"].values.items()},
    **{("plan", str(code)): plan.label for plan in PLANS for code in plan.codes},
}
KIND_WORDS = {
    EditionKind.STEP: "Avance",
    EditionKind.CLOSE: "Cierre",
    EditionKind.CORRECTED: "Corregida",
}


@dataclass(frozen=True, slots=True)
class ActRow:
    """A step of the history, in words."""

    what: str
    when: str
    who: str
    comment: str


@dataclass(frozen=True, slots=True)
class EditionRow:
    """An edition, in words."""

    name: str
    when: str
    rate: str
    state: str
    reason: str


@dataclass(frozen=True, slots=True)
class BalanceRow:
    """Those who share a value: of the list, and who of them answered."""

    value: str
    of_list: str
    of_answers: str
    rate: str


@dataclass(frozen=True, slots=True)
class BalanceTable:
    """Who answered against who is listed, by one trait."""

    title: str
    words: str
    rows: tuple[BalanceRow, ...]


@dataclass(frozen=True, slots=True)
class SignOffPage(Page):
    """The close of one wave."""

    template: ClassVar[str] = "staff/sign_off.html"
    title: str
    shell: Shell
    top: WaveTop
    state: str
    lead: str
    submit: str  # words of the button; empty where there is nothing to submit
    needs_comment: bool
    judged: int | None  # number of the edition an office may accept or return
    comment: str
    verdict: str
    followed: str
    method: str
    balance: tuple[BalanceTable, ...]
    sensitivity: Sensitivity | None
    editions: tuple[EditionRow, ...]
    history: tuple[ActRow, ...]
    issues: tuple[Issue, ...]


@dataclass(frozen=True, slots=True)
class StateChoice:
    """A state of the list with how many are in it."""

    text: str
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class CloseRow:
    """A closed wave of the list."""

    school: str
    wave: str
    closed: str
    since: str
    url: str


@dataclass(frozen=True, slots=True)
class ClosesPage(Page):
    """The closed waves of the caller's schools."""

    template: ClassVar[str] = "staff/sign_offs.html"
    title: str
    shell: Shell
    trail: tuple[Crumb, ...]
    states: tuple[StateChoice, ...]
    rows: tuple[CloseRow, ...]
    empty: str
    more: str


def sign_off_page(
    session: Session,
    caller: Caller,
    wave_id: UUID,
    *,
    now: datetime,
    issue: Issue | None = None,
    comment: str = "",
) -> SignOffPage:
    """The close of a wave of the caller's.

    Raises:
        NotFound: there is none, or it is not the caller's.
    """
    header = wave_header(session, caller.scope, wave_id)
    found = sign_off_of(session, caller.scope, wave_id, now=now)
    signs = caller.actor.may(Permission.SIGN_OFF)
    scope = caller.actor.scope(Permission.SIGN_OFF)
    unit = unit_by_code(session, caller.scope, header.cct)
    own = audience_of(scope, unit) is Audience.OWN
    asked = WaveOfUnit(unit, header.cohort, header.questionnaire)
    judged = verdict_report(session, scope if signs else caller.scope, asked, now=now)
    button, needs_comment = _to_submit(found) if signs and own else ("", False)
    return SignOffPage(
        title=f"Cierre. Cuestionario {header.questionnaire}, generación {header.cohort}",
        shell=shell(caller, at="/panel"),
        top=wave_top(caller, header, at=TAB),
        state=STATE_WORDS[found.state],
        lead=_lead(found, own=own),
        submit=button,
        needs_comment=needs_comment,
        judged=found.submitted if signs and not own else None,
        comment=comment,
        verdict=judged.words,
        followed=followed_words(followed_of_wave(session, caller, header)),
        method=METHOD,
        balance=tuple(_balance_table(one) for one in judged.traits),
        sensitivity=_sensitivity(session, caller, asked, now=now) if own else None,
        editions=tuple(_edition_row(one, found, header) for one in _by_number(found)),
        history=tuple(_act_row(one, header) for one in found.history),
        issues=() if issue is None else (issue,),
    )


def list_page(session: Session, caller: Caller, state: SignOffState | None) -> ClosesPage:
    """The closed waves by state, longest waiting first."""
    found = closed_waves(session, caller.scope, state if state in LISTED else None)
    total = found.counts[found.state]
    hidden = total - len(found.waves)
    return ClosesPage(
        title="Cierres de plantel",
        shell=shell(caller, at="/panel/cierres"),
        trail=(Crumb("Panel", "/panel"), Crumb("Cierres de plantel")),
        states=tuple(
            StateChoice(
                f"{LIST_WORDS[one]}: {found.counts[one]:,}",
                f"/panel/cierres?estado={one.value}",
                current=one is found.state,
            )
            for one in LISTED
        ),
        rows=tuple(_close_row(one) for one in found.waves),
        empty="" if found.waves else EMPTY_WORDS[found.state],
        more=f"Hay {hidden:,} más; aparecerán al atender estos." if hidden > 0 else "",
    )


def _sensitivity(
    session: Session, caller: Caller, asked: WaveOfUnit, *, now: datetime
) -> Sensitivity | None:
    """What weighting would change; for those who read the figures of their own school."""
    scope = caller.actor.scope(Permission.SEE_OUTCOMES)
    if audience_of(scope, asked.unit) is not Audience.OWN:
        return None
    return sensitivity_of(indicators_report(session, scope, asked, now=now))


def _to_submit(found: SignOff) -> tuple[str, bool]:
    """The words of the school's button, and whether it must say why."""
    if found.state is SignOffState.TO_SUBMIT:
        return "Entregar el cierre", False
    if found.state is SignOffState.RETURNED:
        return "Entregar de nuevo", True
    if found.state is SignOffState.ACCEPTED and found.changed:
        return "Entregar una corrección", True
    return "", False


def _lead(found: SignOff, *, own: bool) -> str:
    match found.state:
        case SignOffState.IN_FIELD:
            return (
                "El levantamiento sigue abierto. Fuera del plantel los resultados se ven por "
                "ediciones fijas, cada diez respuestas, y entran a las sumas de las oficinas al "
                "cerrar. El cierre se entrega cuando termine."
            )
        case SignOffState.SETTLING:
            return (
                "Durante tres días pueden llegar respuestas que se guardaron sin conexión. Después "
                "se fija la edición de cierre y se puede entregar."
            )
        case SignOffState.TO_SUBMIT:
            return (
                "Revise los avances y los resultados, y entregue el cierre a su oficina: desde ese "
                "momento las cifras quedan fijas para quien está fuera del plantel."
                if own
                else "El plantel todavía no entrega su cierre."
            )
        case SignOffState.SUBMITTED:
            return (
                "Su oficina lo está revisando: puede aceptarlo o devolverlo con un comentario."
                if own
                else f"El plantel entregó la edición {found.submitted}. Revise sus resultados y "
                "acéptela, o devuélvala con un comentario."
            )
        case SignOffState.RETURNED:
            said = found.history[0].comment
            return f"La oficina lo devolvió: «{said}»."
        case SignOffState.ACCEPTED:
            return _accepted_words(found)


def _accepted_words(found: SignOff) -> str:
    kept = "Lo aceptado no cambia. "
    if not found.changed:
        return kept + "Ninguna respuesta ha cambiado desde entonces."
    changed = "1 respuesta" if found.changed == 1 else f"{found.changed:,} respuestas"
    return (
        f"{kept}Desde entonces cambió {changed}; una corrección se entrega con su razón cuando "
        "son diez o más, y rige cuando la oficina la acepte."
    )


def _balance_table(trait: TraitBalance) -> BalanceTable:
    frame = sum(group.frame for group in trait.groups) or 1
    answered = sum(group.answered for group in trait.groups) or 1
    words = "No se puede comparar: hay un solo grupo, o nadie respondió."
    if trait.bias is not None:
        words = f"Podría desviar un porcentaje hasta {in_percent(trait.bias)} puntos."
    return BalanceTable(
        title=f"Por {TRAITS[trait.trait]}",
        words=words,
        rows=tuple(
            BalanceRow(
                value=_value_words(trait.trait, group.value),
                of_list=f"{percent(Fraction(group.frame, frame))} ({group.frame:,})",
                of_answers=f"{percent(Fraction(group.answered, answered))} ({group.answered:,})",
                rate=rate_in_words(group.answered, group.frame),
            )
            for group in trait.groups
        ),
    )


def _value_words(trait: str, value: str) -> str:
    return VALUE_WORDS.get((trait, value), value.capitalize())


def _by_number(found: SignOff) -> list[EditionHead]:
    return sorted(found.editions, key=lambda one: -one.number)


def _edition_row(edition: EditionHead, found: SignOff, header: WaveHeader) -> EditionRow:
    in_force = edition.id == found.editions[0].id
    accepted = "aceptada" if edition.accepted_at else ""
    state = ", ".join(filter(None, ("vigente" if in_force else "", accepted)))
    return EditionRow(
        name=f"{edition.number}. {KIND_WORDS[edition.kind]}",
        when=local_moment(edition.frozen_at, header.zone),
        rate=rate_in_words(edition.answered, edition.frame),
        state=state or "anterior",
        reason=edition.reason or "",
    )


def _act_row(act: ActLine, header: WaveHeader) -> ActRow:
    return ActRow(
        what=f"{STEP_WORDS[act.step]} (edición {act.edition})",
        when=local_moment(act.at, header.zone),
        who=act.by,
        comment=act.comment,
    )


def _close_row(wave: ClosedWave) -> CloseRow:
    return CloseRow(
        school=f"{wave.school} ({wave.cct})",
        wave=f"Cuestionario {wave.questionnaire}, generación {wave.cohort}",
        closed=say_date(wave.closes - timedelta(days=1), "d MMM y"),  # the last day of answering
        since="ninguno todavía" if wave.at is None else say_date(wave.at.date(), "d MMM y"),
        url=f"/panel/olas/{wave.wave_id}{TAB}",
    )
