"""Runs and why they exist. A run is pinned to an immutable version and holds a cursor; each step is one row; a receipt answers, for
every event and every workflow that listens to it, in one sentence why it did or did not start. Incidents: what went wrong, what it holds,
who mends it and how it was proven well."""

from datetime import timedelta

from django.conf import settings
from django.db import models

from leads.models import Client, Contact, Desk, Event, Lead, Task
from messaging.models import Message, Pause
from zartsalgo.lib.evidence import append_only
from zartsalgo.lib.ids import new_id


class WorkflowVersion(models.Model):
    """A published definition: data, hashed, never changed. A run names the one it runs on."""

    key = models.CharField(max_length=60)
    version = models.PositiveIntegerField()
    definition = models.JSONField()
    sha256 = models.CharField(max_length=64)
    published_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key", "version"], name="workflow_version_once"),
            models.UniqueConstraint(fields=["key", "sha256"], name="workflow_definition_once"),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.key} version {self.version}"


class Run(models.Model):
    """One workflow acting on one cause."""

    # Set by intake, in the transaction that makes the run: its event is the first that was ever heard of its person.
    first_heard = False

    class Status(models.TextChoices):
        READY = "ready", "Working"  # a worker may take it now
        WAITING = "waiting", "Waiting"  # for a time, or for something to happen
        PARKED = "parked", "Needs a person"  # claimed too often without progress, or a step that cannot go on
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    ACTIVE = (Status.READY, Status.WAITING)

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="runs", db_index=False)
    workflow = models.CharField(max_length=60)
    version = models.ForeignKey(WorkflowVersion, on_delete=models.PROTECT, related_name="runs")
    cause = models.CharField(max_length=120, help_text="What it acts on; a second run for the same cause cannot exist.")
    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="runs")
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, null=True, related_name="runs", db_index=False)
    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, null=True, related_name="runs", db_index=False)
    status = models.CharField(max_length=10, choices=Status, default=Status.READY)
    cursor = models.CharField(max_length=80, help_text="The step it stands at.")
    state = models.JSONField(default=dict)
    says = models.CharField(max_length=500, blank=True, help_text="The one-sentence answer.")
    created_at = models.DateTimeField()
    wake_at = models.DateTimeField(help_text="By the business clock.")
    wait_key = models.CharField(max_length=120, blank=True, help_text="What wakes it before its time, such as reply:<contact>.")
    finished_at = models.DateTimeField(null=True)
    frozen_for = models.DurationField(default=timedelta(0), help_text="How long pauses that are over kept its timers still.")
    lease_owner = models.CharField(max_length=80, blank=True)
    lease_until = models.DateTimeField(null=True, help_text="By the database's clock.")
    lease_epoch = models.BigIntegerField(default=0)
    claims = models.PositiveSmallIntegerField(default=0, help_text="Claims since the last progress; the fifth parks the run.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["client", "workflow", "cause"], name="run_once_per_cause"),
            models.CheckConstraint(
                condition=models.Q(status__in=["done", "failed", "cancelled"], finished_at__isnull=False)
                | (~models.Q(status__in=["done", "failed", "cancelled"]) & models.Q(finished_at__isnull=True)),
                name="run_finished_has_time",
            ),
        ]
        indexes = [
            models.Index(fields=["wake_at"], name="run_due", condition=models.Q(status__in=["ready", "waiting"])),
            models.Index(fields=["-created_at", "-id"], name="run_stuck", condition=models.Q(status__in=["parked", "failed"])),
            models.Index(fields=["wait_key"], name="run_wait", condition=models.Q(status="waiting") & ~models.Q(wait_key="")),
            models.Index(fields=["-created_at", "-id"], name="run_newest"),
            models.Index(fields=["client", "-created_at", "-id"], name="run_newest_of_client"),
            models.Index(fields=["contact", "-created_at"], name="run_of_contact"),
            models.Index(fields=["lead", "-created_at"], name="run_of_lead"),
        ]

    def __str__(self) -> str:
        return f"{self.workflow} {str(self.id)[-6:]}"


class Step(models.Model):
    """A step that was done, once: what it expected, what it found, what came of it. Append-only."""

    class Outcome(models.TextChoices):
        DONE = "done", "Done"
        SKIPPED = "skipped", "Skipped"
        FAILED = "failed", "Failed"

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="steps", db_index=False)
    key = models.CharField(max_length=80)
    kind = models.CharField(max_length=20)
    outcome = models.CharField(max_length=10, choices=Outcome)
    says = models.CharField(max_length=500)
    expected = models.CharField(max_length=200, blank=True)
    actual = models.CharField(max_length=200, blank=True)
    output = models.JSONField(default=dict)
    epoch = models.BigIntegerField()
    at = models.DateTimeField(help_text="By the business clock.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "key"], name="step_once")]
        triggers = append_only()


class Receipt(models.Model):
    """Why a workflow did or did not act on an event, in one sentence. Append-only; one per event and workflow."""

    class Verdict(models.TextChoices):
        STARTED = "started", "Started"
        JOINED = "joined", "Joined a run"
        REFUSED = "refused", "Did not start"
        NOTED = "noted", "What it changed"  # of no workflow: what the event itself did (workflows.outcomes)

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="receipts", db_index=False)
    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="receipts", db_index=False)
    workflow = models.CharField(max_length=60)
    verdict = models.CharField(max_length=10, choices=Verdict)
    reason = models.CharField(max_length=60)
    says = models.CharField(max_length=400)
    expected = models.CharField(max_length=200, blank=True)
    actual = models.CharField(max_length=200, blank=True)
    run = models.ForeignKey(Run, on_delete=models.PROTECT, null=True, related_name="receipts")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event", "workflow"], name="receipt_once")]
        indexes = [
            models.Index(fields=["-at", "-id"], name="receipt_newest"),
            models.Index(fields=["client", "-at", "-id"], name="receipt_newest_of_client"),
        ]
        triggers = append_only()


