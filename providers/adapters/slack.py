"""Slack: one line to a channel of the business, through an incoming webhook whose whole address is the secret. Nothing comes in.

From Slack's own pages, read as archived copies:
api.slack.com/messaging/webhooks: a JSON post with `text`; 200 and the plain body `ok` when it was posted, else one word of why not, those
of MEANING. api.slack.com/changelog/2016-05-17-changes-to-errors-for-incoming-webhooks: the words come with 400, 403, 404 and 410; 500
(`rollup_error`) is for what is nobody's fault, so it says nothing about the post. api.slack.com/docs/rate-limits: about one a second,
beyond that 429 with Retry-After in seconds. docs.slack.dev, formatting message text: only &, < and > have to be escaped; a mention such as
<!channel> needs its angle brackets, so an escaped text calls nobody. docs.slack.dev, chat.postMessage: a text should stay below 4,000
characters, and is cut above 40,000. None of them names a key that would make a repeat harmless.
"""

import json
import re
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit

from providers.contract import Adapter, Credentials, Incoming, NotForUs, ParsedEvent, SendResult
from zartsalgo.lib import http

HOST = "hooks.slack.com"
_PATH = re.compile(r"/services(/[A-Za-z0-9_-]+){3}\Z")
MOST_CHARACTERS = 3000
# Answers after which nothing was posted; the word in the body says why.
REFUSALS = (400, 403, 404, 410)
MEANING = {
    "invalid_payload": "Slack could not read the message.",
    "no_text": "Slack got a message without words.",
    "invalid_token": "The webhook's address is not valid any more; make a new one and connect it.",
    "no_service": "The webhook was switched off or removed in Slack; make a new one and connect it.",
    "no_active_hooks": "The webhook was switched off in Slack; switch it on again, or make a new one and connect it.",
    "no_service_id": "The webhook's address is not complete; connect it again.",
    "no_team": "The Slack workspace does not exist any more.",
    "team_disabled": "The Slack workspace was switched off.",
    "user_not_found": "The person the webhook posts to does not exist any more.",
    "channel_not_found": "The Slack channel does not exist any more; make a new webhook and connect it.",
    "channel_is_archived": "The Slack channel was archived; make a webhook for another one and connect it.",
    "action_prohibited": "An administrator of the Slack workspace does not allow this.",
    "posting_to_general_channel_denied": "An administrator does not allow posts to that Slack channel.",
    "too_many_attachments": "Slack counted too many attachments.",
}


class SlackAdapter(Adapter):
    provider = "slack"
    label = "Slack"
    secret_name = "webhook address"  # noqa: S105
    hosts = (HOST,)
    can_alert = True

    def verify(self, *, request: Incoming, secrets: Sequence[str], now: datetime) -> bool:
        """Nothing comes in from an incoming webhook: every post to the hook address is refused."""
        return False

    def parse(self, *, request: Incoming) -> list[ParsedEvent] | NotForUs:
        return NotForUs("Slack sends us nothing; we only post there.")

    def check_secret(self, *, secret: str) -> str:
        parts = urlsplit(secret.strip())
        if parts.scheme == "https" and parts.netloc == HOST and _PATH.match(parts.path) and not (parts.query or parts.fragment):
            return ""
        return f"That is no address of a Slack webhook; it looks like https://{HOST}/services/T.../B.../... and is shown where you made it."

    def post_alert(self, *, credentials: Credentials, text: str, timeout_seconds: float = http.TOTAL_SECONDS) -> SendResult:
        if wrong := self.check_secret(secret=credentials.secret):
            return SendResult(outcome="rejected", error_code="config", note=f"not sent: {wrong}")
        address = (credentials.base_url or f"https://{HOST}") + urlsplit(credentials.secret.strip()).path
        # Without formatting, mentions by name or previews: opening the link for a preview is for people, not for a machine.
        message = {
            "text": escape(text), "mrkdwn": False, "parse": "none", "link_names": False, "unfurl_links": False, "unfurl_media": False,
        }  # fmt: skip
        try:
            reply = http.call(
                method="POST",
                url=address,
                headers={"Content-Type": "application/json; charset=utf-8"},
                body=json.dumps(message).encode(),
                timeout_seconds=timeout_seconds,
                max_bytes=20_000,
            )
        except http.NotSent as failure:
            return SendResult(outcome="rejected", error_code="unreachable", note=f"not sent: {failure}")
        except http.CallFailed as failure:
            return SendResult(outcome="unknown", error_code=failure.kind, note=str(failure))
        return judge(reply)

    def explain_error(self, *, code: str) -> str:
        return MEANING.get(code, "")


def escape(text: str) -> str:
    """The text as Slack shows it letter by letter, at most MOST_CHARACTERS of it."""
    return text[:MOST_CHARACTERS].replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def judge(reply: http.Reply) -> SendResult:
    """How a post ended: when in doubt, `unknown`."""
    word = reply.body[:60].decode("ascii", "replace").strip()
    if reply.status == 200 and word == "ok":
        return SendResult(outcome="accepted", http_status=200)
    if reply.status == 429:
        given = reply.headers.get("retry-after", "").strip()
        wait = float(min(int(given), 86_400)) if re.fullmatch(r"[0-9]{1,6}", given) else None
        note = "Slack takes no more posts for a moment."
        return SendResult(outcome="rejected", http_status=429, error_code="429", note=note, retry_after_seconds=wait)
    if reply.status in REFUSALS and re.fullmatch(r"[a-z_]{2,40}", word):
        note = MEANING.get(word, "Slack refused the message.")
        return SendResult(outcome="rejected", http_status=reply.status, error_code=word[:20], note=note)
    note = f"Slack answered with HTTP {reply.status}, which does not say whether it was posted."
    return SendResult(outcome="unknown", http_status=reply.status, note=note)


ADAPTER = SlackAdapter()
