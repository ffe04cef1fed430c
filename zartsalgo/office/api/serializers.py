"""What the API shows of each row: allow-lists, written out. A field that is not named here does not leave the house."""

from typing import Any

from django.db import models
from rest_framework import serializers

from leads.models import Lead, Task
from messaging.models import Message
from providers.models import Delivery
from summaries.models import Summary
from workflows.models import Incident, Receipt, Run, Step


def _one_of(choices: type[models.TextChoices], **options: Any) -> serializers.ChoiceField:
    return serializers.ChoiceField(choices=choices.choices, **options)


def _id(source: str = "", **options: Any) -> serializers.UUIDField:
    return serializers.UUIDField(source=source, allow_null=True, **options) if source else serializers.UUIDField(**options)


def _client(source: str = "client.slug") -> serializers.CharField:
    return serializers.CharField(source=source, help_text="The client's short name.")


def _maybe(help_text: str = "") -> serializers.DateTimeField:
    return serializers.DateTimeField(allow_null=True, help_text=help_text)


class Error(serializers.Serializer[Any]):
    error = serializers.CharField(help_text="What is wrong, in a sentence.")


class LeadSerializer(serializers.Serializer[Lead]):
    id = _id()
    client = _client()
    name = serializers.CharField(source="contact.name", help_text="Empty when it is not known.")
    phone = serializers.CharField(allow_null=True, help_text="The person's first known number, E.164.")
    source = serializers.CharField()  # type: ignore[assignment]  # a field here, the name of an attribute in the stubs
    kind = serializers.CharField(help_text="missed call, form, quote ...")
    stage = _one_of(Lead.Stage)
    next_action = serializers.CharField()
    created_at = serializers.DateTimeField()
    response_due_at = _maybe("A person answers by then.")
    first_response_at = _maybe()
    replied_at = _maybe()


class EventSerializer(serializers.Serializer[Any]):
    id = _id()
    client = _client()
    type = serializers.CharField(help_text="Such as call.missed.")
    source = serializers.CharField(help_text="The provider, or `office`.")  # type: ignore[assignment]
    key = serializers.CharField(help_text="The provider's own identity of the fact.")
    occurred_at = serializers.DateTimeField()
    recorded_at = serializers.DateTimeField()
    lead = _id("lead_id")
    contact = _id("contact_id")
    delivery = _id("delivery_id", help_text="The delivery it was read from.")
    facts = serializers.DictField()
    personal = serializers.DictField(allow_null=True, help_text="Empty once erased.")


class DeliverySerializer(serializers.Serializer[Delivery]):
    id = _id()
    client = _client("connection.client.slug")
    provider = serializers.CharField(source="connection.provider")
    key = serializers.CharField()
    received_at = serializers.DateTimeField()
    state = _one_of(Delivery.State)
    note = serializers.CharField(help_text="What became of it, in a sentence; empty while it waits.")
    copies = serializers.IntegerField(help_text="How many repeats came after the first.")
    replays = serializers.IntegerField()


class StepSerializer(serializers.Serializer[Step]):
    key = serializers.CharField()
    kind = serializers.CharField()
    outcome = _one_of(Step.Outcome)
    says = serializers.CharField()
    expected = serializers.CharField()
    actual = serializers.CharField()
    at = serializers.DateTimeField()


class RunSerializer(serializers.Serializer[Run]):
    id = _id()
    client = _client()
    workflow = serializers.CharField()
    version = serializers.IntegerField(source="version.version")
    status = _one_of(Run.Status)
    says = serializers.CharField(help_text="The answer in one sentence; empty while it works.")
    lead = _id("lead_id")
    event = _id("event_id")
    cursor = serializers.CharField(help_text="The step it stands at.")
    created_at = serializers.DateTimeField()
    finished_at = _maybe()
    wake_at = serializers.DateTimeField()
    steps = StepSerializer(many=True)


class ReceiptSerializer(serializers.Serializer[Receipt]):
    id = _id()
    client = _client()
    event = _id("event_id")
    workflow = serializers.CharField()
    verdict = _one_of(Receipt.Verdict)
    reason = serializers.CharField()
    says = serializers.CharField(help_text="Why it did or did not start, in one sentence.")
    expected = serializers.CharField()
    actual = serializers.CharField()
    run = _id("run_id")
    at = serializers.DateTimeField()


