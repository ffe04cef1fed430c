"""How the business's own people are told."""

import pgtrigger
from django.conf import settings
from django.db import models

from leads.models import Client, Responder
from messaging.models.handovers import Handover
from providers.models import Connection
from zartsalgo.lib.evidence import Protect, append_only
from zartsalgo.lib.ids import new_id

# Under way to the person, or told, but for an answer that came after the next way was taken: no second notice beside it.
IN_PLACE = models.Q(late=False) & (models.Q(status__in=["waiting", "held", "calling", "sent"]) | models.Q(look_at__isnull=False))


class Notice(models.Model):
    """One delivery of one handover to one address over one channel; without a handover a test alert that staff asked for.

    Row first, call outside, outcome after: `calling` is the last durable act before bytes leave, so a worker that dies in between leaves an
    unknown outcome, which is never repeated on this channel (trigger `told_at_most_once`). The next channel, or the next responder, may be
    told instead. It carries no words: they are the handover's, or written anew for a test.

    Of one cause one responder has one notice that is under way or has reached them (`notice_one_way_at_a_time`): to try the next way, this
    one has failed or is put aside first. Only an answer that came after the next way was taken (`late`) stands beside another.
    """

    class Status(models.TextChoices):
        WAITING = "waiting", "Waiting"  # judged and tried when due
        HELD = "held", "Held"  # a pause, or a way that does not work now: judged again soon
        ASIDE = "aside", "Put aside"  # it cannot go now and another way is tried; held again when that one fails
        CALLING = "calling", "Being told"  # bytes may be leaving
        SENT = "sent", "Told"  # the provider, Slack or the mail server accepted it
        REFUSED = "refused", "Refused"  # they say that they created nothing; final here
        UNKNOWN = "unknown", "Not certain"  # called, no answer: looked up while `look_at` is set, never repeated here
        UNDELIVERED = "undelivered", "Not delivered"  # it was accepted, and the carrier reports that it did not arrive; final
        SKIPPED = "skipped", "Not needed"  # its own checks dropped it; final

    PENDING = (Status.WAITING, Status.HELD)
    # Nothing has left yet.
    UNTRIED = (*PENDING, Status.ASIDE)

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="notices")
    handover = models.ForeignKey(Handover, on_delete=models.PROTECT, null=True, related_name="notices")
    responder = models.ForeignKey(Responder, on_delete=models.SET_NULL, null=True, related_name="notices")
    cause = models.CharField(max_length=120, help_text="What people are told of; one cause is told once per channel and address.")
    channel = models.CharField(max_length=5, choices=Responder.Channel)
    address = models.CharField(max_length=254, help_text="Number (E.164) or mail address; for Slack the connection's id.")
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, null=True, related_name="notices")
    sender = models.CharField(max_length=64, blank=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", help_text="Who sent the test alert."
    )
    status = models.CharField(max_length=11, choices=Status, default=Status.WAITING)
    reason = models.CharField(max_length=60, blank=True, help_text="Short code: the failed check, or what became of the call.")
    says = models.CharField(max_length=400, blank=True)
    slip = models.JSONField(null=True)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField(help_text="Not judged before this time, by the business clock.")
    tries = models.PositiveSmallIntegerField(default=0)
    owner = models.CharField(max_length=80, blank=True)
    deadline_at = models.DateTimeField(null=True, help_text="By the database's clock; a call still open then has an unknown outcome.")
    look_at = models.DateTimeField(null=True, help_text="When the provider's list is asked whether it went; empty once that is over.")
    looks = models.PositiveSmallIntegerField(default=0)
    late = models.BooleanField(default=False, help_text="The answer that it went came after another way was taken.")
    sent_at = models.DateTimeField(null=True)
    pass_on_at = models.DateTimeField(null=True, help_text="Then the next responder is told, unless somebody has taken it.")
    provider_id = models.CharField(max_length=64, blank=True)
    provider_status = models.CharField(max_length=30, blank=True)
    http_status = models.PositiveSmallIntegerField(null=True)
    error_code = models.CharField(max_length=20, blank=True)

    # A pause of a workflow or a lead is about texts to customers; their own people are told all the same. See messaging.pauses.covering.
    workflow, lead_id = "", None

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["handover", "channel", "address"], name="notice_once_per_handover"),
            models.UniqueConstraint(fields=["client", "cause", "channel", "address"], name="notice_one_per_cause"),
            # A test alert takes every way at once.
            models.UniqueConstraint(
                fields=["client", "cause", "responder"],
                name="notice_one_way_at_a_time",
                condition=models.Q(handover__isnull=False) & IN_PLACE,
            ),
            models.CheckConstraint(
                condition=models.Q(look_at__isnull=True) | models.Q(status="unknown"), name="notice_unknown_is_looked_up"
            ),
            models.CheckConstraint(
                condition=models.Q(handover__isnull=False, asked_by__isnull=True) | models.Q(handover__isnull=True),
                name="notice_of_handover_or_test",
            ),
            models.CheckConstraint(
                condition=~models.Q(status="calling") | models.Q(deadline_at__isnull=False, slip__isnull=False),
                name="notice_called_with_slip",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="notice_due", condition=models.Q(status__in=["waiting", "held"])),
            models.Index(fields=["deadline_at"], name="notice_open", condition=models.Q(status="calling")),
            models.Index(fields=["look_at"], name="notice_to_look_up", condition=models.Q(look_at__isnull=False)),
            models.Index(fields=["provider_id"], name="notice_of_provider_id", condition=~models.Q(provider_id="")),
            models.Index(fields=["pass_on_at"], name="notice_to_pass_on", condition=models.Q(pass_on_at__isnull=False)),
            models.Index(fields=["address", "-sent_at"], name="notice_told_lately", condition=models.Q(sent_at__isnull=False)),
        ]
        triggers = [
            *append_only(
                erasable_links=("responder",),
                may_change=(
                    "status", "reason", "says", "slip", "due_at", "tries", "owner", "deadline_at", "sent_at", "pass_on_at", "provider_id",
                    "http_status", "error_code", "look_at", "looks", "late", "provider_status",
                ),
            ),
            Protect(
                name="told_at_most_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "((OLD.status IN ('sent', 'unknown', 'refused', 'skipped', 'undelivered')"
                    " AND NEW.status IN ('waiting', 'held', 'aside', 'calling'))"
                    " OR (OLD.status = 'sent' AND NEW.status NOT IN ('sent', 'undelivered'))"
                    " OR (OLD.status = 'undelivered' AND NEW.status <> 'undelivered'))"
                ),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"notice {str(self.id)[-6:]}"
