"""Summary (internal), Approval (a person's decision on one exact text), Proof and Report (what a client may see).

Text that was seen by a client is never rewritten: a proof is withdrawn, a report is withdrawn and published anew.
"""

import pgtrigger
from django.db import models

from leads.models import Client, Event, Lead
from zartsalgo.lib.evidence import Protect, append_only
from zartsalgo.lib.ids import new_id


class Sha256(models.Func):
    """The hex sha256 of a text, as Postgres computes it; the same as hashlib's over UTF-8."""

    template = "encode(sha256(convert_to(%(expressions)s, 'UTF8')), 'hex')"
    output_field = models.CharField()


class Summary(models.Model):
    """What was understood of one lead's calls, forms and replies up to `sources_until`. Internal; personal columns may be erased.

    `claims` is a list of {text, for_client, source, quote, start, end, supported, problem}: `source` names an event and its field
    (`<event id>.personal.message`), `start`/`end` are offsets of the quote in it; a claim without a quote found there is not supported.
    """

    class Status(models.TextChoices):
        ASKED = "asked", "Being written"  # the row stands before anybody is asked
        DRAFT = "draft", "Waits for approval"
        TO_WRITE = "to-write", "To be written by hand"  # refused, cut off or too late; `says` tells
        APPROVED = "approved", "Approved"
        PRIVATE = "private", "Kept private"
        REPLACED = "replaced", "Replaced by a newer one"

    OPEN = (Status.DRAFT, Status.TO_WRITE)

    class Writer(models.TextChoices):
        OPENAI = "openai", "OpenAI"
        LOCAL = "local", "Local summarizer"
        PERSON = "person", "A person"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="summaries")
    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="summaries")
    cause_event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="summaries")
    run_id = models.UUIDField(null=True, help_text="The run that asked for it (a row of a higher room).")
    kind = models.CharField(max_length=20, help_text="call, form or conversation")
    status = models.CharField(max_length=10, choices=Status, default=Status.ASKED)
    says = models.CharField(max_length=400, blank=True, help_text="Why it stands as it does, in words.")
    writer = models.CharField(max_length=10, choices=Writer, default=Writer.LOCAL)
    model = models.CharField(max_length=80, blank=True, help_text="The model and version that wrote it.")
    claims = models.JSONField(null=True)
    internal_text = models.TextField(null=True)  # noqa: DJ001  erasable
    client_text = models.TextField(null=True)  # noqa: DJ001  erasable; the candidate, until a person approves words of their own
    risk_flags = models.JSONField(default=list)
    next_action = models.CharField(max_length=200, blank=True)
    sources_until = models.DateTimeField(help_text="What came after this is not in it.")
    created_at = models.DateTimeField()
    asked_at = models.DateTimeField(null=True, help_text="By the database's clock: when the model was called.")
    asks = models.PositiveSmallIntegerField(default=0, help_text="How often the model was called for it; a killed worker's call counts.")
    written_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=150, blank=True)
    input_tokens = models.PositiveIntegerField(default=0)
    output_tokens = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name_plural = "summaries"
        constraints = [
            models.UniqueConstraint(fields=["run_id"], name="summary_once_per_run", condition=models.Q(run_id__isnull=False)),
            # A newer one replaces the one that waits: a person never decides on two for the same lead.
            models.UniqueConstraint(
                fields=["lead"], name="summary_one_open_per_lead", condition=models.Q(status__in=["asked", "draft", "to-write"])
            ),
        ]
        indexes = [
            models.Index(fields=["created_at", "id"], name="summary_open", condition=models.Q(status__in=["asked", "draft", "to-write"])),
            models.Index(fields=["-created_at", "-id"], name="summary_newest"),
            models.Index(fields=["client", "-created_at", "-id"], name="summary_newest_of_client"),
            models.Index(fields=["lead", "-created_at"], name="summary_of_lead"),
        ]

    def __str__(self) -> str:
        return f"summary {str(self.id)[-6:]}"


