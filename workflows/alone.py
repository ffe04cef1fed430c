"""A delivery that two readers did not survive is read in a process of its own, with limits: what dies then is nobody else.

The process takes it in as the worker would (`intake.take_in_one`), so nothing has to be handed back: the row says what became of it.
Starting it costs two seconds, which is why only suspects get one.
"""

import contextlib
import logging
import os
import resource
import subprocess
import sys
import uuid
from datetime import datetime

from django.conf import settings

log = logging.getLogger(__name__)
COMMAND: tuple[str, ...] = (sys.executable, "-P", "-m", "workflows.alone")
CPU_SECONDS = 10
MEMORY_BYTES = 2 << 30  # of addresses, which is more than what is used
SECONDS = 18.0  # in all, just under the lease


def take_in(*, delivery_id: uuid.UUID, now: datetime) -> None:
    """Have it read and taken in. Never raises for how that ends: the row is done, or waits for its next reader."""
    command = [*COMMAND, str(delivery_id), now.isoformat()]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(settings.BASE_DIR), *filter(None, [os.environ.get("PYTHONPATH")])])}
    try:
        code = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, timeout=SECONDS, check=False).returncode
    except (OSError, subprocess.SubprocessError) as error:
        log.error("delivery %s: its own process did not end well (%s)", delivery_id, type(error).__name__)
        return
    if code:
        how = f"was killed by signal {-code}" if code < 0 else f"ended with status {code}"
        log.error("delivery %s: its own process %s", delivery_id, how)


def limit() -> None:
    """Less time and memory for this process from here on; the kernel ends it where it wants more."""
    for what, most in ((resource.RLIMIT_CPU, CPU_SECONDS), (resource.RLIMIT_AS, MEMORY_BYTES), (resource.RLIMIT_CORE, 0)):
        with contextlib.suppress(ValueError, OSError):  # the machine allows less already, or knows no such limit
            resource.setrlimit(what, (most, most))


def main(arguments: list[str]) -> None:
    """`python -m workflows.alone <delivery id> <now>`."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "zartsalgo.settings")
    django.setup()
    from workflows import intake

    limit()
    intake.take_in_one(delivery_id=uuid.UUID(arguments[0]), now=datetime.fromisoformat(arguments[1]))


if __name__ == "__main__":
    main(sys.argv[1:])
