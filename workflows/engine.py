"""The engine: takes runs up in sets, and each of them as far as it goes, each step once.

1. Claim by one guarded update: due, not leased, active. The lease has an end and an epoch.
2. In one transaction: lock the people in one order, lock the runs whose epoch is still ours, and take step after step (`workflows.playing`).
3. Go on until each run waits, ends, or breaks.

Runs of one person go one after the other, as if each had been alone. A step that raises concerns its run only: what it did before is kept,
the run backs off and is parked for a person after five claims without a step done. A statement or a commit that fails halves the set around
the whole transaction until the culprit stands alone.

A build takes up only runs whose whole version it can run (`registry.handlers`): while two builds work side by side neither breaks what
the other started, and a run whose handler is gone stays where it is, untouched, until a build that has it comes.

A worker that dies loses nothing: the lease ends and the next claim goes on at the cursor. A worker that slept past its lease is
fenced: its epoch no longer matches and its transaction writes nothing. Decisions never call the network, so a lease is short.
"""

import logging
import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from leads import people
from leads.actions import close_task, create_task
from leads.facts import automations_of
from leads.models import Client, Contact, Event, Lead, Task
from messaging.outbox.reserve import Departures
from workflows import registry
from workflows.models import Run
from workflows.playing import Batch, Claim, Playing
from zartsalgo.lib import rows
from zartsalgo.lib.database import drop_broken_connection, is_trouble
from zartsalgo.lib.presence import owner_name

log = logging.getLogger(__name__)

# Longer than any statement may run (15 s), short enough that a killed worker's run goes on within half a minute.
LEASE_SECONDS = 20
MOST_CLAIMS = 5
# Above this nothing is gained: the work is linear in rows then, and the people of a set wait for each other.
MOST_AT_ONCE = 50
RETRY_SECONDS = (1, 5, 15, 60, 60)
TROUBLE_WAIT = timedelta(seconds=5)

# How long pauses that are over, and the one that holds now, have kept a run's timers still.
_FROZEN = """workflows_run.frozen_for + coalesce((
    select greatest(interval '0', {now} - greatest(min(p.at), workflows_run.created_at)) from messaging_pause p
     where p.lifted_at is null and (p.client_id is null or p.client_id = workflows_run.client_id)
       and (p.workflow = '' or p.workflow = workflows_run.workflow) and (p.lead_id is null or p.lead_id = workflows_run.lead_id)
    having min(p.at) is not null), interval '0')"""
_CLAIM = f"""
update workflows_run
   set lease_owner = %(owner)s, lease_until = clock_timestamp() + %(lease)s * interval '1 second',
       lease_epoch = lease_epoch + 1, claims = claims + 1
 where id in (select r.id from workflows_run r
               where r.id = any(%(ids)s) and (r.claims > 0) = %(suspects)s and r.status in ('ready', 'waiting') and r.wake_at <= %(now)s
                 and (r.lease_until is null or r.lease_until < clock_timestamp()) and r.workflow = any(%(workflows)s)
                 and not exists (select 1 from workflows_workflowversion v, jsonb_array_elements(v.definition -> 'steps') as step
                                  where v.id = r.version_id and step ->> 'handler' <> all(%(handlers)s))
               order by r.id for no key update skip locked)
returning id, contact_id, lease_epoch, claims, {_FROZEN.format(now="%(now)s")}, frozen_for"""

_PARTS = (rows.Of(Run, "workflows_run"), rows.Of(Client, "c"), rows.Of(Event, "e"), rows.Of(Contact, "p"), rows.Of(Lead, "l"))
_RUNS = f"""select {", ".join(map(str, _PARTS))}, {_FROZEN.format(now="%(now)s")} from workflows_run
  join leads_client c on c.id = workflows_run.client_id join leads_event e on e.id = workflows_run.event_id
  left join leads_contact p on p.id = workflows_run.contact_id left join leads_lead l on l.id = workflows_run.lead_id"""
_LOCKED = "order by workflows_run.id for no key update of workflows_run"
_CLAIMED = f"{_RUNS} where workflows_run.id = any(%(ids)s) and workflows_run.status in ('ready', 'waiting') {_LOCKED}"
_WOKEN = f"{_RUNS} where workflows_run.status = 'waiting' and workflows_run.wait_key = any(%(keys)s) {_LOCKED}"


def advance(*, run_id: uuid.UUID, now: datetime) -> str:
    """Advance one run as far as it goes; returns its status, or "" when there was nothing to claim. Never raises for a step's fault."""
    return advance_all(run_ids=[run_id], now=now).get(run_id, "")


