"""People and access: users, API tokens; and the few facts every process shares: the clock's offset, signs of life, canaries."""

from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.functions import Lower

from zartsalgo.lib.evidence import append_only


class User(AbstractUser):
    """A member of the agency. Groups: owner, approver, staff."""

    shortcuts = models.BooleanField(
        "keyboard shortcuts", default=True, help_text="Single letters act on pages (WCAG 2.1.4: may be switched off)."
    )

    class Meta(AbstractUser.Meta):
        constraints = [
            models.UniqueConstraint(Lower("email"), condition=~models.Q(email=""), name="user_email_unique_where_given"),
        ]


class AdminLog(LogEntry):
    """Django's log of what staff did in the admin (django_admin_log), as evidence: rows are added and stay."""

    class Meta:
        proxy = True
        default_permissions = ()
        triggers = append_only()


class ApiToken(models.Model):
    """A bearer token of the staff API. Only its digest is kept; the token itself is shown once. Times are real time."""

    class Scope(models.TextChoices):
        READ = "read", "Read"
        WRITE = "write", "Read and write"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    digest = models.CharField(max_length=64, unique=True)
    prefix = models.CharField(max_length=8)
    scope = models.CharField(max_length=5, choices=Scope, default=Scope.READ)
    client = models.ForeignKey(
        "leads.Client",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        help_text="It reaches this client only; empty: all.",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True, help_text="To the minute.")
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.prefix}… of {self.user}"


class SignInTry(models.Model):
    """Wrong passwords counted, and where somebody has signed in before. See zartsalgo.throttle; times are the database's.

    `key` is a keyed digest of a name, an address or both, so that a password typed in the wrong field is kept nowhere.
    """

    key = models.CharField(primary_key=True, max_length=64)
    tries = models.IntegerField(default=0)
    tried_at = models.DateTimeField(db_index=True)
    good_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.key[:8]}…: {self.tries}"


class Clock(models.Model):
    """How far the business clock is moved. One row; see zartsalgo.lib.clock."""

    shifted_by = models.DurationField()

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="clock_is_one_row")]


class Heartbeat(models.Model):
    """When a kind of process last said that it works. See zartsalgo.lib.heartbeat."""

    name = models.CharField(primary_key=True, max_length=20)
    at = models.DateTimeField()
    host = models.CharField(max_length=100)
    pid = models.IntegerField()


class ProcessHeartbeat(models.Model):
    """When one process last said that it works: how several machines are told apart. See zartsalgo.lib.presence."""

    id = models.CharField(primary_key=True, max_length=16, help_text="Drawn by the process itself.")
    name = models.CharField(max_length=20, help_text="web, worker or ticker.")
    host = models.CharField(max_length=80)
    pid = models.IntegerField()
    at = models.DateTimeField(help_text="By the database's clock.")
    house = models.JSONField(help_text="What all machines must have alike; keys by a digest. See zartsalgo.house.")

    def __str__(self) -> str:
        return f"{self.name} {self.pid} on {self.host}"


class Hang(models.Model):
    """A process that its watchdog has ended because it did not move any more. Written by `report_hang`; an alert comes of it."""

    name = models.CharField(max_length=20, help_text="The service: web, worker, beat or ticker.")
    host = models.CharField(max_length=100)
    pid = models.IntegerField()
    silent_seconds = models.PositiveIntegerField(help_text="For how long it had not moved.")
    ended_at = models.DateTimeField(db_index=True, help_text="By the database's clock.")

    def __str__(self) -> str:
        return f"{self.name} {self.pid}"


class Canary(models.Model):
    """Whether a queue of Celery is worked off: when a tiny task was last put into it, and when one last came out. All by the database's
    clock; see zartsalgo.canaries."""

    queue = models.CharField(primary_key=True, max_length=20)
    asked_at = models.DateTimeField(help_text="The first ring since the last answer.")
    sent_at = models.DateTimeField(help_text="The last ring.")
    next_at = models.DateTimeField(help_text="When it is rung again if this one stays unanswered.")
    seen_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "canaries"
        constraints = [models.CheckConstraint(condition=models.Q(asked_at__lte=models.F("sent_at")), name="canary_asked_first")]

    def __str__(self) -> str:
        return self.queue


class InboxMark(models.Model):
    """What staff did to an item of the inbox without deciding it: put it off, or opened it. `key` is the queue's `<kind>:<id>`.

    Put off: hidden until `snoozed_until` (business clock), or until the person behind it says something after `snoozed_at`. Looked at: a
    lease of two minutes (database clock) that only tells others; a decision is made safe by the row it is made on. An item that was
    decided needs no mark; what is left over is removed when the next one is made.
    """

    key = models.CharField(primary_key=True, max_length=80)
    contact_id = models.UUIDField(null=True, help_text="The person behind the item (a row of a higher room).")
    snoozed_at = models.DateTimeField(null=True)
    snoozed_until = models.DateTimeField(null=True)
    snoozed_by = models.CharField(max_length=150, blank=True)
    looked_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    looked_until = models.DateTimeField(null=True, help_text="By the database's clock.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(snoozed_at__isnull=True, snoozed_until__isnull=True)
                | models.Q(snoozed_at__isnull=False, snoozed_until__gt=models.F("snoozed_at")),
                name="inbox_mark_put_off_until_later",
            )
        ]

    def __str__(self) -> str:
        return self.key
