"""The canary: beat rings it, the worker that sings it is alive."""

from celery import shared_task

from zartsalgo.lib import heartbeat


@shared_task(name="zartsalgo.canary")
def canary(**_: object) -> None:
    heartbeat.beat(name="worker")
