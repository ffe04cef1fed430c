"""Three of the six stories, told by what is done with a call: booked, held at night, and one webhook three times."""

from leads.models import Lead, Task
from messaging.models import Message
from providers.models import Delivery
from workflows.models import Run
from zartsalgo.office import simulator, simulator_door
from zartsalgo.office.stories import props, rows
from zartsalgo.office.stories.script import Beat, BreaksOff, Proof, Seen, Stage, Story
from zartsalgo.office.templatetags.office_tags import absolute, full, zone_of

NIGHT = (21, 30)
YES = "Yes please, tomorrow at 2 pm works"


# What is seen of a call that nobody answered


def call_read(stage: Stage) -> Seen | None:
    """The call that nobody answered was taken in and has started a run."""
    found = rows.delivery(stage, "call")
    if found is None or found.state == Delivery.State.RECEIVED:
        return None
    if found.state != Delivery.State.DONE or rows.runs(stage).first() is None:
        raise BreaksOff(f"The webhook was stored, but no run came of it. {found.note}")
    return Seen(says="The webhook was signed, stored and read once; a run has started.", page="delivery", pk=found.pk)


def _person_told(stage: Stage) -> Seen | None:
    done = rows.step(stage, "hand-over")
    return Seen(says=done.says, page="run", pk=done.run_id) if done else None


def _text_there(stage: Stage) -> Seen | None:
    text = rows.text_back(stage)
    if text is None or text.status == Message.Status.QUEUED:
        return None
    if rows.on_phone(stage).exists():
        return Seen(says=f"“{text.body}”", page="message", pk=text.pk)
    raise BreaksOff(f"No text reached the phone. {text.says}")


CALL = Beat(title="A new customer calls and nobody answers", do=rows.miss_call, look=call_read)
TOLD = Beat(title="A person of the business is told at once", look=_person_told)
TEXT = Beat(title="One text reaches the customer's phone", look=_text_there)


# 1 Missed call to booked


def _reply_read(stage: Stage) -> Seen | None:
    reply = rows.step(stage, "reply")
    return Seen(says=reply.says, page="run", pk=reply.run_id) if reply else None


def _say_booked(stage: Stage) -> None:
    handover = rows.told(stage)
    if handover is None or not handover.body:
        raise BreaksOff("Nobody of the business was told, so nobody has a link to say what came of it.")
    status = simulator_door.answer_form(url=handover.body.split()[-1], answer={"outcome": "booked"})
    if status != 302:
        raise BreaksOff(f"The page behind the link did not take the answer: {status}.")


def _booked(stage: Stage) -> Seen | None:
    lead = rows.lead(stage)
    if lead is None or lead.stage != Lead.Stage.BOOKED:
        return None
    return Seen(says=f"Booked, says {lead.outcome_reported_by}.", page="lead", pk=lead.pk)


def _left_over(stage: Stage) -> tuple[int, int, int]:
    """What could still happen to the customer: runs at work, texts that wait, calls that people should make."""
    tasks = Task.objects.filter(contact__in=rows.people(stage), status=Task.Status.OPEN, kind__in=("call-back", "answer-reply"))
    return (
        rows.runs(stage).filter(status__in=(*Run.ACTIVE, Run.Status.PARKED)).count(),
        rows.texts(stage).filter(status__in=Message.PENDING).count(),
        tasks.count(),
    )


def _nothing_left(stage: Stage) -> Seen | None:
    lead = rows.lead(stage)
    if lead is None or any(_left_over(stage)):
        return None
    return Seen(says="No run waits, no text is pending, no call is open.", page="lead", pk=lead.pk)


def _prove_booked(stage: Stage) -> list[Proof]:
    lead, (at_work, pending, calls) = rows.lead(stage), _left_over(stage)
    booked = lead is not None and lead.stage == Lead.Stage.BOOKED
    by = lead.outcome_reported_by if lead and booked else ""
    return [
        rows.one_run(stage),
        rows.people_first(stage),
        rows.one_text(stage),
        Proof(
            promise="The lead is booked, by the word of the person who knows",
            met=booked and bool(by),
            says=f"Booked, says {by}." if by else "The lead is not booked.",
            page="lead",
            pk=lead and lead.pk,
        ),
        Proof(
            promise="Then follow-up stops",
            met=lead is not None and not at_work + pending + calls,
            says=f"{at_work} runs at work, {pending} texts pending, {calls} calls open.",
            page="lead",
            pk=lead and lead.pk,
        ),
    ]


BOOKED = Story(
    key="missed-call-to-booked",
    title="Missed call to booked",
    what="A caller nobody answered gets one text, says yes, and the business reports: booked. Then follow-up stops.",
    beats=(
        CALL,
        TOLD,
        TEXT,
        Beat(title=f"The customer answers: “{YES}”", do=lambda stage: rows.write(stage, YES), look=_reply_read),
        Beat(title="The person who was told opens the link and presses Booked", do=_say_booked, look=_booked),
        Beat(title="Follow-up stops", look=_nothing_left),
    ),
    prove=_prove_booked,
)


