"""What trying things out leaves behind (a played story, who has put the first steps away), and what the operator is told (zartsalgo.office.operations)."""

from django.db import models

from leads.models import Client
from zartsalgo.lib.ids import new_id
from zartsalgo.models import User


class StoryRun(models.Model):
    """One story of the simulator as it is played: how far it is, what was seen, and what it has to put back when it ends.

    One is played at a time in the whole installation, for a story may move the clock. Whoever plays it renews `lease_until` (database clock);
    one whose player died is ended by whoever comes next. What a story proved is read from the rows it left, never from here.
    """

    class State(models.TextChoices):
        PLAYING = "playing", "Playing"
        TOLD = "told", "Told to its end"
        BROKEN_OFF = "broken_off", "Broken off"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    key = models.CharField(max_length=40)
    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="story_runs")
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    number = models.CharField(max_length=16, help_text="The fiction number of the newcomer who plays the customer (E.164).")
    name = models.CharField(max_length=80)
    state = models.CharField(max_length=10, choices=State, default=State.PLAYING)
    beat = models.PositiveSmallIntegerField(default=0, help_text="Which beat it stands at.")
    lines = models.JSONField(default=list, help_text="What was seen, one entry a beat.")
    kept = models.JSONField(default=dict, help_text="Ids found on the way, by which the rows are found again.")
    says = models.CharField(max_length=400, blank=True, help_text="How it ended.")
    promised = models.PositiveSmallIntegerField(default=0)
    met = models.PositiveSmallIntegerField(default=0)
    clock_before = models.DurationField(null=True, help_text="The clock's offset to put back.")
    clock_set = models.DurationField(null=True, help_text="The offset the story set; another one was set by somebody else and stays.")
    mood_before = models.CharField(max_length=20, blank=True, help_text="The provider's mood to put back.")
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(help_text="By the database's clock.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["state"], name="story_one_at_a_time", condition=models.Q(state="playing")),
            models.CheckConstraint(
                condition=models.Q(state="playing", ended_at__isnull=True)
                | (~models.Q(state="playing") & models.Q(ended_at__isnull=False)),
                name="story_ended_has_time",
            ),
            models.CheckConstraint(
                condition=models.Q(state="playing") | models.Q(clock_set__isnull=True, mood_before=""), name="story_ended_put_back"
            ),
        ]
        indexes = [models.Index(fields=["client", "key", "-id"], name="story_newest_of_client")]

    def __str__(self) -> str:
        return f"{self.key} {str(self.id)[-6:]}"


class FirstSteps(models.Model):
    """From when on the first steps count what people did; what lies before was told by the demo agency. One row, none without a demo."""

    begun_at = models.DateTimeField(help_text="By the business clock.")
    really_at = models.DateTimeField(help_text="The same moment in real time, for what is counted by no other clock.")

    class Meta:
        verbose_name_plural = "first steps"
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="first_steps_is_one_row")]

    def __str__(self) -> str:
        return f"since {self.begun_at}"


class FirstStepsHidden(models.Model):
    """Somebody has put the list of first steps away."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True, related_name="+")
    hidden_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.user)


class Verdict(models.Model):
    """What the last check of the invariants found. One row; times are the database's. See zartsalgo.office.operations.verdict."""

    checked_at = models.DateTimeField(help_text="When it was last tried to check.")
    holds = models.BooleanField(help_text="Everything was read, and nothing is broken.")
    findings = models.JSONField(default=list, help_text="What was broken when all could last be read: key, says, broken, examples.")
    says = models.CharField(max_length=300, blank=True, help_text="Why the check could not be made; empty when it was.")
    took_seconds = models.FloatField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="verdict_is_one_row"),
            models.CheckConstraint(
                condition=models.Q(holds=False) | models.Q(findings=[], says=""), name="verdict_that_holds_found_nothing"
            ),
        ]

    def __str__(self) -> str:
        return "holds" if self.holds else "does not hold"


class LifeSign(models.Model):
    """The heartbeat to the outside. One row; times are the database's. See zartsalgo.office.operations.life_sign."""

    tried_at = models.DateTimeField(null=True, help_text="The claim of a minute: whoever writes it makes the call.")
    sent_at = models.DateTimeField(null=True, help_text="The last one that was taken.")
    failing_since = models.DateTimeField(null=True)
    says = models.CharField(max_length=300, blank=True, help_text="Why the last one did not go or was not taken.")

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="life_sign_is_one_row")]

    def __str__(self) -> str:
        return f"sent {self.sent_at}"


class Alert(models.Model):
    """Something the agency's people must know, folded by its cause: one is open per cause, however often the cause shows.

    It closes by itself when the cause is gone. A person may take it: it stays open, and nobody is mailed about it again before it is over.
    Times are the business clock's.
    """

    class Severity(models.TextChoices):
        BAD = "bad", "Does not work"
        WARN = "warn", "Look at it"

    class Told(models.TextChoices):
        NOTHING = "", "Nothing"
        OPEN = "open", "That it is open"
        OVER = "over", "That it is over"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    cause = models.CharField(max_length=200)
    kind = models.CharField(max_length=20, help_text="The rule that sees it (zartsalgo.office.operations.causes).")
    severity = models.CharField(max_length=4, choices=Severity)
    title = models.CharField(max_length=200)
    says = models.CharField(max_length=400)
    to_do = models.CharField(max_length=400)
    url = models.CharField(max_length=200, blank=True, help_text="The page where it is mended, as a path.")
    count = models.PositiveIntegerField(default=1, help_text="How many rows it stood for when it was last seen.")
    times = models.PositiveIntegerField(default=1, help_text="How often it opened: it came back soon after it was over.")
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    taken_at = models.DateTimeField(null=True)
    taken_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    resolved_at = models.DateTimeField(null=True)
    told = models.CharField(max_length=4, choices=Told, blank=True, default=Told.NOTHING, help_text="What people were mailed last.")
    told_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cause"], name="alert_one_open_per_cause", condition=models.Q(resolved_at__isnull=True)),
            models.CheckConstraint(
                condition=models.Q(told="", told_at__isnull=True) | (~models.Q(told="") & models.Q(told_at__isnull=False)),
                name="alert_told_has_time",
            ),
            models.CheckConstraint(condition=models.Q(count__gte=1, times__gte=1), name="alert_stands_for_something"),
        ]
        indexes = [
            models.Index(fields=["-first_at", "-id"], name="alert_newest"),
            models.Index(fields=["cause", "-resolved_at"], name="alert_of_cause"),
            models.Index(fields=["-first_at", "-id"], name="alert_open", condition=models.Q(resolved_at__isnull=True)),
            models.Index(fields=["told_at"], name="alert_over_untold", condition=models.Q(resolved_at__isnull=False, told="open")),
        ]

    def __str__(self) -> str:
        return self.title


class AlertMail(models.Model):
    """One mail to one person about alerts: written with them in one transaction, sent afterwards, its outcome kept."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        SENT = "sent", "Sent"
        KEPT = "kept", "Not mailed"  # there is no mail server: it stands on the alert's page
        FAILED = "failed", "Failed"  # the mail server did not take it, and it is too old now

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    alerts = models.ManyToManyField(Alert, related_name="mails")
    subject = models.CharField(max_length=200)
    body = models.TextField()
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    says = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(help_text="By the business clock.")
    lease_until = models.DateTimeField(null=True, help_text="By the database's clock.")
    next_at = models.DateTimeField(help_text="By the database's clock.")
    claims = models.PositiveSmallIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["next_at"], name="alert_mail_due", condition=models.Q(state="waiting"))]

    def __str__(self) -> str:
        return self.subject
