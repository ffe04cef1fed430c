"""What script/restore does last: sending stays stopped, because what went out after the backup is not in it."""

from datetime import datetime
from typing import Any

from django.core.management.base import CommandParser

from messaging.pauses import Scope, pause
from zartsalgo.lib import clock
from zartsalgo.office.management.commands._say import SayingCommand

REASON = "Restored from the backup of {made_at:%Y-%m-%d %H:%M} UTC; texts sent after it are not known here. Compare with the provider, then resume."


class Command(SayingCommand):
    help = "Stop all sending after a restore (script/restore calls this)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--made-at", required=True, type=datetime.fromisoformat, help="when the backup was made (ISO 8601)")

    def handle(self, *args: Any, **options: Any) -> None:
        pause(scope=Scope(), reason=REASON.format(made_at=options["made_at"]), by=None, now=clock.read())
