"""Codes of the rows in words that staff use: events, checks of the gate, tries of a send, providers."""

import functools

from leads.events import EVENT_TYPES
from messaging.models import Attempt
from providers import adapters
from zartsalgo.lib.patterns import Match, linear

EVENTS = {key: row.label for key, row in EVENT_TYPES.items()}

CHECKS = {
    "opted-out": "Has not opted out",
    "number": "The number or address can be used",
    "bounced": "The address takes mail",
    "postal-address": "An email shows the business's postal address",
    "already-texted": "No other text for the same purpose",
    "sent-before-restore": "Not sent before the restore",
    "too-late": "Still of use",
    "overtaken": "Not overtaken by a reply, a call or an outcome",
    "switched-off": "The workflow is on",
    "consent": "They asked for it or agreed to it",
    "content": "The words can be sent",
    "sending-stopped": "Sending is not stopped",
    "unclear-reply": "No unread reply that may mean stop",
    "person-talking": "No person is talking with them",
    "too-many": "Not too many, and answers first",
    "connection": "The provider can be used",
    "template": "The template is approved",
    "quiet-hours": "Within the hours for texts",
    "business-closed": "The business is open, or it is an answer",
    "needs-approval": "Allowed to go on its own, or approved",
    "not-live": "The way out is live",
}

TRIES = {
    Attempt.Outcome.RESERVED: "allowed, not yet called",
    Attempt.Outcome.CALLING: "calling the provider",
    Attempt.Outcome.ACCEPTED: "accepted by the provider",
    Attempt.Outcome.REJECTED: "refused by the provider, which created nothing",
    Attempt.Outcome.UNKNOWN: "no answer from the provider; it may have gone",
    Attempt.Outcome.NOT_SENT: "proven unsent",
}


def event_word(kind: str) -> str:
    """An event type in words; one that is new here is said as it stands, without its dots."""
    return EVENTS.get(kind) or kind.replace(".", " ").replace("_", " ").capitalize()


_EVENT_TYPE = linear(r"\b[a-z]+\.[a-z]+\b")


def in_words(sentence: str) -> str:
    """A stored sentence with event types said in words: "Recorded: call.missed." becomes "Recorded: missed call."."""

    def word(match: Match) -> str:
        found = EVENTS.get(match.group(0))
        if found is None:
            return match.group(0)
        starts = match.start() == 0 or sentence[: match.start()].rstrip().endswith(".")
        return found if starts else found[:1].lower() + found[1:]

    return _EVENT_TYPE.sub(word, sentence)


def check_word(name: str) -> str:
    """A check of the gate as what it asks for, so that "Passed" and "Not met" fit beside it."""
    return CHECKS.get(name) or name.replace("-", " ").capitalize()


@functools.cache
def provider_word(provider: str) -> str:
    """The provider's name as it writes it itself."""
    if provider == "office":
        return "Back office"
    try:
        return adapters.load(provider).label
    except LookupError:
        return provider.replace("_", " ").capitalize()
