"""Rotate a connection's secret or address, or switch it off."""

import getpass
import os
import sys
import uuid
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError, CommandParser

from providers import adapters
from providers.connections import OVERLAP, CannotConnect, disable, email_sender_of, rotate, rotate_address, sender_of
from providers.models import Connection
from providers.registration import NotRecorded, register
from zartsalgo.lib import clock
from zartsalgo.lib.sealed import CannotOpen
from zartsalgo.office.management.commands._say import SayingCommand

HOUR = timedelta(hours=1)
WHERE_IDS = "`connect` printed its id, and it stands in the address of its page *New address…* under Connections"


class Command(SayingCommand):
    help = (
        "connection rotate <id>: put a new secret first. connection rotate <id> --address: give it a new address. What was there before stays "
        "valid for the overlap. connection disable <id>: switch it off. connection registered <id> --by NAME: the sender is registered with the "
        "carriers."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("verb", choices=["rotate", "disable", "registered"])
        parser.add_argument("id", help=WHERE_IDS.replace("*", ""))
        parser.add_argument("--address", action="store_true", help="rotate: the address instead of the secret")
        parser.add_argument(
            "--overlap", type=float, default=OVERLAP / HOUR, metavar="HOURS",
            help=f"rotate: how long the old one stays valid beside the new, {OVERLAP // HOUR} where nothing is said; 0 ends it at once",
        )  # fmt: skip
        parser.add_argument("--by", default="", help="registered: who looked up the registration")
        self.add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            connection = Connection.objects.get(pk=uuid.UUID(options["id"]))
        except (ValueError, Connection.DoesNotExist) as error:
            raise CommandError(f"There is no connection {options['id']!r}: {WHERE_IDS}.") from error
        more: dict[str, Any] = {}
        if options["verb"] == "disable":
            disable(connection=connection, now=clock.read())
            words = "Switched off: its address answers 404 and nothing is sent through it. Its rows stay."
        elif options["verb"] == "registered":
            words = self._register(connection=connection, by=options["by"])
        else:
            try:
                words, more = self._rotate(connection=connection, address=options["address"], hours=options["overlap"])
            except (CannotConnect, CannotOpen, OverflowError, ValueError) as error:
                raise CommandError(str(error)) from error
        document = {"id": str(connection.pk), "verb": options["verb"], "done": True, **more}
        self.say(document, as_json=options["json"], words=words)

    def _register(self, *, connection: Connection, by: str) -> str:
        email = adapters.load(connection.provider).can_email
        sender = email_sender_of(connection=connection) if email else sender_of(connection=connection, client=connection.client)
        try:
            register(connection=connection, sender=sender, by=by, now=clock.read())
        except NotRecorded as error:
            raise CommandError(str(error)) from error
        return f"Recorded: {by} found {sender} registered. {'Emails' if email else 'Texts'} that waited for it go at their next look."

    def _rotate(self, *, connection: Connection, address: bool, hours: float) -> tuple[str, dict[str, Any]]:
        overlap, now = timedelta(hours=hours), clock.real_now()
        if address:
            url = rotate_address(connection=connection, overlap=overlap, now=now)
            words, more = f"Its new address: {url}\nTell it to the provider.", {"hook_url": url}
        else:
            secret = os.environ.get("CONNECT_SECRET", "") or (getpass.getpass("new secret: ") if sys.stdin.isatty() else "")
            if not secret:
                raise CommandError("Set CONNECT_SECRET to the new secret, or type it when asked. For a new address add --address.")
            rotate(connection=connection, secret=secret, overlap=overlap, now=now)
            words, more = "The new secret is in use.", {}
        until = (now + overlap).isoformat(timespec="seconds") if overlap else None
        words += f" The old one is valid until {until}." if until else " The old one is not valid any more."
        return words, {**more, "old_until": until}
