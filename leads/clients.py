"""Taking on a client: the row, its automations, its desks. A new client can be tried at once and sends nothing on its own."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction

from leads.models import Automation, Client
from zartsalgo.lib.names import clean_text
from zartsalgo.lib.phone import read_number


class CannotAdd(Exception):
    """The client was not added; the text says what to change."""


def add_client(
    *,
    slug: str,
    name: str,
    timezone: str,
    phone: str,
    workflows: list[str],
    now: datetime,
    send: str = Automation.Send.DRAFT,
    demo: bool = False,
    postal_address: str = "",
) -> Client:
    """Add a business with the given workflows on. No opening hours means always open. Raises CannotAdd with a sentence."""
    if not slug or slug.strip("-") != slug or not all(c.isascii() and (c.isalnum() or c == "-") for c in slug) or slug != slug.lower():
        raise CannotAdd(f"{slug!r} is no short name: use small letters, digits and dashes, such as summit-roofing.")
    try:
        ZoneInfo(timezone)
    except (KeyError, ValueError, OSError) as error:
        raise CannotAdd(f"{timezone!r} is no time zone: use an IANA name such as America/Denver.") from error
    number = read_number(raw=phone)
    if not number.e164:
        raise CannotAdd(f"{phone!r} is no phone number: write it with country code, such as +13035550100.")
    if send not in Automation.Send.values:
        raise CannotAdd(f"send is {send!r}: draft or auto.")
    with transaction.atomic():
        if Client.objects.filter(slug=slug).exists():
            raise CannotAdd(f"There is a client {slug} already; nothing was changed.")
        client = Client.objects.create(
            slug=slug,
            name=name.strip() or slug,
            timezone=timezone,
            phone=number.e164,
            created_at=now,
            demo=demo,
            postal_address=clean_text(postal_address, limit=300),
        )
        Automation.objects.bulk_create([Automation(client=client, workflow=key, send=send) for key in workflows])
    return client