# 2 Night call is held


def _make_it_night(stage: Stage) -> None:
    now = stage.now
    before = props.is_night(stage=stage, now=now)
    moment = props.nearest(now=now, zone=stage.client.timezone, hour=NIGHT[0], minute=NIGHT[1], before=before)
    props.lend_clock(stage=stage, moment=moment)


def _is_night(stage: Stage) -> Seen | None:
    return Seen(says=f"The clock says {full(stage.now, zone=zone_of(stage.client))}.", page="simulator", pk="clock")


def _held(stage: Stage) -> Seen | None:
    text = rows.text_back(stage)
    if text is None or text.status == Message.Status.QUEUED:
        return None
    if text.status != Message.Status.HELD or text.hold_until is None:
        raise BreaksOff(f"The text was not held for the night. {text.says}")
    until = absolute(text.hold_until, zone=zone_of(stage.client), now=stage.now)
    stage.keep(release=until)
    return Seen(says=f"{text.says} Held until {until}.", page="message", pk=text.pk)


def _clock_back(stage: Stage) -> Seen | None:
    return Seen(says=f"It is {full(stage.now, zone=zone_of(stage.client))} again.", page="simulator", pk="clock")


def _prove_night(stage: Stage) -> list[Proof]:
    text, handover, run = rows.text_back(stage), rows.told(stage), rows.runs(stage).first()
    checks = (text.slip or {}).get("checks", []) if text else []
    quiet = next((check for check in checks if check["name"] == "quiet-hours" and not check["passed"]), None)
    back = stage.row.clock_set is None
    within = int((handover.created_at - text.created_at).total_seconds()) if handover and text else 0
    return [
        Proof(
            promise="At night no text goes",
            met=text is not None and not rows.on_phone(stage).exists(),
            says=f"{rows.number_of(rows.on_phone(stage).count(), 'text').capitalize()} on the phone, {rows.texts(stage).count()} planned.",
            page="message",
            pk=text and text.pk,
        ),
        Proof(
            promise="The slip says why, and until when",
            met=quiet is not None and bool(stage.kept("release")),
            says=f"{quiet['says']} Released {stage.kept('release')}."
            if quiet and stage.kept("release")
            else "It says nothing of the night.",
            page="message",
            pk=text and text.pk,
        ),
        Proof(
            promise="The person on call is told at once all the same",
            met=handover is not None and abs(within) <= 5,
            says=f"{handover.to_name} was told within {max(abs(within), 1)} s." if handover else "Nobody was told.",
            page="run",
            pk=run and run.pk,
        ),
        Proof(
            promise="The clock is back",
            met=back,
            says="Nothing of it is moved any more." if back else "It is still moved.",
            page="simulator",
            pk="clock",
        ),
    ]


NIGHT_HELD = Story(
    key="night-call-held",
    title="Night call is held",
    what="A call at 21:30: the text waits for the morning and says why, while the person on call is told at once. The clock goes back.",
    beats=(
        Beat(title="The clock goes to 21:30 where the business is", do=_make_it_night, look=_is_night),
        CALL,
        TOLD,
        Beat(title="The text is held, with its reason and its time", look=_held),
        Beat(title="The clock goes back", do=props.put_back_now, look=_clock_back),
    ),
    prove=_prove_night,
    by_day=False,
)


# 6 Duplicate webhook, one text


def _call_three_times(stage: Stage) -> None:
    rows.post(stage, "call", simulator.duplicate_call(client=stage.client, caller=stage.caller))


def _prove_duplicate(stage: Stage) -> list[Proof]:
    call, found = rows.delivery(stage, "call"), rows.events(stage, "call").count()
    answers = (stage.kept("call_answers") or "").split()
    return [
        Proof(
            promise="The provider hears yes each time",
            met=answers == ["200"] * simulator.COPIES,
            says=f"Answered {', '.join(answers) or 'nothing'}.",
            page="delivery",
            pk=call and call.pk,
        ),
        Proof(
            promise="It is stored once, and the repeats are counted",
            met=call is not None and call.copies == simulator.COPIES - 1,
            says=f"1 delivery with {call.copies} copies." if call else "It was not stored.",
            page="delivery",
            pk=call and call.pk,
        ),
        Proof(
            promise="It is one fact",
            met=found == 1,
            says=f"{rows.number_of(found, 'event').capitalize()} read from it.",
            page="delivery",
            pk=call and call.pk,
        ),
        rows.one_run(stage),
        rows.one_text(stage),
    ]


DUPLICATE = Story(
    key="duplicate-webhook",
    title="Duplicate webhook, one text",
    what="The provider delivers the same missed call three times; it is stored once, and the caller gets one text.",
    beats=(
        Beat(title=f"The webhook of one missed call comes {simulator.COPIES} times", do=_call_three_times, look=call_read),
        TOLD,
        TEXT,
    ),
    prove=_prove_duplicate,
)
