"""`script/manage fit optout DATA`: fit the weights that ship beside a reader, offline, and print the figures of folds left out."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    help = "Fits the weights of a classifier anew from a folder of data. Needs the `fit` extra; nothing of it runs live."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=["optout"])
        parser.add_argument("data", type=Path, help="folder with optout/phrases.jsonl and natural/texts.jsonl")
        parser.add_argument("--held-in-1000", type=float, default=2.0, help="ordinary texts that may be held (default 2)")
        parser.add_argument("--into", type=Path, help="where the weights go; without it the file that ships")

    def handle(self, *args: Any, **options: Any) -> None:
        from messaging.optout import classifier, fitting

        try:
            figures = fitting.fit(data=options["data"], held_in_1000=options["held_in_1000"], path=options["into"] or classifier.WEIGHTS)
        except ModuleNotFoundError as error:
            raise CommandError(f"{error.name} is missing: install the `fit` extra (pip install -e .[fit]).") from None
        except OSError as error:
            raise CommandError(f"{error.filename} cannot be read: {error.strerror}.") from None
        self.stdout.write(json.dumps(figures, indent=2))
