"""What script/restore does last: sending stays stopped, because what went out after the backup is not in it."""

from datetime import datetime
from typing import Any

from django.core.management.base import CommandParser

from zartsalgo import canaries
from zartsalgo.lib import clock, presence
from zartsalgo.office.comparing import close_after_restore
from zartsalgo.office.management.commands._say import SayingCommand


class Command(SayingCommand):
    help = "Stop all sending after a restore (script/restore calls this)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--made-at", required=True, type=datetime.fromisoformat, help="when the backup was made (ISO 8601)")

    def handle(self, *args: Any, **options: Any) -> None:
        close_after_restore(made_at=options["made_at"], now=clock.read())
        canaries.forget()
        presence.forget()
