"""Who may see a business's results in the portal."""

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.urls import reverse

from leads.models import Client
from portal import members
from zartsalgo.lib import clock
from zartsalgo.office.management.commands._say import SayingCommand


class Command(SayingCommand):
    help = "portal invite <email> --client <slug> [--name N] | portal list [--client <slug>] | portal remove <email> --client <slug>"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("verb", choices=["invite", "list", "remove"])
        parser.add_argument("email", nargs="?", default="")
        parser.add_argument("--client", default="", help="the business's short name, such as summit-roofing")
        parser.add_argument("--name", default="", help="how they are called on pages and in what they tell us")
        self.add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        verb, now = options["verb"], clock.real_now()
        if verb == "list":
            self._list(options)
            return
        if not options["email"] or not options["client"]:
            raise CommandError(f"Say whom and where: portal {verb} <email> --client <slug>.")
        client = self._client(options["client"])
        if verb == "remove":
            if not members.remove(client_id=client.pk, email=options["email"], now=now):
                raise CommandError(f"{options['email']} has no access to {client.name}; nothing was changed.")
            document = {"email": options["email"], "client": client.slug, "removed": True}
            self.say(document, as_json=options["json"], words=f"{options['email']} no longer sees {client.name}; open sessions are ended.")
            return
        try:
            member, fresh = members.invite(client_id=client.pk, email=options["email"], name=options["name"], now=now)
        except members.NotAnAddress as error:
            raise CommandError(str(error)) from error
        address = f"{settings.PUBLIC_URL}{reverse('portal:sign_in')}"
        document = {"email": member.email, "client": client.slug, "name": member.name, "new": fresh, "sign_in": address}
        done = "may now see" if fresh else "could see before"
        self.say(document, as_json=options["json"], words=f"{member.called} {done} {client.name}. They sign in at {address}")

    def _list(self, options: dict[str, Any]) -> None:
        clients = [self._client(options["client"])] if options["client"] else list(Client.objects.order_by("slug"))
        found: list[dict[str, Any]] = [
            {"email": member.email, "client": client.slug, "name": member.name, "invited_at": member.invited_at}
            for client in clients
            for member in members.people_of(client_id=client.pk)
        ]
        words = "\n".join(f"{one['client']}: {one['email']}{' (' + one['name'] + ')' if one['name'] else ''}" for one in found)
        self.say(found, as_json=options["json"], words=words or "Nobody has been invited.")

    def _client(self, slug: str) -> Client:
        try:
            return Client.objects.get(slug=slug)
        except Client.DoesNotExist as error:
            raise CommandError(f"There is no client called {slug}; nothing was changed.") from error
