"""Finding the rows that a story left behind: everything about one newcomer of one client."""

from django.db.models import QuerySet

from leads.models import Contact, Event, Lead, Task
from messaging import purposes
from messaging.models import Handover, Message
from providers.models import Delivery
from workflows.models import Run, Step
from zartsalgo.office import simulator
from zartsalgo.office.simulator import Posted
from zartsalgo.office.simulator_outcome import ON_THE_PHONE
from zartsalgo.office.stories.script import BreaksOff, Proof, Stage

TEXT_BACK = "missed-call-text-back"


def post(stage: Stage, name: str, posted: Posted) -> None:
    """Keep what was posted under `name`. Raises BreaksOff when the door did not take it."""
    if not posted.answers or any(not 200 <= answer < 300 for answer in posted.answers):
        answers = ", ".join(str(answer) for answer in posted.answers)
        raise BreaksOff(f"{posted.label}: the webhook was answered {answers}, so nothing could follow from it.")
    stored = Delivery.objects.filter(connection_id=posted.connection_id, body_sha256=posted.sha256).latest("received_at")
    stage.keep(**{name: stored.pk, f"{name}_answers": " ".join(str(answer) for answer in posted.answers)})


def miss_call(stage: Stage) -> None:
    """The newcomer calls and nobody answers."""
    post(stage, "call", simulator.missed_call(client=stage.client, caller=stage.caller))


def write(stage: Stage, words: str) -> None:
    """The newcomer writes a text."""
    post(stage, "words", simulator.text(client=stage.client, caller=stage.caller, words=words))


def delivery(stage: Stage, name: str) -> Delivery | None:
    """The webhook that was posted under that name."""
    pk = stage.kept(name)
    return Delivery.objects.filter(pk=pk).first() if pk else None


def events(stage: Stage, name: str) -> QuerySet[Event]:
    """What was read from that webhook."""
    return Event.objects.filter(delivery_id=stage.kept(name)) if stage.kept(name) else Event.objects.none()


def people(stage: Stage) -> QuerySet[Contact]:
    """The newcomer, once the client knows them. Nobody before: a row about nobody is never theirs."""
    return Contact.objects.filter(client=stage.client, identities__kind="phone", identities__value=stage.number)


def lead(stage: Stage) -> Lead | None:
    """The newcomer's lead."""
    return Lead.objects.filter(client=stage.client, contact__in=people(stage)).order_by("-created_at").first()


def texts(stage: Stage) -> QuerySet[Message]:
    """Every text that was ever planned for this phone, whatever became of it."""
    return Message.objects.filter(client=stage.client, to=stage.number).order_by("created_at", "pk")


def on_phone(stage: Stage) -> QuerySet[Message]:
    """The texts that reached the phone."""
    return texts(stage).filter(status__in=ON_THE_PHONE)


def text_back(stage: Stage) -> Message | None:
    """The answer to the missed call."""
    return texts(stage).filter(purpose=purposes.TEXT_BACK.key).first()


def runs(stage: Stage) -> QuerySet[Run]:
    """Runs of the missed call's workflow for this newcomer."""
    return Run.objects.filter(client=stage.client, contact__in=people(stage), workflow=TEXT_BACK).order_by("created_at", "pk")


def step(stage: Stage, key: str) -> Step | None:
    """One step of the missed call's run, once it was done."""
    return Step.objects.filter(run__in=runs(stage), key=key).first()


def told(stage: Stage) -> Handover | None:
    """What a person of the business was told."""
    return Handover.objects.filter(client=stage.client, run_id__in=runs(stage).values("pk")).order_by("created_at").first()


def task(stage: Stage, kind: str) -> Task | None:
    """The newest task of that kind about the newcomer."""
    return Task.objects.filter(client=stage.client, contact__in=people(stage), kind=kind).order_by("-created_at", "-pk").first()


def number_of(count: int, what: str, many: str = "") -> str:
    """2 texts, 1 text, no text."""
    return f"{count or 'no'} {what if count < 2 else many or f'{what}s'}"


def one_text(stage: Stage) -> Proof:
    """Exactly one text reached the phone."""
    count, planned, first = on_phone(stage).count(), texts(stage).count(), on_phone(stage).first()
    says = f"{number_of(count, 'text').capitalize()} on the phone, {planned} planned."
    return Proof(promise="One missed call, one text", met=count == planned == 1, says=says, page="message", pk=first and first.pk)


def one_run(stage: Stage) -> Proof:
    """Exactly one run was started."""
    count, first = runs(stage).count(), runs(stage).first()
    says = f"{number_of(count, 'run').capitalize()} for this caller."
    return Proof(promise="One cause, one run", met=count == 1, says=says, page="run", pk=first and first.pk)


def people_first(stage: Stage) -> Proof:
    """A person was told, and not after the text was judged."""
    handover, first, run = told(stage), text_back(stage), runs(stage).first()
    met = handover is not None and first is not None and handover.created_at <= (first.sent_at or first.created_at)
    says = f"{handover.to_name} was told before the text was judged." if handover else "Nobody was told."
    return Proof(promise="People come first", met=met, says=says, page="run", pk=run and run.pk)
