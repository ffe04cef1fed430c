"""What a first start makes: the owner's login. Prints it as one JSON document; the password is random per data folder."""

import json
import os
import secrets
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.management.base import CommandParser

from zartsalgo.office.management.commands._say import SayingCommand

OWNER = "owner"


class Command(SayingCommand):
    help = "Make the owner's login on a first start."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--no-demo", action="store_true", help="start empty, without the try-out client")

    def handle(self, *args: Any, **options: Any) -> None:
        people = get_user_model().objects
        password = ""
        if not people.filter(is_superuser=True).exists():
            password = os.environ.get("STAFF_PASSWORD") or secrets.token_urlsafe(12)
            user = people.create_superuser(OWNER, "", password)
            user.groups.add(Group.objects.get(name="owner"))
        if not options["no_demo"]:
            from zartsalgo.office.simulator import make_try_out_client

            make_try_out_client()
        self.stdout.write(json.dumps({"username": OWNER, "password": password}))
