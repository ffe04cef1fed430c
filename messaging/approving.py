"""Writing and approving the words: one version per client and key is approved at a time; what was sent before keeps the version it was
sent with. A draft may say anything and is never lost; what speaks against it is told, and keeps it from being approved.
"""

import hashlib
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from leads.models import Client
from messaging.models import Message, Template
from messaging.templates import findings

# What of a draft is written; the rest is who, when and which version.
WRITTEN = ("purpose", "channel", "subject", "body", "opt_out_line", "response_minutes", "escalate_to", "source")


class CannotApprove(Exception):
    """The template was not approved; the text says why."""


class NotADraft(Exception):
    """A version that was published cannot be written at."""


def waiting_on(*, template: Template) -> int:
    """How many held texts were written with the version that would be retired: they are held again until a person decides."""
    pending = Message.objects.filter(status__in=Message.PENDING, template__key=template.key, template__client=template.client)
    return pending.exclude(template=template).count()


def seal_of(*, template: Template) -> str:
    """A checksum of all that an approval covers, so that nobody approves words that changed after they looked."""
    covered = [str(getattr(template, name)) for name in WRITTEN]
    return hashlib.sha256("\x1f".join(covered).encode()).hexdigest()


@transaction.atomic
def write_draft(*, client: Client | None, key: str, written: dict[str, Any], by: str, now: datetime) -> Template:
    """The next version of a key, as a draft. `written` has the fields of WRITTEN; what is left out keeps its default."""
    same = Template.objects.filter(client=client, key=key)
    list(same.select_for_update().order_by("pk").values_list("pk"))
    last = same.aggregate(last=Max("version"))["last"] or 0
    return Template.objects.create(client=client, key=key, version=last + 1, written_by=by[:150], written_at=now, **_only_written(written))


def change_draft(*, template: Template, written: dict[str, Any], by: str, now: datetime) -> None:
    """Write at a draft. Raises NotADraft where it was published or thrown away meanwhile: nothing is changed then."""
    drafts = Template.objects.filter(pk=template.pk, status=Template.Status.DRAFT)
    if not drafts.update(written_by=by[:150], written_at=now, **_only_written(written)):
        raise NotADraft(f"{template} is no draft any more.")


def discard_draft(*, template: Template) -> None:
    """Throw a draft away. Raises NotADraft: what was published stays as evidence."""
    if not Template.objects.filter(pk=template.pk, status=Template.Status.DRAFT).delete()[0]:
        raise NotADraft(f"{template} is no draft any more.")


def approve_template(*, template: Template, by: str, now: datetime, seal: str = "") -> None:
    """Approve a draft and retire the version before it, in one transaction. Raises CannotApprove with a sentence.

    `seal` is seal_of() what the person saw; a draft that changed since is not approved.
    """
    with transaction.atomic():
        fresh = Template.objects.select_for_update().get(pk=template.pk)
        if fresh.status != Template.Status.DRAFT:
            raise CannotApprove(f"{fresh} is {fresh.get_status_display().lower()}, not a draft.")
        if seal and seal != seal_of(template=fresh):
            raise CannotApprove(f"{fresh.written_by or 'Somebody'} changed it since you looked. Look at it again.")
        against = [finding.says for finding in findings(template=fresh) if finding.refuses]
        if against:
            raise CannotApprove(" ".join(against))
        same = Template.objects.filter(client=fresh.client, key=fresh.key, status=Template.Status.APPROVED)
        same.update(status=Template.Status.RETIRED)
        fresh.status, fresh.approved_by, fresh.approved_at = Template.Status.APPROVED, by[:150], now
        fresh.save(update_fields=["status", "approved_by", "approved_at"])


def _only_written(written: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in written.items() if name in WRITTEN}
