"""The simulator's phone in place of a provider. It may be put in a bad mood and then fails exactly as Twilio would, on the same paths.

The mood stands in the options of the client's newest Twilio connection that is not live: see providers.connections.set_mood.
"""

import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from messaging.models import Message
from providers.connections import mood_of
from providers.contract import SendResult

SLOW_SECONDS = 2.0


def send(*, message: Message) -> SendResult:
    """Show a text on the simulator's phone, or fail in the way the mood says: down, refused-credentials, unknown, slow."""
    mood = mood_of(client_id=message.client_id)
    if mood == "down":
        return SendResult(outcome="rejected", error_code="unreachable", note="not sent: the provider refused the connection.")
    if mood == "refused-credentials":
        note = "The provider did not accept the account and token; renew the credentials of the connection."
        return SendResult(outcome="rejected", http_status=401, error_code="20003", note=note)
    if mood == "unknown":
        return SendResult(outcome="unknown", note="no answer within the time given")
    if mood == "slow":
        time.sleep(SLOW_SECONDS)
    where = "on our own pages" if message.channel == Message.EMAIL else "on the simulator's phone"
    return SendResult(outcome="accepted", provider_id=_id(message), note=f"shown {where}")


def find_sent(*, message: Message, since: datetime) -> list[Mapping[str, Any]]:
    """The list of what the phone got, as a provider keeps one: it cannot be read while the mood is bad, and knows the text afterwards."""
    if mood_of(client_id=message.client_id) != "ok":
        raise ConnectionError("the simulated provider does not answer")
    return [{"provider_id": _id(message), "body": message.body, "created_at": since, "status": "delivered"}]


def _id(message: Message) -> str:
    return f"simulated-{message.pk.hex}"
