"""What the workflows may know of words and summaries: each loaded for many at once."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from leads.deciding import Context, Fact
from leads.facts import asked, contact_of
from leads.models import Event
from summaries import sources
from summaries.models import Summary
from zartsalgo.lib import rows

_EVENT = rows.Of(Event, "e")


@dataclass(frozen=True, kw_only=True)
class FirstWords(Fact):
    """The first event of the person, recorded since this one, in which something was said; None while nothing was."""

    tables: ClassVar = ("leads_event",)
    event: Event | None

    @classmethod
    def load(cls, *, contexts: Sequence[Context]) -> Sequence[Self]:
        placed = rows.read(
            f"""select {_EVENT}, a.n from json_to_recordset(%s::json) as a (n int, contact uuid, since timestamptz),
                 lateral (select * from leads_event where contact_id = a.contact and type = any (%s) and recorded_at >= a.since
                           order by recorded_at, id limit %s) e
                order by a.n, e.recorded_at, e.id""",
            [
                asked(contexts, contact=contact_of, since=lambda context: context.event.recorded_at),
                list(sources.OF_CUSTOMER),
                sources.MOST_EVENTS,
            ],
            _EVENT,
        )
        found: dict[int, Event] = {}
        for row, n in placed:
            if n not in found and sources.words_of(event=row):
                found[n] = row
        return [cls(event=found.get(n)) for n in range(len(contexts))]


@dataclass(frozen=True, kw_only=True)
class SummaryOfRun(Fact):
    """The summary that this run had written, or None."""

    tables: ClassVar = ("summaries_summary",)
    summary: Summary | None

    @classmethod
    def at_first(cls) -> Self | None:
        return cls(summary=None)

    @classmethod
    def load(cls, *, contexts: Sequence[Context]) -> Sequence[Self]:
        written = Summary.objects.filter(run_id__in=[context.run_id for context in contexts])
        found = {row.run_id: row for row in written.only("run_id", "status", "says", "writer", "decided_by")}
        return [cls(summary=found.get(context.run_id)) for context in contexts]


@dataclass(frozen=True, kw_only=True)
class SummaryThatHasIt(Fact):
    """A summary of the run's lead that covers the event and was not replaced, or None."""

    tables: ClassVar = ("summaries_summary", "leads_lead")
    summary: Summary | None

    @classmethod
    def at_first(cls) -> Self | None:
        return cls(summary=None)

    @classmethod
    def load(cls, *, contexts: Sequence[Context]) -> Sequence[Self]:
        leads = {context.lead.pk for context in contexts if context.lead is not None}
        found = defaultdict(list)
        if leads:
            standing = Summary.objects.filter(lead_id__in=leads).exclude(status=Summary.Status.REPLACED)
            for row in standing.only("lead_id", "sources_until", "created_at"):
                found[row.lead_id].append(row)
        return [
            cls(summary=next((row for row in found[one.lead.pk] if row.sources_until >= one.event.recorded_at), None) if one.lead else None)
            for one in contexts
        ]


@dataclass(frozen=True, kw_only=True)
class WordsOfLead(Fact):
    """Whether anything was said about the run's lead by now. Three statements a lead: only few runs of a set have come to words."""

    tables: ClassVar = ("leads_event", "leads_lead", "messaging_message")
    any: bool

    @classmethod
    def load(cls, *, contexts: Sequence[Context]) -> Sequence[Self]:
        return [cls(any=one.lead is not None and bool(sources.gather(lead=one.lead, until=one.now))) for one in contexts]
