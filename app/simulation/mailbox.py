"""The newest messages of a simulated world as its people would have received them.

Written with the platform's own stationery into the development mailbox: nothing is sent.
"""

from collections.abc import Sequence

from sqlmodel import Session

from app.fieldwork.addressees import correspondents
from app.fieldwork.stationery import Envelope, PostOffice, stationery_of, write_letter
from app.messaging import mailbox
from app.messaging.delivery import Outgoing
from app.messaging.past import PastMessage, message_id

MOST = 25  # messages of a generation: the page shows the newest


def fill_mailbox(session: Session, office: PostOffice, messages: Sequence[PastMessage]) -> int:
    """Keep the newest of these messages in the mailbox; how many."""
    newest = sorted((m for m in messages if not m.dead), key=lambda m: m.at, reverse=True)[:MOST]
    people = correspondents(session, [message.context_id for message in newest])
    letterheads = {
        school: stationery_of(session, office, school)
        for school in {person.school_id for person in people.values()}
    }
    kept = 0
    for message in newest:
        person = people[message.context_id]
        if not person.addresses:
            continue  # the address was given up since
        envelope = Envelope(
            message.id,
            message_id(message.id, message.mail_domain),
            message.kind,
            person.addresses[0],
        )
        letter = write_letter(
            office, letterheads[person.school_id], person, envelope, now=message.at
        )
        outgoing = Outgoing(message.id, 1, letter.recipient, letter.sender, letter.content)
        mailbox.keep(session, outgoing, now=message.at)
        kept += 1
    return kept
