"""What a watchdog has ended because it hung is written down; the watchdog itself knows no database (zartsalgo.embedded.hangs)."""

import socket
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import connection


class Command(BaseCommand):
    help = "Write down that a process hung and was ended; its watchdog calls this."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", choices=["web", "worker", "beat", "ticker"])
        parser.add_argument("--pid", type=int, required=True)
        parser.add_argument("--silent", type=int, required=True, help="seconds for which it had not moved")
        parser.add_argument("--ago", type=int, default=0, help="seconds since it was ended")

    def handle(self, *args: Any, **options: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                """insert into zartsalgo_hang (name, host, pid, silent_seconds, ended_at)
                   values (%s, %s, %s, %s, clock_timestamp() - %s * interval '1 second')""",
                [options["name"], socket.gethostname()[:100], options["pid"], max(0, options["silent"]), max(0, options["ago"])],
            )