def advance_all(*, run_ids: Sequence[uuid.UUID], now: datetime, departures: Departures | None = None) -> dict[uuid.UUID, str]:
    """Advance these runs as far as they go; the status of each that could be claimed and was ours to the end. Raises for no step's fault.

    `departures` gets the texts that leave now; without it a worker is rung for each.
    """
    statuses: dict[uuid.UUID, str] = {}
    ids = list(dict.fromkeys(run_ids))
    for start in range(0, len(ids), MOST_AT_ONCE):
        several = ids[start : start + MOST_AT_ONCE]
        claims = _claim(run_ids=several, now=now)
        statuses |= _play(claims=claims, now=now, departures=departures)
        taken = {claim.run_id for claim in claims}
        for run_id in [one for one in several if one not in taken]:
            statuses |= _take_alone(run_id=run_id, now=now, departures=departures)
    return {run_id: status for run_id, status in statuses.items() if status}


def play_new(*, runs: Sequence[Run], now: datetime, room: int = 0) -> Batch:
    """Play runs that were made in this very transaction, whose people are locked; each has its `client`, `event`, `contact` and `lead`.

    After the commit `note_ends` is told what they came to, and as many texts as there is `room` for leave. Raises what a statement raises.
    """
    claims = [Claim(run_id=run.pk, contact_id=run.contact_id, epoch=0, claims=1, frozen=timedelta(0), paused=False) for run in runs]
    batch = Batch(playing=_set_up(claims=claims, runs={run.pk: run for run in runs}) if runs else [], now=now, room=room)
    batch.play()
    return batch


def play_woken(*, wait_keys: Sequence[str], contact_ids: Collection[uuid.UUID], now: datetime, room: int) -> tuple[Batch, list[uuid.UUID]]:
    """Play what waits for one of these, in the caller's transaction, which holds these people; the lock is the lease. Gives the batch, whose
    ends are noted after the commit, and the runs that it only woke: somebody has claimed them, or they are not for this build.

    Raises what a statement raises.
    """
    claims, runs, left = [], {}, []
    for run, frozen in _lock(_WOKEN, {"keys": list(wait_keys), "now": now}):
        if run.claims or run.lease_until is not None or run.contact_id not in contact_ids or not registry.can_play(run=run):
            left.append(run.pk)
            continue
        runs[run.pk] = run
        paused = frozen != run.frozen_for
        claims.append(Claim(run_id=run.pk, contact_id=run.contact_id, epoch=run.lease_epoch, claims=1, frozen=frozen, paused=paused))
    if left:
        Run.objects.filter(pk__in=left, wake_at__gt=now).update(wake_at=now)
    batch = Batch(playing=_set_up(claims=claims, runs=runs), now=now, room=room)
    batch.play()
    return batch, left


def _take_alone(*, run_id: uuid.UUID, now: datetime, departures: Departures | None) -> dict[uuid.UUID, str]:
    """A suspect: whoever took it before did no step of it. Claimed alone, so that it takes no neighbour with it."""
    for claim in _claim(run_ids=[run_id], now=now, suspects=True):
        if claim.claims <= MOST_CLAIMS:
            return _play(claims=[claim], now=now, departures=departures)
        says = f"Taken up {MOST_CLAIMS} times without a step done; a person must look."
        return {run_id: _park(claim=claim, says=says, now=now)}
    return {}


def _claim(*, run_ids: Sequence[uuid.UUID], now: datetime, suspects: bool = False) -> list[Claim]:
    """Take the leases of those that nobody took up in vain before, or of the `suspects` alone. Left out is what is not due, has ended, is
    leased, or names what this build does not have."""
    with connection.cursor() as cursor:
        cursor.execute(
            _CLAIM,
            {**registry.able(), "owner": owner_name(), "lease": LEASE_SECONDS, "ids": list(run_ids), "suspects": suspects, "now": now},
        )
        found = {
            row[0]: Claim(run_id=row[0], contact_id=row[1], epoch=row[2], claims=row[3], frozen=row[4], paused=row[4] != row[5])
            for row in cursor.fetchall()
        }
    return [found[run_id] for run_id in run_ids if run_id in found]


def _play(*, claims: Sequence[Claim], now: datetime, departures: Departures | None) -> dict[uuid.UUID, str]:
    """Play them in one transaction, or in halves where that fails."""
    if not claims:
        return {}
    try:
        with transaction.atomic():
            batch = Batch(playing=_take_up(claims=claims, now=now), now=now, room=departures.room if departures else 0)
            batch.play()
    except Exception as error:  # what breaks is found by halving; the run stays, backs off, and is parked after five claims
        if is_trouble(error):
            return _give_back(claims=claims, error=error, now=now)
        if len(claims) > 1:
            half = len(claims) // 2
            halves = (claims[:half], claims[half:])
            return {id: status for part in halves for id, status in _play(claims=part, now=now, departures=departures).items()}
        if departures is not None and departures.room:
            # It may be the text that cannot be judged; then everything else of the run still stands.
            return _play(claims=claims, now=now, departures=None)
        log.exception("run %s: step broke", claims[0].run_id)
        return {claims[0].run_id: _back_off(claim=claims[0], error=error, now=now)}
    if departures is not None:
        departures.take(tries=batch.tries)
    return note_ends(playing=batch.playing, now=now)


