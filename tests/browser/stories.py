"""What the pages are looked at with. `play` runs inside the system under test (`script/manage shell`): the stories of the simulator's command
through the real door, worked off by the real worker; then what the simulator has no story for. Prints one JSON document of ids.
"""

import io
import json
import os
import secrets
import time
import uuid
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.contrib.auth import get_user_model
from django.core.management import call_command

from leads.models import Client, Event, Responder, Task
from messaging.approving import write_draft
from messaging.email import unsubscribing
from messaging.models import Handover, Message
from messaging.pauses import Scope
from portal import members
from providers.connections import connect, hook_url
from providers.models import Connection, Delivery
from summaries import actions, reports
from summaries.models import Summary
from tests.factories import ContactFactory, LeadFactory
from tests.office.rows import make_summary, make_text
from tests.portal.rows import make_report, make_story
from workflows.incidents import open_incident
from workflows.models import Run
from zartsalgo.lib import clock
from zartsalgo.office import simulator_payloads as payloads
from zartsalgo.office.models import Alert, StoryRun
from zartsalgo.office.simulator import make_try_out_client
from zartsalgo.office.simulator_door import post

DRAFTING, STOPPED, SENDING = "harbor-movers", "granite-supply", "bluebird-plumbing"
# Story, who calls; night comes first, for it moves the clock to the evening and back, and what fell due meanwhile would not be noon's.
STORIES = (
    ("night", "+19705550117"),
    ("missed-call", "+13035550123"),
    ("stop", "+17205550142"),
    ("stop-es", "+13035550164"),
    ("form", "+12125550135"),
    ("withheld", "withheld"),
    ("late", "+13035550131"),
    ("duplicate", "+13035550132"),
    ("pre-call", "+13035550197"),
    ("bad-signature", "+13035550198"),
)


def _simulate(story: str, *, caller: str, client: str = "summit-roofing") -> dict[str, Any]:
    out = io.StringIO()
    call_command("simulate", story, client=client, caller=caller, json=True, stdout=out, stderr=io.StringIO())
    return dict(json.loads(out.getvalue()))


def _add(slug: str, *, name: str, zone: str, phone: str, send: str) -> Client:
    call_command("client", "add", slug, name=name, timezone=zone, phone=phone, send=send, stdout=io.StringIO())
    return Client.objects.get(slug=slug)


def _nonsense() -> uuid.UUID:
    """A form post that says who it is not: kept as not understood."""
    connection = Connection.objects.filter(client__slug="summit-roofing", provider="form").latest("created_at")
    webhook = payloads.Webhook(provider="form", body=b'{"name": ["a", {"b": ', content_type="application/json", headers={})
    status = post(webhook=webhook, hook_url=hook_url(connection=connection))
    if status != 200:
        raise RuntimeError(f"the form's door answered {status}")
    return Delivery.objects.filter(connection=connection).latest("received_at").pk


def _trap() -> uuid.UUID:
    """A form whose hidden field was filled in: put aside once it is read."""
    connection = Connection.objects.filter(client__slug="summit-roofing", provider="form").latest("created_at")
    body = urlencode({"name": "Cheap Roofs", "phone": "(303) 555-0179", "message": "Visit us", "_gotcha": "yes"}).encode()
    webhook = payloads.Webhook(provider="form", body=body, content_type=payloads.FORM_TYPE, headers={})
    if post(webhook=webhook, hook_url=hook_url(connection=connection)) != 200:
        raise RuntimeError("the form was not stored")
    ends = time.monotonic() + 20
    while not (found := Delivery.objects.filter(connection=connection, state=Delivery.State.ASIDE).first()):
        if time.monotonic() > ends:
            raise TimeoutError("the form was not put aside")
        time.sleep(0.1)
    return found.pk


def _send_over(*, client: Client, base_url: str, caller: str, expect: str, shadow: bool = False) -> Message:
    """A missed call of a client whose texts go to a provider at that address; its text once it stands as expected. In `shadow` the
    provider is the real one, which a text that is judged there never reaches."""
    account = f"AC{'2' * 32}"
    way, _ = connect(
        client=client, provider="twilio", secret=secrets.token_urlsafe(9), account=account, base_url=base_url, live=True, now=clock.read()
    )
    if shadow:
        Connection.objects.filter(pk=way.pk).update(base_url="")
    secret = secrets.token_urlsafe(9)
    _, address = connect(client=client, provider="callrail", secret=secret, now=clock.read())
    webhook = payloads.missed_call(
        caller=caller, name="Ivy Chen", line=client.phone, zone=client.timezone, ended=clock.real_now(), secret=secret
    )
    if post(webhook=webhook, hook_url=address) != 200:
        raise RuntimeError("the missed call was not taken in")
    ends = time.monotonic() + 20
    while not (found := Message.objects.filter(client=client, to=caller, status=expect).first()):
        if time.monotonic() > ends:
            raise TimeoutError(f"no text of {client} became {expect}")
        time.sleep(0.1)
    return found


