"""After a restore: what went out and came in between the backup and the restore is in the providers' lists, and nowhere here.

The restored rows end at the backup. Webhooks that are sent again and lists of calls that are polled would make the engine text everybody
of that gap a second time. So the pause of a restore cannot be lifted before every live connection's list was compared (messaging.pauses,
and a constraint). A listed text that no row of ours carries is taken over by the waiting text that it is, word for word, or stored as a
ListedSend, which the gate holds against every automatic text to that person for as long as the purpose's window. Opt-outs are in the
list, too: their webhooks may never come again.

A list is read whole, outside any transaction, before any of it is stored; a connection whose list cannot be read leaves nothing behind
and keeps the pause. Each text is stored in a transaction of its own; comparing again goes on where it stopped and changes nothing.
"""

from __future__ import annotations

import hashlib
import logging
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models.functions import Coalesce, Least

from leads.actions import create_task
from leads.models import Contact, Desk, Identity
from messaging import dedupe, purposes
from messaging.inbound import ask_to_read, suppress
from messaging.locks import lock_address
from messaging.models import Attempt, ListedSend, Message, Notice, Pause
from messaging.notices import reports
from messaging.notices.words import of_notice, without_link
from messaging.outbox.outcomes import adopt
from messaging.provider_ids import received, spoken_for
from messaging.replies import read_reply
from messaging.slips import keep
from providers import adapters
from providers.connections import credentials, email_sender_of, sender_of
from providers.contract import ListedText
from providers.models import Connection
from zartsalgo.lib import clock
from zartsalgo.lib.http import CallFailed
from zartsalgo.lib.phone import read_number, sayable
from zartsalgo.lib.sealed import CannotOpen
from zartsalgo.lib.slip import SEND, Check, Slip

log = logging.getLogger(__name__)

# Texts of the minutes before the backup may have been answered after it; clocks differ, too. What is known is left alone.
MARGIN = timedelta(minutes=30)
# With these the provider says that nothing reached anybody; such a text may go again.
CAME_TO_NOTHING = ("failed", "canceled")
READ_WITHIN = timedelta(minutes=30)
# What is counted of each list; below, how it is told.
COUNTED = ("listed", "known", "adopted", "stored", "replies", "opted_out")
_TOLD = (
    ("known", "known here already"),
    ("adopted", "that a waiting text turned out to be"),
    ("stored", "sent and unknown here (not repeated)"),
    ("replies", "received and unknown here"),
    ("opted_out", "of these opt-outs"),
)
# A call to the provider that had begun: how far its own list may be from our times (as in outbox.lookups.look_up).
EARLIER, LATER = timedelta(seconds=120), timedelta(seconds=600)


@dataclass(kw_only=True)
class Compared:
    """One connection's list: rows changed, not rows seen. `trouble` is why it could not be read; then nothing of it was stored."""

    connection: str
    client: str
    provider: str
    listed: int = 0
    known: int = 0
    adopted: int = 0
    stored: int = 0
    replies: int = 0
    opted_out: int = 0
    trouble: str = ""


@dataclass(kw_only=True)
class Comparison:
    """What came of comparing all of them; `complete` when every list was read, and then the pause may be lifted."""

    since: datetime
    lists: list[Compared] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        return not self.troubles

    @property
    def troubles(self) -> list[Compared]:
        return [one for one in self.lists if one.trouble]

    def count(self, name: str) -> int:
        return sum(getattr(one, name) for one in self.lists)


def hold_until_compared(*, pause: Pause, made_at: datetime) -> None:
    """Say of an open pause that everything since that backup is unknown: it has no end of its own and is lifted only once compared."""
    since = made_at - MARGIN
    Pause.objects.filter(pk=pause.pk, lifted_at__isnull=True).update(
        unknown_since=Least(Coalesce("unknown_since", since), since), compared_at=None, until=None
    )
    pause.refresh_from_db()


def waiting_pause() -> Pause | None:
    """The pause of the last restore while it stands, compared or not."""
    return Pause.objects.filter(unknown_since__isnull=False, lifted_at__isnull=True).order_by("-at").first()


def reconcile(*, pause: Pause, now: datetime) -> Comparison:
    """Compare the list of every live connection with our rows. Safe to repeat; only when all could be read may the pause be lifted."""
    if pause.unknown_since is None:
        raise ValueError("only a pause of a restore has something to compare")
    able = [adapter.provider for adapter in adapters.all_adapters() if adapter.can_send or adapter.can_email]
    done = Comparison(since=pause.unknown_since)
    rows = Connection.objects.select_related("client").filter(provider__in=able, live=True, disabled_at__isnull=True)
    for connection in rows.order_by("client__name", "pk"):
        done.lists.append(_compare(connection=connection, since=pause.unknown_since, now=now))
    if done.complete:
        Pause.objects.filter(pk=pause.pk, unknown_since=pause.unknown_since).update(compared_at=now)
    return done


