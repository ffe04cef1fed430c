"""What is done with a post to a hook before it is stored: whose it is, whether it may come in, and as which row. No statement is made here.

Two callers: the asynchronous way in of the web process (providers.hook_app), and the view of Django, which the simulator and whatever the
first leaves alone come through (providers.views).
"""

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace

from django.conf import settings

from providers import deliveries, limits
from providers.connections import signing_secrets
from providers.contract import Adapter, Incoming
from providers.models import Aside
from zartsalgo.lib import clock

# Never stored: they carry access, not evidence. Verifying sees `authorization`, nothing after it does.
_DROPPED_HEADERS = ("cookie", "proxy-authorization")
_SEEN_ONCE = "authorization"
COULD_NOT = "Could not be stored just now. Send it again."


class Refused(Exception):
    """The request is answered with this status and sentence; `headers` go with it.

    `count`: so many wrong signatures are to be written down for `sender` (providers.refusals).
    """

    def __init__(self, status: int, sentence: str, *, count: int = 0, sender: str = "", **headers: str) -> None:
        super().__init__(sentence)
        self.status, self.count, self.sender = status, count, sender
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


@dataclass(frozen=True, kw_only=True)
class Post:
    """One request as it came. `at`: seconds of a clock that only moves forward; `played`: by ourselves, so that nothing limits it."""

    path: str
    query: str
    headers: Mapping[str, str]
    address: str
    at: float
    played: bool = False

    @property
    def sender(self) -> str:
        return limits.sender_of(address="" if self.played else self.address)


def admit(*, post: Post, adapter: Adapter, hook: deliveries.Hook, body: bytes) -> deliveries.Row:
    """Verify it and make its row. Raises Refused, and CannotOpen where the connection's secret cannot be read."""
    sender = post.sender
    turned_away = limits.LIMITS.is_turned_away(hook=hook.id, sender=sender, at=post.at)
    if turned_away and len(body) > limits.SHORT_BODY:
        raise _turn_away(hook=hook, sender=sender)
    query = f"?{post.query}" if post.query else ""
    incoming = Incoming(
        method="POST",
        url=f"{settings.PUBLIC_URL}{post.path}{query}",
        headers={name.lower(): value[:2000] for name, value in post.headers.items() if name.lower() not in _DROPPED_HEADERS},
        body=body,
        received_at=clock.real_now(),
        account=hook.account,
        options={key: str(value) for key, value in hook.options.items()},
    )
    secrets = signing_secrets(client_id=hook.client_id, sealed=hook.sealed, old_counts=hook.old_secret_counts)
    if not adapter.verify(request=incoming, secrets=secrets, now=clock.real_now()):
        limits.LIMITS.note_wrong(hook=hook.id, sender=sender, at=post.at)
        if turned_away:
            raise _turn_away(hook=hook, sender=sender)
        sentence = "The signature does not match this connection's secret. Nothing was stored."
        raise Refused(401, sentence, count=1, sender=sender)
    aside, wait = "", 0.0
    if not adapter.needs_secret and not post.played:
        judged = limits.LIMITS.judge_form(hook=hook.id, sender=sender, size=len(body), at=post.at)
        if judged == limits.TOO_MUCH:
            raise Refused(429, "Too much at once. Nothing was stored; send it again later.", Retry_After="60")
        if judged == limits.ASIDE:
            aside = Aside.Reason.FLOOD
        else:
            wait = limits.LIMITS.seconds_until_read(hook=hook.id, at=post.at)
    key = uuid.uuid4().hex if adapter.each_post_is_new else adapter.dedupe_key(request=incoming)
    if len(key) > 190:
        key = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
    kept = {name: value for name, value in incoming.headers.items() if name != _SEEN_ONCE}
    return deliveries.make_row(
        hook_id=hook.id,
        client_id=hook.client_id,
        key=key.replace("\x00", ""),
        request=replace(incoming, headers=kept),
        path_and_query=f"/hooks/{adapter.provider}/{query}",
        aside=aside,
        wait_seconds=wait,
    )


def _turn_away(*, hook: deliveries.Hook, sender: str) -> Refused:
    """The refusal of a sender that has used up its wrong signatures."""
    count = limits.LIMITS.count_turned_away(hook=hook.id, sender=sender)
    sentence = "Too many requests with a wrong signature. Nothing was stored."
    return Refused(429, sentence, count=count, sender=sender, Retry_After="60")
