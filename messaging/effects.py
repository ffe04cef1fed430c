"""What the workflows have sent and told: the row first, written for many at once; the calls come after the commit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Self

from leads.deciding import Effect
from messaging import reviews
from messaging.models import Handover, Message, Notice, ReviewLink
from messaging.notices.choosing import ring_for
from messaging.planning import SEND_TASK
from zartsalgo.lib import rows
from zartsalgo.lib.doorbell import ring_after_commit


@dataclass(frozen=True, kw_only=True)
class PlanMessage(Effect):
    """A text or an email; the gate judges it when it is tried, once the transaction has committed."""

    tables: ClassVar = ("messaging_message",)
    message: Message

    @classmethod
    def write(cls, *, effects: Sequence[Self], now: datetime) -> None:
        rows.insert(rows=[effect.message for effect in effects])
        for effect in effects:
            ring_after_commit(task=SEND_TASK, id=str(effect.message.pk))


@dataclass(frozen=True, kw_only=True)
class TellResponder(Effect):
    """What one of the business's own people is told of a lead, and the first way they are told, where there is one."""

    tables: ClassVar = ("messaging_handover", "messaging_notice")
    handover: Handover
    notice: Notice | None

    @classmethod
    def write(cls, *, effects: Sequence[Self], now: datetime) -> None:
        rows.insert(rows=[effect.handover for effect in effects])
        notices = [effect.notice for effect in effects if effect.notice is not None]
        rows.insert(rows=notices)
        ring_for(notices=notices, now=now)


@dataclass(frozen=True, kw_only=True)
class KeepReviewLink(Effect):
    """Where the short link in a text leads."""

    tables: ClassVar = ("messaging_reviewlink",)
    link: ReviewLink

    @classmethod
    def of(cls, *, token: str, message: Message, target: str, now: datetime) -> Self:
        """Raises ValueError for a target nobody may be led to."""
        return cls(link=reviews.make_link(token=token, message=message, target=target, now=now))

    @classmethod
    def write(cls, *, effects: Sequence[Self], now: datetime) -> None:
        rows.insert(rows=[effect.link for effect in effects])
