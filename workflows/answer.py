"""The one-sentence answer: why a text went out or did not, with who or which rule decided and when, in the business's own time.

A table per kind of outcome: what the gate held or dropped (by the names of messaging.gate.CHECKS), what became of a try, and how a run
without a text stands. The sentence is made from stored rows only, so it says the same to everybody who asks.
"""

# ruff: noqa: SIM905 (a table of words reads better as text)

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from messaging.models import Message
from messaging.outbox.answers import NOT_PROVEN
from workflows import registry
from workflows.models import Receipt, Run, Step
from zartsalgo.lib.patterns import linear

# A carrier that has not reported by then will often not report at all (many do within seconds).
REPORT_WITHIN = timedelta(minutes=15)
_KINDS = {
    "withheld": "it was withheld",
    "toll-free": "it is toll-free",
    "short-code": "it is a short code",
    "foreign": "it is in a country we have no texting rules for",
    "invalid": "it is no phone number",
}
# Words a sentence of ours starts with; only these lose their capital inside a sentence, a name never does.
_STARTERS = frozenset(
    "A An Accepted Approved At By Delivered Every For Goes It No Nobody None Not One Sending Shown Somebody Taken Template That The There "
    "They This Too Try Waiting We Write".split()
)


def moment(*, when: datetime, zone: str) -> str:
    """A time as the business says it, zone named: 14:02 MST on Fri 20 Nov."""
    local = when.astimezone(ZoneInfo(zone))
    letters = local.tzname() or "UTC"
    named = letters if letters.isalpha() else f"{zone.rsplit('/', 1)[-1].replace('_', ' ')} time"
    return f"{local:%H:%M} {named} on {local:%a} {local.day} {local:%b}"


def clause(text: str) -> str:
    """Sentences as one clause: no full stop at the end, joined by semicolons, a small letter where no name stands."""
    parts = [part.strip() for part in text.strip().rstrip(".").split(". ") if part.strip()]
    return "; ".join(part[:1].lower() + part[1:] if part.split()[0] in _STARTERS else part for part in parts)


def workflow_name(*, key: str) -> str:
    """The workflow's name on its card; a workflow that is no longer in the catalog keeps its key, in words."""
    workflow = registry.workflows().get(key)
    return workflow.name if workflow else key.replace("-", " ").capitalize() or "Somebody"


@dataclass(frozen=True, kw_only=True)
class _Text:
    """A message with what its sentences need."""

    message: Message
    who: str
    zone: str
    now: datetime

    @property
    def says(self) -> str:
        return clause(self.message.says) or "no reason was noted"

    def at(self, when: datetime) -> str:
        return moment(when=when, zone=self.zone)

    def value(self, check: str, name: str) -> str:
        """A value the slip noted for a check, or ""."""
        checks: list[dict[str, Any]] = (self.message.slip or {}).get("checks", [])
        return next((str(row.get("values", {}).get(name, "")) for row in checks if row.get("name") == check), "")

    def noted(self, check: str, name: str) -> str:
        """A time the slip noted for a check, said in the business's zone, or ""."""
        raw = self.value(check, name)
        return self.at(datetime.fromisoformat(raw)) if raw else ""

    @property
    def judged(self) -> str:
        """When the gate last judged it."""
        made = (self.message.slip or {}).get("made_at")
        return self.at(datetime.fromisoformat(made)) if made else self.at(self.message.created_at)

    @property
    def again(self) -> str:
        return self.at(self.message.hold_until or self.message.due_at)

    @property
    def passed(self) -> str:
        checks = (self.message.slip or {}).get("checks", [])
        approved = f"after {self.message.approved_by} approved it and " if self.message.approved_by else "after "
        return f"{approved}all {len(checks)} checks passed" if checks else f"{approved}its checks passed"


def _opted_out(text: _Text) -> str:
    when = text.noted("opted-out", "opted_out_at")
    since = f"opted out at {when}" if when else "opted out"
    return f"No text went out: this person {since}, so no automatic text goes to any of their numbers (judged at {text.judged})."


