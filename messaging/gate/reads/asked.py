"""The messages that facts are asked for, as one JSON parameter which every statement reads as the table `a`."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from messaging import purposes
from messaging.models import Message
from messaging.purposes import Kind

INQUIRIES: Final = ("call.missed", "call.answered", "lead.created", "quote.requested", "message.received")
# Whoever has an appointment is written to about it.
APPOINTMENTS: Final = ("booking.created", "booking.rescheduled")

# `answers_from`: an act of theirs since then asks for this answer. `window_from`: what went since then stands for its purpose.
# `known`: until then whoever planned or approved it knew what had happened.
TABLE: Final = """json_to_recordset(%(asked)s::json) as a (id uuid, client bigint, contact uuid, lead uuid, cause uuid, run uuid, channel text,
  "to" text, workflow text, purpose text, markets boolean, reminds boolean, known timestamptz, answers_from timestamptz,
  window_from timestamptz, inquiries text[], overtaken_by text[])"""


def as_json(*, messages: Sequence[Message], now: datetime) -> str:
    """The parameter `asked` of those statements."""
    return json.dumps([_row(message, now) for message in messages])


def _row(message: Message, now: datetime) -> dict[str, Any]:
    purpose = purposes.of(key=message.purpose)
    by_events = bool(message.workflow) and message.cause_event_id is not None
    return {
        "id": str(message.pk),
        "client": message.client_id,
        "contact": str(message.contact_id),
        "lead": _text(message.lead_id),
        "cause": _text(message.cause_event_id),
        "run": _text(message.run_id),
        "channel": message.channel,
        "to": message.to,
        "workflow": message.workflow,
        "purpose": message.purpose,
        "markets": purpose.markets,
        "reminds": message.purpose == purposes.REVIEW_REMINDER.key and message.run_id is not None,
        "known": (message.approved_at or message.created_at).isoformat(),
        "answers_from": (message.created_at - purpose.answers_within).isoformat() if purpose.answers_within is not None else None,
        "window_from": (now - purpose.window).isoformat(),
        "inquiries": [*INQUIRIES, *(APPOINTMENTS if purpose.kind is Kind.SERVES else ())],
        "overtaken_by": sorted(purpose.overtaken_by) if by_events else [],
    }


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
