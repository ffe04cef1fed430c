"""A planned text as a workflow plans one, for tests that need no run."""

from messaging import reviews, templates
from messaging.effects import PlanMessage
from messaging.models import Attempt, Message, Slip
from messaging.planning import compose
from providers import adapters
from tests.factories import NOON


def live_template(*, client, key):
    """The words of this key that are approved for the client."""
    client.refresh_from_db(fields=["revision"])
    return templates.live_templates(clients=[client])[client.pk].get(key)


def plan_text(*, client, contact, to, purpose, template_key, values, now, useful_until, workflow, **more):
    """Compose and store a text, or an email where the approved template is one."""
    template = live_template(client=client, key=template_key)
    able = "can_email" if template is not None and template.channel == Message.EMAIL else "can_send"
    live = client.connections.filter(disabled_at__isnull=True, live=True).order_by("-created_at")
    automation = client.automations.filter(workflow=workflow).first()
    message = compose(
        client=client, contact=contact, to=to, purpose=purpose, template=template, values=values,
        connection=next((one for one in live if getattr(adapters.load(one.provider), able)), None),
        drafts=automation is None or automation.send == "draft", now=now, useful_until=useful_until, workflow=workflow, **more,
    )  # fmt: skip
    PlanMessage.write(effects=[PlanMessage(message=message)], now=now)
    return message


def keep_link(*, message, target):
    """The short link of a text, stored."""
    link = reviews.make_link(token=reviews.make_token(), message=message, target=target, now=NOON)
    link.save(force_insert=True)
    return link


def make_try(*, message, slip=None, n=1, owner="w", **more):
    """A try of a text, stored, with a slip of its own that says this."""
    found = slip or {}
    kept = Slip.objects.create(message=message, made_at=more["started_at"], verdict=found.get("verdict", ""), found=found)
    return Attempt.objects.create(message=message, n=n, allowed_by=kept, owner=owner, **more)
