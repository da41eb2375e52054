"""A contact plan as the database keeps it, and what a plan must not be.

One JSON document a plan: steps by name with the day of the window or the days before its close,
the most contacts, the gap in days, and the hours as HH:MM.
"""

import json
from collections.abc import Iterable
from datetime import time

from app.chronology.contact_plan import ORDER, ContactPlan, SendingHours, Step, StepRule

MOST_CONTACTS = 6  # a person, over all channels (domain.md 5)
LATEST_DAY = 120  # of a window; the longest there is has 61 days
LONGEST_GAP = 14  # days between two messages
DAY_BEGINS, DAY_ENDS = time(9), time(20)  # nobody is written at night (trust.md 4.3)


def write_plan(plan: ContactPlan) -> str:
    """The document of a plan; `read_plan` gives the same plan back."""
    hours = plan.hours
    return json.dumps(
        {
            "steps": [
                {"step": rule.step.value, "day": rule.day, "before_close": rule.before_close}
                for rule in plan.rules
            ],
            "most": plan.most,
            "gap": plan.gap,
            "opens": f"{hours.opens:%H:%M}",
            "closes": f"{hours.closes:%H:%M}",
            "preferred": None if hours.preferred is None else f"{hours.preferred:%H:%M}",
            "weekdays_only": hours.weekdays_only,
        },
        sort_keys=True,
    )


def read_plan(text: str) -> ContactPlan:
    """The plan of a document.

    Raises:
        ValueError: the document is not one of ours.
    """
    kept = json.loads(text)
    preferred = kept["preferred"]
    return ContactPlan(
        rules=tuple(
            StepRule(Step(one["step"]), one["day"], one["before_close"]) for one in kept["steps"]
        ),
        most=kept["most"],
        gap=kept["gap"],
        hours=SendingHours(
            opens=time.fromisoformat(kept["opens"]),
            closes=time.fromisoformat(kept["closes"]),
            preferred=None if preferred is None else time.fromisoformat(preferred),
            weekdays_only=kept["weekdays_only"],
        ),
    )


def problems_of(plan: ContactPlan) -> Iterable[tuple[str, str]]:
    """Why a plan cannot be used: where (a step, most, gap or hours) and a Spanish sentence."""
    steps = [rule.step for rule in plan.rules]
    if not steps or steps[0] is not Step.INVITATION:
        yield Step.INVITATION.value, "El plan empieza con la invitación: escriba su día"
    if [ORDER[step] for step in steps] != sorted({ORDER[step] for step in steps}):
        yield Step.INVITATION.value, "Los mensajes van en su orden, cada uno una vez"
    yield from _about_days(plan)
    if not 1 <= plan.most <= MOST_CONTACTS:
        yield "most", f"Una persona recibe de 1 a {MOST_CONTACTS} contactos por todos los medios"
    if not 1 <= plan.gap <= LONGEST_GAP:
        yield "gap", f"Deje de 1 a {LONGEST_GAP} días entre dos mensajes"
    hours = plan.hours
    if not DAY_BEGINS <= hours.opens < hours.closes <= DAY_ENDS:
        yield "opens", "Los mensajes salen entre las 9:00 y las 20:00"
    elif hours.preferred is not None and not hours.opens <= hours.preferred < hours.closes:
        yield "preferred", "La hora preferida cae dentro del horario"


def _about_days(plan: ContactPlan) -> Iterable[tuple[str, str]]:
    earlier = -1
    for rule in plan.rules:
        if rule.day is None:
            if not 1 <= (rule.before_close or 0) <= LATEST_DAY:
                yield rule.step.value, f"Escriba de 1 a {LATEST_DAY} días antes del cierre"
            continue
        if not 0 <= rule.day <= LATEST_DAY:
            yield rule.step.value, f"Escriba un día de 0 a {LATEST_DAY}; 0 es el primero"
        elif rule.day <= earlier:
            yield rule.step.value, "Este mensaje va después del anterior: escriba un día mayor"
        earlier = max(earlier, rule.day)
