"""Words: approved Liquid templates, sandboxed. An unknown variable is an error, never an empty string in a customer's text."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Q

from leads.models import Client, Contact
from leads.revision import Kept
from messaging import purposes
from messaging.models import Template
from messaging.words import sandbox
from messaging.words.checks import Finding, Words, check, complete, one_line, supplied
from zartsalgo.lib.greeting import first_name

AGENCY_TEMPLATES = [
    {
        "key": "missed-call-text-back",
        "version": 1,
        "purpose": purposes.TEXT_BACK.key,
        # Identity, why they get it, one question, and the way out: one service reply to the caller's own call, no offer.
        "body": "Hi{% if name != '' %} {{ name }}{% endif %}, this is {{ business }}. Sorry we missed your call. How can we help? "
        "Reply here and a person will answer. Reply STOP to opt out.",
    },
    {
        "key": "review-request",
        "version": 1,
        "purpose": purposes.REVIEW_REQUEST.key,
        # The same to everybody: no word of how it went, no stars, nothing offered, and the way to tell us in private beside the link.
        "body": "Hi{% if name != '' %} {{ name }}{% endif %}, this is {{ business }}. Your job with us is done. Would you write an honest "
        "review? {{ review_link }} You can also reply here to reach a person. Reply STOP to opt out.",
    },
    {
        "key": "review-reminder",
        "version": 1,
        "purpose": purposes.REVIEW_REMINDER.key,
        "body": "Hi{% if name != '' %} {{ name }}{% endif %}, this is {{ business }}. If you still want to write a review of your job: "
        "{{ review_link }} We will not ask again. You can also reply here to reach a person. Reply STOP to opt out.",
    },
]


class CannotRender(Exception):
    """The template does not fit the values; the text says what is missing."""


def live_templates(*, clients: Iterable[Client]) -> dict[int, dict[str, Template]]:
    """The approved templates of these clients, by the client's id and the key: a client's own, else the agency's."""
    return _LIVE.of(clients=clients)


def _read_live(clients: Mapping[int, Client]) -> dict[int, dict[str, Template]]:
    rows = Template.objects.filter(Q(client_id__in=list(clients)) | Q(client__isnull=True), status=Template.Status.APPROVED)
    agency = {row.key: row for row in rows if row.client_id is None}
    found = {pk: dict(agency) for pk in clients}
    for row in rows:
        if row.client_id is not None:
            found[row.client_id][row.key] = row
    return found


_LIVE = Kept(read=_read_live)


def render(*, template: Template, values: dict[str, Any]) -> str:
    """The text as it will be sent, read once per wording. Raises CannotRender: a name without a value never leaves an empty hole."""
    try:
        text = sandbox.fill(source=template.body, values=supplied(values=values, response_minutes=template.response_minutes))
    except sandbox.BrokenWords as error:
        raise CannotRender(f"template {template.key} version {template.version}: {error}") from error
    return complete(text=text, channel=template.channel, opt_out_line=template.opt_out_line)


def render_subject(*, template: Template, values: dict[str, Any]) -> str:
    """An email's subject as it will be sent: one line, at most 150 characters, whatever the values hold. Raises CannotRender."""
    try:
        text = sandbox.fill(source=template.subject, values=supplied(values=values, response_minutes=template.response_minutes))
    except sandbox.BrokenWords as error:
        raise CannotRender(f"template {template.key} version {template.version}, subject: {error}") from error
    return one_line(text=text)


def values_of(*, client: Client, contact: Contact | None) -> dict[str, Any]:
    """What the variables stand for in a text to this person; the first name is empty where none is known, or where what we know is no name."""
    return {"name": first_name(contact.name) if contact else "", "business": client.name}


def findings(*, template: Template) -> list[Finding]:
    """What speaks against a version, refusals first: see messaging.words.checks."""
    words = Words(
        body=template.body,
        purpose=template.purpose,
        channel=template.channel,
        opt_out_line=template.opt_out_line,
        response_minutes=template.response_minutes,
        source=template.source,
        subject=template.subject,
    )
    return check(words=words)


def warm_up() -> None:
    """Read the agency's words once, so that the first text of a worker does not wait for it. Touches no row."""
    for row in AGENCY_TEMPLATES:
        sandbox.fill(source=str(row["body"]), values={"name": "", "business": "x", "review_link": "x"})


def seed_agency_templates(**kwargs: Any) -> None:
    """The agency's own approved templates, made once after a migration; an edited one is a new version, so this never overwrites."""
    from django.utils import timezone

    for row in AGENCY_TEMPLATES:
        if Template.objects.filter(client=None, key=row["key"]).exists():
            continue
        Template.objects.create(client=None, status=Template.Status.APPROVED, approved_by="the agency", approved_at=timezone.now(), **row)
