"""The gate: the one function every message passes, at the moment it would be sent.

It answers send, hold (until a time, or until a person decides) or drop, and writes a slip with every check and its values. All checks
are made even after one has failed, because staff ask "what else would have stopped it?". A pause decides first, then the order of CHECKS.
The slip is made anew for each try and never trusted from when the message was queued.

`load` reads the facts of any number of messages in the same few statements, `judge` decides by them and reads nothing; `look` is both, for
a page that shows what the gate would say.
"""

from messaging.gate.checks.dedupe import BEFORE_RESTORE
from messaging.gate.checks.people import BOUNCED
from messaging.gate.checks.readiness import NOT_LIVE, NOT_LIVE_WAITS
from messaging.gate.checks.words import MOST_CHARACTERS, MOST_IN_EMAIL
from messaging.gate.facts import Facts
from messaging.gate.judging import CHECKS, LOOK_AGAIN, judge
from messaging.gate.loading import WITH, load, look
from messaging.gate.result import Result

__all__ = [
    "BEFORE_RESTORE",
    "BOUNCED",
    "CHECKS",
    "LOOK_AGAIN",
    "MOST_CHARACTERS",
    "MOST_IN_EMAIL",
    "NOT_LIVE",
    "NOT_LIVE_WAITS",
    "WITH",
    "Facts",
    "Result",
    "judge",
    "load",
    "look",
]
