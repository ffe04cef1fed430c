"""Play a story through the real door and say what came of it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import CommandError, CommandParser

from leads.models import Client
from zartsalgo.lib import clock
from zartsalgo.office import simulator as playing
from zartsalgo.office import simulator_outcome as outcomes
from zartsalgo.office.management.commands._say import SayingCommand

PATIENCE_SECONDS = 15.0
NIGHT = (21, 30)


@dataclass(frozen=True, kw_only=True)
class Story:
    """What is posted, in this order; each post is worked off before the next. `at` is a local time the clock is set to meanwhile."""

    what: str
    posts: tuple[Callable[..., playing.Posted], ...]
    withheld: bool = False
    at: tuple[int, int] | None = None


def _says(words: str) -> Callable[..., playing.Posted]:
    return lambda *, client, caller: playing.text(client=client, caller=caller, words=words)


STORIES = {
    "missed-call": Story(what="A missed call gets one text.", posts=(playing.missed_call,)),
    "pre-call": Story(what="A phone that only rings gets none.", posts=(playing.ringing_call,)),
    "form": Story(what="A website form becomes a lead, and people are told.", posts=(playing.web_form,)),
    "stop": Story(what="STOP, then a missed call of the same person: no text.", posts=(_says("STOP"), playing.missed_call)),
    "stop-es": Story(what='"no mas mensajes", then a missed call: no text.', posts=(_says("no mas mensajes"), playing.missed_call)),
    "duplicate": Story(what="The same webhook three times: one text.", posts=(playing.duplicate_call,)),
    "bad-signature": Story(what="A webhook with a bad signature stores nothing.", posts=(playing.forged_call,)),
    "withheld": Story(what="A withheld number: a person gets the call.", posts=(playing.missed_call,), withheld=True),
    "night": Story(
        what="A missed call at 21:30: the text is held. The clock goes back afterwards.", posts=(playing.missed_call,), at=NIGHT
    ),
    "late": Story(what="A report 45 minutes after the call: no text.", posts=(playing.late_call,)),
}


class Command(SayingCommand):
    help = "simulate lists the stories; simulate <story> [--client slug] plays one and says what came of it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("story", nargs="?", choices=list(STORIES))
        parser.add_argument("--client", default=playing.TRY_OUT_SLUG, help="the client's short name; it must have no live connection")
        parser.add_argument("--caller", default=playing.NEW, help="a fiction number such as +13035550123; without it somebody new calls")
        parser.add_argument(
            "--at", default="", metavar="HH:MM", help="set the clock to this time of the client's zone while the story runs"
        )
        self.add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        if options["story"] is None:
            listed = [{"story": name, "what": story.what} for name, story in STORIES.items()]
            self.say(listed, as_json=options["json"], words="\n".join(f"{row['story']:14}{row['what']}" for row in listed))
            return
        story = STORIES[options["story"]]
        client = Client.objects.filter(slug=options["client"]).first()
        if client is None:
            known = ", ".join(Client.objects.order_by("slug").values_list("slug", flat=True)[:20]) or "none yet; add one with `client add`"
            raise CommandError(f"There is no client {options['client']!r}. Known: {known}.")
        try:
            playing.refuse_live(client=client)
            caller = playing.read_caller(key=playing.WITHHELD if story.withheld else options["caller"], client=client)
            answers, told = self._play_at(story=story, client=client, caller=caller, at=_time_of_day(options["at"]) or story.at)
        except playing.Refused as refused:
            raise CommandError(str(refused)) from refused
        last = told[-1]
        document = {"story": options["story"], "answers": answers, **outcomes.as_json(outcome=last)}
        lines = [f"Webhook answered {', '.join(str(answer) for answer in answers)}.", *(outcome.says for outcome in told), last.next]
        self.say(document, as_json=options["json"], words="\n".join(line for line in lines if line))
        if last.under_way:
            raise CommandError(f"Not worked off within {PATIENCE_SECONDS:.0f} s: is a worker or the ticker running?")

    def _play_at(
        self, *, story: Story, client: Client, caller: playing.Caller, at: tuple[int, int] | None
    ) -> tuple[list[int], list[outcomes.Outcome]]:
        if at is None:
            return _play(story=story, client=client, caller=caller)
        before = clock.offset()
        playing.move_clock(to=f"{at[0]:02d}:{at[1]:02d}", client=client)
        try:
            return _play(story=story, client=client, caller=caller)
        finally:
            clock.shift(by=before)
            self.note(f"The clock was at {at[0]:02d}:{at[1]:02d} in {client.timezone} meanwhile and is back.")


def _play(*, story: Story, client: Client, caller: playing.Caller) -> tuple[list[int], list[outcomes.Outcome]]:
    """Post and wait, post and wait; returns all answers and the outcome of each post."""
    answers: list[int] = []
    told: list[outcomes.Outcome] = []
    for post in story.posts:
        posted = post(client=client, caller=caller)
        answers += posted.answers

        def look(posted: playing.Posted = posted) -> outcomes.Outcome:
            return outcomes.read(posted=posted, client=client, now=clock.read())

        told.append(outcomes.wait_for(look=look, seconds=PATIENCE_SECONDS))
    return answers, told


def _time_of_day(text: str) -> tuple[int, int] | None:
    if not text:
        return None
    try:
        moment = datetime.strptime(text, "%H:%M").replace(tzinfo=UTC)
    except ValueError as error:
        raise CommandError(f"--at {text!r}: write a time such as 14:30.") from error
    return moment.hour, moment.minute
