"""The engine: advances one run, one step per transaction, each step once.

1. Claim the run by one guarded update: due, not leased, active. The lease has an end and an epoch.
2. In one transaction: lock the run if the epoch is still ours, run the step at the cursor, write its Step row, move the cursor.
3. Go on until the run waits, ends, or fails.

A build takes up only runs whose whole version it can run (`registry.handlers`): while two builds work side by side neither breaks what
the other started, and a run whose handler is gone stays where it is, untouched, until a build that has it comes.

A worker that dies loses nothing: the lease ends and the next claim goes on at the cursor. A worker that slept past its lease is
fenced: its epoch no longer matches and its transaction writes nothing. Five claims without a step done park the run for a person.
Steps never call the network, so a lease is short.
"""

import json
import logging
import os
import socket
import uuid
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from pydantic import BaseModel

from leads import people
from leads.actions import close_task, create_task
from leads.models import Automation, Client, Contact, Event, Task
from workflows import registry
from workflows.models import Run, Step, WorkflowVersion
from workflows.vocabulary import Context, Done, Finish, Result, Wait
from zartsalgo.lib.database import drop_broken_connection, is_trouble

log = logging.getLogger(__name__)

# Longer than any statement may run (15 s), short enough that a killed worker's run goes on within half a minute.
LEASE_SECONDS = 20
MOST_CLAIMS = 5
RETRY_SECONDS = (1, 5, 15, 60, 60)
TROUBLE_WAIT = timedelta(seconds=5)
LOOK_WHILE_PAUSED = timedelta(minutes=1)

_CLAIM = """
update workflows_run
   set lease_owner = %(owner)s, lease_until = clock_timestamp() + %(lease)s * interval '1 second',
       lease_epoch = lease_epoch + 1, claims = claims + 1
 where id = %(id)s and status in ('ready', 'waiting') and wake_at <= %(now)s
   and (lease_until is null or lease_until < clock_timestamp()) and workflow = any(%(workflows)s)
   and not exists (select 1 from workflows_workflowversion v, jsonb_array_elements(v.definition -> 'steps') as step
                    where v.id = workflows_run.version_id and step ->> 'handler' <> all(%(handlers)s))
returning lease_epoch, claims, frozen_for + coalesce((
    select greatest(interval '0', %(now)s - greatest(min(p.at), workflows_run.created_at)) from messaging_pause p
     where p.lifted_at is null and (p.client_id is null or p.client_id = workflows_run.client_id)
       and (p.workflow = '' or p.workflow = workflows_run.workflow) and (p.lead_id is null or p.lead_id = workflows_run.lead_id)
    having min(p.at) is not null), interval '0'), frozen_for"""
# Written six times per run, so without the ORM.
_MOVE = """
update workflows_run
   set status = %(status)s, cursor = %(cursor)s, says = %(says)s, wake_at = %(wake_at)s, wait_key = %(wait_key)s,
       finished_at = %(finished_at)s, claims = 0, lease_until = %(lease_until)s, lead_id = %(lead)s, state = %(state)s
 where id = %(id)s"""


class Fenced(Exception):
    """The run is no longer ours: another worker claimed it or a person ended it. Whatever we held is dropped."""


def advance(*, run_id: uuid.UUID, now: datetime) -> str:
    """Advance one run as far as it goes; returns its status, or "" when there was nothing to claim. Never raises for a step's fault."""
    claimed = _claim(run_id=run_id, now=now)
    if claimed is None:
        return ""
    epoch, claims, frozen, thawed = claimed
    if claims > MOST_CLAIMS:
        return _park(run_id=run_id, epoch=epoch, says=f"Taken up {MOST_CLAIMS} times without a step done; a person must look.", now=now)
    try:
        grounds = replace(_load(run_id=run_id), frozen=frozen, paused=frozen != thawed)
        while True:
            status = _one_step(run_id=run_id, epoch=epoch, grounds=grounds, now=now)
            if status != Run.Status.READY:
                return status
    except Fenced:
        return ""
    except Exception as error:  # a step may break in any way; the run stays, backs off, and is parked after five claims
        if is_trouble(error):
            return _give_back(run_id=run_id, epoch=epoch, claims=claims, error=error, now=now)
        log.exception("run %s: step broke", run_id)
        return _back_off(run_id=run_id, epoch=epoch, claims=claims, error=error, now=now)


