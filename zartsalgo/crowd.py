"""How many bodies one web process takes in at a time, how many bytes of them it holds, and who goes when there are too many.

Where room is short, the unfinished body that has waited longest goes, of the sender who has most: whoever sends what they announced is
through in milliseconds and is never that one. Whole requests wait for a thread and are not thrown away; beyond a number new ones are refused.
Lives in the event loop's thread only.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

BYTES, BYTES_OF_SENDER = 12 * 1024 * 1024, 3 * 1024 * 1024
UNFINISHED, UNFINISHED_OF_SENDER = 200, 64
WHOLE, WHOLE_OF_SENDER = 400, 200


class Crowded(Exception):
    """There is no room for this one."""


@dataclass(eq=False)
class Body:
    """One request's body on its way in. `cut` ends whoever reads it."""

    sender: Sender
    cut: Callable[[], None]
    size: int = 0
    was_cut: bool = False


@dataclass(eq=False)
class Sender:
    """What one address has in here: its unfinished bodies, the oldest first, its whole requests, and the bytes of both."""

    unfinished: OrderedDict[Body, None] = field(default_factory=OrderedDict)
    whole: int = 0
    bytes: int = 0


class Crowd:
    """All bodies of this process."""

    def __init__(self) -> None:
        self._senders: dict[str, Sender] = {}
        self._unfinished = self._whole = self._bytes = 0

    def enter(self, *, address: str, cut: Callable[[], None]) -> Body:
        """A body begins. The one that must make room for it is cut."""
        sender = self._senders.setdefault(address, Sender())
        body = Body(sender=sender, cut=cut)
        sender.unfinished[body] = None
        self._unfinished += 1
        if len(sender.unfinished) > UNFINISHED_OF_SENDER:
            self._cut_oldest(sender)
        elif self._unfinished > UNFINISHED:
            self._cut_oldest(max(self._senders.values(), key=lambda one: len(one.unfinished)))
        return body

    def grow(self, *, body: Body, by: int) -> None:
        """So many bytes more are held. Raises Crowded where nobody can make room, or this body is the one that must."""
        if body.was_cut:
            raise Crowded
        self._hold(body, by)
        while body.sender.bytes > BYTES_OF_SENDER and body.sender.unfinished:
            self._cut_oldest(body.sender)
        while self._bytes > BYTES and self._unfinished:
            self._cut_oldest(max((one for one in self._senders.values() if one.unfinished), key=lambda one: one.bytes))
        if body.was_cut or body.sender.bytes > BYTES_OF_SENDER or self._bytes > BYTES:
            raise Crowded

    def finish(self, *, body: Body) -> None:
        """The body is whole and waits for a thread. Raises Crowded where too many do."""
        if self._whole >= WHOLE or body.sender.whole >= WHOLE_OF_SENDER:
            raise Crowded
        self._end_reading(body)
        self._whole += 1
        body.sender.whole += 1

    def leave(self, *, address: str, body: Body) -> None:
        """The request is answered, in whatever way."""
        if not self._end_reading(body) and not body.was_cut:
            self._whole -= 1
            body.sender.whole -= 1
        self._hold(body, -body.size)
        if not body.sender.unfinished and not body.sender.whole and self._senders.get(address) is body.sender:
            del self._senders[address]

    def _cut_oldest(self, sender: Sender) -> None:
        body = next(iter(sender.unfinished))
        self._end_reading(body)
        self._hold(body, -body.size)
        body.was_cut = True
        body.cut()

    def _end_reading(self, body: Body) -> bool:
        if body not in body.sender.unfinished:
            return False
        del body.sender.unfinished[body]
        self._unfinished -= 1
        return True

    def _hold(self, body: Body, by: int) -> None:
        body.size += by
        body.sender.bytes += by
        self._bytes += by
