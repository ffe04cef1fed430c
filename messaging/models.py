"""What people receive. A Message is planned as a row, judged by the gate, and tried at most once until the try is proven unsent.

The partial unique index `attempt_one_live` is the guard against a second text: while an attempt is reserved, calling, accepted or
unknown no other can exist. Unknown is a state of its own and never a reason to repeat.
"""

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from leads.models import Client, Contact, Event, Lead, Responder
from providers.models import Connection
from zartsalgo.lib.evidence import append_only
from zartsalgo.lib.ids import new_id


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


class Message(models.Model):
    """One text to one person. `reason` is the gate's or the provider's short code, `says` the sentence; the slip holds every check."""

    class Status(models.TextChoices):
        QUEUED = "queued", "Waiting"  # will be judged and tried when due
        HELD = "held", "Held"  # not now: `hold_until` or a person decides
        SENT = "sent", "Sent"  # the provider accepted it
        DELIVERED = "delivered", "Delivered"  # the carrier reported it
        SKIPPED = "skipped", "Skipped"  # the gate dropped it; final
        FAILED = "failed", "Failed"  # the provider or carrier refused it; final
        UNKNOWN = "unknown", "Unknown"  # called, no answer: looked up, then a person

    FINAL = (Status.DELIVERED, Status.SKIPPED, Status.FAILED)
    PENDING = (Status.QUEUED, Status.HELD)

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="messages")
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="messages")
    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, null=True, related_name="messages")
    cause_event = models.ForeignKey(Event, on_delete=models.PROTECT, null=True, related_name="messages")
    run_id = models.UUIDField(null=True, help_text="The run that planned it (a row of a higher room).")
    step_key = models.CharField(max_length=80, blank=True)
    workflow = models.CharField(max_length=60, blank=True)
    channel = models.CharField(max_length=10, default="sms")
    purpose = models.CharField(max_length=60)
    template = models.ForeignKey(Template, on_delete=models.PROTECT, null=True, related_name="messages")
    to = models.CharField(max_length=254)
    sender = models.CharField(max_length=64)
    body = models.TextField()
    approval_needed = models.BooleanField(default=True)
    approved_by = models.CharField(max_length=150, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.QUEUED)
    reason = models.CharField(max_length=60, blank=True)
    says = models.CharField(max_length=500, blank=True)
    slip = models.JSONField(null=True)
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


class Attempt(models.Model):
    """One try at sending a message, with the slip that allowed it. Evidence is added, never rewritten."""

    class Outcome(models.TextChoices):
        RESERVED = "reserved", "Reserved"  # allowed, no byte has left
        CALLING = "calling", "Calling"  # the last durable act before bytes leave
        ACCEPTED = "accepted", "Accepted"
        REJECTED = "rejected", "Rejected"  # the provider says it created nothing
        UNKNOWN = "unknown", "Unknown"
        NOT_SENT = "not_sent", "Proven unsent"

    LIVE = (Outcome.RESERVED, Outcome.CALLING, Outcome.ACCEPTED, Outcome.UNKNOWN)

    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="attempts")
    n = models.PositiveSmallIntegerField()
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.RESERVED)
    slip = models.JSONField()
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
            pgtrigger.Protect(
                name="unsent_is_declared",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "((OLD.outcome IN ('calling', 'unknown') AND NEW.outcome = 'not_sent' AND NEW.declared_by = '')"
                    " OR (OLD.outcome = 'accepted' AND NEW.outcome <> 'accepted')"
                    " OR (OLD.declared_by <> '' AND (NEW.declared_by <> OLD.declared_by OR NEW.declared_reason <> OLD.declared_reason)))"
                ),
            ),
        ]


