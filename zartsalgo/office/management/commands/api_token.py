"""Make, list and revoke tokens of the staff API. A new one stands alone on the last line and is shown only once."""

from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import CommandError, CommandParser

from leads.models import Client
from zartsalgo.lib import clock
from zartsalgo.models import ApiToken
from zartsalgo.office.api.tokens import DAYS, MOST_DAYS, issue, revoke
from zartsalgo.office.management.commands._say import SayingCommand


class Command(SayingCommand):
    help = "api_token <username> [--scope read|write] [--client slug] [--days N] makes one; api_token list; api_token revoke <id>"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", metavar="username | list | revoke")
        parser.add_argument("id", nargs="?", default="", help="revoke: the token's number in the list")
        parser.add_argument("--scope", choices=["read", "write"], default="read")
        parser.add_argument("--client", default="", help="it reaches this client only")
        parser.add_argument("--days", type=int, default=DAYS, help=f"how long it is valid: 1 to {MOST_DAYS}, else {DAYS}")
        self.add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        if options["what"] == "list":
            self._list(as_json=options["json"])
        elif options["what"] == "revoke":
            self._revoke(id=options["id"], as_json=options["json"])
        else:
            self._make(**{name: options[name] for name in ("what", "id", "scope", "client", "days")}, as_json=options["json"])

    def _make(self, *, what: str, id: str, scope: str, client: str, days: int, as_json: bool) -> None:
        user = get_user_model().objects.filter(username=what, is_active=True, is_staff=True).first()
        if user is None or id:
            raise CommandError(f"There is no active member of staff called {f'{what} {id}'.strip()!r}.")
        only = Client.objects.filter(slug=client).first() if client else None
        if client and only is None:
            raise CommandError(f"There is no client {client!r}.")
        try:
            token = issue(user=user, scope=scope, client=only, days=days, now=clock.real_now())
        except ValueError as error:
            raise CommandError(str(error)) from error
        reach = f"for {only} only" if only else "for every client"
        self.note(f"A token with scope {scope} of {user.username}, {reach}, for {days} days; it is shown only now.")
        document = {"token": token, "user": user.username, "scope": scope, "client": only.slug if only else None, "days": days}
        self.say(document, as_json=as_json, words=token)

    def _list(self, *, as_json: bool) -> None:
        rows = list(ApiToken.objects.select_related("user", "client").order_by("pk"))
        found = [
            {
                "id": row.pk,
                "user": row.user.get_username(),
                "scope": row.scope,
                "client": row.client.slug if row.client else None,
                "created": row.created_at.isoformat(timespec="seconds"),
                "last_used": row.last_used_at.isoformat(timespec="minutes") if row.last_used_at else None,
                "expires": row.expires_at.isoformat(timespec="seconds"),
                "revoked": row.revoked_at.isoformat(timespec="seconds") if row.revoked_at else None,
            }
            for row in rows
        ]
        lines = ["  ".join(found[0]) if found else "There is no token."]
        lines += ["  ".join("-" if value is None else str(value) for value in row.values()) for row in found]
        self.say(found, as_json=as_json, words="\n".join(lines))

    def _revoke(self, *, id: str, as_json: bool) -> None:
        found = ApiToken.objects.filter(pk=int(id)).first() if id.isascii() and id.isdigit() and len(id) < 18 else None
        if found is None:
            raise CommandError(f"There is no token {id!r}: api_token list shows their ids.")
        changed = revoke(ids=[found.pk], now=clock.real_now()) == 1
        words = f"Revoked: token {found.pk} of {found.user} opens nothing any more." if changed else "It was revoked before."
        self.say({"id": found.pk, "revoked": True, "changed": changed}, as_json=as_json, words=words)
