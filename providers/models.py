"""Connections to the outside and what came in through them.

A Delivery is the raw request, stored before anything reads it: its body is sealed, its key is unique per connection, and a repeat
only adds to `copies`. `workflows.intake` drains the table; nothing else changes its state.
"""

import pgtrigger
from django.db import models

from leads.models import Client
from leads.revision import raises_revision
from zartsalgo.lib.evidence import Protect, append_only
from zartsalgo.lib.ids import new_id


class Connection(models.Model):
    """One provider account of one client. Token and secrets are sealed; `live` is false for the simulator's phone."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="connections")
    provider = models.CharField(max_length=40)
    account = models.CharField(max_length=120, blank=True)
    token_digest = models.CharField(max_length=64, unique=True, help_text="sha256 of the token in the hook's address.")
    # Ends of an overlap are real time, by the database's clock: providers know no other.
    old_token_digest = models.CharField(max_length=64, null=True, blank=True, unique=True, help_text="Of the address before this one.")
    old_token_until = models.DateTimeField(null=True, blank=True, help_text="When the address before this one stops to be valid.")
    old_secret_until = models.DateTimeField(null=True, blank=True, help_text="When the secret before this one stops to be valid.")
    sealed = models.BinaryField(help_text="Token, secrets and private options, encrypted.")
    base_url = models.URLField(blank=True, help_text="Empty: the provider's own host.")
    options = models.JSONField(default=dict, blank=True)
    live = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    disabled_at = models.DateTimeField(null=True, blank=True)
    refused_signatures = models.PositiveIntegerField(default=0, help_text="Requests with a bad signature; counted, not stored.")
    last_refused_at = models.DateTimeField(null=True, blank=True)
    polled_until = models.DateTimeField(null=True, blank=True)
    live_since = models.DateTimeField(null=True, blank=True, help_text="When its go-live was signed; empty: in shadow, or none is asked.")
    trouble = models.CharField(max_length=300, blank=True, help_text="What is wrong with it now, for the strip; empty when well.")

    class Meta:
        indexes = [models.Index(fields=["client", "provider"], name="connection_of_client", condition=models.Q(disabled_at__isnull=True))]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(old_token_digest__isnull=True, old_token_until__isnull=True)
                | models.Q(old_token_digest__isnull=False, old_token_until__isnull=False),
                name="connection_old_address_ends",
            )
        ]
        triggers = raises_revision(but=("refused_signatures", "last_refused_at", "polled_until"))

    def __str__(self) -> str:
        return f"{self.provider} of {self.client}"


class Refusal(models.Model):
    """Wrong signatures of one sender on one hook: counted, never stored. Kept for a day after the last; times are the database's."""

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="refusals", db_index=False)
    sender = models.CharField(max_length=32, blank=True, help_text="A keyed digest of the address; empty where there was none.")
    times = models.PositiveIntegerField(help_text="Since the last hour without one.")
    last_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "sender"], name="refusal_one_of_sender")]

    def __str__(self) -> str:
        return f"{self.times} of {self.sender[:8]}…"


