"""The fifth story: the text provider goes down, an incident opens by itself, and after the release each text goes once."""

from django.db.models import QuerySet

from messaging import pauses
from messaging.models import Attempt, Handover, Message
from providers.connections import mood_of
from workflows import incidents, resuming
from workflows.models import Incident, IncidentItem
from zartsalgo.office import simulator
from zartsalgo.office.naming import person_name
from zartsalgo.office.simulator_outcome import ON_THE_PHONE
from zartsalgo.office.stories import props, rows
from zartsalgo.office.stories.script import Beat, Proof, Seen, Stage, Story

# As many as a row of failures needs to be believed: workflows.breakers.LIMITS.in_a_row.
CALLERS = 3
# The last of them has its turn at once; a person who resumes real traffic would take it slower.
PER_MINUTE = 600
OWN_NAME = "The simulator"


def _numbers(stage: Stage) -> list[str]:
    return [stage.number, *(stage.kept("others") or "").split()]


def _texts(stage: Stage) -> QuerySet[Message]:
    return Message.objects.filter(client=stage.client, to__in=_numbers(stage)).order_by("created_at", "pk")


def _tries(stage: Stage, *outcomes: str) -> int:
    return Attempt.objects.filter(message__in=_texts(stage), outcome__in=outcomes).count()


def _incident(stage: Stage) -> Incident | None:
    pk = stage.kept("incident")
    return Incident.objects.select_related("pause").filter(pk=pk).first() if pk else None


def _is_down(stage: Stage) -> Seen | None:
    if mood_of(client_id=stage.client.pk) != "down":
        return None
    return Seen(says=f"{stage.client}'s provider refuses every connection from now on.", page="simulator", pk="mood")


def _call_in(stage: Stage) -> None:
    """The newcomer and others nobody knows call one after the other."""
    callers = [stage.caller]
    while len(callers) < CALLERS:
        other = simulator.newcomer(client=stage.client)
        if other.number not in [caller.number for caller in callers]:
            callers.append(other)
    stage.keep(others=" ".join(caller.number for caller in callers[1:]))
    for caller in callers:
        rows.post(stage, "call", simulator.missed_call(client=stage.client, caller=caller))


def _all_refused(stage: Stage) -> Seen | None:
    """Each text was tried, and nothing left."""
    refused = Attempt.objects.filter(message__in=_texts(stage), outcome=Attempt.Outcome.REJECTED)
    first = refused.order_by("pk").select_related("message").first()
    if first is None or refused.values("message").distinct().count() < CALLERS:
        return None
    return Seen(
        says=f"{CALLERS} texts were tried and none left. {first.note[:1].upper()}{first.note[1:]}", page="message", pk=first.message_id
    )


def _opened(stage: Stage) -> Seen | None:
    found = Incident.objects.filter(client=stage.client, breaker="failing", closed_at__isnull=True).order_by("-opened_at").first()
    if found is None:
        return None
    stage.keep(incident=found.pk)
    return Seen(says=f"{found.opened_by}: {found.title}. Paused: {found.scope}.", page="incident", pk=found.pk)


def _all_held(stage: Stage) -> Seen | None:
    held = _texts(stage).filter(status=Message.Status.HELD, reason=pauses.STOPPED)
    if held.count() < CALLERS:
        return None
    told = Handover.objects.filter(client=stage.client, lead__in=_texts(stage).values("lead")).count()
    return Seen(
        says=f"{CALLERS} texts wait and nothing is lost. People of the business were told of {told} calls at once.",
        page="incident",
        pk=stage.kept("incident"),
    )


def _resume(stage: Stage) -> None:
    """The provider works again, and whoever plays takes the incident and resumes, as on its page."""
    props.return_mood(stage)
    incident = _incident(stage)
    if incident is None:
        return
    by, now = stage.row.by, stage.now
    name = person_name(by) if by else OWN_NAME
    if by is not None:
        incidents.take(incident=incident, person=by, name=name, now=now)
    resuming.release(pause=incident.pause, by=by, name=name, now=now, per_minute=PER_MINUTE)


def _released(stage: Stage) -> Seen | None:
    incident = _incident(stage)
    if incident is None or incident.pause.lifted_at is None:
        return None
    last = incident.notes.order_by("-at", "-pk").first()
    return Seen(says=f"{incident.released_by}: {last.says if last else ''}", page="incident", pk=incident.pk)


