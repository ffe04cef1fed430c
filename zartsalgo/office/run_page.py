"""What the run page tells: its steps in order (done, the one it stands at, those to come), the slip of its text, and the next act.

Everything is made from rows that were read before; the views read them, so the number of statements does not grow with the steps.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.urls import NoReverseMatch, reverse

from leads.models import Task
from messaging.models import Attempt, Message
from workflows.answer import clause, moment
from workflows.engine import MOST_CLAIMS
from workflows.models import Run, Step
from zartsalgo.office.labels import TRIES, check_word
from zartsalgo.office.links import page_url


@dataclass(frozen=True, kw_only=True)
class ShownStep:
    """One line of the story. `status` is a code of office_tags.MARKS; `since` the time since the run started."""

    key: str
    name: str
    status: str
    word: str = ""
    say: str = ""
    moment: datetime | None = None
    since: timedelta | None = None
    expected: str = ""
    actual: str = ""
    missed: bool = False
    faint: bool = False
    here: bool = False


@dataclass(frozen=True, kw_only=True)
class NextAct:
    """What a person can do about it now; `url` may be "" where nobody has to do anything."""

    text: str
    url: str = ""
    label: str = ""


@dataclass(frozen=True, kw_only=True)
class ShownSlip:
    """The checks of the gate in words, the failed ones first told apart, and the tries that followed."""

    made_at: datetime | None
    checks: list[dict[str, Any]] = field(default_factory=list)
    failed: int = 0
    attempts: list[dict[str, Any]] = field(default_factory=list)


def shown_steps(*, run: Run, steps: list[Step], now: datetime) -> list[ShownStep]:
    """The definition's steps in order. A step that was jumped over is told apart from one to come."""
    done = {step.key: step for step in steps}
    specs: list[dict[str, Any]] = run.version.definition["steps"]
    position = next((i for i, spec in enumerate(specs) if spec["key"] == run.cursor), len(specs))
    ended = run.status not in (*Run.ACTIVE, Run.Status.PARKED)
    shown = []
    for index, spec in enumerate(specs):
        step = done.get(spec["key"])
        if step is not None:
            shown.append(_done(run=run, spec=spec, step=step))
        elif not ended and index == position:
            shown.append(_here(run=run, spec=spec, now=now))
        elif ended or index < position:
            shown.append(ShownStep(key=spec["key"], name=spec["title"], status="skipped", word="Not needed", say="", faint=True))
        else:
            shown.append(ShownStep(key=spec["key"], name=spec["title"], status="pending", word="To come", faint=True))
    return shown


def _done(*, run: Run, spec: dict[str, Any], step: Step) -> ShownStep:
    return ShownStep(
        key=step.key,
        name=spec["title"],
        status=step.outcome,
        say=step.says,
        moment=step.at,
        since=step.at - run.created_at,
        expected=step.expected,
        actual=step.actual,
        missed=step.outcome != Step.Outcome.DONE,
    )


def _here(*, run: Run, spec: dict[str, Any], now: datetime) -> ShownStep:
    zone = run.client.timezone
    common: dict[str, Any] = {"key": spec["key"], "name": spec["title"], "here": True, "since": now - run.created_at}
    if run.status == Run.Status.PARKED:
        return ShownStep(**common, status="parked", say=run.says, missed=True)
    if run.status == Run.Status.WAITING:
        until = f"Waiting until {moment(when=run.wake_at, zone=zone)} at the latest: {clause(run.says)}."
        return ShownStep(**common, status="waiting", say=until)
    if run.claims:
        tries = f"Taken up {run.claims} of {MOST_CLAIMS} times without success so far"
        say = f"{tries}; next try at {moment(when=run.wake_at, zone=zone)}. After {MOST_CLAIMS} a person is asked."
        return ShownStep(**common, status="ready", say=say)
    return ShownStep(**common, status="ready", say="A worker takes it up next.")