def _number(text: _Text) -> str:
    kind = text.value("number", "kind")
    if kind:
        return f"No text went out: the number cannot be texted because {_KINDS.get(kind, 'it cannot be read')} (judged at {text.judged})."
    return f"No text went out: {text.says} (judged at {text.judged})."


def _held(text: _Text) -> str:
    return f"The text is held until {text.again} because {text.says}."


def _consent(text: _Text) -> str:
    return _held(text) if text.message.status == Message.Status.HELD else _dropped(text)


def _already_texted(text: _Text) -> str:
    until = text.noted("already-texted", "until")
    rest = f"; the next may go after {until}" if until else ""
    return f"No text went out: this person already got a text for the same purpose in its window{rest} (judged at {text.judged})."


def _dropped(text: _Text) -> str:
    return f"No text went out: {text.says} (judged at {text.judged})."


def _too_late(text: _Text) -> str:
    ended = text.noted("too-late", "useful_until")
    until = f" after {ended}" if ended else ""
    return f"No text went out: it would have come too late to be of use{until}, so a person should call instead (judged at {text.judged})."


def _too_old(text: _Text) -> str:
    return f"No text went out: it waited in a pause for longer than was wanted ({text.says}), so a person should call instead."


def _overtaken(text: _Text) -> str:
    return f"No text went out: something overtook it ({text.says}; judged at {text.judged})."


def _switched_off(text: _Text) -> str:
    return f"No text went out: {text.who} was switched off for this client when the text was judged at {text.judged}."


def _content(text: _Text) -> str:
    return f"No text went out: its words cannot be sent, {text.says} (judged at {text.judged})."


def _postal_address(text: _Text) -> str:
    return f"The email is held since {text.judged}: {text.says}."


def _bounced(text: _Text) -> str:
    return f"No email went out: {text.says} (judged at {text.judged})."


def _sending_stopped(text: _Text) -> str:
    return f"The text is held since {text.judged} because {text.says}; it is judged anew when sending is allowed again."


def _credentials(text: _Text) -> str:
    return f"The text is held since {text.judged} because {text.says.removeprefix('not sent, and kept: ')}."


def _unclear_reply(text: _Text) -> str:
    return f"The text is held since {text.judged} until a person has read a reply that may mean stop."


def _person_talking(text: _Text) -> str:
    return f"The text is held since {text.judged} because {text.says}."


def _connection(text: _Text) -> str:
    if text.message.status == Message.Status.SKIPPED:
        return f"No text went out: {text.says} (judged at {text.judged})."
    return f"The text is held since {text.judged} because {text.says}; it is looked at again by {text.again}."


def _template(text: _Text) -> str:
    return f"The text is held since {text.judged} until a person approves its template: {text.says}."


def _quiet_hours(text: _Text) -> str:
    found = f"at {text.judged} the quiet hours said: {text.says}"
    if text.message.hold_until is None:
        return f"The text is held, no hour that allows it comes within ten days: {found}."
    useful = text.message.useful_until
    ends = (
        f"; its use ends before that, at {text.at(useful)}, and then a person should call"
        if useful and useful < text.message.hold_until
        else ""
    )
    return f"The text is held until {text.at(text.message.hold_until)} because {found}{ends}."


def _needs_approval(text: _Text) -> str:
    return (
        f"The text is written and awaits approval since {text.at(text.message.created_at)}: "
        "this client's texts are drafts until go-live is signed, so a person approves each one."
    )


def _rejected(text: _Text) -> str:
    return f"No text went out: {text.says} (written at {text.at(text.message.created_at)})."


# By the gate's reason, whether it holds or drops. tests/workflows/test_answer.py fails when a check of the gate has no sentence here.
BY_REASON: dict[str, Callable[[_Text], str]] = {
    "opted-out": _opted_out,
    "number": _number,
    "already-texted": _already_texted,
    "sent-before-restore": _dropped,
    "too-late": _too_late,
    "too-old": _too_old,
    "overtaken": _overtaken,
    "switched-off": _switched_off,
    "consent": _consent,
    "content": _content,
    "postal-address": _postal_address,
    "bounced": _bounced,
    "sending-stopped": _sending_stopped,
    "credentials": _credentials,
    "unclear-reply": _unclear_reply,
    "person-talking": _person_talking,
    "too-many": _held,
    "business-closed": _held,
    "connection": _connection,
    "template": _template,
    "quiet-hours": _quiet_hours,
    "needs-approval": _needs_approval,
    "not-live": _dropped,
    "not-live-waits": _dropped,
    "rejected": _rejected,
}