def _all_there(stage: Stage) -> Seen | None:
    there = _texts(stage).filter(status__in=ON_THE_PHONE).count()
    return (
        Seen(says=f"{there} texts for {CALLERS} calls, each on its phone.", page="message", pk=_texts(stage)[0].pk)
        if there >= CALLERS
        else None
    )


def _look_again(stage: Stage) -> None:
    """What the ticker does every half minute, now: is what was released proven well?"""
    incidents.close_verified(now=stage.now)


def _closed(stage: Stage) -> Seen | None:
    incident = _incident(stage)
    if incident is None or incident.status != Incident.Status.CLOSED:
        return None
    return Seen(says=incident.outcome, page="incident", pk=incident.pk)


def tidy(stage: Stage) -> None:
    """A story that broke off leaves no pause behind: what it made the safety check pause is released again."""
    incident = _incident(stage)
    if incident is not None and incident.pause.lifted_at is None:
        resuming.release(pause=incident.pause, by=None, name=OWN_NAME, now=stage.now, per_minute=PER_MINUTE)


def _prove(stage: Stage) -> list[Proof]:
    incident, texts = _incident(stage), list(_texts(stage))
    there = [text for text in texts if text.status in ON_THE_PHONE]
    accepted = _tries(stage, Attempt.Outcome.ACCEPTED)
    early = [
        text
        for text in there
        if incident is None or incident.released_at is None or (text.sent_at or text.created_at) < incident.released_at
    ]
    items = IncidentItem.objects.filter(incident=incident, message__in=texts).count() if incident else 0
    closed = incident is not None and incident.status == Incident.Status.CLOSED
    first = texts[0].pk if texts else ""
    number = incident.pk if incident else ""
    return [
        Proof(
            promise="The incident opens by itself",
            met=incident is not None and bool(incident.breaker),
            says=f"Opened by: {incident.opened_by.lower()}. {incident.signs} failures seen." if incident else "No incident was opened.",
            page="incident",
            pk=number,
        ),
        Proof(
            promise="While it is down nothing leaves",
            met=bool(texts) and not early and _tries(stage, Attempt.Outcome.REJECTED) >= CALLERS,
            says=f"{rows.number_of(_tries(stage, Attempt.Outcome.REJECTED), 'try was', 'tries were').capitalize()} refused; {rows.number_of(len(early), 'text')} left before the release.",
            page="message",
            pk=first,
        ),
        Proof(
            promise="What was held is counted and judged anew",
            met=items == CALLERS,
            says=f"{rows.number_of(items, 'held text').capitalize()} judged and released.",
            page="incident",
            pk=number,
        ),
        Proof(
            promise="Nothing is lost, and nobody is texted twice",
            met=len(texts) == len(there) == accepted == CALLERS,
            says=f"{CALLERS} calls, {rows.number_of(len(there), 'text')} on the phones, {rows.number_of(accepted, 'try was', 'tries were')} accepted.",
            page="message",
            pk=first,
        ),
        Proof(
            promise="It is closed by proof, not by hope",
            met=closed,
            says=incident.outcome if incident and closed else "It is still open.",
            page="incident",
            pk=number,
        ),
    ]


PROVIDER_DOWN = Story(
    key="provider-down",
    title="Provider down, incident, release",
    what="The text provider goes down: an incident opens by itself, texts are kept, and after the release each goes once.",
    beats=(
        Beat(title="The text provider goes down", do=lambda stage: props.lend_mood(stage=stage, mood="down"), look=_is_down),
        Beat(title=f"{CALLERS} customers call and nobody answers", do=_call_in, look=_all_refused),
        Beat(title="An incident opens by itself and pauses sending", look=_opened, patience=40.0),
        Beat(title="The texts are kept", look=_all_held),
        Beat(title="The provider works again; a person looks at the counts and resumes", do=_resume, look=_released),
        Beat(title="Each text goes once", look=_all_there, patience=20.0),
        Beat(title="The first text proves it: the incident closes", do=_look_again, look=_closed),
    ),
    prove=_prove,
    tidy=tidy,
)
