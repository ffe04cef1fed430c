"""What the gate found of a message at one moment, kept whole and once."""

from django.db import models

from zartsalgo.lib.evidence import append_only
from zartsalgo.lib.ids import new_id


class Slip(models.Model):
    """One judgement of one message: evidence, append-only. It is wide (some 2 kB) and stays as it was written; the message and the try that
    point at it move several times, so they carry its id alone."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    message = models.ForeignKey("messaging.Message", on_delete=models.PROTECT, related_name="slips")
    made_at = models.DateTimeField(help_text="By the business clock.")
    verdict = models.CharField(max_length=10, help_text="send, hold or drop")
    found = models.JSONField(help_text="Every check with its values, the reason and the sentence, as the frozen slip says itself in JSON.")

    class Meta:
        triggers = append_only()

    def __str__(self) -> str:
        return f"slip {str(self.id)[-6:]}"