def _gate(text: _Text) -> str:
    known = BY_REASON.get(text.message.reason)
    if known:
        return known(text)
    held = text.message.status == Message.Status.HELD
    return f"{'The text is held' if held else 'No text went out'}: {text.says} (judged at {text.judged})."


def _queued(text: _Text) -> str:
    message = text.message
    if message.reason == "retry":
        return f"No text went out yet: {text.says} at {text.at(message.due_at)}."
    if message.reason == "released":
        return f"The text was held by a pause and is released; its turn comes at {text.at(message.due_at)}, and the gate judges it then."
    if message.due_at > text.now:
        return f"The text waits until {text.at(message.due_at)} for the gate to judge it."
    return f"The text was written at {text.at(message.created_at)} and is on its way through the gate."


def _sent(text: _Text) -> str:
    sent = text.message.sent_at or text.message.created_at
    overdue = text.now - sent > REPORT_WITHIN
    report = (
        "the provider accepted it but has sent no delivery report since, so whether it arrived is unknown and it is not repeated"
        if overdue
        else "the provider accepted it and its delivery report is awaited"
    )
    return f"{text.who} sent the text at {text.at(sent)} {text.passed}; {report}."


def _delivered(text: _Text) -> str:
    sent = text.message.sent_at or text.message.created_at
    where = "shown on the simulator's phone" if text.message.connection_id is None else "delivered to the phone"
    return f"{text.who} sent the text at {text.at(sent)} {text.passed}; it was {where}."


def _failed(text: _Text) -> str:
    code = f" (its code {text.message.error_code})" if text.message.error_code else ""
    if text.message.reason == "not-delivered":
        when = f" sent at {text.at(text.message.sent_at)}" if text.message.sent_at else ""
        return f"The text{when} was not delivered: the carrier says{code}: {text.says}; a person should call instead."
    if text.message.reason in NOT_PROVEN:
        return f"The text does not count as sent: {text.says}."
    return f"No text went out: the provider refused it at {text.judged}{code}: {text.says}; a person should call instead."


def _unknown(text: _Text) -> str:
    if "A person decides" in text.message.says:
        rest = "its list does not tell either, so a person decides, and it is not repeated"
    else:
        rest = "we look it up and do not repeat it"
    return f"The provider did not answer when the text was tried at {text.judged}; the text may have gone: {rest}."


BY_STATUS: dict[str, Callable[[_Text], str]] = {
    Message.Status.QUEUED: _queued,
    Message.Status.HELD: _gate,
    Message.Status.SKIPPED: _gate,
    Message.Status.SENT: _sent,
    Message.Status.DELIVERED: _delivered,
    Message.Status.FAILED: _failed,
    Message.Status.UNKNOWN: _unknown,
}


def answer_text(*, message: Message, now: datetime) -> str:
    """The sentence of one text, whoever wrote it. Needs `message.client`."""
    who = workflow_name(key=message.workflow) if message.workflow else "A person of the agency"
    said = BY_STATUS[message.status](_Text(message=message, who=who, zone=message.client.timezone, now=now))
    return _of_an_email(said) if message.channel == Message.EMAIL else said


# The sentences above speak of texts; of an email they say the same in its own words.
_EMAIL_WORDS = (
    ("shown on the simulator's phone", "shown on our own pages"),
    ("delivered to the phone", "delivered to their mail server"),
    ("to any of their numbers", "to any of their addresses"),
    ("the carrier says", "the mail server says"),
)


_A_TEXT = linear(r"\b(a|A) text\b")
_TEXT = linear(r"\btext(s?)\b")


