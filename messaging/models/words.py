"""The texts that may be sent, version by version."""

from typing import Any

import pgtrigger
from django.db import models

from leads.models import Client
from leads.revision import raises_revision
from messaging.words.plain import plain, plain_subject
from zartsalgo.lib.evidence import Protect


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
    plain_subject = models.CharField(max_length=150, blank=True, editable=False, help_text="As the business reads it, without Liquid.")
    plain_body = models.TextField(blank=True, editable=False, help_text="As the business reads it, without Liquid; kept when published.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["client", "key", "version"], name="template_version_once", nulls_distinct=False),
            models.UniqueConstraint(
                fields=["client", "key"], name="template_one_approved", nulls_distinct=False, condition=models.Q(status="approved")
            ),
            # A line end in a subject would begin another header.
            models.CheckConstraint(condition=~models.Q(subject__regex=r"[\r\n]"), name="template_subject_on_one_line"),
            models.CheckConstraint(condition=models.Q(status="draft") | ~models.Q(approved_by=""), name="template_published_by_somebody"),
            models.CheckConstraint(condition=~models.Q(status="approved") | ~models.Q(plain_body=""), name="template_published_is_read"),
            models.CheckConstraint(
                condition=models.Q(response_minutes__isnull=True) | models.Q(response_minutes__gt=0), name="template_window_has_minutes"
            ),
        ]
        triggers = [
            Protect(name="no_delete", operation=pgtrigger.Delete, condition=pgtrigger.Condition("(OLD.status <> 'draft')")),
            Protect(
                name="words_stay_once_published",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "(OLD.status <> 'draft' AND (NEW.status = 'draft' OR (OLD.status = 'retired' AND NEW.status <> 'retired') OR "
                    "(to_jsonb(NEW) - 'status') IS DISTINCT FROM (to_jsonb(OLD) - 'status')))"
                ),
            ),
            *raises_revision(),
        ]

    def __str__(self) -> str:
        return f"{self.key} version {self.version}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Publishing keeps how the words read, once and for good, next to the words themselves."""
        if self.status == self.Status.APPROVED and not self.plain_body:
            self.plain_body = plain(source=self.body, channel=self.channel, response_minutes=self.response_minutes)
            self.plain_subject = plain_subject(source=self.subject, response_minutes=self.response_minutes)
            if kwargs.get("update_fields") is not None:
                kwargs["update_fields"] = [*kwargs["update_fields"], "plain_body", "plain_subject"]
        super().save(*args, **kwargs)
