"""Replay a delivery: first what it would do, then, with --yes, do it."""

import uuid
from typing import Any

from django.core.management.base import CommandError, CommandParser

from providers.models import Delivery
from workflows.replay import CannotReplay, plan_replay, replay
from zartsalgo.lib import clock
from zartsalgo.office.management.commands._say import SayingCommand


class Command(SayingCommand):
    help = "replay <delivery> shows what reading it again would do; --yes does it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("delivery")
        parser.add_argument("--yes", action="store_true", help="do it")
        self.add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            delivery = Delivery.objects.select_related("connection__client").get(pk=uuid.UUID(options["delivery"]))
        except (ValueError, Delivery.DoesNotExist) as error:
            raise CommandError(f"There is no delivery {options['delivery']!r}.") from error
        plan = plan_replay(delivery=delivery, now=clock.read())
        done = False
        if options["yes"]:
            try:
                replay(delivery=delivery, now=clock.read())
                done = True
            except CannotReplay as error:
                raise CommandError(str(error)) from error
        document = {**plan.as_json(), "delivery": str(delivery.pk), "done": done}
        self.say(document, as_json=options["json"], words=plan.says + (" Done." if done else " Add --yes to do it."))
