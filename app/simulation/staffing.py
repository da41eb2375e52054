"""The staff of the demonstration: one account of each kind, all with one known password.

Development only: loading.refuse_unfit comes first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from app.keys import PurposeKey
from app.simulation.plans import WorldPlan
from app.simulation.schools import NATION, School
from app.staff.invitations import accept_invitation, invite
from app.staff.passwords import HashedPassword
from app.staff.roles import Role, WantedGrant

PASSWORD = "rebozo nube tejolote 48"  # noqa: S105  # printed on the console, for people who do not exist
TUTORED = "6A"


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """Who can sign in, and as what."""

    email: str
    name: str
    wanted: WantedGrant
    words: str  # for the console


def demo_accounts(world: Sequence[School], plan: WorldPlan) -> tuple[DemoAccount, ...]:
    """An office, each school, and those who see only part."""
    first, state = world[0], world[0].state
    left_last = plan.cohorts[-2]
    schools = tuple(
        DemoAccount(
            f"plantel{number}@demo.test",
            f"Responsable de {school.name}",
            WantedGrant(school.code, Role.OFFICER),
            f"responsable del {school.name}, {school.graduates} por generación",
        )
        for number, school in enumerate(world, 1)
    )
    return (
        DemoAccount(
            "estado@demo.test",
            "Responsable estatal",
            WantedGrant(state.code, Role.OFFICER),
            "responsable de la oficina estatal",
        ),
        *schools,
        DemoAccount(
            "tutor@demo.test",
            "Tutora del 6A",
            WantedGrant(first.code, Role.TUTOR, (f"{left_last}/{TUTORED}",)),
            f"tutora de un grupo ({TUTORED}, {left_last})",
        ),
        DemoAccount(
            "analisis@demo.test",
            "Analista",
            WantedGrant(state.code, Role.ANALYST),
            "análisis: resultados y microdatos, sin personas",
        ),
        DemoAccount(
            "consulta@demo.test",
            "Consulta",
            WantedGrant(state.code, Role.VIEWER),
            "consulta: solo cifras",
        ),
        DemoAccount(
            "admin@demo.test",
            "Administración",
            WantedGrant(NATION, Role.ADMIN),
            "administración del sistema",
        ),
    )


def hire(
    session: Session,
    accounts: Sequence[DemoAccount],
    password: HashedPassword,
    *,
    keys: Sequence[PurposeKey],
    now: datetime,
) -> None:
    """Make the accounts, ready to sign in. Hash the password outside (passwords.py)."""
    for account in accounts:
        invited = invite(session, account.email, account.wanted, keys=keys, by=None, now=now)
        if invited.token is not None:
            accept_invitation(session, invited.token, password, now=now, display_name=account.name)
