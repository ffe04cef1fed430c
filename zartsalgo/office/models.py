"""What trying things out leaves behind: a played story, and who has put the first steps away."""

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
