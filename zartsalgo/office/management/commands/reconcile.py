"""After a restore: compare with the providers' own lists of texts, so that sending may be resumed."""

from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandError, CommandParser

from messaging import reconciling
from zartsalgo.lib import clock
from zartsalgo.office import comparing
from zartsalgo.office.management.commands._say import SayingCommand


class Command(SayingCommand):
    help = "After a restore: compare with the providers' lists of texts; exit 1 while one of them cannot be read. Safe to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        self.add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        pause = reconciling.waiting_pause()
        if pause is None:
            words = "Nothing to compare: no restore holds sending."
            self.say({"needed": False, "complete": True, "says": words, "lists": []}, as_json=options["json"], words=words)
            return
        done = comparing.compare(pause=pause, by="script/manage reconcile", now=clock.read())
        words = reconciling.in_words(done=done)
        document = {
            "needed": True,
            "complete": done.complete,
            "since": done.since.isoformat(),
            "says": words,
            **{name: done.count(name) for name in reconciling.COUNTED},
            "lists": [asdict(one) for one in done.lists],
        }
        self.say(document, as_json=options["json"], words=words)
        if not done.complete:
            raise CommandError("Not every list could be read, so sending stays stopped.")
