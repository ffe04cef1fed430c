"""What a first start makes: the owner's login and, with the demo agency, a member of staff and who of its first client may look into the
portal. Prints them as one JSON document; passwords are random per data folder. How far the demo is goes to stderr."""

import json
import logging
import os
import secrets
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.management.base import CommandParser
from django.db import transaction
from django.urls import reverse

from zartsalgo.office.management.commands._say import SayingCommand

log = logging.getLogger(__name__)

OWNER, STAFF = "owner", "sam"


class Command(SayingCommand):
    help = "Make the first logins and load the demo agency."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--no-demo", action="store_true", help="start empty, without the demo agency")

    def handle(self, *args: Any, **options: Any) -> None:
        demo = not options["no_demo"]
        # One transaction: a start that is broken off while the demo loads must not leave an owner whose password nobody has seen.
        with transaction.atomic():
            password = self._owner(named=demo)
            document: dict[str, Any] = {"username": OWNER, "password": password}
            if demo:
                document |= self._demo()
        self.stdout.write(json.dumps(document))

    def _owner(self, *, named: bool) -> str:
        """The owner's new password; "" where there is an owner already."""
        people = get_user_model().objects
        if people.filter(is_superuser=True).exists():
            return ""
        password = os.environ.get("STAFF_PASSWORD") or secrets.token_urlsafe(12)
        user = people.create_superuser(OWNER, "", password)
        if named:
            # What the demo tells was decided by somebody with a name.
            user.first_name, user.last_name = "Olivia", "Reyes"
            user.save(update_fields=["first_name", "last_name"])
        user.groups.add(Group.objects.get(name="owner"))
        return password

    def _demo(self) -> dict[str, Any]:
        from zartsalgo.office.demo import load as loading
        from zartsalgo.office.demo.clients import SUMMIT
        from zartsalgo.office.demo.life import WHOLE_LIFE

        staff: dict[str, str] = {}
        people = get_user_model().objects
        if not people.filter(is_staff=True, is_superuser=False).exists() and not people.filter(username=STAFF).exists():
            staff = {"username": STAFF, "password": secrets.token_urlsafe(12)}
            user = people.create_user(STAFF, "", staff["password"], is_staff=True, first_name="Sam", last_name="Doyle")
            user.groups.add(Group.objects.get(name="staff"))
        try:
            loading.load(progress=loading.progress_lines(say=self.note, days=WHOLE_LIFE))
        except loading.CannotLoad as error:
            return {"staff": staff, "trouble": str(error)}
        except Exception as error:  # nothing of it is left; the start goes on without it
            log.exception("the demo agency could not be loaded")
            return {"staff": staff, "trouble": f"It could not be loaded ({type(error).__name__}); `script/manage demo load` tries again."}
        name, email = SUMMIT.member
        portal = {
            "client": SUMMIT.name,
            "name": name,
            "email": email,
            "url": f"{settings.PUBLIC_URL}{reverse('portal:sign_in')}",
            "outbox": f"{settings.PUBLIC_URL}{reverse('office:outbox')}",
        }
        return {"staff": staff, "portal": portal}