def _in_shadow() -> str:
    """A connection to a provider that would reach people, which therefore sends nothing; one text of its shadow time."""
    client = _add("shadow", name="Pine Street Dental", zone="America/Denver", phone="+13035550177", send="auto")
    message = _send_over(client=client, base_url="http://127.0.0.1:9", caller="+13035550178", expect="skipped", shadow=True)
    return str(message.connection_id)


def _to_decide() -> dict[str, dict[str, str]]:
    """Summaries in each of their states, and two texts that wait for the keyboard's approval."""
    now, client = clock.read(), Client.objects.get(slug="summit-roofing")
    summaries, drafts = {}, {}
    for n, name in enumerate(("draft", "unsafe", "by-hand", "decided", "keys", "keys-approve", "keys-reject", "bare")):
        contact = ContactFactory(client=client, name=f"Nora Vance {'ABCDEFGH'[n]}", phone=f"+1303555018{n}", created_at=now)
        lead = LeadFactory(client=client, contact=contact, service="Roof repair", created_at=now)
        if name.startswith("keys-"):
            drafts[name] = str(make_text(contact=contact, lead=lead, now=now, to=f"+1303555018{n}").pk)
            continue
        summary = make_summary(lead=lead, now=now)
        summaries[name] = str(summary.pk)
        if name == "unsafe":
            Summary.objects.filter(pk=summary.pk).update(client_text="Nora Vance asked for help and can pay 450 dollars.")
        if name == "by-hand":
            says = "The model was cut off in the middle; a person writes it."
            Summary.objects.filter(pk=summary.pk).update(status="to-write", client_text=None, claims=None, internal_text=None, says=says)
        if name == "decided":
            text = summary.client_text or ""
            actions.approve(summary=summary, text=text, text_sha256=actions.hash_of(text=text), by="Dana Reyes", now=now)
    return {"summaries": summaries, "to_send": drafts}


def _played() -> dict[str, str]:
    """One of the six stories as it was told, and one that broke off because nobody worked it off."""
    out = io.StringIO()
    call_command("simulate", "duplicate-webhook", json=True, stdout=out, stderr=io.StringIO())
    told = StoryRun.objects.get(pk=json.loads(out.getvalue())["id"])
    line = {"title": "A customer writes: “STOP”", "says": "Read as a wish to stop.", "page": "", "pk": "", "at": clock.read().isoformat()}
    broken = StoryRun.objects.create(
        key="stop-wins",
        client=told.client,
        number="+13035550119",
        name="Grace Kim",
        state=StoryRun.State.BROKEN_OFF,
        beat=1,
        lines=[line],
        says="“Later they call and nobody answers” did not come true within 12 s. The worker is not running.",
        created_at=clock.read(),
        ended_at=clock.read(),
        lease_until=clock.real_now(),
    )
    return {"told": str(told.pk), "broken": str(broken.pk)}


def _portal() -> dict[str, str]:
    """Somebody of the demo client who is signed in, with a story and a report to read."""
    business = Client.objects.get(slug="summit-roofing")
    for name in ("Rita", "Ned"):
        members.invite(client_id=business.pk, email=f"{name.lower()}@example.com", name=name, now=clock.real_now())
    today = clock.read().astimezone(ZoneInfo(business.timezone)).date()
    return {
        **{f"story{n}": str(make_story(client=business).pk) for n in ("", 1, 2, 3)},
        "report": str(make_report(client=business).pk),
        "report_draft": str(reports.build(client=business, starts_on=today - timedelta(days=6), ends_on=today, now=clock.read()).pk),
        "portal": members.open_session(email="rita@example.com", now=clock.real_now()),
    }


def _words() -> dict[str, str]:
    """Two drafts of a client: words that could go into use, and words that name nothing anybody knows."""
    business, now = Client.objects.get(slug="summit-roofing"), clock.read()
    bodies = {
        "words": "Hi{% if name %} {{ name }}{% endif %}, it’s {{ business }}. What can we do for you? Reply STOP to opt out.",
        "words_broken": "Hi {{ price }}\n{% if name %}",
    }
    return {
        name: str(
            write_draft(client=business, key=name.replace("_", "-"), written={"purpose": "lead-reply", "body": body}, by="Dana", now=now).pk
        )
        for name, body in bodies.items()
    }


