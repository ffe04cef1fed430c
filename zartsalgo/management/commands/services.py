"""`script/manage services`: the processes, through the supervisor. Uses no database, so that it works while Postgres is stopped."""

import sys
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandParser

from zartsalgo.embedded.control import ACTIONS, NAMES, run_services
from zartsalgo.embedded.trouble import Trouble


class Command(BaseCommand):
    """script/manage answers `services` before Django starts; this is the same through manage.py itself, and its entry in the help."""

    help = "List the processes, or keep one down (stop), bring it back (start), or kill it with -9 (kill)."
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", nargs="?", choices=ACTIONS)
        parser.add_argument("name", nargs="?", choices=NAMES)
        parser.add_argument("--json", action="store_true", help="one JSON document on stdout")

    def handle(self, *args: Any, **options: Any) -> NoReturn:
        arguments = [part for part in (options["action"], options["name"]) if part]
        try:
            code = run_services([*arguments, *(["--json"] if options["json"] else [])])
        except Trouble as trouble:
            self.stderr.write(str(trouble))
            code = trouble.code
        sys.stdout.flush()
        raise SystemExit(code)
