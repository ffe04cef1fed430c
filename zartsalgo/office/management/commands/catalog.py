"""The catalog as cards."""

from typing import Any

from django.core.management.base import CommandParser

from workflows import registry
from workflows.models import WorkflowVersion
from zartsalgo.office.management.commands._say import SayingCommand


class Command(SayingCommand):
    help = "List the workflows this build can run."

    def add_arguments(self, parser: CommandParser) -> None:
        self.add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        versions = {row.sha256: row.version for row in WorkflowVersion.objects.all()}
        cards = [workflow.card(version=versions.get(workflow.sha256())) for workflow in registry.workflows().values()]
        words = "\n\n".join(
            f"{card['name']} ({card['key']}, version {card['version']})\n  owner    {card['owner']}\n  trigger  {card['trigger']}\n"
            f"  output   {card['output']}\n  boundary {card['boundary']}\n  steps    {' > '.join(s['title'] for s in card['steps'])}"
            for card in cards
        )
        self.say(cards, as_json=options["json"], words=words)
