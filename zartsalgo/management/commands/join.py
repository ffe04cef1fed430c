"""`script/manage join`: may the workers of this machine work for the house? `script/up --workers` asks before it starts them."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from zartsalgo.house import why_not_join


class Command(BaseCommand):
    help = "Say whether the workers of this machine may join the house whose database this is."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON document on stdout, and status 0 for a refusal too")

    def handle(self, *args: Any, **options: Any) -> None:
        says = why_not_join()
        if options["json"]:
            self.stdout.write(json.dumps({"may": not says, "says": says}))
        elif says:
            raise CommandError(says)
        else:
            self.stdout.write("This machine may join.")
