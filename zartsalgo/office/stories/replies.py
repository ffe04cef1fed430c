"""Two of the six stories, told by what customers write: STOP, and a question about the price."""

from messaging.models import Attempt, Message, Suppression
from workflows.models import Run
from zartsalgo.office import queue
from zartsalgo.office.stories import rows
from zartsalgo.office.stories.calls import CALL, TEXT, TOLD, call_read
from zartsalgo.office.stories.script import Beat, BreaksOff, Proof, Seen, Stage, Story
from zartsalgo.office.templatetags.office_tags import absolute, zone_of

PRICE = {
    "summit-roofing": "How much for a new roof?",
    "bluebird-plumbing": "How much for a new water heater?",
    "harbor-movers": "How much for a two-bedroom move?",
    "granite-supply": "How much for 40 square feet of granite?",
}


# 3 STOP wins


def _stop_stored(stage: Stage) -> Seen | None:
    found = Suppression.objects.filter(client=stage.client, kind="phone", value=stage.number).first()
    if found is None:
        return None
    return Seen(
        says="Read as a wish to stop, and stored before anything else is done for this number.", page="delivery", pk=stage.kept("words")
    )


def _skipped(stage: Stage) -> Seen | None:
    text = rows.text_back(stage)
    if text is None or text.status == Message.Status.QUEUED:
        return None
    if text.status != Message.Status.SKIPPED:
        raise BreaksOff(f"The text was not stopped by the opt-out. {text.says}")
    return Seen(says=text.says, page="message", pk=text.pk)


def _prove_stop(stage: Stage) -> list[Proof]:
    text, handover, run, call = rows.text_back(stage), rows.told(stage), rows.runs(stage).first(), rows.task(stage, "call-back")
    stored = Suppression.objects.filter(client=stage.client, kind="phone", value=stage.number).count()
    tries = Attempt.objects.filter(message__in=rows.texts(stage)).count()
    skipped = text is not None and text.status == Message.Status.SKIPPED and text.reason == "opted-out"
    return [
        Proof(
            promise="STOP is kept for good",
            met=stored == 1,
            says=f"{rows.number_of(stored, 'opt-out').capitalize()} stored for this number.",
            page="delivery",
            pk=stage.kept("words"),
        ),
        Proof(
            promise="After STOP nothing is even tried",
            met=text is not None and tries == 0 and not rows.on_phone(stage).exists(),
            says=f"{rows.number_of(tries, 'try', 'tries').capitalize()}, {rows.number_of(rows.on_phone(stage).count(), 'text')} on the phone.",
            page="message",
            pk=text and text.pk,
        ),
        Proof(
            promise="The slip says why",
            met=skipped,
            says=text.says if text and skipped else "No text was skipped because of the opt-out.",
            page="message",
            pk=text and text.pk,
        ),
        Proof(
            promise="A person knows of the call all the same",
            met=handover is not None and call is not None,
            says=f"{handover.to_name} was told; “{call.title}” is on the desk." if handover and call else "Nobody was told.",
            page="run",
            pk=run and run.pk,
        ),
    ]


STOP_WINS = Story(
    key="stop-wins",
    title="STOP wins",
    what="A customer writes STOP and later calls: the text is not sent, the slip says why, and a person is told instead.",
    beats=(
        Beat(title="A customer writes: “STOP”", do=lambda stage: rows.write(stage, "STOP"), look=_stop_stored),
        Beat(title="Later they call and nobody answers", do=rows.miss_call, look=call_read),
        TOLD,
        Beat(title="The text is refused, and says why", look=_skipped),
    ),
    prove=_prove_stop,
)


# 4 Price question goes to a person


def _asked(stage: Stage) -> str:
    return PRICE.get(stage.client.slug, "How much would it cost?")


def _asked_for_answer(stage: Stage) -> Seen | None:
    task, run = rows.task(stage, "answer-reply"), rows.runs(stage).first()
    if task is None or run is None or run.status in Run.ACTIVE:
        return None
    return Seen(says=f"“{task.title}”: {task.reason}", page="task", pk=task.pk)


def _in_the_inbox(stage: Stage) -> Seen | None:
    task = rows.task(stage, "answer-reply")
    item = queue.find(key=f"task:{task.pk}") if task else None
    if item is None or not queue.is_open(item):
        return None
    return Seen(
        says=f"{item.word}, on the desk {item.desk}, due {absolute(item.due_at, zone=zone_of(stage.client), now=stage.now)}.",
        page="task",
        pk=item.row.pk,
    )


def _prove_price(stage: Stage) -> list[Proof]:
    question = rows.events(stage, "words").filter(type="message.received").first()
    after = rows.texts(stage).filter(created_at__gt=question.recorded_at).count() if question else 0
    task, run = rows.task(stage, "answer-reply"), rows.runs(stage).first()
    return [
        rows.one_text(stage),
        Proof(
            promise="A machine does not answer a question about money",
            met=question is not None and after == 0,
            says=f"{rows.number_of(after, 'text').capitalize()} planned after the question."
            if question
            else "The question did not arrive.",
            page="run",
            pk=run and run.pk,
        ),
        Proof(
            promise="A person is asked, with the reason",
            met=task is not None and bool(task.reason),
            says=f"{task.title}: {task.reason}" if task else "Nobody was asked.",
            page="task",
            pk=task and task.pk,
        ),
        Proof(
            promise="It stands in the inbox",
            met=task is not None,
            says=(f"{task.get_status_display()}, on the desk {task.get_desk_display()}." if task else "There is nothing in the inbox."),
            page="task",
            pk=task and task.pk,
        ),
    ]


PRICE_ASKED = Story(
    key="price-question",
    title="Price question goes to a person",
    what="After the text the customer asks what it costs: no machine answers, a person is asked and finds it in the inbox.",
    beats=(
        CALL,
        TEXT,
        Beat(title="The customer asks what it costs", do=lambda stage: rows.write(stage, _asked(stage)), look=_asked_for_answer),
        Beat(title="It waits for a person in the inbox", look=_in_the_inbox),
    ),
    prove=_prove_price,
)
