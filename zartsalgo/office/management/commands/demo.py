"""Load or remove the demo agency."""

import sys
from typing import Any

from django.core.management.base import CommandError, CommandParser

from zartsalgo.office.demo import load as loading
from zartsalgo.office.demo import reset as resetting
from zartsalgo.office.demo.clients import CLIENTS
from zartsalgo.office.demo.life import WHOLE_LIFE
from zartsalgo.office.management.commands._say import SayingCommand


class Command(SayingCommand):
    help = "demo load [--seed 7] [--days 60] | demo reset [--yes]. Reset counts what it will remove and asks."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("verb", choices=["load", "reset"])
        parser.add_argument("--seed", type=int, default=loading.SEED, help="another seed tells another life")
        parser.add_argument("--days", type=int, default=WHOLE_LIFE, help="how long the life is, in days")
        parser.add_argument("--yes", action="store_true", help="reset without asking")
        self.add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        if options["verb"] == "load":
            self._load(**options)
        else:
            self._reset(**options)

    def _load(self, *, seed: int, days: int, **options: Any) -> None:
        if not 5 <= days <= 400:
            raise CommandError("--days: between 5 and 400.")
        try:
            loaded = loading.load(seed=seed, days=days, progress=loading.progress_lines(say=self.note, days=days))
        except loading.CannotLoad as error:
            raise CommandError(str(error)) from error
        document = {"clients": [spec.slug for spec in CLIENTS], "seed": seed, "days": days, "rows": loaded.counts}
        total = f"{sum(loaded.counts.values()):,}"
        self.say(document, as_json=options["json"], words=f"The demo agency is loaded: {len(CLIENTS)} clients, {total} rows.")

    def _reset(self, **options: Any) -> None:
        counted = resetting.rows_of_demo()
        total = sum(counted.values())
        if not total:
            self.say({"removed": {}, "total": 0}, as_json=options["json"], words="There is no demo agency here; nothing was removed.")
            return
        if not options["yes"]:
            for name, amount in counted.items():
                self.note(f"{amount:7,}  {name}")
            self.note(f"{total:7,}  rows of the demo's clients; clients of your own are not touched.")
            if not self._agrees():
                self.say(
                    {"would_remove": counted, "total": total},
                    as_json=options["json"],
                    words="Nothing was removed. To do it: demo reset --yes",
                )
                return
        removed = resetting.remove()
        words = f"The demo agency is removed: {sum(removed.values()):,} rows."
        self.say({"removed": removed, "total": sum(removed.values())}, as_json=options["json"], words=words)

    def _agrees(self) -> bool:
        """Ask at a terminal; without one nobody has agreed."""
        if not sys.stdin.isatty():
            return False
        self.stderr.write("Remove them? Type yes: ", ending="")
        self.stderr.flush()
        return sys.stdin.readline().strip().lower() == "yes"
