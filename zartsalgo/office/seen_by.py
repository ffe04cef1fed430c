"""What a client will see of a summary, and who will see it: told to the approver before anything is approved."""

from dataclasses import dataclass
from datetime import datetime

from leads.models import Client
from portal import members
from summaries import actions
from summaries.models import Proof, Summary


@dataclass(frozen=True, kw_only=True)
class Story:
    """The frame of an entry of the portal, without its words; `checked_by` is "" until somebody approved it."""

    happened_at: datetime
    answered_after_seconds: int | None
    service: str
    source: str
    checked_by: str = ""
    checked_at: datetime | None = None


def story_of(*, summary: Summary, proof: Proof | None) -> Story:
    """The entry as it stands in the portal, or as it will stand there once it is approved."""
    if proof is not None:
        return Story(
            happened_at=proof.happened_at,
            answered_after_seconds=proof.answered_after_seconds,
            service=proof.service,
            source=proof.source,
            checked_by=proof.approved_by,
            checked_at=proof.approved_at,
        )
    lead, happened_at = summary.lead, summary.cause_event.occurred_at
    answered = lead.first_response_at
    seconds = int((answered - happened_at).total_seconds()) if answered is not None and answered >= happened_at else None
    return Story(
        happened_at=happened_at,
        answered_after_seconds=0 if summary.cause_event.type == "call.answered" else seconds,
        service=actions.harmless_label(summary=summary, label=lead.service),
        source=actions.harmless_label(summary=summary, label=lead.source) or "Other",
    )


def audience(*, client: Client) -> str:
    """Who sees an approved text: "2 people at Alpine Plumbing"."""
    count = len(members.people_of(client_id=client.pk))
    if not count:
        return f"Nobody at {client} has been invited to the portal yet."
    return f"{count} {'person' if count == 1 else 'people'} at {client}"
