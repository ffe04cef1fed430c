"""How fresh a connection is: what is silence and what is trouble, in one word and one sentence."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from providers.models import Connection
from zartsalgo.office.strip import REFUSED_WITHIN

# A trade business hears from its call tracking on most working days; silence over a long weekend is no alarm.
FRESH_WITHIN = timedelta(hours=24)


@dataclass(frozen=True, kw_only=True)
class State:
    """How a connection is: a code of office_tags.MARKS, its word, and a sentence."""

    code: str
    word: str
    says: str


def state_of(*, connection: Connection, last: datetime | None, now: datetime, real_now: datetime) -> State:
    """Trouble first, then how long it has been silent. `last` is business time like `now`; refusals are counted in real time."""
    if connection.disabled_at is not None:
        return State(code="disabled", word="Switched off", says="Nothing is accepted from it or sent through it.")
    if connection.trouble:
        return State(code="broken", word="Trouble", says=connection.trouble)
    refused = connection.last_refused_at
    if refused is not None and real_now - refused <= REFUSED_WITHIN:
        says = "A request with a wrong signature was refused within the last hour. If it was the provider, its signing secret is not ours."
        return State(code="late", word="Trouble", says=says)
    if last is None:
        return State(code="quiet", word="Not heard yet", says="Nothing has come in since it was connected. Send a test from the provider.")
    if now - last <= FRESH_WITHIN:
        return State(code="fresh", word="Fresh", says="Heard within the last 24 hours.")
    return State(
        code="quiet", word="Quiet", says="Nothing for more than 24 hours. Normal where few people call; else send a test from the provider."
    )
