"""A text as its business reads it: said in plain words what a name stands for, no Liquid. Kept with a version when it is published, so
that what a business approved can never read differently later.
"""

from typing import Final

from messaging.words import sandbox
from messaging.words.checks import complete, one_line, supplied

FIRST_NAME: Final = "[their first name]"
# Stands for the name of the business in the agency's words; the portal's view puts the name in (portal/migrations).
BUSINESS: Final = "[your business]"
_VALUES: Final = {"name": FIRST_NAME, "business": BUSINESS}


def plain(*, source: str, channel: str, response_minutes: int | None) -> str:
    """The words without their opt-out line, the lines as they leave; as written where they cannot be filled in (such are never sent)."""
    try:
        text = sandbox.fill(source=source, values=supplied(values=dict(_VALUES), response_minutes=response_minutes))
    except sandbox.BrokenWords:
        return source
    return complete(text=text, channel=channel, opt_out_line="")


def plain_subject(*, source: str, response_minutes: int | None) -> str:
    """A subject the same way, on one line; "" where there is none."""
    return one_line(text=plain(source=source, channel="sms", response_minutes=response_minutes)) if source else ""