def _claim(*, run_id: uuid.UUID, now: datetime) -> tuple[int, int, timedelta, timedelta] | None:
    """Take the lease. None when the run is not due, has ended, is leased, or names what this build does not have."""
    owner = f"{socket.gethostname()[:40]}:{os.getpid()}"
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, {**registry.able(), "owner": owner, "lease": LEASE_SECONDS, "id": run_id, "now": now})
        row: tuple[int, int, timedelta, timedelta] | None = cursor.fetchone()
    return row


@dataclass(frozen=True)
class _Grounds:
    """What does not change while a run is being advanced: read once per claim, not once per step."""

    client: Client
    version: WorkflowVersion
    event: Event
    contact: Contact | None
    settings: BaseModel
    # How long its timers have stood still: pauses that are over and, while `paused`, the one that holds now.
    frozen: timedelta = timedelta(0)
    paused: bool = False


def _load(*, run_id: uuid.UUID) -> _Grounds:
    run = Run.objects.select_related("client", "version", "event", "contact").get(pk=run_id)
    chosen = Automation.objects.filter(client_id=run.client_id, workflow=run.workflow).values_list("settings", flat=True).first() or {}
    settings = registry.workflows()[run.workflow].settings.model_validate(chosen)
    return _Grounds(run.client, run.version, run.event, run.contact, settings)


def _one_step(*, run_id: uuid.UUID, epoch: int, grounds: _Grounds, now: datetime) -> str:
    with transaction.atomic():
        if grounds.contact is not None:
            people.hold(contact_id=grounds.contact.pk)
        rows = Run.objects.select_for_update(no_key=True, of=("self",)).select_related("lead")
        run = rows.filter(pk=run_id, lease_epoch=epoch, status__in=Run.ACTIVE).first()
        if run is None:
            raise Fenced
        run.client, run.version, run.event, run.contact = grounds.client, grounds.version, grounds.event, grounds.contact
        if run.lead is not None and grounds.contact is not None and run.lead.contact_id == grounds.contact.pk:
            run.lead.client, run.lead.contact = grounds.client, grounds.contact
        steps: list[dict[str, Any]] = run.version.definition["steps"]
        index = next((i for i, spec in enumerate(steps) if spec["key"] == run.cursor), None)
        if index is None:
            raise LookupError(f"version {run.version.version} of {run.workflow} has no step {run.cursor!r}")
        spec = steps[index]
        result = _handle(run=run, spec=spec, grounds=grounds, now=now)
        if isinstance(result, Wait):
            # While a pause keeps its timer still the run only looks now and then; an event wakes it as ever.
            until = max(result.until, now + LOOK_WHILE_PAUSED) if grounds.paused else result.until
            return _write(run=run, status=Run.Status.WAITING, cursor_key=run.cursor, says=result.says, wake_at=until, wait_key=result.key)
        says = result.says
        done = result if isinstance(result, Done) else Done(says=says)
        Step.objects.create(
            run=run,
            key=spec["key"],
            kind=spec["kind"],
            outcome=Step.Outcome.SKIPPED if done.skipped else Step.Outcome.DONE,
            says=says[:500],
            expected=done.expected[:200],
            actual=done.actual[:200],
            output=dict(done.output),
            epoch=epoch,
            at=now,
        )
        following = done.goto or (steps[index + 1]["key"] if index + 1 < len(steps) else "")
        if isinstance(result, Finish) or not following:
            return _write(run=run, status=Run.Status.DONE, cursor_key=run.cursor, says=says, wake_at=now, finished_at=now)
        return _write(run=run, status=Run.Status.READY, cursor_key=following, says=says, wake_at=now)