class Suppression(models.Model):
    """A person told a client to stop. Binds all of that person's numbers and addresses; append-only, nothing deletes a row.

    It stands while `lifted_by` is empty. Only one thing fills that: an inbound text of this client that reads as an opt-in, from the
    number that said stop. The database itself compares (trigger `only_their_own_words`), so neither staff nor a merge can lift one, and
    nothing lifts what was imported or stands on the agency's list.
    """

    class Origin(models.TextChoices):
        WORDS = "words", "Their own words"  # a text of theirs, or the carrier that heard one
        IMPORTED = "import", "Imported list"

    client = models.ForeignKey(Client, on_delete=models.PROTECT, null=True, related_name="suppressions")
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, null=True, related_name="suppressions")
    kind = models.CharField(max_length=5, choices=[("phone", "Phone"), ("email", "Email")])
    value = models.CharField(max_length=254, help_text="The number or address it came from; kept after the person is erased.")
    origin = models.CharField(max_length=6, choices=Origin, default=Origin.WORDS)
    came_from = models.CharField(
        max_length=254, blank=True, help_text="Which of their numbers said so; only the same one can take it back. Empty: `value` itself."
    )
    event = models.ForeignKey(Event, on_delete=models.PROTECT, null=True, related_name="suppressions")
    rule = models.CharField(max_length=80, help_text="Which rule read the words so, or where it came from.")
    at = models.DateTimeField(help_text="By the business clock.")
    stored_at = models.DateTimeField(
        db_default=models.Func(function="clock_timestamp", output_field=models.DateTimeField()),
        help_text="By the database's clock, under the lock of the address: no try may have started after it.",
    )
    lifted_at = models.DateTimeField(null=True, help_text="By the database's clock, which fills it in.")
    lifted_by = models.ForeignKey(
        Event, on_delete=models.PROTECT, null=True, related_name="lifted_suppressions", help_text="The person's own text that took it back."
    )

    class Meta:
        constraints = [
            # One that stands for each origin and each number that said it: an import beside a STOP, and a STOP from either of two phones,
            # are known on their own, so taking back one leaves the other.
            models.UniqueConstraint(
                fields=["client", "kind", "value", "origin", "came_from"],
                name="suppression_once",
                nulls_distinct=False,
                condition=models.Q(lifted_by__isnull=True),
            ),
            models.CheckConstraint(
                condition=models.Q(lifted_at__isnull=True, lifted_by__isnull=True)
                | models.Q(lifted_at__isnull=False, lifted_by__isnull=False, origin="words", client__isnull=False),
                name="suppression_lifted_by_words",
            ),
        ]
        indexes = [
            models.Index(fields=["contact"], name="suppression_of_contact"),
            # The gate asks by number over client and agency.
            models.Index(fields=["value"], name="suppression_of_value"),
        ]
        triggers = [
            *append_only(may_change=("lifted_at", "lifted_by")),
            pgtrigger.Trigger(
                name="only_their_own_words",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Insert,
                condition=pgtrigger.Condition("NEW.lifted_at IS NOT NULL OR NEW.lifted_by_id IS NOT NULL"),
                func="""
                    IF TG_OP = 'INSERT' THEN
                        RAISE EXCEPTION 'a suppression begins standing';
                    END IF;
                    IF NOT EXISTS (
                        SELECT FROM leads_event e
                         WHERE e.id = NEW.lifted_by_id AND e.client_id = OLD.client_id AND e.type = 'message.received'
                           AND e.facts -> 'reading' ->> 'kind' = 'opt_in' AND e.recorded_at >= OLD.at
                           AND e.personal ->> 'phone' = coalesce(nullif(OLD.came_from, ''), OLD.value)
                    ) THEN
                        RAISE EXCEPTION 'only the words of the person who said stop lift a suppression';
                    END IF;
                    NEW.lifted_at = clock_timestamp();
                    RETURN NEW;
                """,
            ),
            pgtrigger.Protect(
                name="lifted_stays", operation=pgtrigger.Update, condition=pgtrigger.Condition("OLD.lifted_by_id IS NOT NULL")
            ),
        ]


class DoNotCallList(models.Model):
    """One import of a do-not-call registry: which area codes it speaks for and as of which day. Its numbers hang on it."""

    name = models.CharField(max_length=120, help_text="Whose list: national, or a state's.")
    as_of = models.DateField(help_text="The day the list was made by the registry.")
    area_codes = ArrayField(models.CharField(max_length=3), help_text="The area codes it is complete for.")
    sha256 = models.CharField(max_length=64, help_text="Of the file.")
    amount = models.PositiveIntegerField()
    imported_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["name", "as_of", "sha256"], name="dnc_list_once"),
            models.CheckConstraint(condition=~models.Q(area_codes=[]), name="dnc_list_covers_something"),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.as_of}"