class GoLive(models.Model):
    """What a business and its agency settled before a connection may reach people. One open row per connection; taking it back closes
    the row, so who signed what stays readable. Until it is signed the connection runs in shadow: see providers.going_live.
    """

    class OptOuts(models.TextChoices):
        IMPORTED = "imported", "The list of the tool before was imported"
        NONE = "none", "There are none: nobody was texted before"

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="go_lives")
    began_at = models.DateTimeField(help_text="By the business clock; the shadow report counts from here.")
    owner = models.CharField(max_length=120, blank=True, help_text="Who answers for it.")
    rollback = models.CharField(max_length=500, blank=True, help_text="What is done when it goes wrong.")
    named_by = models.CharField(max_length=150, blank=True)
    opt_outs = models.CharField(max_length=8, choices=OptOuts, blank=True)
    opt_outs_by = models.CharField(max_length=150, blank=True)
    opt_outs_at = models.DateTimeField(null=True)
    read_by = models.CharField(max_length=150, blank=True, help_text="Who read the shadow report.")
    read_at = models.DateTimeField(null=True)
    read_counts = models.JSONField(default=dict, help_text="What the report said when it was read.")
    signed_by = models.CharField(max_length=150, blank=True)
    signed_at = models.DateTimeField(null=True)
    signed_list = models.JSONField(default=list, help_text="The checklist as it stood when it was signed.")
    taken_back_by = models.CharField(max_length=150, blank=True)
    taken_back_at = models.DateTimeField(null=True)
    taken_back_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection"], name="go_live_one_open", condition=models.Q(taken_back_at__isnull=True)),
            models.CheckConstraint(
                condition=models.Q(signed_at__isnull=True, signed_by="")
                | models.Q(signed_at__isnull=False, opt_outs_at__isnull=False, read_at__isnull=False)
                & ~(models.Q(signed_by="") | models.Q(owner="") | models.Q(rollback="") | models.Q(opt_outs_by="") | models.Q(read_by="")),
                name="go_live_signed_when_settled",
            ),
            models.CheckConstraint(
                condition=models.Q(taken_back_at__isnull=True) | ~(models.Q(taken_back_by="") | models.Q(taken_back_reason="")),
                name="go_live_taken_back_with_reason",
            ),
        ]
        triggers = [
            Protect(name="no_delete", operation=pgtrigger.Delete),
            Protect(
                name="signed_stays",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "(((OLD.signed_at IS NOT NULL OR OLD.taken_back_at IS NOT NULL) AND (to_jsonb(NEW) - 'taken_back_by' - 'taken_back_at'"
                    " - 'taken_back_reason') IS DISTINCT FROM (to_jsonb(OLD) - 'taken_back_by' - 'taken_back_at' - 'taken_back_reason'))"
                    " OR OLD.taken_back_at IS NOT NULL)"
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"go-live of {self.connection}"


class Delivery(models.Model):
    """A request as it arrived. What it is and what became of it stand beside the raw bytes, which never change."""

    class State(models.TextChoices):
        RECEIVED = "received", "Waiting"  # stored, not yet read
        DONE = "done", "Processed"  # became one or more events
        IGNORED = "ignored", "Not for us"  # understood, nothing to do; `note` says why
        POISON = "poison", "Not understood"  # a person must look; replay reads it again
        ASIDE = "aside", "Put aside"  # stored, not read before a person has released it; see Aside

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="deliveries", db_index=False)
    key = models.CharField(max_length=200)
    received_at = models.DateTimeField()
    method = models.CharField(max_length=8)
    url = models.CharField(max_length=4000, help_text="Path and query as called, without the token.")
    headers = models.JSONField()
    body = models.BinaryField(null=True, help_text="Sealed; NULL once expired.")
    body_sha256 = models.CharField(max_length=64)
    copies = models.PositiveIntegerField(default=0, help_text="How many repeats came after the first.")
    state = models.CharField(max_length=10, choices=State, default=State.RECEIVED)
    note = models.CharField(max_length=400, blank=True)
    claims = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(help_text="Not worked on before this time, by the database's clock.")
    finished_at = models.DateTimeField(null=True, blank=True)
    replays = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [models.UniqueConstraint(fields=["connection", "key"], name="delivery_once")]
        indexes = [
            models.Index(fields=["next_at"], name="delivery_due", condition=models.Q(state="received")),
            models.Index(fields=["-received_at", "-id"], name="delivery_newest"),
            models.Index(fields=["connection", "-received_at"], name="delivery_newest_of_connection"),
            models.Index(fields=["state", "-received_at", "-id"], name="delivery_newest_by_state"),
        ]
        triggers = append_only(erasable=("body",), may_change=("copies", "state", "note", "claims", "next_at", "finished_at", "replays"))

    def __str__(self) -> str:
        return f"delivery {str(self.id)[-6:]}"


class Aside(models.Model):
    """Why a delivery was put aside, and what a person decided about it. See providers.asides."""

    class Reason(models.TextChoices):
        FLOOD = "flood", "Too many at once"
        TRAP = "trap", "The hidden field was filled in"

    class Decision(models.TextChoices):
        NONE = "", "Waits for a person"
        RELEASED = "released", "Released"
        NOT_A_LEAD = "not-a-lead", "Not a lead"

    delivery = models.OneToOneField(Delivery, on_delete=models.PROTECT, primary_key=True, related_name="aside")
    reason = models.CharField(max_length=5, choices=Reason)
    decision = models.CharField(max_length=10, choices=Decision, blank=True, default=Decision.NONE)
    decided_by = models.CharField(max_length=150, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "delivery put aside"
        verbose_name_plural = "deliveries put aside"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(decision="", decided_at__isnull=True, decided_by="")
                | ~models.Q(decision="") & ~models.Q(decided_by="") & models.Q(decided_at__isnull=False),
                name="aside_decided_by_somebody",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_reason_display()}: {self.get_decision_display()}"
