"""What an adapter is: the one seam between a provider's wire format and our events.

A new provider is one file in `providers/adapters/` that defines `ADAPTER`, an instance of a subclass of `Adapter`. It is found
by its file name, served at `/hooks/<provider>/<token>/`, and needs no migration, no URL and no entry anywhere else. Adapters are
pure: they read bytes and return values, they open no database connection; only `send`, `send_email`, `post_alert`, `find_sent`,
`find_emails`, `list_texts`, `list_emails`, `poll` and `understand` talk to the network.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar


class Unreadable(Exception):
    """The payload was signed but cannot be understood; the text is a sentence for staff. The delivery becomes poison."""


@dataclass(frozen=True, kw_only=True)
class Incoming:
    """One request as it arrived. `url` is the public address the provider called, query included; header names are lower case."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    received_at: datetime
    account: str = ""
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "").split(";")[0].strip().lower()


@dataclass(frozen=True, kw_only=True)
class ParsedEvent:
    """One normalized fact. `key` is the provider's own identity of it; `personal` is what erasure must be able to remove."""

    type: str
    key: str
    occurred_at: datetime
    facts: Mapping[str, Any] = field(default_factory=dict)
    personal: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class NotForUs:
    """A payload we understand and have no use for; the reason is shown on the delivery."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the provider gets back for a stored delivery."""

    status: int = 200
    content_type: str = "application/json"
    body: str = "{}"


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """What a call to the provider needs. `secret` never reaches a log; `base_url` is empty for the provider's own host."""

    account: str
    secret: str
    base_url: str = ""
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class OutgoingEmail:
    """One email as it leaves, to one person. `reference` is our message id: the provider gives it back in its reports. Header names and
    values hold no line ends: whoever composes it has seen to that (messaging.email.composing)."""

    to: str
    to_name: str
    sender: str
    sender_name: str
    subject: str
    text: str
    html: str
    reference: str
    reply_to: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class SendResult:
    """How a send ended: `accepted` (provider_id set), `rejected` (the provider says it created nothing), `unknown` (anything else)."""

    outcome: str
    provider_id: str = ""
    http_status: int | None = None
    error_code: str = ""
    note: str = ""
    retry_after_seconds: float | None = None


@dataclass(frozen=True, kw_only=True)
class ListedText:
    """One text or email in the provider's own list; `number` is the person's side (of an email their address), whoever wrote.

    `created_at` is by the provider's clock. Of an email no words are listed (`body` is empty), but our message id is: `reference`.
    """

    provider_id: str
    inbound: bool
    number: str
    body: str
    status: str
    created_at: datetime
    reference: str = ""


@dataclass(frozen=True, kw_only=True)
class Question:
    """What a language model is asked. `material` is data by strangers, never an instruction; `schema` is the shape of the answer."""

    instructions: str
    material: str
    name: str
    schema: Mapping[str, Any]
    max_output_tokens: int


@dataclass(frozen=True, kw_only=True)
class Understanding:
    """How a question ended: `answered` (`data` is an object), `refused` (the model would not), `cut-off` (half an answer, thrown away)
    or `failed` (anything else). `note` is a sentence for staff: what happened and what to mend."""

    outcome: str
    data: Mapping[str, Any] | None = None
    model: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    note: str = ""