class DoNotCallNumber(models.Model):
    """A number (E.164) on a do-not-call list."""

    list = models.ForeignKey(DoNotCallList, on_delete=models.CASCADE, related_name="numbers")
    value = models.CharField(max_length=16)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["value", "list"], name="dnc_number_once")]


class PurposeClaim(models.Model):
    """A rolling window in a row: one purpose, one person, until a time. Taken by one conditional upsert (messaging.claims)."""

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="purpose_claims")
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="purpose_claims")
    purpose = models.CharField(max_length=60)
    until = models.DateTimeField()
    holder = models.UUIDField(help_text="The message that holds it.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["client", "contact", "purpose"], name="purpose_claim_once")]


class Pause(models.Model):
    """Nothing of its scope leaves while it is open; everything is kept. Every field of the scope that is filled narrows it, so all empty
    is the whole agency. The gate sees it, and so does the statement that turns a try to `calling`: see messaging.pauses.
    """

    client = models.ForeignKey(Client, on_delete=models.PROTECT, null=True, blank=True, related_name="pauses")
    workflow = models.CharField(max_length=60, blank=True)
    channel = models.CharField(max_length=10, blank=True)
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, null=True, blank=True, related_name="pauses")
    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, null=True, blank=True, related_name="pauses")
    reason = models.CharField(max_length=300)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    until = models.DateTimeField(
        null=True, blank=True, help_text="Then it is lifted by itself, each held text judged anew; empty: by hand."
    )
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    unknown_since = models.DateTimeField(
        null=True, blank=True, help_text="After a restore: what the providers did from then on is not known here, and has to be compared."
    )
    compared_at = models.DateTimeField(null=True, blank=True, help_text="When the lists of all providers had been compared.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["client", "workflow", "channel", "connection", "lead"],
                name="pause_one_open_per_scope",
                nulls_distinct=False,
                condition=models.Q(lifted_at__isnull=True),
            ),
            # A connection and a lead belong to one client; beside them nothing else narrows.
            models.CheckConstraint(
                condition=models.Q(connection__isnull=True, lead__isnull=True)
                | models.Q(client__isnull=False, workflow="", channel="", connection__isnull=False, lead__isnull=True)
                | models.Q(client__isnull=False, workflow="", channel="", connection__isnull=True, lead__isnull=False),
                name="pause_scope_makes_sense",
            ),
            models.CheckConstraint(
                condition=models.Q(until__isnull=True) | models.Q(until__gt=models.F("at")), name="pause_ends_after_it_began"
            ),
            models.CheckConstraint(condition=~models.Q(reason=""), name="pause_has_a_reason"),
            models.CheckConstraint(
                condition=models.Q(lifted_at__isnull=True) | models.Q(unknown_since__isnull=True) | models.Q(compared_at__isnull=False),
                name="pause_lifted_once_compared",
            ),
        ]

    def __str__(self) -> str:
        return f"pause {self.pk}"


class ListedSend(models.Model):
    """A text in a provider's list that no row of ours knew after a restore: evidence, append-only. What went out stands between the
    person and a second text (the gate); what came in may have been an opt-out. See messaging.reconciling.
    """

    class Direction(models.TextChoices):
        OUTBOUND = "outbound", "Sent"
        INBOUND = "inbound", "Received"

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="listed_sends")
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="listed_sends")
    provider_id = models.CharField(max_length=64)
    direction = models.CharField(max_length=8, choices=Direction)
    number = models.CharField(max_length=40, null=True, help_text="The person's number, E.164; NULL once erased.")  # noqa: DJ001
    body_sha256 = models.CharField(max_length=64)
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


class Handover(models.Model):
    """What a responder of the business was told about a lead: a logged disclosure, append-only. Shown on the outbox page."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="handovers")
    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="handovers")
    run_id = models.UUIDField(null=True)
    step_key = models.CharField(max_length=80)
    responder = models.ForeignKey(Responder, on_delete=models.SET_NULL, null=True, related_name="handovers")
    to_name = models.CharField(max_length=120)
    to_address = models.CharField(max_length=254, blank=True)
    body = models.TextField(null=True)  # noqa: DJ001  erasable: NULL once expired
    created_at = models.DateTimeField()
    link_expires_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run_id", "step_key"], name="handover_once_per_step")]
        indexes = [models.Index(fields=["-created_at", "-id"], name="handover_newest")]
        triggers = append_only(erasable=("body",), erasable_links=("responder",))
