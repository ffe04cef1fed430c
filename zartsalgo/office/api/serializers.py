"""What the API shows of each row: allow-lists, written out. A field that is not named here does not leave the house."""

from typing import Any

from django.db import models
from rest_framework import serializers

from leads.models import Lead, Task
from messaging.models import Message
from providers.models import Delivery
from workflows.models import Receipt, Run, Step


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
