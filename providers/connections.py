"""Making, reading and ending connections. Secrets are sealed per client and leave this module only as values of a call."""

import hashlib
import json
import secrets as random_secrets
import uuid
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from leads.models import Client
from providers import adapters
from providers.contract import Credentials
from providers.models import Connection
from zartsalgo.lib.ids import new_id
from zartsalgo.lib.names import clean_email
from zartsalgo.lib.sealed import seal, unseal

LOOPBACK = ("127.0.0.1", "localhost", "::1")
# Options that are secrets themselves are sealed with the rest.
PRIVATE_OPTIONS = ("api_key", "api_secret")
# How long an old address or secret may go on beside the new one, and does where nothing else is said.
LONGEST_OVERLAP, OVERLAP = timedelta(hours=168), timedelta(hours=24)
# How a provider that is only simulated may behave.
MOODS = ("ok", "down", "refused-credentials", "unknown", "slow")


class CannotConnect(Exception):
    """The connection was refused; the text says what to change."""


@dataclass(frozen=True)
class Secrets:
    """What is sealed in a connection: the hook's token, signing secrets (newest first) and private options."""

    token: str
    secrets: tuple[str, ...]
    private: dict[str, str] = field(default_factory=dict)


def digest(*, token: str) -> str:
    """What a token is looked up by; the token itself is never stored in the clear."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _pack(*, client_id: int, content: Secrets) -> bytes:
    plain = json.dumps({"token": content.token, "secrets": content.secrets, "private": content.private}).encode()
    return seal(plaintext=plain, owner=f"client:{client_id}")


def open_secrets(*, client_id: int, sealed: bytes | memoryview) -> Secrets:
    """Unseal. Raises zartsalgo.lib.sealed.CannotOpen when the key is absent or the row belongs to another client."""
    content = json.loads(unseal(ciphertext=sealed, owner=f"client:{client_id}"))
    return Secrets(token=content["token"], secrets=tuple(content["secrets"]), private=content.get("private", {}))


def signing_secrets(*, client_id: int, sealed: bytes | memoryview, old_counts: bool) -> tuple[str, ...]:
    """The secrets a request may be signed with: the newest, and the one before it while its overlap lasts. Raises CannotOpen."""
    found = open_secrets(client_id=client_id, sealed=sealed).secrets
    return found if old_counts else found[:1]


def over_loopback(*, base_url: str) -> bool:
    """True when the address is this machine; then demo numbers may be texted and a moved clock is no bar."""
    return urlsplit(base_url).hostname in LOOPBACK


def _check_base_url(*, base_url: str, live: bool, hosts: tuple[str, ...]) -> None:
    if not base_url:
        return
    parts = urlsplit(base_url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise CannotConnect(f"{base_url!r} is no address of a provider: write https://host or http://127.0.0.1:port.")
    if parts.hostname in LOOPBACK:
        if not settings.ALLOW_LOOPBACK:
            raise CannotConnect("A base URL on this machine needs ZARTS_ALLOW_LOOPBACK=1, which production never sets.")
        return
    if live and (parts.scheme != "https" or parts.hostname not in hosts):
        allowed = ", ".join(hosts) or "none"
        raise CannotConnect(f"A live connection may only call the provider's own hosts over https ({allowed}), not {parts.hostname}.")


def connect(
    *,
    client: Client,
    provider: str,
    secret: str,
    now: datetime,
    account: str = "",
    base_url: str = "",
    live: bool = False,
    options: dict[str, str] | None = None,
) -> tuple[Connection, str]:
    """Create a connection; returns it with the address the provider must call. Raises CannotConnect with the reason."""
    try:
        adapter = adapters.load(provider)
    except LookupError as error:
        known = ", ".join(sorted(a.provider for a in adapters.all_adapters()))
        raise CannotConnect(f"There is no provider {provider!r}. Known: {known}.") from error
    if adapter.needs_secret and not secret:
        raise CannotConnect(f"{adapter.label} needs its {adapter.secret_name}: set CONNECT_SECRET or type it when asked.")
    if secret and (wrong := adapter.check_secret(secret=secret)):
        raise CannotConnect(wrong)
    if live and adapter.can_send and not account:
        raise CannotConnect(f"{adapter.label} needs --account to send.")
    if adapter.can_email:
        options = _with_addresses(label=adapter.label, live=live, options=dict(options or {}))
    _check_base_url(base_url=base_url, live=live, hosts=adapter.hosts)
    if live and not over_loopback(base_url=base_url) and Client.objects.filter(demo=True).exists():
        raise CannotConnect("A live connection does not go together with demo clients: remove the demo first.")
    options = dict(options or {})
    private = {name: options.pop(name) for name in PRIVATE_OPTIONS if name in options}
    content = Secrets(token=random_secrets.token_urlsafe(32), secrets=(secret,) if secret else (), private=private)
    connection = Connection.objects.create(
        id=new_id(),
        client=client,
        provider=provider,
        account=account,
        token_digest=digest(token=content.token),
        sealed=_pack(client_id=client.pk, content=content),
        base_url=base_url.rstrip("/"),
        options=options,
        live=live,
        created_at=now,
    )
    return connection, hook_url(connection=connection)


def _with_addresses(*, label: str, live: bool, options: dict[str, str]) -> dict[str, str]:
    """The options with the addresses `from` and `inbound` as they are compared. Raises CannotConnect for one that is none."""
    if live and not options.get("from"):
        raise CannotConnect(f"{label} needs the address that mails come from: --option from=office@business.example")
    for name in ("from", "inbound"):
        if options.get(name):
            options[name] = clean_email(options[name])
            if not options[name]:
                raise CannotConnect(f"--option {name}= is no email address.")
    return options


def rotate(*, connection: Connection, secret: str, overlap: timedelta, now: datetime) -> None:
    """Put a new signing secret first; the one before it stays valid until the overlap ends. `now` is real time.

    Raises CannotConnect for what cannot be a secret of this provider.
    """
    adapter = adapters.load(connection.provider)
    if not adapter.needs_secret:
        raise CannotConnect(f"A {adapter.label.lower()} has no secret: whoever knows its address may post. Give it a new one: --address.")
    if wrong := adapter.check_secret(secret=secret):
        raise CannotConnect(wrong)
    _check_overlap(overlap)
    with transaction.atomic():
        row = Connection.objects.select_for_update().get(pk=connection.pk)
        content = open_secrets(client_id=row.client_id, sealed=row.sealed)
        kept = content.secrets[:1] if overlap else ()
        row.sealed = _pack(client_id=row.client_id, content=replace(content, secrets=(secret, *kept)))
        row.old_secret_until = now + overlap if kept else None
        row.save(update_fields=["sealed", "old_secret_until"])


def rotate_address(*, connection: Connection, overlap: timedelta, now: datetime) -> str:
    """Give the connection a new address and return it; the one before it is taken until the overlap ends, then it is unknown. `now` is
    real time. An address that was still in its overlap ends at once.
    """
    _check_overlap(overlap)
    with transaction.atomic():
        row = Connection.objects.select_for_update().get(pk=connection.pk)
        content = replace(open_secrets(client_id=row.client_id, sealed=row.sealed), token=random_secrets.token_urlsafe(32))
        row.old_token_digest, row.old_token_until = (row.token_digest, now + overlap) if overlap else (None, None)
        row.token_digest = digest(token=content.token)
        row.sealed = _pack(client_id=row.client_id, content=content)
        row.save(update_fields=["sealed", "token_digest", "old_token_digest", "old_token_until"])
    return hook_url(connection=row)


def _check_overlap(overlap: timedelta) -> None:
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise CannotConnect(f"The overlap is between 0 and {LONGEST_OVERLAP // timedelta(hours=1)} hours.")


def disable(*, connection: Connection, now: datetime) -> None:
    """Nothing is accepted from it or sent through it any more; its rows stay."""
    Connection.objects.filter(pk=connection.pk, disabled_at__isnull=True).update(disabled_at=now)


def hook_url(*, connection: Connection, message_id: uuid.UUID | None = None) -> str:
    """The address the provider calls; with our message id it is the status callback of that message.

    Where the provider signs nothing it carries user and password, which HTTP clients send as basic auth.
    """
    content = open_secrets(client_id=connection.client_id, sealed=connection.sealed)
    address = f"{settings.PUBLIC_URL}/hooks/{connection.provider}/{content.token}/"
    login = adapters.load(connection.provider).hook_login(secret=content.secrets[0]) if content.secrets else None
    if login:
        scheme, rest = address.split("://", 1)
        address = f"{scheme}://{quote(login[0], safe='')}:{quote(login[1], safe='')}@{rest}"
    return f"{address}?m={message_id}" if message_id else address


def credentials(*, connection: Connection) -> Credentials:
    """What an adapter needs to call out."""
    content = open_secrets(client_id=connection.client_id, sealed=connection.sealed)
    options: dict[str, Any] = {**connection.options, **content.private}
    return Credentials(
        account=connection.account, secret=content.secrets[0] if content.secrets else "", base_url=connection.base_url, options=options
    )


def sending_connection(*, client: Client) -> Connection | None:
    """The client's newest enabled connection whose adapter sends texts; None means the simulator's phone."""
    able = [a.provider for a in adapters.all_adapters() if a.can_send]
    return client.connections.filter(provider__in=able, disabled_at__isnull=True, live=True).order_by("-created_at").first()


def sender_of(*, connection: Connection | None, client: Client) -> str:
    """The number, or messaging service, that the client's texts go out from."""
    return str(connection.options.get("from") or client.phone) if connection else client.phone


