"""Changing: close a task, approve a text, read a delivery again. Each needs a token of scope write."""

from typing import Any

from rest_framework.exceptions import ParseError, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from leads.actions import close_task
from leads.models import Task
from messaging.models import Message
from messaging.planning import approve
from providers.models import Delivery
from workflows.replay import CannotReplay, plan_replay, replay
from zartsalgo import rights
from zartsalgo.lib import clock
from zartsalgo.lib.names import clean_text
from zartsalgo.office.api import examples, parameters
from zartsalgo.office.api.errors import Conflict
from zartsalgo.office.api.openapi import Described
from zartsalgo.office.api.parsing import read_names
from zartsalgo.office.api.resources import DELIVERIES, MESSAGES, TASKS
from zartsalgo.office.api.serializers import ReplaySerializer
from zartsalgo.office.api.views import Api, find

LONGEST_OUTCOME = 200
REFUSALS = (400, 403, 404, 409, 413, 415)


class Verb(Api):
    http_method_names = ["post"]
    right = ""  # of zartsalgo.rights; a token may do what its owner may, no more

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if self.right and not rights.may(request.user, self.right):
            raise PermissionDenied(rights.who_may(self.right))

    def by(self, request: Request) -> str:
        """Who is written down as having done it."""
        return str(request.user.get_username())


class CloseTask(Verb):
    def post(self, request: Request, id: str) -> Response:
        body = read_names(request.data, allowed=("outcome",))
        outcome = body.get("outcome")
        outcome = clean_text(outcome) if isinstance(outcome, str) else ""
        if not outcome or len(outcome) > LONGEST_OUTCOME:
            raise ParseError(f"Give the outcome: what came of it, in 1 to {LONGEST_OUTCOME} characters.")
        task: Task = find(resource=TASKS, id=id, request=request)
        if not close_task(task=task, by=self.by(request), outcome=outcome, now=clock.read()):
            raise Conflict("This task was closed before.")
        return Response(TASKS.serializer(find(resource=TASKS, id=id, request=request)).data)

    def described(self) -> Described:
        outcome = {"type": "string", "minLength": 1, "maxLength": LONGEST_OUTCOME, "description": "What came of it, in words."}
        return Described(
            operation="tasks_close",
            summary="Close a task",
            says="Say what came of it. A task that was closed before is a 409 and stays as it was.",
            tag="tasks",
            answer=TASKS.serializer,
            example=examples.CLOSED_TASK,
            parameters=(parameters.id_of(resource=TASKS),),
            body=_object({"outcome": outcome}, required=["outcome"], example={"outcome": "Called back, booked for Tuesday."}),
            also=REFUSALS,
        )


class ApproveMessage(Verb):
    right = "approve"

    def post(self, request: Request, id: str) -> Response:
        read_names(request.data, allowed=())
        message: Message = find(resource=MESSAGES, id=id, request=request)
        if not approve(message=message, by=self.by(request), now=clock.read()):
            raise Conflict("This text does not wait for approval: it was approved before, or it is no longer waiting.")
        return Response(MESSAGES.serializer(find(resource=MESSAGES, id=id, request=request)).data)

    def described(self) -> Described:
        return Described(
            operation="messages_approve",
            summary="Approve a text",
            says="Approve this exact text. It still passes every check of the gate before it goes; the answer is how it stands now.",
            tag="messages",
            answer=MESSAGES.serializer,
            example=examples.ONE["messages"],
            parameters=(parameters.id_of(resource=MESSAGES),),
            body=_object({}, required=[], example={}),
            also=REFUSALS,
        )


class ReplayDelivery(Verb):
    right = "replay"

    def post(self, request: Request, id: str) -> Response:
        confirm = read_names(request.data, allowed=("confirm",)).get("confirm")
        if not isinstance(confirm, bool):
            raise ParseError("Give confirm: false shows what would happen, true does it.")
        delivery: Delivery = find(resource=DELIVERIES, id=id, request=request)
        try:
            plan = plan_replay(delivery=_whole(delivery), now=clock.read())
            if confirm:
                replay(delivery=_whole(delivery), now=clock.read())
        except CannotReplay as error:
            raise Conflict(str(error)) from None
        answer = {"confirmed": confirm, "plan": plan, "delivery": find(resource=DELIVERIES, id=id, request=request)}
        return Response(ReplaySerializer(answer).data)

    def described(self) -> Described:
        confirm = {"type": "boolean", "description": "false: only say what would happen. true: do it."}
        return Described(
            operation="deliveries_replay",
            summary="Read a delivery again",
            says="First with confirm false: the plan, and nothing happens. Facts that are known already are recognised, not repeated.",
            tag="deliveries",
            answer=ReplaySerializer,
            example=examples.REPLAY,
            parameters=(parameters.id_of(resource=DELIVERIES),),
            body=_object({"confirm": confirm}, required=["confirm"], example={"confirm": False}),
            also=REFUSALS,
        )


def _whole(delivery: Delivery) -> Delivery:
    """With its body and everything else that reading needs; the list loads neither."""
    return Delivery.objects.select_related("connection__client").get(pk=delivery.pk)


def _object(properties: dict[str, Any], *, required: list[str], example: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False, "example": example}
    return {**made, "required": required} if required else made
