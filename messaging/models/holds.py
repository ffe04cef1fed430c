"""What holds everything of a scope."""

from django.conf import settings
from django.db import models

from leads.models import Client, Lead
from providers.models import Connection


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
