"""Our own short links in review requests, and that somebody followed one. Evidence: added, never changed."""

from django.db import models

from leads.models import Client
from messaging.models.sends import Message
from zartsalgo.lib.evidence import append_only


class ReviewLink(models.Model):
    """The link of one text. `token` stands in the address and names nobody; `target` is the client's review page as it was then."""

    token = models.CharField(max_length=24, primary_key=True)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="review_links")
    message = models.OneToOneField(Message, on_delete=models.PROTECT, related_name="review_link")
    target = models.URLField(max_length=500)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField(help_text="After this the page behind it only shows the address.")

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(target__startswith="https://"), name="review_link_is_https")]
        triggers = append_only()

    def __str__(self) -> str:
        return f"review link {str(self.message_id)[-6:]}"


class ReviewClick(models.Model):
    """Somebody opened the link: when, and nothing about who or from where."""

    link = models.ForeignKey(ReviewLink, on_delete=models.PROTECT, related_name="clicks")
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["link", "at"], name="review_click_of_link")]
        triggers = append_only()
