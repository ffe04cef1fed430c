"""Take over a list of opt-outs from another tool. It only ever adds."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from leads.models import Client
from messaging import suppressions
from zartsalgo.lib import clock
from zartsalgo.office.management.commands._say import SayingCommand

MOST_NAMED = 20


class Command(SayingCommand):
    help = "suppressions import FILE --client S: a CSV of numbers and addresses that must not be written to. Safe to repeat; lifts nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("verb", choices=["import"])
        parser.add_argument("file", type=Path)
        parser.add_argument("--client", required=True, help="the client's short name, such as summit-roofing")
        self.add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        client = Client.objects.filter(slug=options["client"]).first()
        if client is None:
            raise CommandError(f"There is no client {options['client']!r}.")
        try:
            done = suppressions.import_file(path=options["file"], client=client, now=clock.read())
        except suppressions.CannotImport as error:
            raise CommandError(str(error)) from error
        words = f"{done.added} added, {done.known} on record already, {len(done.bad)} lines with something that cannot be read."
        words += _columns(done.columns, "Read") + _columns(done.left, "Not read")
        for line, why in done.bad[:MOST_NAMED]:
            words = f"{words}\n  line {line}: {why}"
        document = {
            "client": client.slug,
            "added": done.added,
            "known": done.known,
            "numbers": done.numbers,
            "addresses": done.added + done.known - done.numbers,
            "columns": list(done.columns),
            "left": list(done.left),
            "bad": [{"line": line, "why": why} for line, why in done.bad],
        }
        self.say(document, as_json=options["json"], words=words)


def _columns(headings: tuple[str, ...], what: str) -> str:
    return f"\n  {what}: {', '.join(headings)}." if headings else ""
