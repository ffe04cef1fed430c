"""An event in a person's words: what happened, and what of it is worth reading again."""

from dataclasses import dataclass
from typing import Any

from leads.actions import OUTCOMES
from leads.events import EVENT_TYPES, TALKED
from leads.models import Event

MISSED = {
    "voicemail": "Nobody picked up; they reached the voicemail.",
    "abandoned": "They hung up before anybody picked up.",
    "no-answer": "Nobody picked up.",
    "busy": "The line was busy.",
    "probably-missed": "The call was so short that it counts as missed.",
}
READINGS = {
    "opt_out": ("Read as: stop.", "stopped", "Asked to stop"),
    "unclear": ("It may mean stop; a person reads it.", "held", "Unclear"),
    "help": ("They asked who we are.", "", ""),
    "opt_in": ("They want texts again.", "", ""),
}
STOPPED_BY_EMAIL = {
    "email.bounced": ("An email came back", "The address takes no mail; no email goes there any more."),
    "email.complained": ("Marked an email as spam", "Nothing goes to this person any more."),
    "email.unsubscribed": ("Pressed unsubscribe", "Nothing goes to this person any more."),
    "email.blocked": (
        "Switched off at the email provider",
        "Somebody there put the address on its list; nothing goes to this person any more.",
    ),
}
# Titles of a story where they are not the label of the type.
NAMES = {
    "lead.created": "Form",
    "quote.requested": "Asked for a quote",
    "message.queued": "Text planned elsewhere",
    "provider.enriched": "Data added",
    "payment.received": "Paid",
}


@dataclass(frozen=True, kw_only=True)
class EventLine:
    """How an event reads in a story."""

    icon: str
    title: str
    say: str = ""
    body: str = ""
    status: str = ""
    word: str = ""


def event_line(*, event: Event) -> EventLine:
    """One event in words. Erased personal values simply are not there."""
    facts: dict[str, Any] = event.facts or {}
    personal: dict[str, Any] = event.personal or {}
    if event.type == "call.missed":
        source = f" Source: {facts['source']}." if facts.get("source") else ""
        return EventLine(icon="call", title="Missed call", say=MISSED.get(str(facts.get("kind")), "Nobody picked up.") + source)
    if event.type in TALKED:
        seconds = facts.get("duration_seconds")
        return EventLine(
            icon="call",
            title="Call, answered" if event.type == "call.answered" else "Called back, answered",
            say=f"It took {seconds} s." if isinstance(seconds, int) else "",
        )
    if event.type == "message.received":
        says, status, word = READINGS.get(str((facts.get("reading") or {}).get("kind")), ("", "", ""))
        body = str(personal.get("text") or "") or ("Pictures only." if facts.get("media_count") else "An empty text.")
        email = facts.get("channel") == "email"
        if email and personal.get("subject"):
            body = f"{personal['subject']}\n\n{body}"
        title = "Email from the customer" if email else "Text from the customer"
        return EventLine(
            icon="message",
            title=title,
            body=body.replace("An empty text.", "An empty email.") if email else body,
            say=says,
            status=status,
            word=word,
        )
    if event.type in STOPPED_BY_EMAIL:
        title, says = STOPPED_BY_EMAIL[event.type]
        bounced = event.type == "email.bounced"
        return EventLine(
            icon="warn" if bounced else "stop",
            title=title,
            say=says,
            status="failed" if bounced else "stopped",
            word="" if bounced else "Nothing more goes",
        )
    if event.type in ("lead.created", "quote.requested"):
        return EventLine(icon="form", title=NAMES[event.type], say=_asked(facts=facts), body=_form_body(personal=personal))
    if event.type == "outcome.reported":
        label = OUTCOMES.get(str(facts.get("outcome")), ("something",))[0]
        return EventLine(icon="done", title=f"Outcome: {label}", say=f"Reported by {facts.get('reported_by') or 'somebody'}.")
    if event.type == "outcome.withdrawn":
        return EventLine(
            icon="retry",
            title="Outcome taken back",
            say=f"{facts.get('by') or 'Somebody'} took back: {facts.get('outcome') or 'an outcome'}.",
        )
    if event.type == "call.attempted":
        return EventLine(icon="call", title="Called, no answer", say=f"{facts.get('by') or 'Somebody'} tries again later.")
    if event.type == "reply.read":
        stop = facts.get("reading") == "opt_out"
        says = "it means stop" if stop else "it does not mean stop"
        return EventLine(
            icon="person",
            title="A person read the reply",
            say=f"{facts.get('by') or 'Somebody'} says {says}.",
            status="stopped" if stop else "",
            word="No more texts" if stop else "",
        )
    if event.type == "summary.created" and facts.get("approval_state") == "approved":
        says = "A person approved these words; the client sees them unless they were withdrawn."
        return EventLine(icon="done", title="Summary approved", body=str(facts.get("summary") or ""), say=says)
    known = EVENT_TYPES.get(event.type)
    title = NAMES.get(event.type) or known and known.label or event.type.replace(".", ", ").replace("_", " ").capitalize()
    return EventLine(icon="event", title=title)


def _asked(*, facts: dict[str, Any]) -> str:
    parts = []
    for name, word in (("form", "Form"), ("page_url", "Page"), ("source", "Source"), ("service", "Service"), ("urgency", "Urgency")):
        if facts.get(name):
            parts.append(f"{word}: {facts[name]}.")
    consent = facts.get("consent") or {}
    if isinstance(consent, dict) and consent:
        refused = " and ".join({"sms": "texts", "email": "emails"}.get(channel, channel) for channel in consent.get("refused") or ())
        parts.append(f"Asked for no {refused}." if refused else "Agreed to texts." if consent.get("granted") else "Did not agree to texts.")
    return " ".join(parts)


def _form_body(*, personal: dict[str, Any]) -> str:
    lines = [str(personal["message"])] if personal.get("message") else []
    answers = personal.get("answers")
    if isinstance(answers, dict):
        lines += [f"{name.replace('_', ' ').capitalize()}: {value}" for name, value in list(answers.items())[:20] if value]
    return "\n".join(lines)