def _compare(*, connection: Connection, since: datetime, now: datetime) -> Compared:
    found = Compared(connection=str(connection.pk), client=connection.client.name, provider=adapters.load(connection.provider).label)
    try:
        listed = _list(connection=connection, since=since)
    except (CallFailed, CannotOpen) as error:
        unreadable = isinstance(error, CannotOpen)
        found.trouble = "Its credentials cannot be opened: the encryption key is not here." if unreadable else str(error)
        return found
    except Exception as error:  # an answer that cannot be read is no empty list; the sentence must not quote what it held
        log.warning("list of connection %s could not be read: %s", connection.pk, type(error).__name__)
        found.trouble = "Its list of what it sent could not be read."
        return found
    _store(connection=connection, listed=listed, found=found, now=now)
    return found


def _list(*, connection: Connection, since: datetime) -> list[ListedText]:
    adapter, opened = adapters.load(connection.provider), credentials(connection=connection)
    if adapter.can_email:
        return adapter.list_emails(credentials=opened, sender=email_sender_of(connection=connection), since=since)
    return adapter.list_texts(credentials=opened, sender=sender_of(connection=connection, client=connection.client), since=since)


def _store(*, connection: Connection, listed: list[ListedText], found: Compared, now: datetime) -> None:
    listed = [text for text in listed if text.inbound or text.status not in CAME_TO_NOTHING]
    known = _known(connection=connection, listed=listed)
    unknown = [text for text in listed if text.provider_id not in known]
    found.listed, found.known = len(listed), len(listed) - len(unknown)
    moved = clock.offset()  # providers tell real time; windows are counted by the business's
    for text in unknown:
        with transaction.atomic():
            # Two who compare at once take turns, and the second finds it known. A transaction a text: it locks a text of ours and then
            # the addresses of one person, in the order in which a send and a reply lock them.
            lock_address(channel="list", address=f"{connection.pk}:{text.provider_id}")
            if not ListedSend.objects.filter(connection=connection, provider_id=text.provider_id).exists():
                _store_one(connection=connection, text=text, at=text.created_at + moved, found=found, now=now)
    if found.replies > found.opted_out:
        _ask_to_read(connection=connection, count=found.replies - found.opted_out, now=now)


def _store_one(*, connection: Connection, text: ListedText, at: datetime, found: Compared, now: datetime) -> None:
    number = text.number if text.reference else read_number(raw=text.number).e164 or text.number[:40]
    adopted = None
    if text.inbound:
        found.replies += 1
        found.opted_out += _read(connection=connection, text=text, number=number, at=at, now=now)
    elif _adopt_alert(connection=connection, text=text, number=number, at=at):
        found.adopted += 1
    else:
        adopted = _adopt(connection=connection, text=text, number=number, at=at, now=now)
        found.adopted += adopted is not None
        found.stored += adopted is None
    ListedSend.objects.create(
        client_id=connection.client_id,
        connection=connection,
        provider_id=text.provider_id,
        direction=ListedSend.Direction.INBOUND if text.inbound else ListedSend.Direction.OUTBOUND,
        number=number,
        body_sha256=hashlib.sha256(without_link(text.body).encode()).hexdigest(),
        sent_at=at,
        adopted=adopted,
        found_at=now,
    )


def _ask_to_read(*, connection: Connection, count: int, now: datetime) -> None:
    """Replies whose webhooks may never come again: somebody reads them where they are."""
    create_task(
        client=connection.client,
        desk=Desk.LEAD_OPS,
        kind="look-into",
        title=f"{count} {'reply' if count == 1 else 'replies'} came between the backup and the restore",
        reason="Their words are in the provider's own list of texts only. Read them there, and answer whoever waits.",
        cause=f"lost-replies:{connection.pk}:{now:%Y-%m-%dT%H:%M:%S}",
        due_at=now + READ_WITHIN,
        now=now,
    )


def _known(*, connection: Connection, listed: list[ListedText]) -> set[str]:
    """Those whose id a row of the account carries: a text, a try, an event of an inbound text; or an earlier comparison of this list."""
    ids = [text.provider_id for text in listed]
    compared = ListedSend.objects.filter(connection=connection, provider_id__in=ids).values_list("provider_id", flat=True)
    inbound = [text.provider_id for text in listed if text.inbound]
    return {*spoken_for(connection=connection, ids=ids), *received(connection=connection, ids=inbound), *compared}


def _read(*, connection: Connection, text: ListedText, number: str, at: datetime, now: datetime) -> bool:
    """An inbound text whose webhook we lost: True when it was an opt-out, which binds all numbers of that person. One that may be one
    waits for a person, and so do texts to whoever wrote it; the words are in the provider's list only."""
    reading = read_reply(text=text.body)
    contact = Contact.objects.filter(identities__client_id=connection.client_id, identities__kind="phone", identities__value=number).first()
    if reading.kind == "unclear" and contact is not None:
        create_task(
            client=connection.client,
            contact=contact,
            desk=Desk.CLIENT_SUCCESS,
            kind="unclear-reply",
            title=f"Did {contact.name or sayable(number)} ask us to stop?",
            reason="They wrote between the backup and the restore. Read it in the provider's own list; texts to them wait until then.",
            cause=f"listed:{text.provider_id}",
            due_at=now + READ_WITHIN,
            now=now,
        )
    if reading.kind != "opt_out":
        return False
    numbers = set(Identity.objects.filter(contact=contact, kind="phone").values_list("value", flat=True)) if contact else set()
    for value in sorted({number, *numbers}):
        suppress(contact=contact, client=connection.client, value=value, rule=reading.rule, event=None, now=at)
    ask_to_read(words=[text.body], client=connection.client, contact=contact, number=number, cause=f"read-stop:{text.provider_id}", now=now)
    return True


