"""A small Postmark on this machine, and its webhooks: written by us with the field names and types that Postmark documents
(postmarkapp.com/developer: email API, messages API, webhooks). The password of the hook is made here once more, by hand.
"""

import base64
import hashlib
import hmac
import json
import threading
from datetime import datetime
from email.utils import parseaddr
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from providers.contract import Incoming
from tests.providers import payloads
from tests.providers.payloads import SECRET, as_json, merged

MESSAGE_ID = "883953f4-6105-42a2-a16a-77a8eac79483"
CARLA = "carla@example.com"
# Fields that an email may have (email API, "Send a single email"); another one is refused as Postmark does.
FIELDS = {
    "From", "To", "Cc", "Bcc", "Subject", "Tag", "HtmlBody", "TextBody", "ReplyTo", "Headers", "TrackOpens", "TrackLinks", "Metadata",
    "Attachments", "MessageStream",
}  # fmt: skip


def password(secret: str = SECRET) -> str:
    return base64.urlsafe_b64encode(hmac.new(secret.encode(), b"zartsalgo postmark webhook", hashlib.sha256).digest()[:24]).decode()


def login(secret: str = SECRET, user: str = "postmark") -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"{user}:{password(secret)}".encode()).decode()}


def request(body: dict[str, Any], *, secret: str = SECRET) -> Incoming:
    return payloads.request("postmark", as_json(body), headers=login(secret))


def delivery(**changes: Any) -> dict[str, Any]:
    base = {
        "RecordType": "Delivery",
        "ServerID": 23,
        "MessageStream": "outbound",
        "MessageID": MESSAGE_ID,
        "Recipient": CARLA,
        "Tag": "",
        "DeliveredAt": "2026-05-04T17:29:10.9070259Z",
        "Details": "smtp;250 2.0.0 OK",
        "Metadata": {"message": "0190f0c0-ffee-7a5b-9e8d-7c6b5a493827"},
    }
    return merged(base, changes)


def bounce(**changes: Any) -> dict[str, Any]:
    base = {
        "RecordType": "Bounce",
        "MessageStream": "outbound",
        "ID": 4323372036854775807,
        "Type": "HardBounce",
        "TypeCode": 1,
        "Name": "Hard bounce",
        "Tag": "",
        "MessageID": MESSAGE_ID,
        "Metadata": {"message": "0190f0c0-ffee-7a5b-9e8d-7c6b5a493827"},
        "ServerID": 23,
        "Description": "The server was unable to deliver your message (ex: unknown user, mailbox not found).",
        "Details": "smtp;550 5.1.1 unknown user",
        "Email": CARLA,
        "From": "office@summit.example.com",
        "BouncedAt": "2026-05-04T17:29:12Z",
        "DumpAvailable": True,
        "Inactive": True,
        "CanActivate": True,
        "Subject": "Your roof",
        "Content": "",
    }
    return merged(base, changes)


def complaint(**changes: Any) -> dict[str, Any]:
    return bounce(
        **{"RecordType": "SpamComplaint", "Type": "SpamComplaint", "TypeCode": 100001, "ID": 43, "Name": "Spam complaint", **changes}
    )


def subscription(**changes: Any) -> dict[str, Any]:
    base = {
        "RecordType": "SubscriptionChange",
        "MessageID": MESSAGE_ID,
        "ServerID": 23,
        "MessageStream": "outbound",
        "ChangedAt": "2026-05-04T17:29:53Z",
        "Recipient": CARLA,
        "Origin": "Recipient",
        "SuppressSending": True,
        "SuppressionReason": "ManualSuppression",
        "Tag": "",
        "Metadata": {"message": "0190f0c0-ffee-7a5b-9e8d-7c6b5a493827"},
    }
    return merged(base, changes)


def inbound(**changes: Any) -> dict[str, Any]:
    base = {
        "FromName": "Carla Gomez",
        "MessageStream": "inbound",
        "From": CARLA,
        "FromFull": {"Email": CARLA, "Name": "Carla Gomez", "MailboxHash": ""},
        "To": "451d9b70@inbound.example.com",
        "ToFull": [{"Email": "451d9b70@inbound.example.com", "Name": "", "MailboxHash": ""}],
        "Cc": "",
        "CcFull": [],
        "Bcc": "",
        "BccFull": [],
        "OriginalRecipient": "451d9b70@inbound.example.com",
        "Subject": "Re: Your roof",
        "MessageID": "73e6d360-66eb-11e1-8e72-a8904824019b",
        "ReplyTo": "",
        "MailboxHash": "",
        "Date": "Mon, 4 May 2026 17:29:00 +0000",
        "TextBody": "Thursday works.\n\nOn Mon, May 4, 2026 at 5:00 PM Summit Roofing <office@summit.example.com> wrote:\n> When may we come?\n",
        "HtmlBody": "<p>Thursday works.</p>",
        "StrippedTextReply": "",
        "Tag": "",
        "Headers": [{"Name": "X-Spam-Status", "Value": "No"}],
        "Attachments": [],
    }
    return merged(base, changes)


