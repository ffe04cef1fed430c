"""Rows and browsers for the portal's tests: approved stories, published reports, somebody who is signed in."""

import hashlib
from datetime import date, datetime, timedelta

from django.test import Client as Browser

from leads.models import Client, Event, Lead
from portal import members
from portal.cookies import PATH, SESSION_NAME
from summaries.models import Approval, Proof, Report, Summary
from tests.factories import NOON, ContactFactory, LeadFactory
from zartsalgo.lib import clock
from zartsalgo.lib.ids import new_id

CONTENT = {
    "headline": "31 booked jobs came from 118 calls and forms",
    "figures": [
        {"key": "booked", "label": "booked jobs", "value": 31, "previous": 26, "unit": "", "note": ""},
        {"key": "first-reply", "label": "typical first reply", "value": 41, "previous": 55, "unit": "seconds", "note": "target 60 seconds"},
        {"key": "asked", "label": "new requests", "value": 1118, "previous": 97, "unit": "", "note": ""},
        {"key": "missed", "label": "missed calls answered", "value": 96, "previous": None, "unit": "%", "note": ""},
    ],
    "weeks": [
        {"start": "2026-10-05", "asked": 24, "booked": 6},
        {"start": "2026-10-12", "asked": 31, "booked": 8},
        {"start": "2026-10-19", "asked": 28, "booked": 7},
        {"start": "2026-10-26", "asked": 35, "booked": 10},
    ],
    "sources": [
        {"name": "Phone calls", "asked": 64, "booked": 18, "coverage": ""},
        {"name": "Google Ads", "asked": 16, "booked": 3, "coverage": "2 days missing: 14 and 15 Oct"},
    ],
    "note": "We now answer forms on Sundays too.",
}


def make_lead(*, client: Client, name: str = "Carla Gomez") -> Lead:
    return LeadFactory(client=client, contact=ContactFactory(client=client, name=name))


def make_story(
    *,
    client: Client,
    text: str = "A homeowner asked about a leaking roof. We texted back at once.",
    at: datetime = NOON,
    lead: Lead | None = None,
    **more: object,
) -> Proof:
    """A text that went the whole way: summary, approval, proof."""
    lead = lead or make_lead(client=client)
    event = Event.objects.create(
        id=new_id(), client=client, type="call.missed", source="callrail", key=str(new_id()), occurred_at=at, recorded_at=at, lead=lead
    )
    summary = Summary.objects.create(
        client=client, lead=lead, cause_event=event, kind="call", status="approved", client_text=text, sources_until=at, created_at=at
    )
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    approval = Approval.objects.create(summary=summary, verdict="approved", text_sha256=sha256, by="Dana", at=at)
    values = {"kind": "call", "service": "Leaking roof", "source": "Phone call", "answered_after_seconds": 38, "approved_by": "Dana"}
    return Proof.objects.create(
        client=client,
        lead=lead,
        approval=approval,
        text=text,
        text_sha256=sha256,
        happened_at=at,
        approved_at=at + timedelta(hours=1),
        **{**values, **more},
    )


def make_report(*, client: Client, month: int = 10, status: str = "published", content: dict | None = None, **more: object) -> Report:
    first = date(2026, month, 1)
    last = date(2026, month + 1, 1) - timedelta(days=1)
    published = {} if status == "draft" else {"published_at": NOON, "published_by": "Dana"}
    return Report.objects.create(
        client=client, starts_on=first, ends_on=last, status=status, content=content or CONTENT, created_at=NOON, **{**published, **more}
    )


def signed_in(*, client: Client, email: str = "rita@example.com", name: str = "Rita", **options: object) -> Browser:
    """The browser of a member of this business."""
    members.invite(client_id=client.pk, email=email, name=name, now=clock.real_now())
    browser = Browser(**options)
    hold(browser, members.open_session(email=email, now=clock.real_now()))
    return browser


def hold(browser: Browser, token: str) -> None:
    """Give a browser a session's cookie."""
    browser.cookies[SESSION_NAME] = token
    browser.cookies[SESSION_NAME]["path"] = PATH
