"""Connect a provider account to a client. The secret comes from CONNECT_SECRET or a prompt, never from the command line."""

import getpass
import os
import sys
from typing import Any

from django.core.management.base import CommandError, CommandParser

from leads.models import Client
from providers import adapters
from providers.connections import CannotConnect, connect
from zartsalgo.lib import clock
from zartsalgo.office.management.commands._say import SayingCommand, options_of


class Command(SayingCommand):
    help = "Connect a provider to a client and print the address the provider must call."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("provider", help=", ".join(sorted(adapters.names())))
        parser.add_argument("--client", required=True, help="the client's short name")
        parser.add_argument("--account", default="", help="the account at the provider, such as AC...")
        parser.add_argument("--base-url", default="", help="another address than the provider's own")
        parser.add_argument(
            "--live", action="store_true", help="really send; without it texts go to the simulator's phone, emails to our own pages"
        )
        parser.add_argument("--option", action="append", default=[], metavar="KEY=VALUE", help="such as from=+13035550100; may be repeated")
        self.add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        client = Client.objects.filter(slug=options["client"]).first()
        if client is None:
            known = ", ".join(Client.objects.values_list("slug", flat=True)[:20]) or "none yet; add one with `client add`"
            raise CommandError(f"There is no client {options['client']!r}. Known: {known}.")
        secret = os.environ.get("CONNECT_SECRET", "")
        try:
            if not secret and adapters.load(options["provider"]).needs_secret and sys.stdin.isatty():
                secret = getpass.getpass(f"{adapters.load(options['provider']).secret_name}: ")
        except LookupError:
            pass  # connect() says which providers there are
        try:
            connection, hook_url = connect(
                client=client,
                provider=options["provider"],
                secret=secret,
                now=clock.read(),
                account=options["account"],
                base_url=options["base_url"],
                live=options["live"],
                options=options_of(pairs=options["option"]),
            )
        except (CannotConnect, ValueError) as error:
            raise CommandError(str(error)) from error
        document = {
            "id": str(connection.pk),
            "provider": connection.provider,
            "client": client.slug,
            "hook_url": hook_url,
            "live": connection.live,
        }
        if adapters.load(connection.provider).can_understand:
            writes = "it writes the summaries now" if connection.live else "not live: summaries are still written here"
            words = f"Connected ({writes})."
        elif adapters.load(connection.provider).can_alert:
            words = "Connected. Alerts go there." if connection.live else "Connected, not live: no alert goes there."
        else:
            email = adapters.load(connection.provider).can_email
            quiet = "emails are shown on our own pages" if email else "texts go to the simulator's phone"
            kind = "live" if connection.live else f"not live: {quiet}"
            words = f"Connected ({kind}). Have {connection.provider} call:\n{hook_url}"
        if not options["json"]:
            self.note(f"Its id, for `connection`: {connection.pk}")
        self.say(document, as_json=options["json"], words=words)
