"""How a school writes to its people: letterhead, text and footer of the moment, made into bytes.

Everything is read when a message leaves, so a corrected name or text reaches what still waits.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from sqlmodel import Session

from app.fieldwork import tokens
from app.fieldwork.addressees import Correspondent
from app.fieldwork.letters import BEGUN, Sender, short_for, text_for, values_for
from app.fieldwork.own_texts import own_texts
from app.fieldwork.texts import FIELDS, LINKS, MessageText, TextKey, telephone_letters
from app.keys import PurposeKey, keys_for
from app.messaging.addresses import domain_of, wire_address
from app.messaging.compose import Letterhead, Person, compose, letterhead
from app.messaging.delivery import Rendered
from app.messaging.gateway_setting import Gateway, own_values
from app.messaging.signing import bounce_address, unsubscribe_token
from app.messaging.states import Channel
from app.messaging.templates import Taps, Template, parse_template
from app.settings import Settings
from app.units.queries import profile_of
from app.units.scope import WHOLE
from app.units.tables import OrganisationUnit

UNSUBSCRIBE = "unsubscribe"  # purposes of the keys, for keys_for()
BOUNCE = "bounce"
UNSIGNED = "Seguimiento de egresados"  # above the school's name where it has no profile
GATEWAY_FIELDS = FIELDS | LINKS  # what a gateway's JSON may ask for beside its own fields
_SHORT_TYPE = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"
_TEXTS_KEPT = 512  # parsed texts; one for each questionnaire, step and footer


@dataclass(frozen=True, slots=True)
class PostOffice:
    """The addresses and keys of this deployment that messages carry. Keys newest first."""

    base_url: str
    mail_from: str
    bounce_domain: str | None
    link_keys: Sequence[PurposeKey]
    unsubscribe_keys: Sequence[PurposeKey]
    bounce_keys: Sequence[PurposeKey]

    @property
    def mail_domain(self) -> str:
        """Ours: of the Message-ID, the greeting and the List-Id."""
        return domain_of(wire_address(self.mail_from))

    def unsubscribe_url(self, member_id: UUID) -> str:
        """The page where this person stops the messages; works for ever."""
        return f"{self.base_url}/baja/{unsubscribe_token(member_id, self.unsubscribe_keys)}"

    def envelope_sender(self, message_id: UUID) -> str:
        """Where a bounce of this message comes back to."""
        if self.bounce_domain is None:
            return self.mail_from
        return bounce_address(message_id, self.bounce_domain, self.bounce_keys)


@dataclass(frozen=True, slots=True)
class Stationery:
    """How one school writes now. `questions_to` answers what people reply."""

    signed: str
    questions_to: str
    footer: str
    head: Letterhead
    texts: Mapping[TextKey, MessageText] = field(default_factory=dict)  # in the own words


@dataclass(frozen=True, slots=True)
class Envelope:
    """Which message this is, and to which address of the person it goes."""

    id: UUID
    message_id: str  # of RFC 5322, the same on every try
    step: str
    address: str


def post_office(settings: Settings) -> PostOffice:
    """The post office of a deployment."""
    return PostOffice(
        base_url=settings.base_url,
        mail_from=settings.mail_from,
        bounce_domain=settings.bounce_domain,
        link_keys=keys_for(tokens.PURPOSE, settings.secret_keys),
        unsubscribe_keys=keys_for(UNSUBSCRIBE, settings.secret_keys),
        bounce_keys=keys_for(BOUNCE, settings.secret_keys),
    )


def stationery_of(session: Session, office: PostOffice, school_id: UUID) -> Stationery:
    """The school's own profile, or that of the nearest office above, or its bare name."""
    school = session.get_one(OrganisationUnit, school_id)
    profile = profile_of(session, WHOLE, school_id)
    name = school.name if profile is None else profile.sender_name
    said = () if profile is None else (profile.footer, profile.contact)
    return Stationery(
        signed=UNSIGNED if profile is None else profile.sender_name,
        questions_to=office.mail_from if profile is None else profile.reply_to,
        footer="\n".join(filter(None, (*said, f"Clave de la escuela: {school.code}"))),
        head=letterhead(
            from_name=name,
            from_address=office.mail_from,
            reply_to=None if profile is None else (profile.sender_name, profile.reply_to),
            list_id=f"egresados.{office.mail_domain}",
        ),
        texts=own_texts(session, school_id),
    )


def write_letter(
    office: PostOffice,
    stationery: Stationery,
    person: Correspondent,
    envelope: Envelope,
    *,
    taps: Taps | None = None,
    now: datetime,
) -> Rendered:
    """The message as it will be sent; `taps`: the question it opens with, for who has not begun.

    Raises:
        LinkKeyMissing: the person's link cannot be written again.
        ValueError: no such step, or an address cannot be used.
    """
    baja = office.unsubscribe_url(person.member_id)
    values = values_for(person, Sender(stationery.signed, office.base_url, baja), office.link_keys)
    content = compose(
        stationery.head,
        _template(
            text_for(person, envelope.step, stationery.texts),
            stationery.footer,
            None if person.state.disposition in BEGUN else taps,
        ),
        Person(
            address=envelope.address,
            name=person.full_name,
            message_id=envelope.message_id,
            unsubscribe_url=baja,
            unsubscribe_mailto=f"mailto:{wire_address(stationery.questions_to)}?subject=Baja",
        ),
        values,
        now=now,
    )
    return Rendered(envelope.address, office.envelope_sender(envelope.id), content)


def write_short(
    office: PostOffice,
    stationery: Stationery,
    person: Correspondent,
    envelope: Envelope,
    gateway: Gateway | None,
) -> Rendered:
    """A text message as its gateway wants it; without one, as the development mailbox shows it.

    Raises:
        LinkKeyMissing: the person's link cannot be written again.
        ValueError: no such step.
    """
    baja = office.unsubscribe_url(person.member_id)
    values = values_for(person, Sender(stationery.signed, office.base_url, baja), office.link_keys)
    text = short_for(person, envelope.step, stationery.texts)
    words = _template(text, "").fill(values).text.strip()
    if gateway is None:
        note = f"To: {envelope.address}\r\nSubject: SMS\r\nMIME-Version: 1.0\r\n" + _SHORT_TYPE
        return Rendered(envelope.address, "", f"{note}\r\n{words}\r\n".encode())
    if gateway.channel is Channel.SMS:
        words = telephone_letters(words)
    own = own_values(envelope.address, words, str(envelope.id))
    return Rendered(envelope.address, "", gateway.body({**values, **own}))


@lru_cache(maxsize=_TEXTS_KEPT)
def _template(text: MessageText, footer: str, taps: Taps | None = None) -> Template:
    # A footer is not a template: what looks like a field in it is only braces.
    plain = footer.replace("{{", "{").replace("}}", "}")
    body = f"{text.body.rstrip()}\n\n{plain}\n"
    return parse_template(text.subject, body, fields=FIELDS, links=LINKS, taps=taps)