def email_sender_of(*, connection: Connection | None) -> str:
    """The address that a client's emails come from: the connection's own, else the agency's."""
    return str(connection.options.get("from") or "") if connection else clean_email(settings.DEFAULT_FROM_EMAIL)


def understanding_connection(*, client: Client) -> Connection | None:
    """The client's newest enabled live connection to a language model, or None."""
    able = [a.provider for a in adapters.all_adapters() if a.can_understand]
    return client.connections.filter(provider__in=able, disabled_at__isnull=True, live=True).order_by("-created_at").first()


def alerting_connection(*, client: Client) -> Connection | None:
    """The client's newest enabled live connection that posts to the business's own people, or None."""
    able = [a.provider for a in adapters.all_adapters() if a.can_alert]
    return client.connections.filter(provider__in=able, disabled_at__isnull=True, live=True).order_by("-created_at").first()


def set_mood(*, client: Client, mood: str) -> None:
    """Put the simulated provider of a client in a mood of MOODS; texts to the simulator's phone then fail as they would at Twilio.

    It stands in the client's newest Twilio connection that is not live. Raises CannotConnect for another mood, and where there is none.
    """
    if mood not in MOODS:
        raise CannotConnect(f"There is no mood {mood!r}. Known: {', '.join(MOODS)}.")
    with transaction.atomic():
        found = _simulated(client_id=client.pk).select_for_update().first()
        if found is None:
            raise CannotConnect(f"{client} has no Twilio connection to play with; connect one that is not live.")
        found.options = {**found.options, "mood": mood}
        found.save(update_fields=["options"])


def mood_of(*, client_id: int) -> str:
    """The mood of a client's simulated provider; ok where nobody has set one."""
    options = _simulated(client_id=client_id).values_list("options", flat=True).first() or {}
    mood = options.get("mood", "ok")
    return mood if mood in MOODS else "ok"


def _simulated(*, client_id: int) -> QuerySet[Connection]:
    rows = Connection.objects.filter(client_id=client_id, provider="twilio", live=False, disabled_at__isnull=True)
    return rows.order_by("-created_at", "-pk")
