"""The texts that may be sent, version by version."""

import pgtrigger
from django.db import models

from leads.models import Client


class Template(models.Model):
    """One version of a text, in Liquid. A client's own goes before the agency's (client empty); only approved ones are sent.

    Once published a version never changes: the database refuses it, so what went out can be read back word for word.
    """

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        APPROVED = "approved", "Approved"
        RETIRED = "retired", "Retired"

    class Channel(models.TextChoices):
        SMS = "sms", "Text message"
        EMAIL = "email", "Email"

    class Escalation(models.TextChoices):
        RESPONDER = "responder", "Who is on call"
        OWNER = "owner", "The business’s owner"
        AGENCY = "agency", "The agency"

    client = models.ForeignKey(Client, on_delete=models.CASCADE, null=True, blank=True, related_name="templates")
    key = models.CharField(max_length=60)
    version = models.PositiveIntegerField()
    channel = models.CharField(max_length=10, choices=Channel, default=Channel.SMS)
    purpose = models.CharField(max_length=60)
    subject = models.CharField(max_length=150, blank=True, help_text="Of an email, in Liquid like the words; empty for texts.")
    body = models.TextField()
    opt_out_line = models.CharField(max_length=120, blank=True, help_text="Put after the words; empty where they say it themselves.")
    response_minutes = models.PositiveIntegerField(
        null=True, blank=True, help_text="Within so many minutes of open hours a person answers a reply; empty: none is set."
    )
    escalate_to = models.CharField(max_length=10, choices=Escalation, blank=True, help_text="Who is told when nobody answered in time.")
    source = models.CharField(max_length=300, blank=True, help_text="Where a price or a promise in it comes from.")
    written_by = models.CharField(max_length=150, blank=True)
    written_at = models.DateTimeField(null=True, blank=True, help_text="When a person last wrote at the draft.")
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    approved_by = models.CharField(max_length=150, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["client", "key", "version"], name="template_version_once", nulls_distinct=False),
            models.UniqueConstraint(
                fields=["client", "key"], name="template_one_approved", nulls_distinct=False, condition=models.Q(status="approved")
            ),
            # A line end in a subject would begin another header.
            models.CheckConstraint(condition=~models.Q(subject__regex=r"[\r\n]"), name="template_subject_on_one_line"),
            models.CheckConstraint(condition=models.Q(status="draft") | ~models.Q(approved_by=""), name="template_published_by_somebody"),
            models.CheckConstraint(
                condition=models.Q(response_minutes__isnull=True) | models.Q(response_minutes__gt=0), name="template_window_has_minutes"
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete, condition=pgtrigger.Condition("(OLD.status <> 'draft')")),
            pgtrigger.Protect(
                name="words_stay_once_published",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "(OLD.status <> 'draft' AND (NEW.status = 'draft' OR (OLD.status = 'retired' AND NEW.status <> 'retired') OR "
                    "(to_jsonb(NEW) - 'status') IS DISTINCT FROM (to_jsonb(OLD) - 'status')))"
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} version {self.version}"
