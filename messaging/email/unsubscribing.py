"""The way out of an email: a signed link that names one message, and what pressing its button does.

The token carries our message id under a signature and nothing about the person; the message's row says who and which client, so a link
cannot be turned into somebody else's. It does not age: CAN-SPAM wants it to work for 30 days at least (16 CFR 316.5).

What binds: pressing it is the person's own act against this client. It stops every email and every automatic or staff text of that
client to all numbers and addresses known of the person (design section 6: an opt-out by whatever path; the gate looks at the person, not
at the channel). It does not bind other clients. No page and no function of ours takes it back.
"""

import uuid
from typing import Final

from django.conf import settings
from django.core import signing

from messaging.models import Message, Suppression
from providers.contract import ParsedEvent
from zartsalgo.lib import clock

_SALT: Final = "email-unsubscribe"
PATH: Final = "u"


def link(*, message: Message) -> str:
    """The public address of the message's way out."""
    return f"{settings.PUBLIC_URL}/{PATH}/{token(message=message)}/"


def token(*, message: Message) -> str:
    return signing.Signer(salt=_SALT).sign(message.pk.hex)


def message_of(*, token: str) -> Message | None:
    """The email a token was made for; None for a forged or altered one."""
    try:
        identity = uuid.UUID(hex=signing.Signer(salt=_SALT).unsign(token))
    except (signing.BadSignature, ValueError):
        return None
    return Message.objects.select_related("client", "contact").filter(pk=identity, channel=Message.EMAIL).first()


def fact(*, message: Message) -> ParsedEvent:
    """The press of the button as an event: one for each message, however often it is pressed."""
    return ParsedEvent(
        type="email.unsubscribed",
        key=f"unsubscribe:{message.pk}",
        occurred_at=clock.read(),
        facts={"message_id": str(message.pk), "channel": "email", "by": "the link in an email"},
        personal={"email": message.to},
    )


def is_done(*, message: Message) -> bool:
    """Whether this person has pressed it for this client, with this email or another."""
    return Suppression.objects.filter(
        client_id=message.client_id, contact_id=message.contact_id, origin=Suppression.Origin.UNSUBSCRIBED, lifted_by__isnull=True
    ).exists()
