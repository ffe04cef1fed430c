"""How often one person is written to by one client, over all channels and workflows, and who goes first. The gate's check "too-many".

What does not market (messaging.purposes) goes before everything else: whatever is not one waits while an answer is still
to go, and for a day after it. What people write by hand is theirs to repeat and counts nowhere here; each purpose has its own window
besides (messaging.dedupe), and states may be stricter (messaging.gate.checks.consent).
"""

from datetime import datetime, timedelta
from typing import Final

from messaging import purposes
from messaging.gate.facts import Facts
from messaging.gate.result import Result
from messaging.models import Message
from zartsalgo.lib.slip import HOLD

CHECK: Final = "too-many"
DAY, WEEK = timedelta(days=1), timedelta(days=7)
# More answers than that in a day are no conversation but a loop; of all else nobody wants more.
ANSWERS_A_DAY: Final = 4
OTHERS_A_DAY: Final = 1
OTHERS_A_WEEK: Final = 3
# While an answer waits for its hour, others look again then.
LOOK_AGAIN: Final = timedelta(hours=1)


def too_many(message: Message, facts: Facts, now: datetime) -> Result:
    """`until` is when the next may go."""
    if not message.workflow:
        return Result(passed=True, verdict=HOLD, says="Written by a person, who sees what went before.")
    sent = facts.sent
    values = (("answers_today", str(sent.answers)), ("others_today", str(sent.today)), ("others_this_week", str(sent.week)))

    def wait(says: str, until: datetime) -> Result:
        return Result(passed=False, verdict=HOLD, says=says, until=until, values=values)

    if not purposes.of(key=message.purpose).markets:
        if sent.answers >= ANSWERS_A_DAY and sent.first_answer is not None:
            says = f"They got {sent.answers} automatic answers within 24 hours, and {ANSWERS_A_DAY} are the most."
            return wait(says, sent.first_answer + DAY)
        return Result(passed=True, verdict=HOLD, says=f"{sent.answers} automatic answers in the last 24 hours.", values=values)
    if sent.waits:
        return wait("An answer to this person goes first; it still waits for its own time.", now + LOOK_AGAIN)
    if sent.last_answer is not None:
        return wait("They got an answer within the last 24 hours; this waits until a day after it.", sent.last_answer + DAY)
    if sent.today >= OTHERS_A_DAY and sent.first_today is not None:
        many = f"{sent.today} automatic message{'' if sent.today == 1 else 's'}"
        return wait(f"They got {many} within 24 hours, and {OTHERS_A_DAY} is the most.", sent.first_today + DAY)
    if sent.week >= OTHERS_A_WEEK and sent.first_week is not None:
        says = f"They got {sent.week} automatic messages within 7 days, and {OTHERS_A_WEEK} are the most."
        return wait(says, sent.first_week + WEEK)
    return Result(passed=True, verdict=HOLD, says=f"{sent.week} automatic messages in the last 7 days.", values=values)