class Adapter:
    """Base of all adapters. Override what the provider can do; the `can_...` flags say which of the outward calls exist."""

    provider: ClassVar[str]
    label: ClassVar[str]
    secret_name: ClassVar[str] = "signing secret"
    needs_secret: ClassVar[bool] = True
    hosts: ClassVar[tuple[str, ...]] = ()
    # Where pictures of inbound texts (`personal["media"]`, a list of addresses) lie; the first takes the account and secret by HTTP Basic.
    media_hosts: ClassVar[tuple[str, ...]] = ()
    # Whether the secret signs the body. Where a provider signs nothing, the address and a password in it are all there is.
    signs_body: ClassVar[bool] = True
    can_send: ClassVar[bool] = False
    can_email: ClassVar[bool] = False
    can_poll: ClassVar[bool] = False
    can_understand: ClassVar[bool] = False
    # Tells the business's own people, and hears nothing.
    can_alert: ClassVar[bool] = False
    # Error codes that say "this number takes no texts" and "nothing of this sender goes before somebody has put it right".
    bad_number_codes: ClassVar[frozenset[str]] = frozenset()
    bad_sender_codes: ClassVar[frozenset[str]] = frozenset()
    each_post_is_new: ClassVar[bool] = False

    def verify(self, *, request: Incoming, secrets: Sequence[str], now: datetime) -> bool:
        """True when the raw bytes were signed with one of the secrets (newest first); `now` is real time. Constant-time."""
        raise NotImplementedError

    def dedupe_key(self, *, request: Incoming) -> str:
        """The delivery's identity from the scheme's id header, or "" for the sha256 of the body. Never parses the body."""
        return ""

    def parse(self, *, request: Incoming) -> list[ParsedEvent] | NotForUs:
        """The facts in the request. Raises `Unreadable` with a sentence when a signed payload cannot be understood."""
        raise NotImplementedError

    def answer(self) -> Answer:
        """The body of the 2xx answer."""
        return Answer()

    def warm_up(self) -> None:
        """Import what `send` needs; called once when a worker starts."""

    def send(
        self, *, credentials: Credentials, to: str, sender: str, body: str, callback_url: str, timeout_seconds: float = 15.0
    ) -> SendResult:
        """Send one text once; no hidden retry. Never raises for what the network or the provider did."""
        raise NotImplementedError

    def check_secret(self, *, secret: str) -> str:
        """Why this cannot be a secret of the provider, as a sentence; "" when it may be one. Asked before it is stored."""
        return ""

    def post_alert(self, *, credentials: Credentials, text: str, timeout_seconds: float) -> SendResult:
        """Post one plain text to where the connection points, once; no hidden retry. Never raises for what the network or provider did."""
        raise NotImplementedError

    def send_email(self, *, credentials: Credentials, email: OutgoingEmail, timeout_seconds: float = 15.0) -> SendResult:
        """Send one email once; no hidden retry. Never raises for what the network or the provider did."""
        raise NotImplementedError

    def hook_login(self, *, secret: str) -> tuple[str, str] | None:
        """User and password of the hook's address where the provider signs nothing; None for all that sign."""
        return None

    def explain_error(self, *, code: str) -> str:
        """What the provider's error code means, as a sentence for staff; "" for one we do not know."""
        return ""

    def find_sent(self, *, credentials: Credentials, to: str, sender: str, since: datetime) -> list[Mapping[str, Any]]:
        """Messages the provider holds for this pair since then: dicts with `provider_id`, `body`, `created_at`, `status`."""
        raise NotImplementedError

    def find_emails(self, *, credentials: Credentials, reference: str, since: datetime) -> list[Mapping[str, Any]]:
        """Emails the provider holds under our message id: dicts with `provider_id`, `created_at`, `status`. Raises `http.CallFailed`."""
        raise NotImplementedError

    def list_texts(self, *, credentials: Credentials, sender: str, since: datetime) -> list[ListedText]:
        """Every text from and to the sender since then, all pages or none. Raises `http.CallFailed`: no answer is not "none"."""
        raise NotImplementedError

    def list_emails(self, *, credentials: Credentials, sender: str, since: datetime) -> list[ListedText]:
        """Every email of ours from the sender since then, all pages or none. Raises `http.CallFailed`: no answer is not "none"."""
        raise NotImplementedError

    def poll(self, *, credentials: Credentials, since: datetime, now: datetime) -> list[tuple[str, bytes]]:
        """What a webhook may have missed: pairs of (dedupe key, body bytes in the webhook's own shape)."""
        raise NotImplementedError

    def understand(self, *, credentials: Credentials, question: Question, timeout_seconds: float) -> Understanding:
        """Ask a language model once; no hidden retry. Never raises for what the network or the provider did."""
        raise NotImplementedError
