"""What kills or hangs a process of the product, planted by `tests.chaos.crew` (deliveries, processes, connections), and the guards against it.

In CHAOS besides what crew knows:
  reader   "+1..."                                     whoever reads this caller's webhook dies of it
  hang     {"point": name, "how": "stop|spin", "note": path}  it stops (SIGSTOP) or spins there without letting another thread in, unless the
           note is there already: so whoever comes after it does not
"""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any


def plant(asked: dict[str, Any], after: Callable[[str, Callable[[], None]], None]) -> None:
    if caller := asked.get("reader"):
        _deadly_reader(caller)
    if hang := asked.get("hang"):
        after(hang["point"], lambda: _hang(hang["how"], Path(hang["note"])))
    from workflows import alone

    alone.COMMAND = (sys.executable, "-P", "-m", "tests.chaos.crew", "alone")


def _deadly_reader(caller: str) -> None:
    from providers.adapters import callrail

    real = callrail.CallRailAdapter.parse

    def _parse(self: Any, *, request: Any) -> Any:
        if caller.encode() in request.body:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(self, request=request)

    callrail.CallRailAdapter.parse = _parse  # type: ignore[method-assign]


def _hang(how: str, note: Path) -> None:
    if note.exists():
        return
    note.write_text(str(os.getpid()))
    if how == "stop":
        os.kill(os.getpid(), signal.SIGSTOP)
    else:
        re.fullmatch(r"(a*)*b", "a" * 60)  # years, and no other thread of this process runs meanwhile


def _no_parking() -> None:
    from workflows import claiming
    from workflows.intake import draining

    claiming.MOST_CLAIMS = draining.ALONE_FROM = 10**4


def _no_honest_refusal() -> None:
    """What could not be stored is answered as if it had been."""
    from providers import hook_app, views

    refuse, answer = views._refuse, hook_app._answer
    views._refuse = lambda status, *words: refuse(200 if status == 503 else status, *words)
    hook_app._answer = lambda status, *words, **more: answer(200 if status == 503 else status, *words, **more)


WITHOUT: dict[str, Callable[[], None]] = {"parking": _no_parking, "honest refusal": _no_honest_refusal}


def take_in_alone(arguments: list[str]) -> None:
    """The process of its own of `workflows.alone`, with what was planted."""
    import uuid
    from datetime import datetime

    from workflows import alone, intake

    alone.limit()
    intake.take_in_one(delivery_id=uuid.UUID(arguments[0]), now=datetime.fromisoformat(arguments[1]))