class Postmark:
    """Takes emails as Postmark does and remembers them. `answers` are given out first: (status, body), "silence" or "cut"."""

    def __init__(self) -> None:
        self.emails: list[dict[str, Any]] = []
        self.tokens: list[str] = []
        self.answers: list[Any] = []
        self.keeps = True  # whether what was answered otherwise is taken nonetheless: a provider that accepts and loses its answer
        self.asked: list[int] = []  # offsets
        self.most = 500
        self.breaks_at: int | None = None
        self.over = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *args: object) -> None:
                pass

            def do_POST(self) -> None:
                data = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.tokens.append(self.headers.get("X-Postmark-Server-Token", ""))
                fault = outer.refusal(self.path, data)
                if fault is not None:
                    return self.answer(422, {"ErrorCode": 300, "Message": fault})
                told = outer.answers.pop(0) if outer.answers else None
                if told is None or outer.keeps and not isinstance(told, tuple):
                    outer.emails.append(data)
                if told == "silence":
                    outer.over.wait(10)
                    return None
                if told == "cut":
                    self.close_connection = True
                    return None
                if told is not None:
                    return self.answer(*told)
                done = {
                    "To": data["To"], "SubmittedAt": "2026-05-04T17:30:00.1234567Z", "MessageID": outer.id_of(len(outer.emails)),
                    "ErrorCode": 0, "Message": "OK",
                }  # fmt: skip
                return self.answer(200, done)

            def do_GET(self) -> None:
                asked = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
                wanted = {name.removeprefix("metadata_"): value for name, value in asked.items() if name.startswith("metadata_")}
                listed = [
                    {
                        "MessageID": outer.id_of(n),
                        "Metadata": mail["Metadata"],
                        "Status": "Sent",
                        "ReceivedAt": mail.get("at") or outer.listed_at,
                        "Subject": "",
                        "From": mail["From"],
                        "Recipients": [parseaddr(mail["To"])[1]],
                    }
                    for n, mail in enumerate(outer.emails, start=1)
                    if wanted.items() <= mail["Metadata"].items()
                ][::-1]
                start = int(asked["offset"])
                outer.asked.append(start)
                if start == outer.breaks_at:
                    return self.answer(503, {})
                page = listed[start : start + min(int(asked["count"]), outer.most)]
                return self.answer(200, {"TotalCount": len(listed), "Messages": page})

            def answer(self, status: int, body: Any) -> None:
                raw = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

        self.listed_at = ""
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()

    def sent_before(self, *, at: datetime, to: str = CARLA, sender: str = "office@summit.example.com", reference: str) -> str:
        """An email that it took earlier; returns its id."""
        metadata = {"message": reference} if reference else {}
        self.emails.append({"From": sender, "To": to, "Metadata": metadata, "at": at.strftime("%Y-%m-%dT%H:%M:%S.0000000Z")[:26] + "Z"})
        return self.id_of(len(self.emails))

    @staticmethod
    def id_of(n: int) -> str:
        return f"00000000-0000-4000-8000-{n:012d}"

    def refusal(self, path: str, data: dict[str, Any]) -> str | None:
        """Why Postmark would not take this request; None when it would."""
        if path != "/email":
            return f"no such address {path}"
        if unknown := set(data) - FIELDS:
            return f"unknown fields {unknown}"
        if not data.get("From") or not data.get("To") or not (data.get("TextBody") or data.get("HtmlBody")):
            return "From, To and a body are needed"
        flat = [data["From"], data["To"], data.get("Subject", ""), data.get("ReplyTo", "")]
        flat += [item[name] for item in data.get("Headers", []) for name in ("Name", "Value")]
        return "a line end in a header" if any("\n" in value or "\r" in value for value in flat) else None

    def stop(self) -> None:
        self.over.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
