"""A message, the tries at it, and what stands between a person and a second one."""

from typing import Any

import pgtrigger
from django.db import models

from leads.models import Client, Contact, Event, Lead
from messaging.models.slips import Slip
from messaging.models.words import Template
from providers.models import Connection
from zartsalgo.lib.evidence import Protect, append_only
from zartsalgo.lib.ids import new_id


class Message(models.Model):
    """One text or email to one person. `reason` is the gate's or the provider's short code, `says` the sentence; its newest slip holds every
    check."""

    class Status(models.TextChoices):
        QUEUED = "queued", "Waiting"  # will be judged and tried when due
        HELD = "held", "Held"  # not now: `hold_until` or a person decides
        SENT = "sent", "Sent"  # the provider accepted it
        DELIVERED = "delivered", "Delivered"  # the carrier reported it
        SKIPPED = "skipped", "Skipped"  # the gate dropped it; final
        FAILED = "failed", "Failed"  # the provider or carrier refused it; final
        UNKNOWN = "unknown", "Unknown"  # called, no answer: looked up, then a person

    EMAIL = Template.Channel.EMAIL
    FINAL = (Status.DELIVERED, Status.SKIPPED, Status.FAILED)
    PENDING = (Status.QUEUED, Status.HELD)

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="messages", db_index=False)
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="messages", db_index=False)
    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, null=True, related_name="messages", db_index=False)
    cause_event = models.ForeignKey(Event, on_delete=models.PROTECT, null=True, related_name="messages")
    run_id = models.UUIDField(null=True, help_text="The run that planned it (a row of a higher room).")
    step_key = models.CharField(max_length=80, blank=True)
    workflow = models.CharField(max_length=60, blank=True)
    channel = models.CharField(max_length=10, default="sms")
    purpose = models.CharField(max_length=60)
    template = models.ForeignKey(Template, on_delete=models.PROTECT, null=True, related_name="messages")
    to = models.CharField(max_length=254)
    sender = models.CharField(max_length=254)
    subject = models.CharField(max_length=150, blank=True, help_text="Of an email; empty for texts.")
    body = models.TextField()
    reply_tag = models.CharField(
        max_length=20, blank=True, help_text="In the address that replies to an email go to; leads them back here."
    )
    approval_needed = models.BooleanField(default=True)
    approved_by = models.CharField(max_length=150, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.QUEUED)
    reason = models.CharField(max_length=60, blank=True)
    says = models.CharField(max_length=500, blank=True)
    # Its slips point back at it by a foreign key; a second one from here would close a circle, along which no client could be removed. What it
    # keeps out is looked for instead (zartsalgo.office.invariants, "slips-of-its-own").
    newest_slip = models.ForeignKey(
        Slip,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
        help_text="Of when it was last judged.",
    )
    created_at = models.DateTimeField()
    due_at = models.DateTimeField(help_text="Not judged before this time, by the business clock.")
    useful_until = models.DateTimeField(null=True, help_text="After this its purpose has passed and it becomes a call task.")
    hold_until = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, null=True, related_name="messages")
    provider_id = models.CharField(max_length=64, blank=True)
    provider_status = models.CharField(max_length=30, blank=True)
    error_code = models.CharField(max_length=20, blank=True)
    checks_made = models.PositiveSmallIntegerField(default=0, help_text="Look-ups made while the outcome is unknown.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run_id", "step_key"], name="message_once_per_step", condition=models.Q(run_id__isnull=False)),
            models.UniqueConstraint(
                fields=["connection", "provider_id"], name="message_one_per_provider_id", condition=~models.Q(provider_id="")
            ),
            models.UniqueConstraint(fields=["reply_tag"], name="message_one_per_reply_tag", condition=~models.Q(reply_tag="")),
            models.CheckConstraint(condition=~models.Q(subject__regex=r"[\r\n]"), name="message_subject_on_one_line"),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="message_due", condition=models.Q(status__in=["queued", "held", "unknown"])),
            models.Index(fields=["-created_at", "-id"], name="message_newest"),
            models.Index(fields=["client", "-created_at", "-id"], name="message_newest_of_client"),
            models.Index(fields=["contact", "-created_at"], name="message_of_contact"),
            models.Index(fields=["lead", "-created_at"], name="message_of_lead"),
        ]

    def __str__(self) -> str:
        return f"message {str(self.id)[-6:]}"

    @property
    def slip(self) -> dict[str, Any] | None:
        """What the gate found when it last judged it, in JSON; None before. For lists `select_related("newest_slip")`."""
        return None if self.newest_slip is None else self.newest_slip.found


