"""Examples of the answers, for the schema and its page. Numbers are fiction's own; a test holds each against the schema."""

from typing import Any

from django.conf import settings

CLIENT = "summit-roofing"
LEAD = "019a9d2c-5b1e-7c40-8a11-3f0b6c2d4e51"
EVENT = "019a9d2c-5a90-7d02-9c3e-77aa10b2c3d4"
CONTACT = "019a9d2c-5af0-7b15-8e21-0c9d8e7f6a5b"
DELIVERY = "019a9d2c-5a10-7e63-b0f4-5d4c3b2a1908"
RUN = "019a9d2c-5bd0-7f84-a1b2-c3d4e5f60718"
MESSAGE = "019a9d2c-5c40-7a95-92d3-e4f506172839"
SUMMARY = "019a9d2c-5c70-7b51-8a3c-16273849506b"
TASK = "019a9d2c-5ca0-7ba6-83e4-f5061728394a"
INCIDENT = "019a9d2c-5e20-7dc8-a5f6-1728394a5b6c"
RECEIPT = "019a9d2c-5d10-7cb7-b4f5-061728394a5b"

INDEX = {
    name: f"{settings.PUBLIC_URL}/api/v1/{name}/"
    for name in ("deliveries", "events", "leads", "runs", "receipts", "messages", "summaries", "tasks", "incidents")
}

ONE: dict[str, dict[str, Any]] = {
    "deliveries": {
        "id": DELIVERY,
        "client": CLIENT,
        "provider": "callrail",
        "key": "CAL0190f0c0ffee4a5b9e8d7c6b5a493827",
        "received_at": "2026-11-20T19:00:00.120000Z",
        "state": "done",
        "note": "Recorded: call.missed.",
        "copies": 1,
        "replays": 0,
    },
    "events": {
        "id": EVENT,
        "client": CLIENT,
        "type": "call.missed",
        "source": "callrail",
        "key": "CAL0190f0c0ffee4a5b9e8d7c6b5a493827",
        "occurred_at": "2026-11-20T18:59:30Z",
        "recorded_at": "2026-11-20T19:00:00.160000Z",
        "lead": LEAD,
        "contact": CONTACT,
        "delivery": DELIVERY,
        "facts": {"kind": "no-answer", "duration_seconds": 13, "source": "Google Ads"},
        "personal": {"name": "Dana Whitfield", "phone": "+13035550123"},
    },
    "leads": {
        "id": LEAD,
        "client": CLIENT,
        "name": "Dana Whitfield",
        "phone": "+13035550123",
        "source": "Google Ads",
        "kind": "missed call",
        "stage": "engaged",
        "next_action": "Answer the reply",
        "created_at": "2026-11-20T19:00:00.170000Z",
        "response_due_at": "2026-11-20T19:15:00.170000Z",
        "first_response_at": "2026-11-20T19:00:01Z",
        "replied_at": "2026-11-20T19:04:12Z",
    },
    "runs": {
        "id": RUN,
        "client": CLIENT,
        "workflow": "missed-call-text-back",
        "version": 1,
        "status": "waiting",
        "says": "Texted Dana Whitfield 1 s after the missed call; waiting for a reply.",
        "lead": LEAD,
        "event": EVENT,
        "cursor": "wait-for-reply",
        "created_at": "2026-11-20T19:00:00.170000Z",
        "finished_at": None,
        "wake_at": "2026-11-22T19:00:00.170000Z",
        "steps": [
            {
                "key": "text",
                "kind": "message",
                "outcome": "done",
                "says": "Planned the text to (303) 555-0123.",
                "expected": "",
                "actual": "",
                "at": "2026-11-20T19:00:00.180000Z",
            }
        ],
    },
    "receipts": {
        "id": RECEIPT,
        "client": CLIENT,
        "event": EVENT,
        "workflow": "missed-call-text-back",
        "verdict": "started",
        "reason": "started",
        "says": "Started: a missed call of a number that can be texted.",
        "expected": "",
        "actual": "",
        "run": RUN,
        "at": "2026-11-20T19:00:00.170000Z",
    },
    "messages": {
        "id": MESSAGE,
        "client": CLIENT,
        "lead": LEAD,
        "run": RUN,
        "workflow": "missed-call-text-back",
        "purpose": "missed-call-text-back",
        "channel": "sms",
        "to": "+13035550123",
        "from": "+13035550100",
        "body": "Sorry we missed your call. How can we help?",
        "status": "held",
        "reason": "quiet-hours",
        "says": "Held until 08:00 in Denver: no texts at night.",
        "slip": {"verdict": "hold", "reason": "quiet-hours", "checks": []},
        "created_at": "2026-11-20T19:00:00.180000Z",
        "sent_at": None,
        "hold_until": "2026-11-21T15:00:00Z",
        "provider_id": "",
    },
    "summaries": {
        "id": SUMMARY,
        "client": CLIENT,
        "lead": LEAD,
        "run": RUN,
        "event": EVENT,
        "kind": "conversation",
        "status": "draft",
        "says": "Written by the local summarizer.",
        "writer": "local",
        "model": "local extractive",
        "internal_text": "The roof leaks above the kitchen; they want somebody this week.",
        "client_text": "A homeowner asked for a roof repair this week.",
        "claims": [
            {
                "text": "The roof leaks.",
                "source": f"{EVENT}.personal.text",
                "quote": "my roof leaks",
                "supported": True,
                "problem": "",
            }
        ],
        "risk_flags": ["urgent"],
        "next_action": "Call back today",
        "sources_until": "2026-11-20T19:04:12.100000Z",
        "created_at": "2026-11-20T19:04:12.100000Z",
        "written_at": "2026-11-20T19:04:12.100000Z",
        "decided_at": None,
        "decided_by": "",
    },
    "tasks": {
        "id": TASK,
        "client": CLIENT,
        "lead": LEAD,
        "desk": "sales-ops",
        "kind": "call-back",
        "title": "Call back Dana Whitfield",
        "reason": "The call was missed and nobody has answered yet.",
        "status": "open",
        "due_at": "2026-11-20T19:15:00Z",
        "closed_at": None,
        "outcome": "",
    },
}
ONE["incidents"] = {
    "id": INCIDENT,
    "client": CLIENT,
    "title": "Twilio does not take texts of Summit Roofing",
    "reason": "3 of the last 3 tries failed before anything was created.",
    "scope": "sending over Twilio for Summit Roofing",
    "status": "open",
    "desk": "operations",
    "person": None,
    "opened_by": "Safety check",
    "rollback": "Nothing has to be taken back: the provider created none of these texts.",
    "verification": TASK,
    "signs": 3,
    "opened_at": "2026-11-20T19:00:20Z",
    "released_at": None,
    "closed_at": None,
    "outcome": "",
}

CLOSED_TASK = {**ONE["tasks"], "status": "done", "closed_at": "2026-11-20T19:10:00Z", "outcome": "Called back, booked for Tuesday."}
REPLAY = {
    "confirmed": False,
    "plan": {
        "says": "Reading it again would change nothing. call.missed: already known.",
        "state": "done",
        "note": "call.missed: already known.",
        "events": 0,
        "people": 0,
        "leads": 0,
        "runs": 0,
        "tasks": 0,
        "texts": 0,
    },
    "delivery": ONE["deliveries"],
}


def next_page(*, name: str) -> str:
    """An address as `next` holds it."""
    return f"{settings.PUBLIC_URL}/api/v1/{name}/?after=2026-11-20T19%3A00%3A00.170000Z_{LEAD}"
