"""How our commands speak: with --json exactly one JSON document on stdout, notes on stderr; a refusal is one sentence and exit 1."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser


class SayingCommand(BaseCommand):
    requires_system_checks: list[str] = []

    def add_json(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON document on stdout")

    def say(self, document: Any, *, as_json: bool, words: str) -> None:
        """Print the document, or the words for a person."""
        self.stdout.write(json.dumps(document, default=str, indent=None if as_json else 2) if as_json else words)

    def note(self, text: str) -> None:
        self.stderr.write(text)


def options_of(*, pairs: list[str]) -> dict[str, str]:
    """key=value arguments as a dict. Raises ValueError with a sentence."""
    found = {}
    for pair in pairs:
        key, sign, value = pair.partition("=")
        if not sign or not key:
            raise ValueError(f"--option {pair!r}: write key=value.")
        found[key.strip()] = value
    return found
