"""Writing slips down. A slip stands once, in a row of its own; whoever writes it has made its id, for the rows that point at it."""

from messaging.models import Message
from messaging.models import Slip as SlipRow
from zartsalgo.lib.slip import Slip

# The beginning of a statement: the source that follows has a slip's id as `slip`, its `message` and what it says of itself in JSON as `found`.
INSERT = """insert into messaging_slip (id, message_id, made_at, verdict, found)
  select slip, message, (found ->> 'made_at')::timestamptz, found ->> 'verdict', found"""


def keep(*, slip: Slip, message: Message) -> SlipRow:
    """One slip by itself, for what comes one by one."""
    return SlipRow.objects.create(message=message, made_at=slip.made_at, verdict=slip.verdict, found=slip.as_json())