def _email() -> dict[str, str]:
    """Two emails that were shown, each with its way out."""
    business, now = Client.objects.get(slug="summit-roofing"), clock.read()
    found = {}
    for n in range(2):
        contact = ContactFactory(client=business, name=f"Edna Vance {'AB'[n]}", created_at=now)
        message = make_text(
            contact=contact,
            now=now,
            channel="email",
            status="delivered",
            reason="",
            says="Shown on our own pages.",
            to=f"edna{n}@example.com",
            subject="Summit Roofing: your question",
            body="Hi,\n\nwhen may we call?",
        )
        found |= {f"email{n}": str(message.pk), f"way_out{n}": f"/u/{unsubscribing.token(message=message)}/"}
    return found


def _alert() -> uuid.UUID:
    """An alert that somebody has taken. The watch closes it soon, for its cause is made up; the page shows either."""
    now = clock.read()
    alert = Alert.objects.create(
        cause="queue:sms",
        kind="queue",
        severity=Alert.Severity.BAD,
        title="The queue “sms” is not being worked",
        says="A worker lives, but took nothing out of this queue for two minutes.",
        to_do="Run a worker for it.",
        first_at=now - timedelta(minutes=9),
        last_at=now,
        taken_at=now,
        taken_by=get_user_model().objects.get(username="owner"),
    )
    return alert.pk


def play(*, refusing: str, silent: str) -> None:
    """Noon in Denver, every story once, a client whose texts wait for approval, one that is stopped, something nobody understands, and texts
    that a provider refuses (`refusing`: its address) or leaves without a clear answer (`silent`)."""
    make_try_out_client()
    call_command("clock", "set", "12:00", zone="America/Denver", stdout=io.StringIO())
    told = {story: _simulate(story, caller=caller) for story, caller in STORIES}
    _add(DRAFTING, name="Harbor Movers", zone="America/New_York", phone="+12125550150", send="draft")
    drafts = [_simulate("missed-call", caller=f"+1212555012{n}", client=DRAFTING) for n in range(5)]
    stopped = _add(STOPPED, name="Granite Supply", zone="America/Denver", phone="+13035550160", send="auto")
    owner = get_user_model().objects.get(username="owner")
    incident, _ = open_incident(
        scope=Scope(client=stopped),
        cause="by hand:stories",
        title="Sending for Granite Supply was stopped by hand",
        reason="Their number is being moved to another carrier",
        opened_by="owner",
        by=owner,
        now=clock.read(),
    )
    held = _simulate("missed-call", caller="+13035550161", client=STOPPED)
    poison = _nonsense()
    sending = _add(SENDING, name="Bluebird Plumbing", zone="America/Denver", phone="+13035550170", send="auto")
    failed = _send_over(client=sending, base_url=refusing, caller="+13035550171", expect="failed")
    unknown = _send_over(client=sending, base_url=silent, caller="+13035550172", expect="unknown")
    decisions = _to_decide()
    runs = {
        **{story: outcome["run"] for story, outcome in told.items() if outcome["run"]},
        **{f"draft{n}": outcome["run"] for n, outcome in enumerate(drafts)},
        "stopped": held["run"],
        "failed": str(failed.run_id),
        "unknown": str(unknown.run_id),
    }
    texts = {str(message.run_id): str(message.pk) for message in Message.objects.filter(run_id__in=runs.values())}
    rows = {str(run.pk): run for run in Run.objects.filter(pk__in=runs.values()).select_related("event")}
    messages = {name: texts[run] for name, run in runs.items() if run in texts}
    document = {
        "database": os.environ["DATABASE_URL"],
        "told": told,
        **decisions,
        "runs": runs,
        "messages": messages,
        "leads": {name: str(rows[run].lead_id) for name, run in runs.items() if rows[run].lead_id},
        "contacts": {name: str(rows[run].contact_id) for name, run in runs.items() if rows[run].contact_id},
        "deliveries": {
            **{name: str(rows[run].event.delivery_id) for name, run in runs.items()},
            "poison": str(poison),
            "aside": str(_trap()),
            "pre-call": str(Delivery.objects.filter(state=Delivery.State.IGNORED).latest("received_at").pk),
        },
        "reply": str(Event.objects.filter(type="message.received", delivery_id__isnull=False).latest("recorded_at").delivery_id),
        "tasks": [str(pk) for pk in Task.objects.filter(status=Task.Status.OPEN).order_by("due_at", "id").values_list("pk", flat=True)],
        "links": [body.split()[-1] for body in Handover.objects.order_by("created_at").values_list("body", flat=True) if body],
        "connection": str(Connection.objects.filter(provider="callrail", client__slug="summit-roofing").latest("created_at").pk),
        "client": Client.objects.get(slug="summit-roofing").pk,
        "responder": Responder.objects.filter(client__slug="summit-roofing").order_by("order").values_list("pk", flat=True)[0],
        **_portal(),
        **_words(),
        **_email(),
        "alert": str(_alert()),
        "shadow": _in_shadow(),
        "played": _played(),
        "stop": incident.pause_id,
        "incident": str(incident.pk),
    }
    print(json.dumps(document))
