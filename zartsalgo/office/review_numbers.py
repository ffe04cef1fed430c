"""What came of jobs that were done: one receipt each, and one word for why it was asked about or not. Counted and opened from the same rows.

Every number is a filter on `jobs`, so a number and the list behind it cannot differ. Reasons are a closed list: facts, never what a
customer thinks.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db.models import Case, CharField, Count, DateTimeField, Exists, F, Func, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce, Concat

from leads.cases import CASES
from leads.models import Client
from messaging import reviews
from messaging.models import Message, ReviewClick
from workflows.models import Receipt, Run
from zartsalgo.office.labels import check_word

WORKFLOW = "review-request"
ASKED = "asked"
# The numbers that are no reasons, in the order of the page.
COUNTS = {
    "jobs": "Jobs done",
    "eligible": "Eligible",
    "asked": "Asked",
    "reminded": "Reminded",
    "clicked": "Followed the link",
}
WORDS = {
    "refused:switched-off": "Switched off for this client",
    "refused:no-review-link": "No review link is set",
    "refused:nobody-to-write": "No number that can be texted",
    "refused:own-number": "A number of the business itself",
    "refused:job-too-old": "The job was done too long ago",
    "refused:asked-lately": "Asked before, not so long ago",
    "refused:settings": "The settings do not fit",
    "joined:asking-already": "Another job of theirs is being asked about",
    "rests": "Not yet: the job rests",
    "ended:taken-back": "Taken back that the job is done",
    "ended:no-review-link": "The review link was taken away",
    "text:queued": "Not yet: on its way",
    "text:unknown": "Nobody knows whether it went out",
    "stuck": "Stands still, needs a person",
    "works": "Not yet: being worked on",
    **{
        f"held:{kind}": f"Not yet: open case, {words.split(' ', 1)[-1] if words.startswith('a ') else words}"
        for kind, words in CASES.items()
    },
}


def word_of(why: str) -> str:
    """A reason as staff read it."""
    if why in WORDS:
        return WORDS[why]
    kind, _, reason = why.partition(":")
    if kind == "gate":
        return f"The gate refused it: {_failed(reason)}"
    if kind == "waits":
        return f"Not yet: the gate holds it ({_failed(reason)})"
    return "Ended without a text"


def _failed(reason: str) -> str:
    words = check_word(reason)
    return f"“{words}” is not met"


def jobs(*, month: date | None = None, clients: list[int] | None = None) -> QuerySet[Any, Any]:
    """A receipt for every job that was done, with `why`, `reminded` and `clicked`; months are those of the client's own zone."""
    done = Q(event__type="job.completed") | Q(event__type="outcome.reported", event__facts__outcome="done")
    rows = Receipt.objects.filter(done, workflow=WORKFLOW)
    if clients is not None:
        rows = rows.filter(client__in=clients)
    if month is not None:
        local = Func(F("client__timezone"), F("at"), function="timezone", output_field=DateTimeField())
        named = Func(local, Value("YYYY-MM"), function="to_char", output_field=CharField())
        around = datetime(month.year, month.month, 1, tzinfo=UTC)
        rows = rows.filter(at__gte=around - timedelta(days=2), at__lt=around + timedelta(days=34))
        rows = rows.annotate(month=named).filter(month=f"{month:%Y-%m}")
    texts = Message.objects.filter(run_id=OuterRef("run_id"), purpose=reviews.REQUEST)
    went = (Message.Status.SENT, Message.Status.DELIVERED)
    started = Q(verdict=Receipt.Verdict.STARTED)
    rows = rows.annotate(text=Subquery(texts.values("status")[:1]), held_by=Subquery(texts.values("reason")[:1]))
    why = Case(
        When(verdict=Receipt.Verdict.REFUSED, then=Concat(Value("refused:"), "reason")),
        When(verdict=Receipt.Verdict.JOINED, then=Concat(Value("joined:"), "reason")),
        When(text__in=went, then=Value(ASKED)),
        When(text__in=(Message.Status.SKIPPED, Message.Status.FAILED), then=Concat(Value("gate:"), "held_by")),
        When(text=Message.Status.UNKNOWN, then=Value("text:unknown")),
        When(text=Message.Status.HELD, then=Concat(Value("waits:"), "held_by")),
        When(text=Message.Status.QUEUED, then=Value("text:queued")),
        When(run__status=Run.Status.PARKED, then=Value("stuck")),
        When(run__status__in=Run.ACTIVE, run__cursor="settle", then=Value("rests")),
        When(
            run__status__in=Run.ACTIVE,
            run__cursor="hold",
            run__state__has_key="case",
            then=Concat(Value("held:"), KeyTextTransform("case", "run__state"), output_field=CharField()),
        ),
        When(run__status__in=Run.ACTIVE, then=Value("works")),
        default=Concat(
            Value("ended:"), Coalesce(KeyTextTransform("why", "run__state"), Value(""), output_field=CharField()), output_field=CharField()
        ),
        output_field=CharField(),
    )
    reminder = Message.objects.filter(run_id=OuterRef("run_id"), purpose=reviews.REMINDER, status__in=went)
    clicks = ReviewClick.objects.filter(link__message__run_id=OuterRef("run_id"))
    # A receipt that joined names the run of another; that one's clicks are counted there.
    return rows.annotate(why=why, reminded=Exists(reminder) & started, clicked=Exists(clicks) & started)


def only(*, rows: QuerySet[Any, Any], what: str) -> QuerySet[Any, Any]:
    """The rows behind a number: one of COUNTS, or a reason. What nobody counts has no rows."""
    if what == "jobs":
        return rows
    if what == "eligible":
        return rows.filter(verdict=Receipt.Verdict.STARTED)
    if what in ("reminded", "clicked"):
        return rows.filter(**{what: True})
    return rows.filter(why=what)


@dataclass
class Line:
    """One client's month: `counts` by COUNTS, `reasons` why not, or not yet, most frequent first."""

    client: Client
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTS, 0))
    reasons: dict[str, int] = field(default_factory=dict)


def count(*, month: date, clients: list[Client]) -> list[Line]:
    """The numbers of a month for these clients, in their order; one statement however many there are."""
    lines = {client.pk: Line(client) for client in clients}
    rows = (
        jobs(month=month, clients=list(lines)).order_by().values("client", "verdict", "why", "reminded", "clicked").annotate(n=Count("pk"))
    )
    for row in rows:
        line, n = lines[row["client"]], row["n"]
        line.counts["jobs"] += n
        line.counts["eligible"] += n * (row["verdict"] == Receipt.Verdict.STARTED)
        line.counts["reminded"] += n * row["reminded"]
        line.counts["clicked"] += n * row["clicked"]
        if row["why"] == ASKED:
            line.counts["asked"] += n
        else:
            line.reasons[row["why"]] = line.reasons.get(row["why"], 0) + n
    for line in lines.values():
        line.reasons = dict(sorted(line.reasons.items(), key=lambda pair: (-pair[1], pair[0])))
    return list(lines.values())


def with_jobs(*, month: date) -> QuerySet[Client]:
    """Clients with a done job in the month."""
    return Client.objects.filter(Exists(jobs(month=month).filter(client=OuterRef("pk")))).order_by("name", "pk")
