"""How much a stranger may send to one hook. Kept in memory, for each web process by itself; nothing here costs a statement.

Two things are limited, both by token buckets (a burst, then so many a minute):

* Forms, where whoever knows the address may post. A post that finds its sender's bucket or the hook's own empty is put aside: stored, but
  not read before a person has looked (providers.asides). It counts as well, so a flood that goes on gets nothing in, and one that ends is
  forgiven within two minutes. A sender whose posts are put aside takes nothing from the hook's bucket: others get in as usual. What gets in
  of a burst is read a few at once and then one after the other, so that other hooks' leads are read between them.
* Wrong signatures. A sender who has used up its tries is turned away: a long body before its signature is computed, a short one only when
  that is wrong again. For behind a proxy that we were not told of, a stranger and the provider look the same, and each process counts alone.

A sender is a keyed digest of its address; "" stands for one without an address (a socket file), which is never told from others.
"""

import threading
import uuid
from collections import OrderedDict
from dataclasses import dataclass
from typing import TypeVar

from django.utils.crypto import salted_hmac

MOST_KEPT = 20_000  # buckets; the one that was not asked for the longest time goes first
# The longest body of which a sender without tries still gets the signature computed, in bytes: what providers send is shorter.
SHORT_BODY = 64 * 1024
# A storm of refusals is counted one by one up to here, then in lots, so that counting costs less than refusing.
COUNTED_SINGLY, LOT = 200, 50
# What keeping a post costs beside its body, in bytes.
ROW_BYTES = 2_000

K = TypeVar("K")
V = TypeVar("V")
# In the environment of a request that we play ourselves (simulator, demo), which nothing limits; no request from outside can set it.
PLAYED = "zartsalgo.played"
TAKEN_IN, ASIDE, TOO_MUCH = "taken in", "aside", "too much"


@dataclass(frozen=True, kw_only=True)
class Rate:
    """So much at once, then so much a minute. `debt`: how far below nothing a bucket may fall."""

    burst: float
    a_minute: float
    debt: float = 0.0


# A site that posts for all its visitors is one sender; a person is far below either.
FORMS_OF_SENDER = Rate(burst=20, a_minute=30, debt=20)
FORMS_OF_HOOK = Rate(burst=60, a_minute=60, debt=60)
# Bytes of what was put aside: beyond it posts are refused, for a disk is not endless.
KEPT_ASIDE = Rate(burst=64 * 1024 * 1024, a_minute=8 * 1024 * 1024)
# Of what gets in, so many are read at once and the next ones so far apart, in seconds.
FORMS_AT_ONCE, APART_SECONDS = 3, 0.5
WRONG_SIGNATURES = Rate(burst=10, a_minute=10)


def sender_of(*, address: str) -> str:
    """The sender behind an address, as it is kept: no address can be read from it."""
    return salted_hmac("zartsalgo.hooks", address, algorithm="sha256").hexdigest()[:32] if address else ""


class _Bucket:
    __slots__ = ("at", "level")

    def __init__(self, *, level: float, at: float) -> None:
        self.level, self.at = level, at

    def look(self, *, rate: Rate, at: float) -> float:
        """How much is in it now."""
        return min(rate.burst, self.level + (at - self.at) * rate.a_minute / 60)

    def take(self, *, amount: float, rate: Rate, at: float) -> bool:
        """Take so much, or fall into debt and say no."""
        self.level, self.at = self.look(rate=rate, at=at) - amount, at
        if self.level >= 0:
            return True
        self.level = max(self.level, -rate.debt)
        return False


class Limits:
    """The buckets of one process. Times (`at`) are seconds of a clock that only moves forward, such as time.monotonic()."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._buckets: OrderedDict[tuple[uuid.UUID, str, str], _Bucket] = OrderedDict()
        self._turned_away: OrderedDict[tuple[uuid.UUID, str], int] = OrderedDict()

    def judge_form(self, *, hook: uuid.UUID, sender: str, size: int, at: float) -> str:
        """TAKEN_IN, ASIDE, or TOO_MUCH where even putting aside has its end; `size` in bytes."""
        with self._lock:
            of_sender = not sender or self._take((hook, "form", sender), amount=1, rate=FORMS_OF_SENDER, at=at)
            if of_sender and self._take((hook, "form", ""), amount=1, rate=FORMS_OF_HOOK, at=at):
                return TAKEN_IN
            return ASIDE if self._take((hook, "aside", ""), amount=size + ROW_BYTES, rate=KEPT_ASIDE, at=at) else TOO_MUCH

    def seconds_until_read(self, *, hook: uuid.UUID, at: float) -> float:
        """How long the form that was just taken in waits for those of its hook before it."""
        with self._lock:
            bucket = self._buckets.get((hook, "form", ""))
            before = FORMS_OF_HOOK.burst - bucket.look(rate=FORMS_OF_HOOK, at=at) if bucket else 0.0
        return max(0.0, before - FORMS_AT_ONCE) * APART_SECONDS

    def is_turned_away(self, *, hook: uuid.UUID, sender: str, at: float) -> bool:
        """Whether this sender has used up its wrong signatures on the hook."""
        with self._lock:
            bucket = self._buckets.get((hook, "wrong", sender)) if sender else None
            return bucket is not None and bucket.look(rate=WRONG_SIGNATURES, at=at) < 1

    def note_wrong(self, *, hook: uuid.UUID, sender: str, at: float) -> None:
        with self._lock:
            self._take((hook, "wrong", sender), amount=1, rate=WRONG_SIGNATURES, at=at)

    def count_turned_away(self, *, hook: uuid.UUID, sender: str) -> int:
        """How many refusals are to be written down now: this one, none yet, or a lot."""
        with self._lock:
            count = self._turned_away.get((hook, sender), 0) + 1
            _keep(self._turned_away, (hook, sender), count)
        if count <= COUNTED_SINGLY:
            return 1
        return LOT if count % LOT == 0 else 0

    def forget(self) -> None:
        """Everything starts anew; for tests."""
        with self._lock:
            self._buckets.clear()
            self._turned_away.clear()

    def _take(self, key: tuple[uuid.UUID, str, str], *, amount: float, rate: Rate, at: float) -> bool:
        bucket = self._buckets.get(key) or _Bucket(level=rate.burst, at=at)
        _keep(self._buckets, key, bucket)
        return bucket.take(amount=amount, rate=rate, at=at)


def _keep(kept: OrderedDict[K, V], key: K, value: V) -> None:
    kept[key] = value
    kept.move_to_end(key)
    if len(kept) > MOST_KEPT:
        kept.popitem(last=False)


LIMITS = Limits()
