"""How and when the business's own people were told, or why not, in plain words. From stored rows only."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from leads.models import Responder
from messaging.models import Handover, Notice
from messaging.notices import choosing
from messaging.notices.judging import WORD
from zartsalgo.lib.phone import sayable

# The code of office_tags.MARKS that draws each status, and the word beside it.
PILLS = {
    Notice.Status.WAITING: ("waiting", "Waiting"),
    Notice.Status.HELD: ("held", "Held"),
    Notice.Status.ASIDE: ("waiting", "Put aside"),
    Notice.Status.CALLING: ("sending", "Being told"),
    Notice.Status.SENT: ("sent", "Told"),
    Notice.Status.REFUSED: ("failed", "Refused"),
    Notice.Status.UNKNOWN: ("unknown", "Not certain"),
    Notice.Status.UNDELIVERED: ("failed", "Not delivered"),
    Notice.Status.SKIPPED: ("skipped", "Not told"),
}
NOT_NEEDED = ("taken", "already-told")
SHOWN_ONLY = "Shown here only: nothing was set up that reaches them (a live texting connection, Slack, or a mail server)."


@dataclass(frozen=True, kw_only=True)
class Told:
    """One notice as a line: which way, what became of it, and when."""

    code: str
    word: str
    way: str
    says: str
    at: datetime | None
    until: datetime | None


def line_of(notice: Notice) -> Told:
    """A notice in words. `at` is when they were told, `until` when it is looked at again while it waits."""
    code, word = PILLS[Notice.Status(notice.status)]
    if notice.status == Notice.Status.SKIPPED and notice.reason in NOT_NEEDED:
        word = "Not needed"
    waits = notice.status in Notice.PENDING
    says = notice.says if notice.status != Notice.Status.SENT else ""
    return Told(
        code=code,
        word=word,
        way=WORD[notice.channel].capitalize(),
        says=says,
        at=notice.sent_at,
        until=notice.due_at if waits and notice.due_at > notice.created_at else None,
    )


def lines_of(handovers: Iterable[Handover]) -> dict[UUID | None, list[Told]]:
    """For each handover, by its id, what was tried to tell them, oldest first. One statement for all."""
    found: dict[UUID | None, list[Told]] = {handover.pk: [] for handover in handovers}
    for notice in Notice.objects.filter(handover_id__in=list(found)).order_by("created_at", "pk").defer("slip"):
        found[notice.handover_id].append(line_of(notice))
    return found


@dataclass(frozen=True, kw_only=True)
class Reach:
    """A responder and the ways to them: each with its word and why it cannot be used (empty where it can)."""

    person: Responder
    ways: list[tuple[str, str, str]]

    @property
    def usable(self) -> list[str]:
        """The ways that can be used now."""
        return [word for word, _, why_not in self.ways if not why_not]


def reach_of(*, responders: Iterable[Responder], lines: choosing.Lines) -> list[Reach]:
    """How each can be told, in the order the ways are tried."""
    return [
        Reach(
            person=responder,
            ways=[
                (WORD[way.channel].capitalize(), _address(way), way.why_not) for way in choosing.ways_of(responder=responder, lines=lines)
            ],
        )
        for responder in responders
    ]


def _address(way: choosing.Way) -> str:
    if way.why_not or way.channel == Responder.Channel.SLACK:
        return ""
    return sayable(way.address) if way.address.startswith("+") else way.address
