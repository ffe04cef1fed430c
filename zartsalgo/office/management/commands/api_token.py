"""Make a token of the staff API. It stands alone on the last line and is shown only once."""

from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import CommandError, CommandParser

from zartsalgo.office.api.tokens import issue
from zartsalgo.office.management.commands._say import SayingCommand


class Command(SayingCommand):
    help = "api_token <username> [--scope read|write]"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--scope", choices=["read", "write"], default="read")

    def handle(self, *args: Any, **options: Any) -> None:
        user = get_user_model().objects.filter(username=options["username"], is_active=True, is_staff=True).first()
        if user is None:
            raise CommandError(f"There is no active member of staff called {options['username']!r}.")
        self.note(f"A token with scope {options['scope']} for {user.username}; it is shown only now.")
        self.stdout.write(issue(user=user, scope=options["scope"]))