class Attempt(models.Model):
    """One try at sending a message, and the slip that allowed it and no other. Evidence is added, never rewritten."""

    class Outcome(models.TextChoices):
        RESERVED = "reserved", "Reserved"  # allowed, no byte has left
        CALLING = "calling", "Calling"  # the last durable act before bytes leave
        ACCEPTED = "accepted", "Accepted"
        REJECTED = "rejected", "Rejected"  # the provider says it created nothing
        UNKNOWN = "unknown", "Unknown"
        NOT_SENT = "not_sent", "Proven unsent"

    LIVE = (Outcome.RESERVED, Outcome.CALLING, Outcome.ACCEPTED, Outcome.UNKNOWN)

    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="attempts", db_index=False)
    n = models.PositiveSmallIntegerField()
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.RESERVED)
    allowed_by = models.OneToOneField(Slip, on_delete=models.PROTECT, related_name="attempt")
    owner = models.CharField(max_length=80)
    started_at = models.DateTimeField(help_text="By the database's clock.")
    deadline_at = models.DateTimeField(help_text="After this a reserved try is proven unsent and a calling one is unknown.")
    finished_at = models.DateTimeField(null=True)
    http_status = models.PositiveSmallIntegerField(null=True)
    provider_id = models.CharField(max_length=64, blank=True)
    error_code = models.CharField(max_length=20, blank=True)
    note = models.CharField(max_length=300, blank=True)
    declared_by = models.CharField(max_length=150, blank=True, help_text="Who looked and declared that an unknown try did not go out.")
    declared_reason = models.CharField(max_length=300, blank=True, help_text="What they saw.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["message", "n"], name="attempt_numbered"),
            models.CheckConstraint(
                condition=models.Q(declared_by="", declared_reason="") | (~models.Q(declared_by="") & ~models.Q(declared_reason="")),
                name="attempt_declared_with_reason",
            ),
            models.UniqueConstraint(
                fields=["message"],
                name="attempt_one_live",
                condition=models.Q(outcome__in=["reserved", "calling", "accepted", "unknown"]),
            ),
        ]
        indexes = [
            models.Index(fields=["deadline_at"], name="attempt_open", condition=models.Q(outcome__in=["reserved", "calling"])),
            models.Index(fields=["-finished_at"], name="attempt_finished", condition=models.Q(finished_at__isnull=False)),
        ]
        triggers = [
            *append_only(
                may_change=("outcome", "finished_at", "http_status", "provider_id", "error_code", "note", "declared_by", "declared_reason")
            ),
            # Bytes may have left: that they did not is a person's word, with a name and a reason. What was accepted stays accepted.
            Protect(
                name="unsent_is_declared",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "((OLD.outcome IN ('calling', 'unknown') AND NEW.outcome = 'not_sent' AND NEW.declared_by = '')"
                    " OR (OLD.outcome = 'accepted' AND NEW.outcome <> 'accepted')"
                    " OR (OLD.declared_by <> '' AND (NEW.declared_by <> OLD.declared_by OR NEW.declared_reason <> OLD.declared_reason)))"
                ),
            ),
        ]

    @property
    def slip(self) -> dict[str, Any]:
        """What the gate found when it allowed it, in JSON. For lists `select_related("allowed_by")`."""
        found: dict[str, Any] = self.allowed_by.found
        return found


class PurposeClaim(models.Model):
    """A rolling window in a row: one purpose, one person, until a time. Taken by one conditional upsert (messaging.dedupe)."""

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="purpose_claims", db_index=False)
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="purpose_claims")
    purpose = models.CharField(max_length=60)
    until = models.DateTimeField()
    holder = models.UUIDField(help_text="The message that holds it.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["client", "contact", "purpose"], name="purpose_claim_once")]


class ListedSend(models.Model):
    """A text in a provider's list that no row of ours knew after a restore: evidence, append-only. What went out stands between the
    person and a second text (the gate); what came in may have been an opt-out. See messaging.reconciling.
    """

    class Direction(models.TextChoices):
        OUTBOUND = "outbound", "Sent"
        INBOUND = "inbound", "Received"

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="listed_sends")
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="listed_sends", db_index=False)
    provider_id = models.CharField(max_length=64)
    direction = models.CharField(max_length=8, choices=Direction)
    number = models.CharField(max_length=254, null=True, help_text="The person's number, E.164, or address; NULL once erased.")  # noqa: DJ001
    body_sha256 = models.CharField(max_length=64, help_text="Of the words without links, which differ from one time to the next.")
    sent_at = models.DateTimeField(help_text="When the provider made it.")
    adopted = models.ForeignKey(
        Message, on_delete=models.PROTECT, null=True, related_name="listed_sends", help_text="The text of ours that it turned out to be."
    )
    found_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "provider_id"], name="listed_send_once")]
        indexes = [
            models.Index(fields=["client", "number", "-sent_at"], name="listed_send_to", condition=models.Q(direction="outbound")),
        ]
        triggers = append_only(erasable=("number",))

    def __str__(self) -> str:
        return f"listed {self.direction} {self.pk}"
