"""The canary: the ticker or beat puts it into a queue, the worker that sings it works that queue off (zartsalgo.canaries)."""

from celery import shared_task

from zartsalgo import canaries


@shared_task(name=canaries.TASK)
def canary(queue: str = "default", **_: object) -> None:
    canaries.sing(queue=queue)