class Incident(models.Model):
    """Something is wrong and texts wait for it: what, what it holds, who mends it, how it is taken back, and how it is proven well again.

    A breaker opens one by itself, a person by hand. One is open per cause: the next sign of the same trouble adds to it.
    """

    class Status(models.TextChoices):
        OPEN = "open", "Open"  # nobody has taken it yet
        FIXING = "fixing", "Being mended"  # a person has it
        VERIFYING = "verifying", "Being verified"  # what was held is released; the first text after that proves it
        CLOSED = "closed", "Closed"

    ACTIVE = (Status.OPEN, Status.FIXING, Status.VERIFYING)

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, null=True, related_name="incidents", help_text="Empty: the whole agency.")
    cause = models.CharField(max_length=200, help_text="The same cause joins while it is open.")
    breaker = models.CharField(max_length=40, blank=True, help_text="The breaker that opened it; empty when a person did.")
    opened_by = models.CharField(max_length=150, help_text="The breaker or the person, as people say it.")
    title = models.CharField(max_length=200)
    reason = models.CharField(max_length=400)
    scope = models.CharField(max_length=200, help_text="What is paused, in words.")
    rollback = models.CharField(max_length=400, help_text="What takes the harm back, in words.")
    desk = models.CharField(max_length=20, choices=Desk)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="incidents")
    pause = models.ForeignKey(
        Pause,
        on_delete=models.PROTECT,
        related_name="incidents",
        help_text="The pause it holds texts with; a new one when it breaks again.",
    )
    verification = models.ForeignKey(Task, on_delete=models.PROTECT, null=True, related_name="incidents")
    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN)
    opened_at = models.DateTimeField()
    first_sign_at = models.DateTimeField()
    last_sign_at = models.DateTimeField()
    signs = models.PositiveIntegerField(default=1, help_text="How often the trouble was seen.")
    released_at = models.DateTimeField(null=True, blank=True)
    released_by = models.CharField(max_length=150, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.CharField(max_length=150, blank=True)
    outcome = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cause"], name="incident_one_open_per_cause", condition=models.Q(closed_at__isnull=True)),
            models.UniqueConstraint(fields=["pause"], name="incident_one_open_per_pause", condition=models.Q(closed_at__isnull=True)),
            models.CheckConstraint(
                condition=models.Q(status="closed", closed_at__isnull=False)
                | (~models.Q(status="closed") & models.Q(closed_at__isnull=True)),
                name="incident_closed_has_time",
            ),
            models.CheckConstraint(
                condition=~models.Q(status="verifying") | models.Q(released_at__isnull=False), name="incident_verifies_what_was_released"
            ),
        ]
        indexes = [
            models.Index(fields=["-opened_at", "-id"], name="incident_newest"),
            models.Index(fields=["client", "-opened_at", "-id"], name="incident_newest_of_client"),
            models.Index(fields=["-opened_at"], name="incident_active", condition=models.Q(closed_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return self.title


class IncidentNote(models.Model):
    """One line of an incident's history. Append-only."""

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="notes")
    at = models.DateTimeField()
    by = models.CharField(max_length=150)
    says = models.CharField(max_length=500)

    class Meta:
        indexes = [models.Index(fields=["incident", "at"], name="incident_note_of_incident")]
        triggers = append_only()


class IncidentItem(models.Model):
    """What was decided about one held text when its pause was lifted. Append-only; one per text and pause."""

    class Judgement(models.TextChoices):
        RIGHT = "right", "Still right"  # goes at its turn; the gate judges it once more then
        STALE = "stale", "No longer right"  # dropped; where nobody has the person yet, somebody calls
        ASK = "ask", "Needs a person"  # an approval, a reply to read, a template: it waits in the inbox
        HELD = "held", "Held by another pause"

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="items")
    pause = models.ForeignKey(Pause, on_delete=models.PROTECT, related_name="items")
    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="incident_items")
    judgement = models.CharField(max_length=10, choices=Judgement)
    reason = models.CharField(max_length=60, blank=True)
    says = models.CharField(max_length=300)
    goes_at = models.DateTimeField(null=True, help_text="When its turn comes, for one that is still right.")
    at = models.DateTimeField()
    by = models.CharField(max_length=150)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["pause", "message"], name="incident_item_once_per_pause")]
        indexes = [models.Index(fields=["incident", "judgement"], name="incident_item_of_incident")]
        triggers = append_only()


class BreakerReading(models.Model):
    """What a counting breaker read last, so that it can tell a burst from a sum. Bookkeeping, not evidence."""

    breaker = models.CharField(max_length=40)
    subject = models.CharField(max_length=80)
    value = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["breaker", "subject"], name="breaker_reading_once")]
