"""The mail that carries a code: short, the digits in the subject, nothing else to press."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from app.classroom.proofs import KIND, digits_of
from app.classroom.tables import ContactProof
from app.directory.consents import has_opted_out
from app.directory.contacts import mark_dead
from app.directory.tables import ContactPoint, PanelMember
from app.fieldwork.stationery import PostOffice, Stationery
from app.keys import PurposeKey
from app.messaging.compose import Person, compose
from app.messaging.delivery import ClaimedMessage, Objection, Rendered
from app.messaging.suppression import suppressed
from app.messaging.templates import parse_template
from app.units.tables import OrganisationUnit

_TEMPLATE = parse_template(
    "{{codigo}} es tu código",
    """\
Tu código es {{codigo}}. Escríbelo en la página donde lo pediste; sirve 15 minutos.

Con él, {{escuela}} sabe que este correo sí te llega. Si tú no lo pediste, no hagas nada.

¿Dudas de que este mensaje sea de tu escuela? Escribe en tu navegador {{sitio}}/verifica.

Si ya no quieres recibir mensajes: {{baja}}
""",
    fields=frozenset({"codigo", "escuela", "sitio"}),
    links=frozenset({"baja"}),
)


def is_code(kind: str) -> bool:
    """Whether a message of this kind carries a code: it is about a proof and not about a case."""
    return kind == KIND


@dataclass(frozen=True, slots=True)
class Press:
    """With what codes are written. `keeps_simulated`: mail goes nowhere, so anybody's is kept."""

    office: PostOffice
    key: PurposeKey
    address_keys: Sequence[PurposeKey]
    keeps_simulated: bool


def write_code(
    session: Session, press: Press, paper: Stationery, message: ClaimedMessage, *, now: datetime
) -> Rendered | Objection:
    """The code as it will be sent, or why not.

    Raises:
        ValueError: the address cannot be used.
    """
    proof = session.get(ContactProof, message.context_id)
    point = None if proof is None else session.get(ContactPoint, proof.target_id)
    if proof is None or point is None or proof.settled_at is not None:
        return Objection("case_gone")
    member = session.get_one(PanelMember, proof.member_id)
    if member.simulated and not press.keeps_simulated:
        return Objection("simulated_person")
    if has_opted_out(session, member.id):
        return Objection("opted_out")
    if suppressed(session, [point.value], press.address_keys):
        return Objection("address_suppressed")
    office = press.office
    baja = office.unsubscribe_url(member.id)
    values = {
        "codigo": digits_of(press.key, proof.id),
        "escuela": session.get_one(OrganisationUnit, member.school_id).name,
        "sitio": office.base_url.split("://", 1)[-1],
        "baja": baja,
    }
    person = Person(point.value, member.given_name, message.message_id, baja)
    content = compose(paper.head, _TEMPLATE, person, values, now=now)
    return Rendered(point.value, office.envelope_sender(message.id), content)


def school_of_proof(session: Session, proof_id: UUID) -> UUID | None:
    """The school whose letterhead a code carries."""
    proof = session.get(ContactProof, proof_id)
    return None if proof is None else session.get_one(PanelMember, proof.member_id).school_id


def code_undeliverable(session: Session, proof_id: UUID) -> None:
    """The mail server said that the address does not exist: it is given up."""
    proof = session.get(ContactProof, proof_id)
    if proof is not None:
        mark_dead(session, proof.target_id)
