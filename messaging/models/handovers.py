"""What the business's own people were told."""

from django.db import models

from leads.models import Client, Lead, Responder
from zartsalgo.lib.evidence import append_only
from zartsalgo.lib.ids import new_id


class Handover(models.Model):
    """What a responder of the business was told about a lead: a logged disclosure, append-only. Shown on the outbox page; how it
    reached them stands in its notices.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="handovers")
    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="handovers")
    run_id = models.UUIDField(null=True)
    step_key = models.CharField(max_length=80)
    responder = models.ForeignKey(Responder, on_delete=models.SET_NULL, null=True, related_name="handovers")
    to_name = models.CharField(max_length=120)
    to_address = models.CharField(max_length=254, blank=True)
    cause = models.CharField(max_length=200, blank=True, help_text="What they are told of; one cause is told to one person once.")
    body = models.TextField(null=True)  # noqa: DJ001  erasable: NULL once expired
    created_at = models.DateTimeField()
    link_expires_at = models.DateTimeField()
    taken_at = models.DateTimeField(null=True, help_text="When they said through the link that they see to it.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run_id", "step_key"], name="handover_once_per_step"),
            models.UniqueConstraint(fields=["client", "responder", "cause"], name="handover_once_per_cause", condition=~models.Q(cause="")),
        ]
        indexes = [models.Index(fields=["-created_at", "-id"], name="handover_newest")]
        triggers = append_only(erasable=("body",), erasable_links=("responder",), may_change=("taken_at",))
