"""Takes over what businesses say of the texts that go out in their name, and tells staff beside a template who called it fine.

"Please change this" becomes a task for Client success; "fine" and what is taken back drop what is still open of it.
"""

import hashlib
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, QuerySet

from leads.actions import create_task
from leads.models import Automation, Client, Desk, Task
from messaging.models import Template
from portal import texts
from portal.models import TextWord
from workflows import registry

ANSWER_WITHIN = timedelta(hours=texts.ANSWER_HOURS)
MOST_SHOWN = 20


@dataclass(frozen=True, kw_only=True)
class Opinion:
    """What one business says of a version: `code` is fine, change or none."""

    client: Client
    code: str
    by: str
    at: datetime | None
    words: str


@dataclass(frozen=True, kw_only=True)
class Opinions:
    """What businesses say of a version: those that spoke, changes first, and how many more have not looked at it. `in_use`: it goes out."""

    said: list[Opinion]
    silent: int
    in_use: bool


def sha256_of(*, template: Template, client: Client) -> str:
    """Names these exact words as this business reads them; the same as the view portal.words makes (portal/migrations)."""
    parts = [template.key, str(template.version), template.channel, template.purpose, template.subject, template.body]
    parts += [template.opt_out_line, template.plain_subject, template.plain_body, client.name]
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def opinions(*, template: Template) -> Opinions:
    """Of a version in use, by the businesses whose customers get it. Three statements, however many there are."""
    if template.status != Template.Status.APPROVED:
        return Opinions(said=[], silent=0, in_use=False)
    clients = {client.pk: client for client in _who_send(template=template)}
    rows = TextWord.objects.filter(client_id__in=list(clients), key=template.key, version=template.version).exclude(said="")
    said = [
        Opinion(client=clients[row.client_id], code=row.said, by=row.by, at=row.said_at, words=row.words)
        for row in rows.order_by("said", "-said_at")  # "change" before "fine"
        if row.sha256 == sha256_of(template=template, client=clients[row.client_id])
    ]
    return Opinions(said=said[:MOST_SHOWN], silent=len(clients) - len(said), in_use=bool(clients))


def _who_send(*, template: Template) -> QuerySet[Client]:
    """Businesses for which a workflow that is switched on sends these words."""
    sending = [
        workflow.key
        for workflow in registry.workflows().values()
        if any(spec.params.get("template") == template.key for spec in workflow.steps)
    ]
    on = Automation.objects.filter(enabled=True, workflow__in=sending).values("client")
    clients = Client.objects.filter(pk__in=on)
    if template.client_id is not None:
        return clients.filter(pk=template.client_id)
    own = Template.objects.filter(key=template.key, status=Template.Status.APPROVED, client__isnull=False).values("client")
    return clients.exclude(pk__in=own)


def take(*, word_id: uuid.UUID, now: datetime) -> bool:
    """Take over the latest of what was said; False when it was taken already."""
    with transaction.atomic():
        word = TextWord.objects.select_for_update(of=("self",)).filter(pk=word_id, taken_revision__lt=F("revision")).first()
        if word is None:
            return False
        client = Client.objects.get(pk=word.client_id)
        _take(word=word, client=client, now=now)
        TextWord.objects.filter(pk=word.pk).update(taken_revision=word.revision, taken_at=now)
    return True


def untaken(*, now: datetime, grace: timedelta = timedelta(0), limit: int = 50) -> list[uuid.UUID]:
    """Rows with something new that nobody took over within `grace`, oldest first."""
    rows = TextWord.objects.filter(taken_revision__lt=F("revision"), said_at__lte=now - grace).order_by("said_at", "pk")
    return list(rows.values_list("pk", flat=True)[:limit])


def work_off(*, now: datetime) -> int:
    """Take over everything that waits, in this process; returns how many."""
    return sum(take(word_id=word_id, now=now) for word_id in untaken(now=now))


def _take(*, word: TextWord, client: Client, now: datetime) -> None:
    by = f"{word.by}, {client.name}"[:120]
    cause = f"portal-text:{word.pk}:"
    outcome = (
        "They say the words are fine" if word.said == TextWord.Said.FINE else "They said it anew" if word.said else "They took it back"
    )
    mine = Task.objects.filter(client=client, cause__startswith=cause, status=Task.Status.OPEN)
    mine.update(status=Task.Status.DROPPED, closed_at=now, closed_by=by, outcome=outcome)
    if word.said != TextWord.Said.CHANGE:
        return
    create_task(
        client=client,
        desk=Desk.CLIENT_SUCCESS,
        kind="look-into",
        title=f"{client.name} asks to change a text: {texts.heading_of(purpose=_purpose(word, client))}",
        reason=f"{by} wrote: {word.words}",
        cause=f"{cause}{word.revision}",
        due_at=now + ANSWER_WITHIN,
        now=now,
    )


def _purpose(word: TextWord, client: Client) -> str:
    """What the words are for; their name where that version is no more."""
    found = Template.objects.filter(key=word.key, version=word.version, client__in=[client.pk]).first()
    found = found or Template.objects.filter(key=word.key, version=word.version, client__isnull=True).first()
    return found.purpose if found else word.key
