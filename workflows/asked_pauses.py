"""Pauses that another system asks for: `automation.paused` from outside stops sending as a safety check does, and only a person resumes."""

from datetime import datetime
from typing import Any

from leads.models import Desk, Event
from messaging.pauses import FROM_OUTSIDE, Scope
from workflows import incidents, registry
from zartsalgo.lib.names import clean_text


def pause(*, event: Event, by: str, now: datetime) -> str:
    """Another system says that automation must stop: it stops, at once and as an incident, and only a person lets it go on.

    What it does not name clearly is taken for more, not for less: the whole client.
    """
    scope, doubt = _scope(event)
    given = {name: _words(event.facts.get(name)) for name in ("reason", "owner", "rollback")}
    owner = f", owner {given['owner']}" if given["owner"] else ""
    reason = f"{FROM_OUTSIDE} ({by}{owner}): {given['reason'].rstrip('.') or 'no reason was given'}.{f' {doubt}' if doubt else ''}"
    incident, opened = incidents.open_incident(
        scope=scope,
        cause=f"outside:{scope.key}",
        title=f"Paused from outside: {incidents.scope_words(scope=scope)}",
        reason=reason,
        now=now,
        opened_by=by,
        desk=Desk.AUTOMATION_OPS,
        rollback=given["rollback"] or incidents.NOTHING_TO_TAKE_BACK,
        said_by=event,
    )
    held = f"Paused, as {by} asked: {incident.scope}; a person lets it go on."
    return f"{held}{f' {doubt}' if doubt else ''}" if opened else f"{incident.scope} was paused already; the incident has this sign too."


def resume(*, event: Event, by: str, now: datetime) -> str:
    """Another system says that all is well: whoever mends the incident reads it, and nothing goes before they said so."""
    scope, _ = _scope(event)
    standing = incidents.standing_of(scope=scope)
    for incident in standing:
        incidents.note(incident=incident, by=by, says=f"{FROM_OUTSIDE}: it may run again. A person looks and resumes.", now=now)
    if not standing:
        return f"{by} says that automation may run again; nothing of this client was paused."
    return f"{by} says that automation may run again. Nothing goes on by that: a person resumes on the incident’s page."


def _scope(event: Event) -> tuple[Scope, str]:
    """The client and the workflow that the event names, by key or name; else the whole client, and a sentence on what was not understood."""
    named = event.facts.get("workflow")
    if named is None or named == "" or named == "all":
        return Scope(client=event.client), ""
    known = {word.casefold(): key for key, card in registry.workflows().items() for word in (key, card.name)}
    key = known.get(named.strip().casefold()) if isinstance(named, str) else None
    if key is None:
        said = _words(named)[:60] if isinstance(named, str) else "something that is no name"
        return Scope(client=event.client), f"It names “{said}”, which is no workflow here, so everything of this client is paused."
    return Scope(client=event.client, workflow=key), ""


def _words(value: Any) -> str:
    return " ".join(clean_text(str(value)).split())[:200] if isinstance(value, str | int | float) else ""
