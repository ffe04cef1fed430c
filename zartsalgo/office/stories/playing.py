"""Playing a story: who may start one, how it goes on from beat to beat, and how it ends, also when its player dies.

A press starts a thread of the web process that plays it (`start` and `play_in_background`); the command plays it in its own process
(`start` and `play`). Either asks the rows again and again; nothing of the live path is done here. Whoever comes by after a player died ends
its story and puts clock and mood back (`mend`).
"""

import logging
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

from django.db import IntegrityError, transaction
from django.db import connection as database
from django.db.models import Q

from leads.models import Automation, Client
from messaging import pauses
from providers.connections import mood_of
from zartsalgo.health import STALE_SECONDS
from zartsalgo.lib import clock, heartbeat
from zartsalgo.models import User
from zartsalgo.office import simulator, strip
from zartsalgo.office.models import StoryRun
from zartsalgo.office.simulator import Refused
from zartsalgo.office.stories import props, rows
from zartsalgo.office.stories.calls import BOOKED, DUPLICATE, NIGHT_HELD
from zartsalgo.office.stories.replies import PRICE_ASKED, STOP_WINS
from zartsalgo.office.stories.script import Beat, BreaksOff, Ended, Proof, Seen, Stage, Story
from zartsalgo.office.stories.trouble import PROVIDER_DOWN
from zartsalgo.office.templatetags.office_tags import full, zone_of

log = logging.getLogger(__name__)

STORIES: tuple[Story, ...] = (BOOKED, NIGHT_HELD, STOP_WINS, PRICE_ASKED, PROVIDER_DOWN, DUPLICATE)
BY_KEY = {story.key: story for story in STORIES}

LOOK_EVERY_SECONDS = 0.1
# A player that has not said anything for so long is dead; it says something every RENEW_SECONDS.
LEASE_SECONDS = 15
RENEW_SECONDS = 3.0
DIED = "The process that played it ended before the story did. Clock and provider are as they were before."


class AnotherPlays(Refused):
    """One story at a time; `row` is the one that is being played."""

    def __init__(self, row: StoryRun) -> None:
        super().__init__(f"“{title_of(row)}” is being played for {row.client}. Wait until it has ended, then press again.")
        self.row = row


def title_of(row: StoryRun) -> str:
    """The story's title; its key where the story is not told any more."""
    return BY_KEY[row.key].title if row.key in BY_KEY else row.key


def start(*, story: Story, client: Client, by: User | None) -> StoryRun:
    """Begin a story with somebody new. Raises Refused (also for a client that is live or whose texts people approve) and AnotherPlays."""
    mend()
    simulator.refuse_live(client=client)
    if reason := why_not(client=client):
        raise Refused(reason)
    playing = StoryRun.objects.select_related("client").filter(state=StoryRun.State.PLAYING).first()
    if playing is not None:
        raise AnotherPlays(playing)
    caller = simulator.newcomer(client=client)
    try:
        with transaction.atomic():
            row = StoryRun(key=story.key, client=client, by=by, number=caller.number, name=caller.name, created_at=clock.read())
            row.lease_until = _lease()
            row.save(force_insert=True)
    except IntegrityError:  # of two who press at once the second finds the first one's
        raise AnotherPlays(StoryRun.objects.select_related("client").get(state=StoryRun.State.PLAYING)) from None
    return row


def why_not(*, client: Client) -> str:
    """Why no story can be played with this client as it is set up; "" when one can."""
    sends = Automation.objects.filter(client=client, workflow=rows.TEXT_BACK, enabled=True).values_list("send", flat=True).first()
    if sends is None:
        return f"The missed-call text-back is not switched on for {client}; a story needs it."
    if sends != Automation.Send.AUTO:
        return f"A person approves each text of {client}, so a story would wait for you. Choose a business whose texts go on their own."
    holding = (Q(client__isnull=True) | Q(client=client)) & Q(workflow__in=("", rows.TEXT_BACK), channel__in=("", "sms"))
    paused = pauses.open_pauses().filter(holding, connection__isnull=True, lead__isnull=True).first()
    if paused is not None:
        return f"Sending is paused ({pauses.words(scope=pauses.scope_of(pause=paused))}), so no story can be told to its end. Lift the pause first."
    if mood_of(client_id=client.pk) != "ok":
        return f"The provider of {client} does not work as it should. Set it to “Works” below first."
    return ""


def play_in_background(*, row: StoryRun) -> None:
    """Play it in a thread of this process, with a database connection of its own."""
    threading.Thread(target=_play_and_close, args=(row.pk,), name="story", daemon=True).start()


def _play_and_close(pk: uuid.UUID) -> None:
    try:
        play(row=StoryRun.objects.select_related("client").get(pk=pk))
    except Exception:
        log.exception("story %s broke", pk)
    finally:
        database.close()


def nap() -> None:
    """Between two looks; a test puts its own worker here."""
    time.sleep(LOOK_EVERY_SECONDS)