class MessageSerializer(serializers.Serializer[Message]):
    id = _id()
    client = _client()
    lead = _id("lead_id")
    run = _id("run_id")
    workflow = serializers.CharField()
    purpose = serializers.CharField()
    channel = serializers.CharField()
    to = serializers.CharField()
    body = serializers.CharField()
    status = _one_of(Message.Status)
    reason = serializers.CharField(help_text="The short code of the gate or the provider.")
    says = serializers.CharField(help_text="The same in a sentence.")
    slip = serializers.DictField(allow_null=True, help_text="Every check of the gate with its values, once it was judged.")
    created_at = serializers.DateTimeField()
    sent_at = _maybe()
    hold_until = _maybe()
    provider_id = serializers.CharField()

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        # `from` is a word of Python, so it cannot stand above.
        fields = super().get_fields()
        fields["from"] = serializers.CharField(source="sender")
        return fields


class TaskSerializer(serializers.Serializer[Task]):
    id = _id()
    client = _client()
    lead = _id("lead_id")
    desk = serializers.CharField()
    kind = serializers.CharField()
    title = serializers.CharField()
    reason = serializers.CharField()
    status = _one_of(Task.Status)
    due_at = serializers.DateTimeField()
    closed_at = _maybe()
    outcome = serializers.CharField()


class ClaimSerializer(serializers.Serializer[Any]):
    text = serializers.CharField()
    source = serializers.CharField(help_text="`<event id>.<path>`: where it was said.")  # type: ignore[assignment]
    quote = serializers.CharField(help_text="The words there that say it.")
    supported = serializers.BooleanField()
    problem = serializers.CharField(help_text="What is not supported; empty when all is.")


class SummarySerializer(serializers.Serializer[Summary]):
    id = _id()
    client = _client()
    lead = _id("lead_id")
    run = _id("run_id")
    event = _id("cause_event_id")
    kind = serializers.CharField(help_text="call, form or conversation")
    status = _one_of(Summary.Status)
    says = serializers.CharField(help_text="Why it stands as it does, in a sentence.")
    writer = _one_of(Summary.Writer)
    model = serializers.CharField()
    internal_text = serializers.CharField(allow_null=True, help_text="For staff only.")
    client_text = serializers.CharField(allow_null=True, help_text="The candidate; what the client sees is the approved text.")
    claims = ClaimSerializer(many=True, allow_null=True)
    risk_flags = serializers.ListField(child=serializers.CharField())
    next_action = serializers.CharField()
    sources_until = serializers.DateTimeField(help_text="What came after this is not in it.")
    created_at = serializers.DateTimeField()
    written_at = _maybe()
    decided_at = _maybe()
    decided_by = serializers.CharField()


class IncidentSerializer(serializers.Serializer[Incident]):
    id = _id()
    client = serializers.CharField(source="client.slug", allow_null=True, help_text="The client's short name; null for the whole agency.")
    title = serializers.CharField()
    reason = serializers.CharField()
    scope = serializers.CharField(help_text="What is paused, in words.")
    status = _one_of(Incident.Status)
    desk = serializers.CharField(help_text="The desk that owns it.")
    person = serializers.CharField(source="person.username", allow_null=True, help_text="Who has taken it.")
    opened_by = serializers.CharField()
    rollback = serializers.CharField(help_text="What takes the harm back.")
    verification = _id("verification_id", help_text="The task that proves it well again.")
    signs = serializers.IntegerField(help_text="How often the trouble was seen.")
    opened_at = serializers.DateTimeField()
    released_at = _maybe("When what it held was judged anew and let go.")
    closed_at = _maybe()
    outcome = serializers.CharField(help_text="What came of it; empty while it is open.")


class PlanSerializer(serializers.Serializer[Any]):
    says = serializers.CharField()
    state = _one_of(Delivery.State)
    note = serializers.CharField()
    events = serializers.IntegerField()
    people = serializers.IntegerField()
    leads = serializers.IntegerField()
    runs = serializers.IntegerField()
    tasks = serializers.IntegerField()
    texts = serializers.IntegerField()


class ReplaySerializer(serializers.Serializer[Any]):
    confirmed = serializers.BooleanField(help_text="False: only the plan was made. True: the delivery waits to be read again.")
    plan = PlanSerializer(help_text="What reading it again would do, or does.")
    delivery = DeliverySerializer()
