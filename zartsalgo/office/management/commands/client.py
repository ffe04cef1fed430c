"""Add a client."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from leads.clients import CannotAdd, add_client
from workflows import registry
from zartsalgo.lib import clock
from zartsalgo.office.management.commands._say import SayingCommand


class Command(SayingCommand):
    help = "client add <slug> --name N --timezone Z --phone P [--send draft|auto] [--postal-address A]"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("verb", choices=["add"])
        parser.add_argument("slug")
        parser.add_argument("--name", required=True)
        parser.add_argument("--timezone", required=True, help="IANA name such as America/Denver")
        parser.add_argument("--phone", required=True, help="the number its texts come from, with country code")
        parser.add_argument("--send", default="draft", help="draft: a person approves each text; auto: texts go on their own")
        parser.add_argument("--postal-address", default="", help="stands under every email; without it no email goes")
        self.add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        on = [workflow.key for workflow in registry.workflows().values() if workflow.on_for_new_clients]
        try:
            client = add_client(
                slug=options["slug"],
                name=options["name"],
                timezone=options["timezone"],
                phone=options["phone"],
                send=options["send"],
                workflows=on,
                postal_address=options["postal_address"],
                now=clock.read(),
            )
        except CannotAdd as error:
            raise CommandError(str(error)) from error
        document = {
            "id": client.pk,
            "slug": client.slug,
            "name": client.name,
            "timezone": client.timezone,
            "phone": client.phone,
            "send": options["send"],
            "workflows": on,
        }
        self.say(document, as_json=options["json"], words=f"Added {client.name}. On: {', '.join(on)}. Texts: {options['send']}.")