def play(*, row: StoryRun, say: Callable[[dict[str, Any]], None] = lambda line: None) -> None:
    """Play a started story to its end; `say` hears each line as it is written. Whatever happens, clock and mood are put back."""
    stage, story = Stage(row), BY_KEY[row.key]
    says = "It was told to its end."
    state = StoryRun.State.TOLD
    try:
        if story.by_day:
            _play_by_day(stage, say=say)
        for number, beat in enumerate(story.beats):
            stage.write(beat=number)
            _write_line(stage, title=beat.title, seen=_play_beat(stage, beat), say=say)
        stage.write(beat=len(story.beats))
    except Ended:
        return
    except (BreaksOff, Refused) as reason:
        state, says = StoryRun.State.BROKEN_OFF, str(reason)
    except Exception as error:
        log.exception("story %s broke", row.pk)
        state, says = StoryRun.State.BROKEN_OFF, f"Something broke while it was played ({type(error).__name__}); the log has more."
    except BaseException:  # Ctrl-C in the command
        _end(row=row, state=StoryRun.State.BROKEN_OFF, says="Somebody broke it off.")
        raise
    _end(row=row, state=state, says=says)


def _play_by_day(stage: Stage, *, say: Callable[[dict[str, Any]], None]) -> None:
    """By night a text would be held, which is another story: lend this one the last afternoon."""
    now = stage.now
    if not props.is_night(stage=stage, now=now):
        return
    props.lend_clock(stage=stage, moment=props.last_day(stage=stage, now=now))
    zone = zone_of(stage.client)
    words = f"It is {now.astimezone(zone):%H:%M} there, and at night no text goes. Until the story ends the clock says {full(stage.now, zone=zone)}."
    _write_line(stage, title="The clock is lent to the day", seen=Seen(says=words), say=say)


def _play_beat(stage: Stage, beat: Beat) -> Seen:
    began = renewed = time.monotonic()
    if beat.do is not None:
        beat.do(stage)
    while True:
        seen = beat.look(stage)
        if seen is not None:
            return seen
        if time.monotonic() - began > beat.patience:
            raise BreaksOff(f"“{beat.title}” did not come true within {beat.patience:.0f} s. {_who_is_away()}")
        if time.monotonic() - renewed > RENEW_SECONDS:
            stage.write(lease_until=_lease())
            renewed = time.monotonic()
        nap()


def _write_line(stage: Stage, *, title: str, seen: Seen, say: Callable[[dict[str, Any]], None]) -> None:
    line = {"title": title, "says": seen.says, "page": seen.page, "pk": str(seen.pk), "at": clock.read().isoformat()}
    stage.write(lines=[*stage.row.lines, line], lease_until=_lease())
    say(line)


def _who_is_away() -> str:
    """Why nothing moves, as far as can be known."""
    ages = heartbeat.ages()
    away = [name for name in ("worker", "ticker") if ages.get(name, STALE_SECONDS[name] + 1) > STALE_SECONDS[name]]
    return strip.AWAY[away[0]] if away else "Worker and ticker give signs of life; the run shows how far it came."


def _end(*, row: StoryRun, state: str, says: str) -> None:
    """Put everything back and write the end, in one transaction. Nothing when somebody ended it before."""
    with transaction.atomic():
        locked = (
            StoryRun.objects.select_for_update(of=("self",))
            .select_related("client")
            .filter(pk=row.pk, state=StoryRun.State.PLAYING)
            .first()
        )
        if locked is None:
            return
        story = BY_KEY.get(row.key)
        if story is not None and story.tidy is not None and state == StoryRun.State.BROKEN_OFF:
            story.tidy(Stage(locked))
        props.put_back(row=locked)
        locked.state, locked.says, locked.ended_at = state, says[:400], clock.read()
        proofs = prove(row=locked)
        locked.promised, locked.met = len(proofs), sum(proof.met for proof in proofs)
        locked.save(update_fields=["state", "says", "ended_at", "promised", "met"])
    row.refresh_from_db()


def prove(*, row: StoryRun) -> list[Proof]:
    """What the story promised, counted now from the rows it left."""
    return BY_KEY[row.key].prove(Stage(row)) if row.key in BY_KEY else []


def mend() -> int:
    """End stories whose player died, and put back what they had lent; how many there were. One look at an index when there is none."""
    dead = list(StoryRun.objects.filter(state=StoryRun.State.PLAYING).extra(where=["lease_until < clock_timestamp()"]))
    for row in dead:
        _end(row=row, state=StoryRun.State.BROKEN_OFF, says=DIED)
    return len(dead)


def _lease() -> Any:
    with database.cursor() as cursor:
        cursor.execute("select clock_timestamp() + %s * interval '1 second'", [LEASE_SECONDS])
        return cursor.fetchone()[0]


def newest(*, client: Client) -> dict[str, StoryRun]:
    """The newest playing of each story for this client, by key. One statement."""
    found = StoryRun.objects.filter(client=client).order_by("key", "-id").distinct("key")
    return {row.key: row for row in found}
