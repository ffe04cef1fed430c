"""Having a summary written: the row first, then the local summarizer at once, or a language model by a task of its own.

A model is asked outside any transaction and has no effect outside, so a call whose worker died is made again, at most twice. Whatever
goes wrong the row stays, with a sentence, for a person to write by hand: nothing is lost, and half an answer is no draft.
"""

import logging
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection as database
from django.db import transaction

from leads.models import Client, Event, Lead
from providers import adapters
from providers.connections import credentials, over_loopback, understanding_connection
from providers.contract import Adapter, Credentials, Question, Understanding
from summaries import prompt, sources
from summaries.models import Summary
from summaries.text import Draft, Source
from zartsalgo.lib import clock
from zartsalgo.lib.doorbell import is_answered_here, ring_after_commit
from zartsalgo.lib.ids import new_id

log = logging.getLogger(__name__)

WRITE_TASK = "summaries.write"
SETTLED_TASK = "workflows.summary_settled"
CALL_SECONDS = 40.0
# After this a call that was not written down is taken for dead; it is longer than any live call.
DEADLINE_SECONDS = 60
MOST_ASKS = 3
# What happens so long ago is being told, not happening.
BACK_DATED = timedelta(hours=20)
LOCAL_MODEL = "local extractive"

_CLAIM = """
update summaries_summary
   set asked_at = clock_timestamp(), asks = asks + 1, input_tokens = input_tokens + %(sent)s, output_tokens = output_tokens + %(received)s
 where id = %(id)s and status = 'asked' and (asked_at is null or asked_at < clock_timestamp() - %(deadline)s * interval '1 second')
returning asks"""
_SPENT = """
select coalesce(sum(input_tokens + output_tokens), 0) from summaries_summary
 where client_id = %s and asked_at > clock_timestamp() - interval '24 hours'"""


@dataclass(frozen=True, kw_only=True)
class Model:
    """A language model that may be asked for a client, and what the call needs."""

    adapter: Adapter
    credentials: Credentials


def ask(*, lead: Lead, event: Event, now: datetime, run_id: uuid.UUID | None = None) -> Summary:
    """Have this lead summarized from everything said by now; returns the row, written already where no model is asked.

    Runs in the caller's transaction with the contact's row locked. A summary of the lead that still waits is replaced: a person never
    decides on two. The same run asks once; asking again returns its summary.
    """
    if run_id is not None and (known := Summary.objects.filter(run_id=run_id).first()):
        return known
    client = lead.client
    replace_open(lead=lead, says="They called or wrote again; a newer one takes its place.", now=now)
    summary = Summary.objects.create(
        id=new_id(),
        client=client,
        lead=lead,
        cause_event=event,
        run_id=run_id,
        kind=_kind(lead=lead, event=event, until=now),
        sources_until=now,
        created_at=now,
    )
    model = model_for(client=client, now=now)
    if model is None:
        sensitive = "This client is marked sensitive, so no AI is asked. " if client.sensitive else ""
        _write_here(summary=summary, now=now, because=sensitive)
    else:
        Summary.objects.filter(pk=summary.pk).update(says="The model is being asked.", writer=Summary.Writer.OPENAI)
        ring_after_commit(task=WRITE_TASK, id=str(summary.pk))
    summary.refresh_from_db()
    return summary


def replace_open(*, lead: Lead, says: str, now: datetime) -> None:
    """Close the lead's waiting summary, if any, in favour of a newer one; the run that waits for it hears of it."""
    for old in Summary.objects.select_for_update(no_key=True).filter(lead=lead, status__in=(Summary.Status.ASKED, *Summary.OPEN)):
        Summary.objects.filter(pk=old.pk).update(status=Summary.Status.REPLACED, says=says[:400], decided_at=now)
        tell_run(summary=old)


def tell_run(*, summary: Summary) -> None:
    """After the commit the run that waits for this summary looks; the ticker finds it when the ring is lost."""
    if summary.run_id:
        ring_after_commit(task=SETTLED_TASK, id=str(summary.run_id))


