"""What somebody who plays with the simulator has seen so far, for one client: each promise with the rows that show it, or what to press.

Read from the rows every time, so it is evidence and not a memory of buttons; a promise the rows contradict is shown as not met.
"""

import uuid
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import F

from leads.models import Client, Task
from messaging import purposes
from messaging.models import Message
from providers.models import Delivery
from zartsalgo.office import checklist
from zartsalgo.office.simulator_outcome import ON_THE_PHONE

PURPOSE = purposes.TEXT_BACK.key
WINDOW = timedelta(hours=12)


@dataclass(frozen=True, kw_only=True)
class Proof:
    """`state`: seen, open or broken. `try_it` says what to press while it is open; `run_id` leads to the evidence."""

    promise: str
    state: str
    try_it: str
    run_id: uuid.UUID | None = None
    delivery_id: uuid.UUID | None = None


def _of_message(*, promise: str, try_it: str, message: Message | None) -> Proof:
    return Proof(promise=promise, state="seen" if message else "open", try_it=try_it, run_id=message.run_id if message else None)


def list_proofs(*, client: Client) -> list[Proof]:
    """The promises in the order of the buttons; a fixed number of short queries. What the demo agency told of itself proves nothing."""
    since = checklist.since()
    texts = Message.objects.filter(client=client, purpose=PURPOSE, created_at__gt=since.at).order_by("-created_at")
    skipped = texts.filter(status=Message.Status.SKIPPED)
    deliveries = Delivery.objects.filter(connection__client=client, connection__live=False, received_at__gt=since.at).order_by(
        "-received_at"
    )
    ringing = deliveries.filter(connection__provider="callrail", state=Delivery.State.IGNORED).first()
    repeated = deliveries.filter(connection__provider="callrail", copies__gte=2).first()
    refused = client.connections.filter(live=False, last_refused_at__gt=since.really).exists()
    by_hand_rows = Task.objects.filter(client=client, cause__startswith=f"{PURPOSE}:", cause__endswith=":by-hand", created_at__gt=since.at)
    by_hand = by_hand_rows.order_by("-created_at").first()
    held = texts.filter(
        newest_slip__found__checks__contains=[{"name": "quiet-hours", "passed": False}], status__in=("held", "skipped")
    ).first()
    late = skipped.filter(reason="too-late", cause_event__occurred_at__lte=F("created_at") - timedelta(minutes=30)).first()
    return [
        _one_text(sent=texts.filter(status__in=ON_THE_PHONE).first()),
        Proof(
            promise="A phone that only rings gets no text",
            state="seen" if ringing else "open",
            try_it="Pre-call",
            delivery_id=ringing.pk if ringing else None,
        ),
        Proof(
            promise="The same webhook three times is stored once",
            state="seen" if repeated else "open",
            try_it="Same webhook 3 times",
            delivery_id=repeated.pk if repeated else None,
        ),
        Proof(promise="A bad signature stores nothing", state="seen" if refused else "open", try_it="Bad signature"),
        _of_message(
            promise="After STOP nothing is texted",
            try_it="Somebody new, STOP, then Missed call",
            message=skipped.filter(reason="opted-out").first(),
        ),
        _of_message(promise="At night the text is held", try_it="21:30 tonight, then Missed call", message=held),
        _of_message(promise="A text that comes too late is not sent", try_it="Late report", message=late),
        Proof(
            promise="A withheld number goes to a person",
            state="seen" if by_hand else "open",
            try_it="Missed call of the withheld number",
            run_id=uuid.UUID(by_hand.cause.split(":")[1]) if by_hand else None,
        ),
    ]


def _one_text(*, sent: Message | None) -> Proof:
    promise, try_it = "A missed call gets one text, and only one", "Missed call"
    if sent is None:
        return Proof(promise=promise, state="open", try_it=try_it)
    others = Message.objects.filter(
        client_id=sent.client_id,
        contact_id=sent.contact_id,
        purpose=PURPOSE,
        status__in=ON_THE_PHONE,
        sent_at__gt=sent.created_at - WINDOW,
        sent_at__lt=sent.created_at + WINDOW,
    ).exclude(pk=sent.pk)
    return Proof(promise=promise, state="broken" if others.exists() else "seen", try_it=try_it, run_id=sent.run_id)