def shown_slip(*, slip: dict[str, Any] | None, attempts: list[Attempt]) -> ShownSlip | None:
    """The slip as staff read it, and the tries; None where no text was planned or none was judged yet. Each try's own slip is read."""
    if not slip and not attempts:
        return None
    slip = slip or attempts[-1].slip
    checks = [
        {"label": check_word(row["name"]), "says": row["says"], "ok": row["passed"], "first": row["name"] == slip.get("reason")}
        for row in slip.get("checks", [])
    ]
    # What was not met stands first: on a phone nobody scrolls past a dozen checks that passed.
    checks.sort(key=lambda check: bool(check["ok"]))
    made = slip.get("made_at")
    tries = [
        {
            "n": attempt.n,
            "word": TRIES.get(Attempt.Outcome(attempt.outcome), attempt.outcome),
            "status": attempt.outcome,
            # By the business clock, as every time of the page; the attempt's own times are the database's.
            "at": attempt.allowed_by.made_at,
            "took": attempt.finished_at - attempt.started_at if attempt.finished_at else None,
            "http_status": attempt.http_status,
            "provider_id": attempt.provider_id,
            "error_code": attempt.error_code,
            "note": attempt.note.rstrip("."),
        }
        for attempt in attempts
    ]
    return ShownSlip(
        made_at=datetime.fromisoformat(made) if made else None,
        checks=checks,
        failed=sum(not check["ok"] for check in checks),
        attempts=tries,
    )


def task_causes(*, run: Run, message: Message | None) -> list[str]:
    """The causes under which tasks of this run and its text stand; each is unique per client, so they are found by index."""
    keys = [spec["key"] for spec in run.version.definition["steps"]]
    causes = [f"parked:{run.pk}", *(f"{run.workflow}:{run.pk}:{key}" for key in keys)]
    if message is not None:
        causes += [f"{kind}:{message.pk}" for kind in ("refused", "undelivered", "unknown")]
    return causes


def will_repeat(*, run: Run, message: Message | None) -> str:
    """What "Let it try again" does and does not do again, in a sentence or two."""
    specs: list[dict[str, Any]] = run.version.definition["steps"]
    title = next((str(spec["title"]) for spec in specs if spec["key"] == run.cursor), run.cursor)
    says = f"It goes on at “{title}”. Steps that are done are not repeated."
    if message is not None and message.sent_at is not None:
        says += f" The text went out at {moment(when=message.sent_at, zone=run.client.timezone)}; it will not be sent again."
    elif message is not None and message.status == Message.Status.UNKNOWN:
        says += " The text may have gone; it will not be sent again."
    else:
        says += " A text passes the gate first."
    return says


def next_act(*, run: Run, message: Message | None, task: Task | None) -> NextAct:
    """The one thing to do now. An open task comes first: somebody was promised it."""
    lead_url = page_url("lead", run.lead_id)
    if run.status == Run.Status.PARKED:
        return NextAct(text="Mend what it says, then let it try again below.")
    if message is not None and message.status == Message.Status.HELD:
        found = _act_on_hold(message=message, lead_url=lead_url)
        if found is not None:
            return found
    if task is not None:
        due = moment(when=task.due_at, zone=run.client.timezone)
        url = page_url("task", task.pk) or page_url("inbox")
        return NextAct(text=f"Next: {task.title} (promised by {due}, {task.get_desk_display()}).", url=url, label="Open the task")
    if message is not None and message.status == Message.Status.UNKNOWN:
        return NextAct(text="Nothing to do yet: the provider is asked again.", url=lead_url, label="Open the lead")
    if run.status in Run.ACTIVE:
        return NextAct(text="Nothing to do: it goes on by itself.", url=lead_url, label="Open the lead")
    return NextAct(text="Nothing more to do here.", url=lead_url, label="Open the lead")


def _act_on_hold(*, message: Message, lead_url: str) -> NextAct | None:
    if message.reason == "needs-approval":
        url = page_url("inbox")
        return NextAct(
            text="Next: read the text and approve or reject it.", url=f"{url}?{urlencode({'item': f'draft:{message.pk}'})}", label="Decide"
        )
    if message.reason == "sending-stopped":
        return NextAct(
            text="Next: lift the stop when it is safe; the text is then judged anew.", url=page_url("stop"), label="Look at the stop"
        )
    if message.reason == "unclear-reply":
        return NextAct(text="Next: read the reply and say whether it means stop.", url=page_url("inbox"), label="Open the inbox")
    if message.reason == "person-talking":
        return NextAct(
            text="Next: when the talk is over, let automation go on.",
            url=page_url("talk", message.contact_id),
            label="Open the conversation",
        )
    if message.reason == "template":
        try:
            url = reverse("admin:messaging_template_changelist")
        except NoReverseMatch:
            url = ""
        return NextAct(text="Next: approve a template for this text.", url=url, label="Open the templates")
    if message.reason in ("connection", "credentials"):
        return NextAct(text="Next: look at the connection.", url=page_url("connections"), label="Look at connections")
    return None
