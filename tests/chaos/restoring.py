"""F32: the machine is gone, a backup is not. What was sent after it is in the provider's list alone, and must not be sent again."""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from tests.chaos.arms import SETTLE
from tests.chaos.running import Rig
from tests.stack.running import ROOT, Business, System, http, wait_until

_STATE = """
import json
from messaging.models import Message, Pause
print(json.dumps({"held": Message.objects.filter(to=%r, status="held").count(), "stopped": Pause.objects.filter(lifted_at__isnull=True).count()}))
"""
_RESUME = """
from messaging.models import Pause
from workflows import resuming
from zartsalgo.lib import clock
for pause in Pause.objects.filter(lifted_at__isnull=True):
    resuming.release(pause=pause, by=None, name="Chaos", now=clock.read(), per_minute=600)
"""


class Restored(System):
    """A system of its own that begins with a backup instead of nothing."""

    def __init__(self, *, backup: Path, keys: str) -> None:
        super().__init__()
        self._env["ZARTS_ENCRYPTION_KEYS"] = keys
        self._run("restore", str(backup), "--data", str(self.data))

    def _run(self, *command: str) -> None:
        done = subprocess.run([str(ROOT / "script" / command[0]), *command[1:]], env=self._env, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"script/{command[0]}: {done.stderr[-1000:]}{done.stdout[-1000:]}")

    def shell(self, code: str) -> Any:
        said = str(self.manage("shell", "-v0", "-c", code)).strip().splitlines()
        return json.loads(said[-1]) if said else None


def texts_too_many(rig: Rig, business: Business, guarded: bool, *, before: str, after: str) -> int:
    """How many texts too many: one person is texted before the backup, one after it, and both webhooks come again to the restored system."""
    for name in ("worker", "ticker"):
        rig.run(name, role=name)
    business.miss_call(caller=before, id="before-backup")
    wait_until(lambda: rig.fake.sent_to(before, client=business.twilio), seconds=SETTLE, what="the text before the backup")
    with tempfile.TemporaryDirectory(prefix="zarts-backup-") as folder:
        backup = Path(folder) / "backup.zip"
        done = subprocess.run(
            [str(ROOT / "script" / "backup"), str(backup), "--data", str(rig.system.data)],
            env=rig.system._env,
            capture_output=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(done.stderr.decode()[-1000:])
        calls = {id: business.call(caller=number, id=id) for id, number in (("before-backup", before), ("after-backup", after))}
        http("POST", business.callrail, body=calls["after-backup"][0], headers=calls["after-backup"][1])
        wait_until(lambda: rig.fake.sent_to(after, client=business.twilio), seconds=SETTLE, what="the text after the backup")
        for name in ("worker", "ticker"):
            rig.children.pop(name).kill()
        with Restored(backup=backup, keys=rig.env["ZARTS_ENCRYPTION_KEYS"]) as restored:
            door = restored.url + business.callrail.removeprefix(rig.system.url)
            for body, headers in calls.values():
                http("POST", door, body=body, headers=headers)
            wait_until(lambda: restored.shell(_STATE % after)["held"], seconds=SETTLE, what="the text that is held")
            if guarded:
                restored.manage("reconcile", "--json")
            else:  # nobody compares: the pause forgets why it stands
                _forget(restored)
            restored.shell(_RESUME)
            wait_until(lambda: not restored.shell(_STATE % after)["held"], seconds=SETTLE, what="the end of the hold")
            if not guarded:
                wait_until(lambda: len(_sent(rig, business, after, restored)) > 1, seconds=SETTLE, what="the second text")
            return len(_sent(rig, business, after, restored)) + len(_sent(rig, business, before, restored)) - 2


def _sent(rig: Rig, business: Business, number: str, restored: System) -> list[Any]:
    """By either of the two systems: the address of the status goes to one or the other."""
    path = business.twilio.removeprefix(rig.system.url)
    return [a for a in rig.fake.sent_to(number) if path in a.fields["StatusCallback"]]


def _forget(restored: System) -> None:
    import psycopg

    from zartsalgo.embedded.state import DataFolder, read_json

    owner = str(read_json(DataFolder(restored.data).environment)["DATABASE_OWNER_URL"])
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute("update messaging_pause set unknown_since = null where lifted_at is null")