def _handle(*, run: Run, spec: dict[str, Any], grounds: _Grounds, now: datetime) -> Result:
    handler = registry.handlers()[spec["handler"]]
    return handler(
        Context(
            run=run,
            client=run.client,
            event=run.event,
            contact=run.contact,
            lead=run.lead,
            step=spec["key"],
            params=spec["params"],
            settings=grounds.settings,
            now=now,
            frozen=grounds.frozen,
        )
    )


def _write(
    *, run: Run, status: str, cursor_key: str, says: str, wake_at: datetime, wait_key: str = "", finished_at: datetime | None = None
) -> str:
    """Move the run; the lease is kept only while it goes straight on. The row is locked and the epoch was checked."""
    with connection.cursor() as cursor:
        cursor.execute(
            _MOVE,
            {
                "id": run.pk,
                "status": str(status),
                "cursor": cursor_key,
                "says": says[:500],
                "wake_at": wake_at,
                "wait_key": wait_key,
                "finished_at": finished_at,
                "lease_until": run.lease_until if status == Run.Status.READY else None,
                "lead": run.lead_id,
                "state": json.dumps(run.state),
            },
        )
    return status


def _back_off(*, run_id: uuid.UUID, epoch: int, claims: int, error: Exception, now: datetime) -> str:
    if claims >= MOST_CLAIMS:
        return _park(run_id=run_id, epoch=epoch, says=f"A step broke {claims} times ({type(error).__name__}); a person must look.", now=now)
    wait = timedelta(seconds=RETRY_SECONDS[min(claims, len(RETRY_SECONDS)) - 1])
    Run.objects.filter(pk=run_id, lease_epoch=epoch).update(lease_until=None, wake_at=now + wait)
    return Run.Status.READY


def _give_back(*, run_id: uuid.UUID, epoch: int, claims: int, error: Exception, now: datetime) -> str:
    """Trouble of the database is nobody's fault: the claim does not count, and the run looks again in a moment."""
    log.warning("run %s waits: the database is in trouble (%s)", run_id, type(error).__name__)
    drop_broken_connection()
    given_back = {"lease_until": None, "wake_at": now + TROUBLE_WAIT, "claims": claims - 1}
    Run.objects.filter(pk=run_id, lease_epoch=epoch).update(**given_back)
    return Run.Status.READY


def _park(*, run_id: uuid.UUID, epoch: int, says: str, now: datetime) -> str:
    with transaction.atomic():
        run = Run.objects.select_for_update(of=("self",)).select_related("client", "lead", "contact").get(pk=run_id)
        if run.lease_epoch != epoch or run.status not in Run.ACTIVE:
            return ""
        Run.objects.filter(pk=run_id).update(status=Run.Status.PARKED, says=says[:500], lease_until=None)
        create_task(
            client=run.client,
            lead=run.lead,
            contact=run.contact,
            desk=registry.workflows()[run.workflow].owner,
            kind="look-into",
            title=f"{registry.workflows()[run.workflow].name} stands still",
            reason=says,
            cause=f"parked:{run.pk}",
            due_at=now + timedelta(minutes=30),
            now=now,
        )
    return Run.Status.PARKED


def unpark(*, run: Run, by: str, now: datetime) -> bool:
    """A person lets a parked run try again from the step it stands at, and its task is done; False when it was not parked."""
    with transaction.atomic():
        changed = Run.objects.filter(pk=run.pk, status=Run.Status.PARKED).update(
            status=Run.Status.READY, claims=0, wake_at=now, lease_until=None
        )
        for task in Task.objects.filter(client_id=run.client_id, cause=f"parked:{run.pk}", status=Task.Status.OPEN) if changed else ():
            close_task(task=task, by=by, outcome="Set going again", now=now)
    return changed == 1


def wake(*, wait_key: str, now: datetime) -> list[uuid.UUID]:
    """Wake every run that waits for this; returns their ids. The caller rings for them after its commit."""
    with connection.cursor() as cursor:
        cursor.execute(
            "update workflows_run set wake_at = least(wake_at, %s) where status = 'waiting' and wait_key = %s returning id", [now, wait_key]
        )
        return [row[0] for row in cursor.fetchall()]