def model_for(*, client: Client, now: datetime) -> Model | None:
    """The model that may be asked for this client now: its own connection, else the one of the environment; None means the local writer.

    A sensitive client's words go to none. Nor do those of a story that is told back-dated (a demo of sixty days would ask hundreds of
    times), and under a moved clock only those over loopback.
    """
    if client.sensitive or is_answered_here():
        return None
    connection = understanding_connection(client=client)
    if connection is not None:
        model = Model(adapter=adapters.load(connection.provider), credentials=credentials(connection=connection))
    elif settings.OPENAI_API_KEY:
        given = Credentials(
            account="", secret=settings.OPENAI_API_KEY, base_url=settings.OPENAI_BASE_URL, options={"model": settings.OPENAI_MODEL}
        )
        model = Model(adapter=adapters.load("openai"), credentials=given)
    else:
        return None
    here = over_loopback(base_url=model.credentials.base_url)
    if here and not settings.ALLOW_LOOPBACK:
        return None
    offset = clock.offset()
    if offset < -BACK_DATED or clock.read() - now > BACK_DATED:
        return None
    return None if offset and not here else model


def write(*, summary_id: uuid.UUID, now: datetime) -> str:
    """Ask the model for one summary that waits for it; returns its status afterwards. One that another worker asks for is left alone."""
    claimed = _claim(summary_id=summary_id, now=now)
    if claimed is not None:
        summary, model, question, said = claimed
        try:
            answer = model.adapter.understand(credentials=model.credentials, question=question, timeout_seconds=CALL_SECONDS)
        except Exception as error:  # the row must not stay "being written" whatever broke
            log.exception("asking for summary %s broke", summary_id)
            answer = Understanding(outcome="failed", note=f"Asking the model broke ({type(error).__name__}).")
        _settle(summary=summary, question=question, answer=answer, said=said)
    return Summary.objects.filter(pk=summary_id).values_list("status", flat=True).first() or ""


def _claim(*, summary_id: uuid.UUID, now: datetime) -> tuple[Summary, Model, Question, list[Source]] | None:
    """Take the summary for one call. None when it is settled, being asked for, or was settled here without a call."""
    with transaction.atomic():
        summary = (
            Summary.objects.select_for_update(of=("self",), skip_locked=True, no_key=True)
            .select_related("client", "lead__contact")
            .filter(pk=summary_id, status=Summary.Status.ASKED)
            .first()
        )
        if summary is None or _is_being_asked(summary=summary):
            return None
        if summary.asks >= MOST_ASKS:
            _by_hand(summary=summary, why=f"The model was asked {MOST_ASKS} times and no answer arrived.", now=now)
            return None
        said = sources.gather(lead=summary.lead, until=summary.sources_until)
        model = model_for(client=summary.client, now=now)
        if model is None or not said:
            _write_here(summary=summary, now=now, because="The model's connection is gone. " if model is None else "")
            return None
        question = prompt.question(sources=said, raw=sources.raw_values(lead=summary.lead), business=summary.client.name)
        if _over_budget(client=summary.client, question=question):
            _write_here(summary=summary, now=now, because="The day's allowance for the model is used up. ")
            return None
        values: dict[str, Any] = {
            "id": summary.pk,
            "deadline": DEADLINE_SECONDS,
            "sent": _guess(question),
            "received": question.max_output_tokens,
        }
        with database.cursor() as cursor:
            cursor.execute(_CLAIM, values)
            row = cursor.fetchone()
        if row is None:
            return None
        summary.asks = row[0]
        return summary, model, question, said


def _is_being_asked(*, summary: Summary) -> bool:
    if summary.asked_at is None:
        return False
    with database.cursor() as cursor:
        cursor.execute("select clock_timestamp() - %s < %s * interval '1 second'", [summary.asked_at, DEADLINE_SECONDS])
        return bool(cursor.fetchone()[0])


