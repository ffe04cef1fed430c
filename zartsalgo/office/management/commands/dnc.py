"""Take in a do-not-call registry's file."""

from argparse import ArgumentTypeError
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from messaging import do_not_call
from zartsalgo.lib import clock
from zartsalgo.office.management.commands._say import SayingCommand

MOST_NAMED = 20


def read_day(text: str) -> date:
    """A day as the command line gives it."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is no day: write it as 2026-11-20.") from error


class Command(SayingCommand):
    help = (
        "dnc import FILE --as-of YYYY-MM-DD: the numbers of a do-not-call list. After 31 days it counts no more, and marketing texts that "
        "rest on a relationship become call tasks."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("verb", choices=["import"])
        parser.add_argument("file", type=Path)
        parser.add_argument("--as-of", required=True, type=read_day, metavar="YYYY-MM-DD", help="the day the registry made the list")
        parser.add_argument("--name", default="national", help="whose list it is: national, or a state's")
        parser.add_argument("--covers", nargs="*", default=[], help="area codes the list is complete for beside those in it")
        self.add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            done = do_not_call.import_file(
                path=options["file"],
                name=options["name"],
                as_of=options["as_of"],
                covers=tuple(options["covers"]),
                now=clock.read(),
            )
        except do_not_call.CannotImport as error:
            raise CommandError(str(error)) from error
        codes = ", ".join(done.area_codes[:MOST_NAMED]) + (" and more" if len(done.area_codes) > MOST_NAMED else "")
        said = "This file is on record already; nothing was added" if done.known else f"{done.added} numbers added"
        words = f"{said}, {len(done.bad)} lines not read. It speaks for the area codes {codes} as of {options['as_of']}."
        for what, headings in (("Read", done.columns), ("Not read", done.left)):
            words += f"\n  {what}: {', '.join(headings)}." if headings else ""
        for line, why in done.bad[:MOST_NAMED]:
            words = f"{words}\n  line {line}: {why}"
        document = {
            "added": done.added,
            "known": done.known,
            "as_of": options["as_of"],
            "area_codes": list(done.area_codes),
            "columns": list(done.columns),
            "left": list(done.left),
            "bad": [{"line": line, "why": why} for line, why in done.bad],
        }
        self.say(document, as_json=options["json"], words=words)
