"""Conversations: whose turn it is, who has it, until when an answer is promised. And the pictures people send.

One conversation per person and client over all channels; what was said stands in its events and messages, never twice.
"""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q

from leads.models import Client, Contact, Event
from messaging.models.words import Template
from providers.models import Connection
from zartsalgo.lib.evidence import Protect, append_only
from zartsalgo.lib.ids import new_id


class AnswerPromise(models.Model):
    """What a client promises whoever writes, where the text they answer has no window of its own. Without a row: messaging.talks."""

    client = models.OneToOneField(Client, on_delete=models.CASCADE, related_name="answer_promise")
    minutes = models.PositiveIntegerField(help_text="Within so many minutes of open hours a person answers.")
    escalate_to = models.CharField(max_length=10, choices=Template.Escalation, default=Template.Escalation.RESPONDER)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(minutes__gt=0), name="answer_promise_has_minutes")]

    def __str__(self) -> str:
        return f"{self.client}: {self.minutes} minutes"


class Conversation(models.Model):
    """The one talk of a person with a client. The lease (`assigned_until`) runs by the database's clock and ends by itself; the hold does
    not: while `held_at` is filled the gate holds what workflows want to send, until somebody lets them go on. `answer_by` is by the
    business clock.
    """

    class Ball(models.TextChoices):
        OURS = "ours", "It is our turn"  # they wrote and wait
        THEIRS = "theirs", "It is their turn"  # we answered, or nothing is asked

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="conversations")
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="conversations")
    assigned_to = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="conversations")
    assigned_until = models.DateTimeField(null=True, help_text="The lease ends then, by the database's clock.")
    held_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    held_at = models.DateTimeField(null=True, help_text="Since then a person talks and automation waits.")
    ball = models.CharField(max_length=6, choices=Ball, default=Ball.THEIRS)
    ball_since = models.DateTimeField()
    answer_by = models.DateTimeField(null=True, help_text="A person answers by then; empty while no answer is promised.")
    escalate_to = models.CharField(max_length=10, choices=Template.Escalation, blank=True)
    escalated_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["client", "contact"], name="conversation_once"),
            models.CheckConstraint(
                condition=Q(assigned_to__isnull=True, assigned_until__isnull=True)
                | Q(assigned_to__isnull=False, assigned_until__isnull=False),
                name="conversation_lease_both_or_none",
            ),
            models.CheckConstraint(
                condition=Q(held_by__isnull=True, held_at__isnull=True) | Q(held_by__isnull=False, held_at__isnull=False),
                name="conversation_held_by_somebody",
            ),
            # The promise stops while the ball is with the customer.
            models.CheckConstraint(
                condition=Q(answer_by__isnull=True) | (Q(ball="ours") & ~Q(escalate_to="")), name="conversation_promise_while_ours"
            ),
            models.CheckConstraint(
                condition=Q(escalated_at__isnull=True) | Q(answer_by__isnull=False), name="conversation_escalated_promise"
            ),
        ]
        indexes = [
            models.Index(
                fields=["answer_by"], name="conversation_promised", condition=Q(answer_by__isnull=False, escalated_at__isnull=True)
            ),
            models.Index(fields=["contact"], name="conversation_held", condition=Q(held_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"conversation {str(self.id)[-6:]}"


class ConversationChange(models.Model):
    """Who took, gave back, held or let go a conversation, and when somebody else was told that it is late. Append-only."""

    class Kind(models.TextChoices):
        TAKEN = "taken", "Taken"
        TAKEN_OVER = "taken-over", "Taken over"
        GIVEN_BACK = "given-back", "Given back"
        HELD = "held", "Automation waits"
        RELEASED = "released", "Automation goes on"
        ESCALATED = "escalated", "Told that it is late"

    conversation = models.ForeignKey(Conversation, on_delete=models.PROTECT, related_name="changes")
    kind = models.CharField(max_length=10, choices=Kind)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    by_name = models.CharField(max_length=150, help_text="The name as it was then; “The clock” where nobody acted.")
    says = models.CharField(max_length=300)
    at = models.DateTimeField(help_text="By the business clock.")
    stored_at = models.DateTimeField(
        db_default=models.Func(function="clock_timestamp", output_field=models.DateTimeField()), help_text="By the database's clock."
    )

    class Meta:
        indexes = [models.Index(fields=["conversation", "-at"], name="conversation_change_newest")]
        triggers = append_only()


class Photo(models.Model):
    """One picture a person sent. The row comes first; a worker fetches it once, checks it by its bytes and keeps a clean copy.

    The copy stands in the database: `script/backup` holds it without another folder to forget, no address on the disk can be guessed, the
    portal's role cannot read it, and expiry is one update. They are small (at most 2048 pixels) and few.
    """

    class State(models.TextChoices):
        PLANNED = "planned", "Being fetched"
        KEPT = "kept", "Kept"
        REFUSED = "refused", "Not shown"  # no picture, or one that could harm; the reason says which
        FAILED = "failed", "Could not be fetched"
        EXPIRED = "expired", "Expired"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="photos")
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="photos")
    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="photos")
    n = models.PositiveSmallIntegerField(help_text="Which of the pictures of this text, from 1.")
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="photos")
    provider_url = models.TextField(null=True, help_text="NULL once fetched, given up or erased.")  # noqa: DJ001
    state = models.CharField(max_length=8, choices=State, default=State.PLANNED)
    reason = models.CharField(max_length=200, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(help_text="Not fetched before this time, by the business clock.")
    lease_until = models.DateTimeField(null=True, help_text="A worker has it until then, by the database's clock.")
    content = models.BinaryField(null=True, help_text="A JPEG of our own making; NULL once expired or erased.")
    width = models.PositiveSmallIntegerField(default=0)
    height = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(help_text="When the text with it was recorded.")
    expires_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event", "n"], name="photo_once"),
            models.CheckConstraint(
                condition=Q(state="kept", content__isnull=False, expires_at__isnull=False) | (~Q(state="kept") & Q(content__isnull=True)),
                name="photo_kept_has_content",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="photo_due", condition=Q(state="planned")),
            models.Index(fields=["expires_at"], name="photo_expiring", condition=Q(state="kept")),
            models.Index(fields=["contact", "-sent_at"], name="photo_of_contact"),
        ]
        triggers = [Protect(name="no_delete", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"photo {str(self.id)[-6:]}"