def _adopt_alert(*, connection: Connection, text: ListedText, number: str, at: datetime) -> bool:
    """True when the listed text is an alert of ours that still waits here, or of unknown outcome: they were told then.

    The words say who turned to them, and when; only the link differs when the restored engine has written the same alert anew.
    """
    open_ones = (*Notice.UNTRIED, Notice.Status.CALLING, Notice.Status.UNKNOWN)
    rows = Notice.objects.select_related("client", "handover", "responder").filter(
        connection=connection, address=number, provider_id="", status__in=open_ones
    )
    said = without_link(text.body)
    for notice in rows.order_by("created_at", "pk"):
        if without_link(of_notice(notice=notice)[1]) == said:
            return reports.adopt(notice=notice, provider_id=text.provider_id, at=at)
    return False


def _adopt(*, connection: Connection, text: ListedText, number: str, at: datetime, now: datetime) -> Message | None:
    """The text of ours that the listed one is: same number, same words, and waiting or of unknown outcome. None when there is none. An
    email is known by our own id, which no other carries.

    A text that waits was written by the restored engine for the same cause, or before the backup; it is settled, not sent. Which of two
    equal ones it is makes no difference to the person, so the oldest is taken.
    """
    same = {"pk": _id_of(text.reference)} if text.reference else {"to": number, "body": text.body}
    waiting = Message.objects.select_for_update(of=("self",)).filter(
        connection=connection, provider_id="", status__in=(*Message.PENDING, Message.Status.UNKNOWN), **same
    )
    for message in sorted(waiting, key=lambda row: (row.status != Message.Status.UNKNOWN, row.created_at)):
        last = message.attempts.order_by("-n").first()
        if last is not None and last.outcome == Attempt.Outcome.UNKNOWN:
            if not text.reference and not last.started_at - EARLIER <= text.created_at <= last.deadline_at + LATER:
                continue  # that call was another one
        elif not text.reference and message.created_at - at >= purposes.of(key=message.purpose).window:
            continue  # written long after it, for something new
        elif last is None or last.outcome not in Attempt.LIVE:
            _note_lost_try(message=message, text=text, at=at, n=last.n + 1 if last else 1)
        else:
            Attempt.objects.filter(pk=last.pk, outcome=Attempt.Outcome.RESERVED).update(outcome=Attempt.Outcome.CALLING)
        # When the provider took it, not when we learnt of it.
        Message.objects.filter(pk=message.pk).update(sent_at=at)
        if adopt(message=message, provider_id=text.provider_id, now=now):
            dedupe.take(
                client_id=message.client_id,
                contact_id=message.contact_id,
                purpose=message.purpose,
                holder=message.pk,
                now=now,
                until=at + purposes.of(key=message.purpose).window,
            )
            return message
        raise RuntimeError("a listed text could not be taken over")
    return None


def _id_of(reference: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(reference)
    except ValueError:
        return None


def _note_lost_try(*, message: Message, text: ListedText, at: datetime, n: int) -> None:
    """The try that the restored rows have lost. Its slip says where it is known from; the gate's own is gone with the rows."""
    says = "The provider lists it; the try itself was lost between the backup and the restore."
    check = Check(name="sent-before-restore", passed=True, says=says, values={"provider_id": text.provider_id})
    slip = Slip(verdict=SEND, reason="", says=says, until=None, checks=(check,), made_at=at)
    Attempt.objects.create(
        message=message,
        n=n,
        allowed_by=keep(slip=slip, message=message),
        outcome=Attempt.Outcome.CALLING,
        owner="the provider's list",
        started_at=text.created_at,
        deadline_at=text.created_at,
    )


def in_words(*, done: Comparison) -> str:
    """What was found, for a person; names every list that could not be read."""
    if not done.lists:
        return "No client has a live connection that sends texts or emails, so there is nothing to compare."
    read = len(done.lists) - len(done.troubles)
    many = f"{len(done.lists)} list{'' if len(done.lists) == 1 else 's'} of texts since {done.since:%Y-%m-%d %H:%M} UTC"
    said = f"Compared with {'' if done.complete else f'{read} of '}{many}."
    if read:
        told = ", ".join(f"{done.count(name)} {words}" for name, words in _TOLD if done.count(name)) or "nothing in it since then"
        said = f"{said} Found: {told}."
    if done.troubles:
        named = "; ".join(f"{one.provider} of {one.client}: {one.trouble}" for one in done.troubles)
        return f"{said} Not read, so sending stays stopped: {named} Mend it and compare again."
    return f"{said} Sending may be resumed."
