"""Rotate a connection's secret or switch it off."""

import getpass
import os
import sys
import uuid
from typing import Any

from django.core.management.base import CommandError, CommandParser

from providers import adapters
from providers.connections import disable, email_sender_of, rotate, sender_of
from providers.models import Connection
from providers.registration import NotRecorded, register
from zartsalgo.lib import clock
from zartsalgo.office.management.commands._say import SayingCommand


class Command(SayingCommand):
    help = "connection rotate <id>: put a new secret first, the old one stays valid beside it. connection disable <id>: switch it off. connection registered <id> --by NAME: the sender is registered with the carriers."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("verb", choices=["rotate", "disable", "registered"])
        parser.add_argument("id")
        parser.add_argument("--forget-old", action="store_true", help="rotate: the old secret stops to be valid at once")
        parser.add_argument("--by", default="", help="registered: who looked up the registration")
        self.add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            connection = Connection.objects.get(pk=uuid.UUID(options["id"]))
        except (ValueError, Connection.DoesNotExist) as error:
            raise CommandError(f"There is no connection {options['id']!r}.") from error
        if options["verb"] == "disable":
            disable(connection=connection, now=clock.read())
            words = "Switched off: its address answers 404 and nothing is sent through it. Its rows stay."
        elif options["verb"] == "registered":
            email = adapters.load(connection.provider).can_email
            sender = email_sender_of(connection=connection) if email else sender_of(connection=connection, client=connection.client)
            try:
                register(connection=connection, sender=sender, by=options["by"], now=clock.read())
            except NotRecorded as error:
                raise CommandError(str(error)) from error
            words = f"Recorded: {options['by']} found {sender} registered. {'Emails' if email else 'Texts'} that waited for it go at their next look."
        else:
            secret = os.environ.get("CONNECT_SECRET", "") or (getpass.getpass("new secret: ") if sys.stdin.isatty() else "")
            if not secret:
                raise CommandError("Set CONNECT_SECRET to the new secret, or type it when asked.")
            rotate(connection=connection, secret=secret, keep_old=not options["forget_old"])
            words = "Rotated." + ("" if options["forget_old"] else " The old secret stays valid until the next rotation.")
        self.say({"id": str(connection.pk), "verb": options["verb"], "done": True}, as_json=options["json"], words=words)
