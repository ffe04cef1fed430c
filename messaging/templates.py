"""Words: approved Liquid templates, sandboxed. An unknown variable is an error, never an empty string in a customer's text."""

from typing import Any

from liquid import Environment, StrictUndefined
from liquid.exceptions import LiquidError

from leads.models import Client
from messaging.models import Template


class _Sandbox(Environment):
    """The limits stop a runaway loop."""

    loop_iteration_limit = 100
    output_stream_limit = 4000


# No loader: a template cannot include another.
_ENVIRONMENT = _Sandbox(undefined=StrictUndefined, loader=None)

AGENCY_TEMPLATES = [
    {
        "key": "missed-call-text-back",
        "version": 1,
        "purpose": "missed-call-text-back",
        # Identity, why they get it, one question, and the way out: one service reply to the caller's own call, no offer.
        "body": "Hi{% if name != '' %} {{ name }}{% endif %}, this is {{ business }}. Sorry we missed your call. How can we help? "
        "Reply here and a person will answer. Reply STOP to opt out.",
    },
]


class CannotRender(Exception):
    """The template does not fit the values; the text says what is missing."""


def live_template(*, client: Client, key: str) -> Template | None:
    """The approved template of this key: the client's own, else the agency's."""
    own_first = Template.objects.filter(key=key, status=Template.Status.APPROVED, client__in=[client.pk]).first()
    return own_first or Template.objects.filter(key=key, status=Template.Status.APPROVED, client__isnull=True).first()


def render(*, template: Template, values: dict[str, Any]) -> str:
    """The text as it will be sent. Raises CannotRender."""
    try:
        text = _ENVIRONMENT.from_string(template.body).render(**values)
    except LiquidError as error:
        raise CannotRender(f"template {template.key} version {template.version}: {error}") from error
    return " ".join(text.split())


def seed_agency_templates(**kwargs: Any) -> None:
    """The agency's own approved templates, made once after a migration; an edited one is a new version, so this never overwrites."""
    from django.utils import timezone

    for row in AGENCY_TEMPLATES:
        if Template.objects.filter(client=None, key=row["key"]).exists():
            continue
        Template.objects.create(client=None, status=Template.Status.APPROVED, approved_by="the agency", approved_at=timezone.now(), **row)