class Approval(models.Model):
    """A person's decision on one exact text, append-only. `text_sha256` is of the UTF-8 bytes that were on the page."""

    class Verdict(models.TextChoices):
        APPROVED = "approved", "Approved for the client"
        PRIVATE = "private", "Kept private"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    summary = models.ForeignKey(Summary, on_delete=models.PROTECT, related_name="approvals")
    verdict = models.CharField(max_length=10, choices=Verdict)
    text_sha256 = models.CharField(max_length=64, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    by = models.CharField(max_length=150)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["summary"], name="approval_once_per_summary"),
            # What a proof's (approval, text_sha256) refers to: the foreign key is made by migration 0002.
            models.UniqueConstraint(fields=["id", "text_sha256"], name="approval_of_text"),
        ]
        triggers = append_only()


class Proof(models.Model):
    """An approved text as the client sees it: a snapshot. The text's hash is checked by the database against the approval's.

    Nothing here may name the customer: the text was compared with the lead's own values before it could be approved.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="proofs")
    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="proofs")
    approval = models.OneToOneField(Approval, on_delete=models.PROTECT, related_name="proof")
    text = models.TextField()
    text_sha256 = models.CharField(max_length=64)
    kind = models.CharField(max_length=20)
    service = models.CharField(max_length=200, blank=True)
    source = models.CharField(max_length=120)
    happened_at = models.DateTimeField(help_text="When the customer called or wrote.")
    answered_after_seconds = models.PositiveIntegerField(null=True, help_text="From then to the first answer.")
    approved_by = models.CharField(max_length=150)
    approved_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.CharField(max_length=150, blank=True)
    withdrawn_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(text_sha256=Sha256("text")), name="proof_text_is_what_was_hashed"),
            models.CheckConstraint(condition=~models.Q(text=""), name="proof_has_text"),
            models.CheckConstraint(
                condition=models.Q(withdrawn_at__isnull=True, withdrawn_by="")
                | (models.Q(withdrawn_at__isnull=False) & ~models.Q(withdrawn_by="")),
                name="proof_withdrawn_by_somebody",
            ),
        ]
        indexes = [
            models.Index(fields=["client", "-happened_at", "-id"], name="proof_newest_of_client"),
            models.Index(fields=["lead"], name="proof_of_lead"),
        ]
        triggers = append_only(may_change=("withdrawn_at", "withdrawn_by", "withdrawn_reason"))


class Report(models.Model):
    """A month (or another stretch) of results for a client: a snapshot that a named person published.

    `content` is what the client sees: {headline, figures: [{key, label, value, previous, unit, note}], weeks: [{start, asked, booked}],
    sources: [{name, asked, booked, coverage}], note}. `counted` is for staff: {figure key: [lead ids]}, the rows behind each number.
    """

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        PUBLISHED = "published", "Published"
        WITHDRAWN = "withdrawn", "Withdrawn"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="reports")
    starts_on = models.DateField(help_text="First day, in the client's zone.")
    ends_on = models.DateField(help_text="Last day, in the client's zone.")
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    content = models.JSONField()
    counted = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True)
    published_by = models.CharField(max_length=150, blank=True)
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.CharField(max_length=150, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(ends_on__gte=models.F("starts_on")), name="report_ends_after_start"),
            models.CheckConstraint(
                condition=models.Q(status="draft") | (models.Q(published_at__isnull=False) & ~models.Q(published_by="")),
                name="report_published_by_somebody",
            ),
            models.UniqueConstraint(
                fields=["client", "starts_on", "ends_on"], name="report_one_live_per_period", condition=~models.Q(status="withdrawn")
            ),
        ]
        indexes = [models.Index(fields=["client", "-ends_on", "-id"], name="report_newest_of_client")]
        triggers = [
            Protect(name="no_delete", operation=pgtrigger.Delete),
            Protect(
                name="published_stays",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.status <> 'draft' AND (NEW.content IS DISTINCT FROM OLD.content OR NEW.counted IS DISTINCT FROM OLD.counted"
                    " OR NEW.client_id <> OLD.client_id OR NEW.starts_on <> OLD.starts_on OR NEW.ends_on <> OLD.ends_on OR NEW.status = 'draft')"
                ),
            ),
        ]
