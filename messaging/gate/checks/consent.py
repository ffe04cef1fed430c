"""May we text this person for this purpose? The gate's check "consent", of the ledger that leads.consent writes.

What answers or serves (messaging.purposes) needs an act of the person's own, from the number it goes to, within the purpose's span before
it was written (how long it may wait then is its `useful_until`). Everything else is marketing: written words for that number; else a relationship that has not run out in
any state the person may be in (messaging.relationships) together with a do-not-call check no older than 31 days; and never more texts a
day than the strictest candidate state allows. Who refused a channel in a form gets nothing by it on its own, an answer neither, until they
write to us there or clearly agree later. Whatever a person agreed to before they said stop counts no more, nor an entry of staff that
was withdrawn (47 CFR 64.1200(a)(10), (f)(5)(i)): after they came back, marketing needs new words.
"""

from datetime import UTC, datetime
from typing import Final

from messaging import purposes, relationships
from messaging.gate.facts import Consents, Facts
from messaging.gate.result import Result, local
from messaging.models import Message
from messaging.relationships import CAP, CAP_WINDOW
from zartsalgo.lib.places import Place
from zartsalgo.lib.slip import HOLD

CHECK: Final = "consent"

_ACTS: Final = {
    "call": "their own call",
    "form": "the form they sent",
    "angi": "the request they sent through Angi",
    "reply": "their own text",
    "staff": "what they told us",
    "lead": "the form they sent",
    "quote": "the form they sent",
    "message": "their own text",
    "booking": "the appointment they made",
}


def consent(message: Message, facts: Facts, now: datetime) -> Result:
    """A cap passes by itself (`until`); proof that is missing does not."""
    return _marketing(message, facts, now) if purposes.of(key=message.purpose).markets else _answer(message, facts)


def _answer(message: Message, facts: Facts) -> Result:
    found = facts.consents
    if found.refused_at is not None and message.workflow:
        return _refused(message, found.refused_at, facts.client.timezone)
    if found.proof is None:
        by = "email" if message.channel == Message.EMAIL else "text"
        return Result(passed=False, says=f"Nothing shows that this person asked for an answer by {by}; a person should call instead.")
    kind, at = found.proof.kind, found.proof.at
    says = f"It answers {_ACTS.get(kind, 'what they agreed to')}."
    return Result(passed=True, says=says, values=(("proof", kind or "ledger"), ("at", at.isoformat())))


def _refused(message: Message, at: datetime, zone: str) -> Result:
    what, back = ("emails", "write to us by email") if message.channel == Message.EMAIL else ("texts", "text us")
    says = f"On {local(at, zone)} they asked for no {what} in a form; until they {back} or agree, a person should call."
    return Result(passed=False, says=says, values=(("refused_at", at.isoformat()),))


def _marketing(message: Message, facts: Facts, now: datetime) -> Result:
    found, place, email = facts.consents, facts.place, message.channel == Message.EMAIL
    if found.refused_at is not None:
        return _refused(message, found.refused_at, facts.client.timezone)
    where: tuple[tuple[str, str], ...] = (("states", ", ".join(place.states)),)
    proof: tuple[tuple[str, str], ...]
    if found.written is not None:
        proof = (
            ("proof", "written"),
            ("at", found.written.at.isoformat()),
            ("source", found.written.source),
            ("wording", found.written.wording),
        )
        says = f"They agreed to such {'emails' if email else 'texts'} in writing."
    else:
        related = _relationship(place=place, found=found, now=now)
        if not related:
            says = "They have not agreed in writing, and no inquiry or purchase is recent enough where they live; a person should call."
            return Result(passed=False, says=says, values=where)
        if email:
            # Do-not-call lists speak of numbers; for email the relationship is our own rule, stricter than CAN-SPAM.
            says = f"They have not agreed in writing; their {related} counts."
            return Result(passed=True, says=says, values=(*where, ("proof", related)))
        listed = found.do_not_call
        proof = (("proof", related), ("do_not_call_list", str(listed.as_of or "")))
        if listed.listed:
            says = "They have not agreed in writing, and the number is on a do-not-call list; a person decides what to do."
            return Result(passed=False, says=says, values=(*where, *proof))
        if not listed.fresh:
            says = (
                "They have not agreed in writing, and no do-not-call list of the last 31 days speaks for this number; a person should call."
            )
            return Result(passed=False, says=says, values=(*where, *proof))
        says = f"They have not agreed in writing; their {related} counts, and the number is on no do-not-call list."
    if found.capped >= CAP and found.first_capped is not None and relationships.is_capped(states=place.known_states):
        until = found.first_capped.astimezone(UTC) + CAP_WINDOW
        says = f"They got {found.capped} such texts within 24 hours, and {CAP} are the most where they live."
        return Result(passed=False, verdict=HOLD, says=says, until=until, values=(*where, *proof, ("sent", str(found.capped))))
    return Result(passed=True, says=says, values=(*where, *proof))


def _relationship(*, place: Place, found: Consents, now: datetime) -> str:
    """The relationship that still runs in every state the person may be in: purchase, inquiry or ""."""
    months = relationships.months_for(states=place.known_states)
    if found.purchase is not None and now < relationships.ends_at(began=found.purchase, months=months.purchase):
        return "purchase"
    if found.inquiry is not None and now < relationships.ends_at(began=found.inquiry, months=months.inquiry):
        return "inquiry"
    return ""
