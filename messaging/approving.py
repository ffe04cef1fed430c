"""Approving the words: one version per client and key is approved at a time; what was sent before keeps the version it was sent with."""

from datetime import datetime

from django.db import transaction

from messaging.models import Message, Template
from messaging.templates import CannotRender, render

# What every text may name; a template that needs more would stop its workflow.
SAMPLE = {"name": "Carla", "business": "Summit Roofing"}


class CannotApprove(Exception):
    """The template was not approved; the text says why."""


def waiting_on(*, template: Template) -> int:
    """How many held texts were written with the version that would be retired: they are held again until a person decides."""
    pending = Message.objects.filter(status__in=Message.PENDING, template__key=template.key, template__client=template.client)
    return pending.exclude(template=template).count()


def approve_template(*, template: Template, by: str, now: datetime) -> None:
    """Approve a draft and retire the version before it, in one transaction. Raises CannotApprove with a sentence."""
    try:
        for values in (SAMPLE, {**SAMPLE, "name": ""}):
            if not render(template=template, values=values):
                raise CannotApprove(f"{template} is empty.")
    except CannotRender as error:
        raise CannotApprove(f"It cannot be filled in: {error}.") from error
    with transaction.atomic():
        fresh = Template.objects.select_for_update().get(pk=template.pk)
        if fresh.status != Template.Status.DRAFT:
            raise CannotApprove(f"{fresh} is {fresh.get_status_display().lower()}, not a draft.")
        same = Template.objects.filter(client=fresh.client, key=fresh.key, status=Template.Status.APPROVED)
        same.update(status=Template.Status.RETIRED)
        fresh.status, fresh.approved_by, fresh.approved_at = Template.Status.APPROVED, by[:150], now
        fresh.save(update_fields=["status", "approved_by", "approved_at"])
