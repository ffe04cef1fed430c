"""The pictures of an inbound text: NumMedia and MediaUrl0.. (twilio.com/docs/messaging/guides/webhook-request). Twilio states their types
in MediaContentType0..; we read those from the bytes instead.
"""

from collections.abc import Mapping
from typing import Any

from zartsalgo.lib import fields

MOST = 10
# The first asks for the account's credentials and sends on to the others, whose addresses are signed.
HOSTS = ("api.twilio.com", "media.twiliocdn.com", "mms.twiliocdn.com")


def addresses(data: Mapping[str, Any]) -> list[str]:
    """The addresses of the pictures, in order; at most ten, as Twilio sends."""
    count = min(fields.whole(data, "NumMedia") or 0, MOST)
    return [url for n in range(count) if (url := fields.text(data, f"MediaUrl{n}"))]
