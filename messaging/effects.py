"""What the workflows have sent and told: the row first, written for many at once; the calls come after the commit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Self

from leads.deciding import Effect
from messaging import reviews
from messaging.models import Handover, Message, Notice, ReviewLink
from messaging.notices.choosing import ring_for
from zartsalgo.lib import rows


@dataclass(frozen=True, kw_only=True)
class PlanMessage(Effect):
    """A text or an email. Whoever plays the run has the gate judge it, at the end of the transaction or by a ring after it."""

    tables: ClassVar = ("messaging_message",)
    message: Message

    @classmethod
    def write(cls, *, effects: Sequence[Self], now: datetime) -> None:
        rows.insert(rows=[effect.message for effect in effects])


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