def _over_budget(*, client: Client, question: Question) -> bool:
    """Whether this call could pass the client's allowance. Every call is entered with the most it may use before it is made."""
    with database.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"tokens:{client.pk}"])
        cursor.execute(_SPENT, [client.pk])
        spent = int(cursor.fetchone()[0])
    return spent + _guess(question) + question.max_output_tokens > settings.OPENAI_TOKENS_PER_DAY


def _guess(question: Question) -> int:
    """Tokens that the question takes, rather too many: three characters are one at most."""
    return (len(question.instructions) + len(question.material) + len(str(question.schema))) // 3


def _settle(*, summary: Summary, question: Question, answer: Understanding, said: Sequence[Source]) -> None:
    """Write down what came back, unless the row went on meanwhile: replaced, or asked for again after the deadline."""
    now = clock.read()
    draft: Draft | None = None
    why = answer.note
    if answer.outcome == "answered":
        try:
            draft = prompt.draft(answer=answer.data, sources=said)
        except prompt.NotUsable as error:
            why = str(error)
    with transaction.atomic():
        row = Summary.objects.select_for_update(no_key=True).filter(pk=summary.pk, asks=summary.asks, status=Summary.Status.ASKED).first()
        if row is None:
            log.info("summary %s: an answer came too late and is not used", summary.pk)
            return
        if answer.input_tokens or answer.output_tokens:
            row.input_tokens += answer.input_tokens - _guess(question)
            row.output_tokens += answer.output_tokens - question.max_output_tokens
        row.model = answer.model[:80]
        row.writer = Summary.Writer.OPENAI
        row.save(update_fields=["input_tokens", "output_tokens", "model", "writer"])
        if draft is None:
            _by_hand(summary=row, why=why, now=now)
        else:
            _put(summary=row, draft=draft, says="Written by the model.", now=now)


def _write_here(*, summary: Summary, now: datetime, because: str) -> None:
    """The local summarizer: no network, in the caller's transaction."""
    from summaries import summarizer

    said = sources.gather(lead=summary.lead, until=summary.sources_until)
    summary.writer, summary.model = Summary.Writer.LOCAL, LOCAL_MODEL
    summary.save(update_fields=["writer", "model"])
    if not said:
        _by_hand(summary=summary, why="Nobody wrote down what was said.", now=now)
        return
    _put(
        summary=summary,
        draft=summarizer.summarize(sources=said, business=summary.client.name),
        says=f"{because}Written by the local summarizer.",
        now=now,
    )


def _put(*, summary: Summary, draft: Draft, says: str, now: datetime) -> None:
    """A draft as it was written: it waits for approval, or for a person's words where it has none for the client."""
    summary.claims = [asdict(claim) for claim in draft.claims]
    summary.internal_text, summary.client_text = draft.internal_text, draft.client_text
    summary.risk_flags, summary.next_action = list(draft.risk_flags), draft.next_action[:200]
    summary.status = Summary.Status.DRAFT if draft.client_text.strip() else Summary.Status.TO_WRITE
    unsupported = sum(not claim.supported for claim in draft.claims)
    if not draft.client_text.strip():
        says = f"{says} It found nothing to tell the client; write it by hand or keep it private."
    elif unsupported:
        says = f"{says} {unsupported} of {len(draft.claims)} statements have no source."
    summary.says, summary.written_at = says[:400], now
    summary.save(update_fields=["claims", "internal_text", "client_text", "risk_flags", "next_action", "status", "says", "written_at"])
    tell_run(summary=summary)


def _by_hand(*, summary: Summary, why: str, now: datetime) -> None:
    summary.status, summary.written_at = Summary.Status.TO_WRITE, now
    summary.says = f"{why} Write it by hand, or have it written anew."[:400]
    summary.save(update_fields=["status", "says", "written_at"])
    tell_run(summary=summary)


def _kind(*, lead: Lead, event: Event, until: datetime) -> str:
    """form, call or conversation: what the words come from."""
    if event.type in sources.FORMS:
        return "form"
    texted = sources.events_of(lead=lead, until=until).filter(type="message.received").exists()
    return "conversation" if texted else "call"
