"""The canary: the ticker or beat puts it into a queue, the worker that sings it works that queue off (zartsalgo.canaries).

And the worker's sign that it is one of the house's (zartsalgo.lib.presence), from the moment it takes rings until it has ended.
"""

from celery import shared_task
from celery.signals import worker_ready, worker_shutdown

from zartsalgo import canaries, house
from zartsalgo.lib import presence


@shared_task(name=canaries.TASK)
def canary(queue: str = "default", **_: object) -> None:
    canaries.sing(queue=queue)


@worker_ready.connect
def _sign_in(**kwargs: object) -> None:
    presence.start(name="worker", house=house.describe)


@worker_shutdown.connect
def _sign_out(**kwargs: object) -> None:
    presence.leave()
