"""What must hold at any time, read from the rows: each invariant is one statement that finds the rows that break it (one is tried out).

They run on live data (`script/manage invariants`), after every fault of `script/chaos`, and before the heartbeat to the outside. The
database's constraints forbid most of this already; a constraint that was dropped, or a row written around it, shows here.
Parameters: %(now)s is the business clock, %(window)s the purpose windows in hours as JSON, %(listeners)s the workflows of each event
type as JSON, %(guarded)s the names of tables and triggers that keep evidence, %(workflows)s and %(handlers)s what this build can run.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.apps import apps
from django.db import connection, transaction

from messaging import purposes
from workflows import registry
from zartsalgo.office.tampering import find_what_gives_way

EXAMPLES = 5
STATEMENT_SECONDS = 120


@dataclass(frozen=True, kw_only=True)
class Invariant:
    """`sql` gives the ids of the rows that break it; no rows is good. What no statement can say is looked for by `find`. `says` is what
    holds, for a person."""

    key: str
    says: str
    sql: str = ""
    find: Callable[[], list[str]] | None = None


@dataclass(frozen=True, kw_only=True)
class Finding:
    """How many rows break an invariant, and the first of them."""

    key: str
    says: str
    broken: int
    examples: tuple[str, ...]


INVARIANTS = (
    Invariant(
        key="deliveries-worked-off",
        says="No stored webhook waits longer than five minutes for its turn.",
        sql="select id from providers_delivery where state = 'received' and next_at < clock_timestamp() - interval '5 minutes'",
    ),
    Invariant(
        key="one-run-per-cause",
        says="One cause starts a workflow once.",
        sql="select min(id::text) from workflows_run group by client_id, workflow, cause having count(*) > 1",
    ),
    Invariant(
        key="every-event-answered",
        says="For every event and every workflow that listens to it there is a receipt that says why it did or did not start.",
        sql="""select e.id from leads_event e, jsonb_array_elements_text(%(listeners)s::jsonb -> e.type) as w(key)
                where not exists (select 1 from workflows_receipt r where r.event_id = e.id and r.workflow = w.key)
                  and e.recorded_at >= (select min(published_at) from workflows_workflowversion v where v.key = w.key)""",
    ),
    Invariant(
        key="runs-on-time",
        says="No run is more than ten minutes late without somebody at it.",
        sql="""select id from workflows_run where status in ('ready', 'waiting') and wake_at < %(now)s - interval '10 minutes'
                  and (lease_until is null or lease_until < clock_timestamp())""",
    ),
    Invariant(
        key="runs-have-their-code",
        says="Every run that has not ended can be gone on with by this build: its workflow and the handlers of its version are there.",
        sql="""select r.id from workflows_run r where r.status in ('ready', 'waiting', 'parked') and (r.workflow <> all(%(workflows)s) or exists
                 (select 1 from workflows_workflowversion v, jsonb_array_elements(v.definition -> 'steps') as step
                   where v.id = r.version_id and step ->> 'handler' <> all(%(handlers)s)))""",
    ),
    Invariant(
        key="steps-end-with-the-run",
        says="Nothing happens in a run after its end.",
        sql="select s.id from workflows_step s join workflows_run r on r.id = s.run_id where r.finished_at is not null and s.at > r.finished_at",
    ),
    Invariant(
        key="parked-has-a-task",
        says="A run that needs a person has an open task.",
        sql="""select r.id from workflows_run r where r.status = 'parked' and not exists
                 (select 1 from leads_task t where t.client_id = r.client_id and t.cause = 'parked:' || r.id and t.status = 'open')""",
    ),
    Invariant(
        key="one-live-attempt",
        says="A text has at most one try that is open or went through.",
        sql="""select message_id from messaging_attempt where outcome in ('reserved', 'calling', 'accepted', 'unknown')
                group by message_id having count(*) > 1""",
    ),
    Invariant(
        key="calls-end",
        says="No call to a provider stays open five minutes past its deadline.",
        sql="select message_id from messaging_attempt where outcome = 'calling' and deadline_at < clock_timestamp() - interval '5 minutes'",
    ),
    Invariant(
        key="sent-means-accepted",
        says="A text that counts as sent has a try that was accepted, under a slip in which every check passed.",
        sql="""select m.id from messaging_message m where m.status in ('sent', 'delivered') and not exists
                 (select 1 from messaging_attempt a join messaging_slip s on s.id = a.allowed_by_id
                   where a.message_id = m.id and a.outcome in ('accepted', 'unknown')
                     and s.verdict = 'send' and not jsonb_path_exists(s.found, '$.checks[*] ? (@.passed == false)'))""",
    ),
    Invariant(
        key="slips-of-its-own",
        says="The slips that a text and its tries point at are there, and are slips of that text.",
        sql="""select m.id from messaging_message m left join messaging_slip s on s.id = m.newest_slip_id
                where m.newest_slip_id is not null and s.message_id is distinct from m.id
               union all select a.message_id from messaging_attempt a join messaging_slip s on s.id = a.allowed_by_id
                where s.message_id <> a.message_id""",
    ),
    Invariant(
        key="silence-has-a-reason",
        says="A text that was held, dropped or refused says why.",
        sql="select id from messaging_message where status in ('held', 'skipped', 'failed') and (reason = '' or says = '')",
    ),
    Invariant(
        key="nobody-after-opt-out",
        says="Nothing automatic is tried for a person after their opt-out was stored; both times are of the database's clock.",
        sql="""select m.id from messaging_suppression s join messaging_message m
                   on (m.contact_id = s.contact_id or m.to = s.value) and (s.client_id is null or s.client_id = m.client_id)
                 join messaging_attempt a on a.message_id = m.id
                where a.started_at > s.stored_at and (s.lifted_at is null or a.started_at < s.lifted_at) and m.workflow <> ''""",
    ),
    Invariant(
        key="nobody-twice",
        says="Nobody is texted twice for one purpose within its window.",
        sql="""select b.id from messaging_message a join messaging_message b
                   on a.contact_id = b.contact_id and a.client_id = b.client_id and a.purpose = b.purpose and a.id < b.id
                where a.workflow <> '' and b.workflow <> '' and a.sent_at is not null and b.sent_at is not null
                  and abs(extract(epoch from b.sent_at - a.sent_at))
                      < coalesce((%(window)s::jsonb ->> a.purpose)::float, (%(window)s::jsonb ->> '')::float) * 3600 - 60""",
    ),
    Invariant(
        key="proof-was-approved",
        says="Everything a client can see was approved by a person, word for word.",
        sql="""select p.id from summaries_proof p left join summaries_approval a on a.id = p.approval_id
                where a.id is null or a.verdict <> 'approved' or a.text_sha256 <> p.text_sha256
                   or encode(sha256(convert_to(p.text, 'UTF8')), 'hex') <> p.text_sha256""",
    ),
    Invariant(
        key="clients-apart",
        says="No row of one client refers to a row of another.",
        sql="""select m.id from messaging_message m join leads_contact c on c.id = m.contact_id where c.client_id <> m.client_id
               union all select m.id from messaging_message m join leads_lead l on l.id = m.lead_id where l.client_id <> m.client_id
               union all select m.id from messaging_message m join providers_connection x on x.id = m.connection_id where x.client_id <> m.client_id
               union all select l.id from leads_lead l join leads_contact c on c.id = l.contact_id where c.client_id <> l.client_id
               union all select e.id from leads_event e join leads_contact c on c.id = e.contact_id where c.client_id <> e.client_id
               union all select r.id from workflows_run r join leads_event e on e.id = r.event_id where e.client_id <> r.client_id
               union all select s.id from summaries_summary s join leads_lead l on l.id = s.lead_id where l.client_id <> s.client_id
               union all select p.id from summaries_proof p join leads_lead l on l.id = p.lead_id where l.client_id <> p.client_id""",
    ),
    Invariant(
        key="evidence-is-guarded",
        says="The triggers that keep evidence from being changed are there and on, and no setting of a session is asked whether they hold.",
        sql="""select g ->> 0 from jsonb_array_elements(%(guarded)s::jsonb) as g where not exists
                 (select 1 from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_proc p on p.oid = t.tgfoid
                   where c.relname = g ->> 0 and t.tgname = g ->> 1 and t.tgenabled in ('O', 'A')
                     and p.prosrc not like '%%should_ignore%%' and p.prosrc not like '%%pgtrigger.ignore%%')""",
    ),
    Invariant(
        key="evidence-cannot-be-changed",
        says="Web and worker can change or delete no evidence, whatever they set for their session: it was tried, and taken back.",
        find=find_what_gives_way,
    ),
)


def _parameters(*, now: datetime) -> dict[str, Any]:
    windows = {purpose.key: purpose.window.total_seconds() / 3600 for purpose in purposes.every()}
    guarded = [
        (model._meta.db_table, trigger.get_pgid(model)) for model in apps.get_models() for trigger in getattr(model._meta, "triggers", [])
    ]
    return {
        "now": now,
        "window": json.dumps({**windows, "": purposes.of(key="").window.total_seconds() / 3600}),
        "listeners": json.dumps({kind: [workflow.key for workflow in heard] for kind, heard in registry.listeners().items()}),
        "guarded": json.dumps(guarded),
        **registry.able(),
    }


def check_invariants(*, now: datetime, statement_seconds: int = STATEMENT_SECONDS) -> list[Finding]:
    """Every invariant with the number of rows that break it; all in one read-only snapshot, so what is under way is seen whole."""
    parameters = _parameters(now=now)
    found = []
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"set local statement_timeout = '{statement_seconds}s'")
        for invariant in INVARIANTS:
            if invariant.find:
                ways = invariant.find()
                broken, examples = len(ways), ways[:EXAMPLES]
            else:
                cursor.execute(
                    f"with broken(id) as ({invariant.sql}) "
                    f"select (select count(*) from broken), array(select id::text from broken limit {EXAMPLES})",
                    parameters,
                )
                broken, examples = cursor.fetchone()
            found.append(Finding(key=invariant.key, says=invariant.says, broken=broken, examples=tuple(examples)))
    return found
