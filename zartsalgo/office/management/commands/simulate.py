"""Play through the real door and say what came of it: one of the six stories with what it proved, or a single act of the simulator."""

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
from zartsalgo.office.stories import playing as told_stories

PATIENCE_SECONDS = 15.0
NIGHT = (21, 30)


@dataclass(frozen=True, kw_only=True)
class Act:
    """What is posted, in this order; each post is worked off before the next. `at` is a local time the clock is set to meanwhile."""

    what: str
    posts: tuple[Callable[..., playing.Posted], ...]
    withheld: bool = False
    at: tuple[int, int] | None = None


def _says(words: str) -> Callable[..., playing.Posted]:
    return lambda *, client, caller: playing.text(client=client, caller=caller, words=words)


ACTS = {
    "missed-call": Act(what="A missed call gets one text.", posts=(playing.missed_call,)),
    "pre-call": Act(what="A phone that only rings gets none.", posts=(playing.ringing_call,)),
    "form": Act(what="A website form becomes a lead, and people are told.", posts=(playing.web_form,)),
    "stop": Act(what="STOP, then a missed call of the same person: no text.", posts=(_says("STOP"), playing.missed_call)),
    "stop-es": Act(what='"no mas mensajes", then a missed call: no text.', posts=(_says("no mas mensajes"), playing.missed_call)),
    "duplicate": Act(what="The same webhook three times: one text.", posts=(playing.duplicate_call,)),
    "bad-signature": Act(what="A webhook with a bad signature stores nothing.", posts=(playing.forged_call,)),
    "withheld": Act(what="A withheld number: a person gets the call.", posts=(playing.missed_call,), withheld=True),
    "night": Act(what="A missed call at 21:30: the text is held. The clock goes back afterwards.", posts=(playing.missed_call,), at=NIGHT),
    "late": Act(what="A report 45 minutes after the call: no text.", posts=(playing.late_call,)),
}


class Command(SayingCommand):
    help = "simulate lists the stories and single acts; simulate <story> [--client slug] plays one and says what came of it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("story", nargs="?", choices=[*told_stories.BY_KEY, *ACTS])
        parser.add_argument("--client", default=playing.TRY_OUT_SLUG, help="the client's short name; it must have no live connection")
        parser.add_argument("--caller", default=playing.NEW, help="a fiction number such as +13035550123; without it somebody new calls")
        parser.add_argument(
            "--at", default="", metavar="HH:MM", help="set the clock to this time of the client's zone while the story runs"
        )
        self.add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        key, as_json = options["story"], options["json"]
        if key is None:
            self._list(as_json=as_json)
            return
        client = Client.objects.filter(slug=options["client"]).first()
        if client is None:
            known = ", ".join(Client.objects.order_by("slug").values_list("slug", flat=True)[:20]) or "none yet; add one with `client add`"
            raise CommandError(f"There is no client {options['client']!r}. Known: {known}.")
        if key in told_stories.BY_KEY:
            if options["at"] or options["caller"] != playing.NEW:
                raise CommandError("A story brings its own caller and its own time; --caller and --at are for single acts.")
            self._tell(story=told_stories.BY_KEY[key], client=client, as_json=as_json)
            return
        act = ACTS[key]
        try:
            playing.refuse_live(client=client)
            caller = playing.read_caller(key=playing.WITHHELD if act.withheld else options["caller"], client=client)
            answers, told = self._play_at(act=act, client=client, caller=caller, at=_time_of_day(options["at"]) or act.at)
        except playing.Refused as refused:
            raise CommandError(str(refused)) from refused
        last = told[-1]
        document = {"story": key, "answers": answers, **outcomes.as_json(outcome=last)}
        lines = [f"Webhook answered {', '.join(str(answer) for answer in answers)}.", *(outcome.says for outcome in told), last.next]
        self.say(document, as_json=as_json, words="\n".join(line for line in lines if line))
        if last.under_way:
            raise CommandError(f"Not worked off within {PATIENCE_SECONDS:.0f} s: is a worker or the ticker running?")

    def _list(self, *, as_json: bool) -> None:
        listed = [{"story": story.key, "what": story.what} for story in told_stories.STORIES]
        listed += [{"story": name, "what": act.what} for name, act in ACTS.items()]
        self.say(listed, as_json=as_json, words="\n".join(f"{row['story']:22} {row['what']}" for row in listed))

    def _tell(self, *, story: told_stories.Story, client: Client, as_json: bool) -> None:
        """One of the six: each beat as it is seen, then what was proven. Fails when a promise was not kept."""

        def say(line: dict[str, Any]) -> None:
            if not as_json:
                self.stdout.write(f"{line['title']}\n  {line['says']}")

        try:
            row = told_stories.start(story=story, client=client, by=None)
        except playing.Refused as refused:
            raise CommandError(str(refused)) from refused
        told_stories.play(row=row, say=say)
        proofs = told_stories.prove(row=row)
        document = {
            "story": story.key,
            "id": str(row.pk),
            "client": client.slug,
            "state": row.state,
            "says": row.says,
            "steps": [{"title": line["title"], "says": line["says"]} for line in row.lines],
            "proofs": [{"promise": proof.promise, "met": proof.met, "says": proof.says} for proof in proofs],
        }
        words = [f"{'proven ' if proof.met else 'NOT MET'}  {proof.promise}: {proof.says}" for proof in proofs]
        self.say(document, as_json=as_json, words="\n".join(["", *words]))
        if row.state != row.State.TOLD:
            raise CommandError(row.says)
        if not all(proof.met for proof in proofs):
            raise CommandError("Not every promise was kept.")

    def _play_at(
        self, *, act: Act, client: Client, caller: playing.Caller, at: tuple[int, int] | None
    ) -> tuple[list[int], list[outcomes.Outcome]]:
        if at is None:
            return _play(act=act, client=client, caller=caller)
        before = clock.offset()
        playing.move_clock(to=f"{at[0]:02d}:{at[1]:02d}", client=client)
        try:
            return _play(act=act, client=client, caller=caller)
        finally:
            clock.shift(by=before)
            self.note(f"The clock was at {at[0]:02d}:{at[1]:02d} in {client.timezone} meanwhile and is back.")


def _play(*, act: Act, client: Client, caller: playing.Caller) -> tuple[list[int], list[outcomes.Outcome]]:
    """Post and wait, post and wait; returns all answers and the outcome of each post."""
    answers: list[int] = []
    told: list[outcomes.Outcome] = []
    for post in act.posts:
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
