"""Add a member of staff."""

import os
import secrets
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.management.base import CommandError, CommandParser
from django.db import transaction

from zartsalgo.office.management.commands._say import SayingCommand


class Command(SayingCommand):
    help = "staff add <username> [--email E] [--group owner|approver|staff]. The password comes from STAFF_PASSWORD, else a random one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("verb", choices=["add"])
        parser.add_argument("username")
        parser.add_argument("--email", default="")
        parser.add_argument("--group", choices=["owner", "approver", "staff"], default="staff")
        self.add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        people = get_user_model().objects
        if people.filter(username=options["username"]).exists():
            raise CommandError(f"There is somebody called {options['username']} already; nothing was changed.")
        if options["email"] and people.filter(email__iexact=options["email"]).exists():
            raise CommandError("That email address belongs to somebody already; nothing was changed.")
        password = os.environ.get("STAFF_PASSWORD") or secrets.token_urlsafe(12)
        owner = options["group"] == "owner"
        with transaction.atomic():
            user = people.create_user(options["username"], options["email"], password, is_staff=True, is_superuser=owner)
            user.groups.add(Group.objects.get(name=options["group"]))
        document = {"username": user.username, "group": options["group"], "password": password}
        self.say(document, as_json=options["json"], words=f"Added {user.username} ({options['group']}). Password: {password}")
