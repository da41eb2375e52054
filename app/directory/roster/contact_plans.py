"""What the addresses of a row add to a member, correct, or share with somebody else."""

from collections.abc import Iterator, Sequence
from uuid import UUID

from app.directory.findings import Finding
from app.directory.roster.candidates import Candidate
from app.directory.roster.contact_cells import CandidateContact
from app.directory.roster.present import Change, FileMemory, Known, Present
from app.directory.states import ContactKind, ContactSource, ContactState

_KINDS = {ContactKind.EMAIL: "correo", ContactKind.MOBILE: "celular", ContactKind.PHONE: "teléfono"}


def planned_contacts(
    candidate: Candidate, known: Known
) -> tuple[tuple[CandidateContact, ...], tuple[tuple[UUID, CandidateContact], ...]]:
    """Addresses to add, and unconfirmed ones of an earlier roster that the file corrects."""
    kept = {form for each in candidate.contacts for form in each.forms}
    stored = {each.value_hash for each in known.contacts}
    free = [
        each
        for each in known.contacts
        if each.source is ContactSource.ROSTER
        and each.state is ContactState.UNCONFIRMED
        and each.value_hash not in kept
    ]
    added, replaced = [], []
    for contact in candidate.contacts:
        if stored.intersection(contact.forms):
            continue
        old = next((each for each in free if each.kind is contact.kind
                    and each.institutional == contact.institutional), None)  # fmt: skip
        if old:
            free.remove(old)
            replaced.append((old.id, contact))
        else:
            added.append(contact)
    return tuple(added), tuple(replaced)


def contact_changes(
    known: Known,
    added: Sequence[CandidateContact],
    replaced: Sequence[tuple[UUID, CandidateContact]],
) -> Iterator[Change]:
    before = {each.id: each.value for each in known.contacts}
    for contact in added:
        yield Change(_KINDS[contact.kind], "", contact.value)
    for old, contact in replaced:
        yield Change(_KINDS[contact.kind], before[old], contact.value)


def shared_addresses(
    candidate: Candidate,
    contacts: Sequence[CandidateContact],
    present: Present,
    memory: FileMemory,
    own: UUID | None = None,
) -> Iterator[Finding]:
    """Addresses that somebody else has too: brothers and sisters, or the school's own."""
    for contact in contacts:
        row = memory.addresses.setdefault(hash(contact.forms[0]), candidate.row)
        holder = next((present.holders[f] for f in contact.forms if f in present.holders), own)
        if row != candidate.row:
            other = f"está también en el renglón {row}"
        elif holder != own:
            other = "ya lo tiene otra persona del directorio"
        else:
            continue
        yield Finding(
            candidate.row,
            contact.heading,
            "roster.shared_contact",
            f"«{contact.value}» {other}. Se guardó; si no es de la familia, pida uno propio.",
        )