def _of_an_email(said: str) -> str:
    for text, email in _EMAIL_WORDS:
        said = said.replace(text, email)
    return _TEXT.sub(r"email\1", _A_TEXT.sub(r"\1n email", said))


def _last_heard(run: Run) -> Step | None:
    """The last finished wait for a person: what they did, or that the time was over. Steps of the run may be prefetched."""
    # A wait for a text names the step that wrote it; a wait for a person names none.
    keys = {spec["key"] for spec in run.version.definition["steps"] if spec["kind"] == "wait for" and "of" not in spec["params"]}
    found = [step for step in run.steps.all() if step.key in keys]
    return max(found, key=lambda step: step.at, default=None)


def _step_title(run: Run) -> str:
    steps: list[dict[str, Any]] = run.version.definition["steps"]
    return next((str(spec["title"]) for spec in steps if spec["key"] == run.cursor), run.cursor)


def _no_text(run: Run, now: datetime) -> str:
    """How a run stands that has planned no text (or not yet)."""
    zone = run.client.timezone
    name = workflow_name(key=run.workflow)
    if run.status == Run.Status.READY:
        if not run.says:
            return f"{name} started at {moment(when=run.created_at, zone=zone)} and waits for a worker to take the first step."
        return f"{name} is still working on “{_step_title(run)}” since {moment(when=run.created_at, zone=zone)}; last: {clause(run.says)}."
    if run.status == Run.Status.WAITING:
        return f"{name} waits until {moment(when=run.wake_at, zone=zone)} at the latest: {clause(run.says)}."
    ended = moment(when=run.finished_at or now, zone=zone)
    if run.status == Run.Status.CANCELLED:
        return f"{name} was cancelled at {ended}: {clause(run.says) or 'no reason was noted'}."
    if run.status == Run.Status.FAILED:
        return f"{name} failed at {ended}: {clause(run.says) or 'no reason was noted'}."
    skipped = [step for step in run.steps.all() if step.kind == "message" and step.outcome == Step.Outcome.SKIPPED]
    if skipped:
        return f"{name} ended at {ended} and sent nothing: {clause(skipped[0].says).removeprefix('no text: ')}."
    if run.says.startswith("No text: "):
        return f"No text went out: {clause(run.says.removeprefix('No text: '))} ({name} ended at {ended})."
    return f"{name} ended at {ended}: {clause(run.says) or 'all its steps are done'}."


def answer(*, run: Run | None, message: Message | None, now: datetime) -> str:
    """One sentence: what became of this run and its text, who or which rule decided, and when. At least one of the two is needed.

    `run.client`, `run.version` and `run.steps` are read (prefetch them for lists); nothing is written.
    """
    if run is None and message is None:
        raise ValueError("an answer needs a run or a message")
    if run is None:
        assert message is not None  # noqa: S101  told to mypy; raised above otherwise
        return answer_text(message=message, now=now)
    if run.status == Run.Status.PARKED:
        text = f" (its text: {clause(answer_text(message=message, now=now))})" if message else ""
        since = moment(when=run.wake_at, zone=run.client.timezone)
        name = workflow_name(key=run.workflow)
        return f"{name} stands still at “{_step_title(run)}” since {since} and needs a person: {clause(run.says)}{text}."
    if message is None:
        return _no_text(run, now)
    sentence = answer_text(message=message, now=now)
    if message.status not in (Message.Status.SENT, Message.Status.DELIVERED):
        return sentence
    heard = _last_heard(run)
    if heard is not None:
        return f"{sentence.rstrip('.')}; {clause(heard.says)}."
    if run.status == Run.Status.WAITING:
        return f"{sentence.rstrip('.')}; a reply is awaited until {moment(when=run.wake_at, zone=run.client.timezone)}."
    return sentence


def answer_receipt(*, receipt: Receipt) -> str:
    """Why a workflow did or did not act on an event, with the time. Needs `receipt.client`."""
    when = moment(when=receipt.at, zone=receipt.client.timezone)
    return f"{receipt.says.rstrip('.')} (decided at {when})."
