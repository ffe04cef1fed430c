"""Check what must hold, on the live data."""

from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandError, CommandParser

from zartsalgo.lib import clock
from zartsalgo.office.invariants import check_invariants
from zartsalgo.office.management.commands._say import SayingCommand


class Command(SayingCommand):
    help = "Check every invariant on the rows as they are; exit 1 when one is broken."

    def add_arguments(self, parser: CommandParser) -> None:
        self.add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        found = check_invariants(now=clock.read())
        lines = [
            f"{'ok ' if not one.broken else 'BROKEN'} {one.says}" + (f" {one.broken}: {', '.join(one.examples)}" if one.broken else "")
            for one in found
        ]
        self.say([asdict(one) for one in found], as_json=options["json"], words="\n".join(lines))
        broken = sum(1 for one in found if one.broken)
        if broken:
            raise CommandError(f"{broken} of {len(found)} invariants are broken; the rows named above show where.")
