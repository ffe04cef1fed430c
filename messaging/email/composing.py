"""An email as it leaves, made of the approved words: text and HTML of the same template, who writes with a postal address, the way out.

CAN-SPAM (15 USC 7704(a)(3), (5)): a working way out and the sender's postal address in every commercial email; RFC 8058: one click, by
a POST that needs no cookie, no login and no redirect. Every email has both, whatever its purpose. Values of strangers cannot reach a
header's line end nor become markup: names are put on one line here, Django's message refuses what is left, and the page escapes.
"""

from typing import Final

from django.conf import settings
from django.template.loader import render_to_string

from messaging.email import addresses, unsubscribing
from messaging.models import Message
from messaging.words.checks import one_line
from providers.contract import OutgoingEmail
from zartsalgo.lib.names import clean_name
from zartsalgo.lib.patterns import linear

_LINK: Final = linear(r"(https://[^\s<>\"']+[^\s<>\"'.,;:!?)])")
_PARAGRAPHS: Final = linear(r"\n{2,}")


def compose(*, message: Message) -> OutgoingEmail:
    """The whole email of a message, from its rows alone. Needs `client`, `contact` and `connection`."""
    link = unsubscribing.link(message=message)
    context = {
        "business": message.client.name,
        "postal_address": _lines(message.client.postal_address),
        "link": link,
        "body": message.body,
        "paragraphs": [[_pieces(line) for line in part.split("\n")] for part in _PARAGRAPHS.split(message.body.strip())],
        "subject": message.subject,
    }
    return OutgoingEmail(
        to=message.to,
        to_name=clean_name(message.contact.name, limit=80),
        sender=message.sender,
        sender_name=clean_name(message.client.name, limit=80),
        subject=one_line(text=message.subject),
        text=render_to_string("mail/message.txt", context),
        html=render_to_string("mail/message.html", context),
        reference=str(message.pk),
        reply_to=addresses.reply_to(message=message),
        headers={"List-Unsubscribe": f"<{link}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
    )


def footer(*, message: Message) -> str:
    """What stands below the words, as staff see it before it leaves."""
    return " · ".join([message.client.name, *_lines(message.client.postal_address)])


def _lines(address: str) -> list[str]:
    return [line.strip() for line in address.splitlines() if line.strip()]


def _pieces(line: str) -> list[tuple[str, bool]]:
    """A line cut at its https addresses: (words, whether they are an address)."""
    return [(piece, bool(place % 2)) for place, piece in enumerate(_LINK.split(line)) if piece]


def sends_by_smtp() -> bool:
    """Whether the environment names a mail server for clients without a connection of their own."""
    return settings.EMAIL_BACKEND == "django.core.mail.backends.smtp.EmailBackend"