def note_ends(*, playing: Sequence[Playing], now: datetime) -> dict[uuid.UUID, str]:
    """After the commit: the status of each, and what broke backs off."""
    statuses: dict[uuid.UUID, str] = {}
    for one in playing:
        if one.broke is not None:
            log.error("run %s: step broke", one.run.pk, exc_info=one.broke)
            statuses[one.run.pk] = _back_off(claim=one.claim, error=one.broke, now=now)
        else:
            statuses[one.run.pk] = str(one.run.status)
    return statuses


def _take_up(*, claims: Sequence[Claim], now: datetime) -> list[Playing]:
    """Lock the people, then the runs, and read what does not change while they are played. A run that is no longer ours is left out: another
    worker claimed it or a person ended it."""
    people.hold_all(contact_ids=[claim.contact_id for claim in claims if claim.contact_id is not None])
    wanted = {claim.run_id: claim for claim in claims}
    found = _lock(_CLAIMED, {"ids": list(wanted), "now": now})
    runs = {run.pk: run for run, _ in found if run.lease_epoch == wanted[run.pk].epoch}
    return _set_up(claims=[claim for claim in claims if claim.run_id in runs], runs=runs)


def _lock(sql: str, params: dict[str, Any]) -> list[tuple[Run, timedelta]]:
    """Runs, locked in order, with what stands behind them, and how long pauses have kept their timers still."""
    found = []
    for run, client, event, contact, lead, frozen in rows.read(sql, params, *_PARTS):
        rows.related(run, client=client, event=event, contact=contact, lead=lead)
        found.append((run, frozen))
    return found


def _set_up(*, claims: Sequence[Claim], runs: Mapping[uuid.UUID, Run]) -> list[Playing]:
    """What does not change while they are played."""
    chosen = automations_of(clients=(run.client for run in runs.values()))
    versions = registry.versions(ids={run.version_id for run in runs.values()})
    ours = [(claim, runs[claim.run_id]) for claim in claims]
    return [
        Playing(run=run, version=versions[run.version_id], automation=chosen[run.client_id].get(run.workflow), claim=claim)
        for claim, run in ours
    ]


def _back_off(*, claim: Claim, error: Exception, now: datetime) -> str:
    if claim.claims >= MOST_CLAIMS:
        says = f"A step broke {claim.claims} times ({type(error).__name__}); a person must look."
        return _park(claim=claim, says=says, now=now)
    wait = timedelta(seconds=RETRY_SECONDS[min(claim.claims, len(RETRY_SECONDS)) - 1])
    Run.objects.filter(pk=claim.run_id, lease_epoch=claim.epoch).update(lease_until=None, wake_at=now + wait)
    return Run.Status.READY


def _give_back(*, claims: Sequence[Claim], error: Exception, now: datetime) -> dict[uuid.UUID, str]:
    """Trouble of the database is nobody's fault: the claims do not count, and the runs look again in a moment."""
    log.warning("%d runs wait: the database is in trouble (%s)", len(claims), type(error).__name__)
    drop_broken_connection()
    for claim in claims:
        given_back = {"lease_until": None, "wake_at": now + TROUBLE_WAIT, "claims": claim.claims - 1}
        Run.objects.filter(pk=claim.run_id, lease_epoch=claim.epoch).update(**given_back)
    return {claim.run_id: str(Run.Status.READY) for claim in claims}


def _park(*, claim: Claim, says: str, now: datetime) -> str:
    with transaction.atomic():
        run = Run.objects.select_for_update(of=("self",)).select_related("client", "lead", "contact").get(pk=claim.run_id)
        if run.lease_epoch != claim.epoch or run.status not in Run.ACTIVE:
            return ""
        Run.objects.filter(pk=run.pk).update(status=Run.Status.PARKED, says=says[:500], lease_until=None)
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


def wake(*, wait_keys: Sequence[str], now: datetime) -> list[uuid.UUID]:
    """Wake every run that waits for one of these; returns their ids. The caller rings for them after its commit."""
    with connection.cursor() as cursor:
        cursor.execute(
            "update workflows_run set wake_at = least(wake_at, %s) where status = 'waiting' and wait_key = any(%s) returning id",
            [now, list(wait_keys)],
        )
        return [row[0] for row in cursor.fetchall()]
