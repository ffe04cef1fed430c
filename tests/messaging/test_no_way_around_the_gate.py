"""There is one door out, and it opens for a slip only: the code is walked for other doors, and the door is tried.

Whoever adds a sender, a mail or another caller of an adapter makes a test here fail, and then says why it may.
"""

import ast
import dataclasses
import functools
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from messaging import gate, simulated
from messaging.models import Message, Notice
from messaging.notices import judging
from messaging.outbox import dispatch
from providers import adapters
from providers.connections import connect
from providers.contract import Adapter
from tests.factories import NOON, ClientFactory, ContactFactory, ResponderFactory
from zartsalgo.lib.slip import DROP, HOLD, SEND, Check, Slip

ROOT = Path(__file__).parents[2]
ROOMS = ("leads", "messaging", "portal", "providers", "script", "summaries", "workflows", "zartsalgo")
# Every call that is named like a sender, by file and function, with the reason. Nothing else may call `.send` or `.create` of messages.
ALLOWED = {
    ("messaging/outbox/dispatch.py", "_text", "simulated.send"): "the door itself, behind its slip",
    ("messaging/outbox/dispatch.py", "_text", "adapter.send"): "the door itself, behind its slip",
    ("messaging/outbox/dispatch.py", "_email", "adapter.send_email"): "the door itself, behind its slip",
    ("messaging/outbox/dispatch.py", "_email", "by_smtp.send"): "the door itself, behind its slip",
    ("messaging/outbox/dispatch.py", "_notice", "adapter.send"): "the door itself, behind its slip: an alert to the business's own people",
    ("messaging/outbox/dispatch.py", "_notice", "adapter.post_alert"): "the door itself, behind its slip: the same by Slack",
    ("messaging/outbox/dispatch.py", "_notice", "mailing.mail_notice"): "the door itself, behind its slip: the same by mail",
    ("messaging/notices/mailing.py", "mail_notice", "EmailMessage(subject=subject, body=body, to=[to]).send"): (
        "an alert to one of the business's own people, reached by the door only"
    ),
    ("messaging/email/by_smtp.py", "send", "way.send_messages"): "the mail server of the environment, reached by the door only",
    (
        "providers/adapters/postmark.py",
        "PostmarkAdapter.send_email",
        "_postmark_client.send",
    ): "the adapter's own call, reached by the door only",
    ("providers/adapters/twilio.py", "TwilioAdapter.send", "client.messages.create"): "the adapter's own call, reached by the door only",
    (
        "portal/mail.py",
        "send",
        "letter(email=mail.email, token=token, code=code).send",
    ): "sign-in mail to a member who asked for it just now",
    ("portal/due.py", "work_off", "mail.send"): "the same sign-in mail, when its ring was lost",
    ("portal/tasks.py", "send_sign_in_mail", "mail.send"): "the same sign-in mail",
    (
        "zartsalgo/office/operations/mails.py",
        "_send",
        "EmailMessage(subject=mail.subject, body=mail.body, to=[mail.person.email]).send",
    ): ("an alert to our own staff"),
    ("zartsalgo/asgi.py", "WholeRequests.__call__", "send"): "answers to the browser that asked",
    ("zartsalgo/embedded/control.py", "ask", "connection.sendall"): "our own supervisor's socket",
    ("zartsalgo/embedded/control.py", "serve_one", "connection.sendall"): "our own supervisor's socket",
    ("zartsalgo/embedded/servers.py", "Broker.answers", "connection.sendall"): "a ping of our own broker",
    ("zartsalgo/lib/http.py", "*", "super().send"): "bytes of a connection that an adapter opened",
}
SENDERS = {
    "send",
    "send_email",
    "send_messages",
    "send_mail",
    "send_mass_mail",
    "mail_admins",
    "mail_managers",
    "sendmail",
    "send_message",
    "sendto",
    "sendall",
    "post_alert",
    "mail_notice",
}
# What can open a way to a provider; who may import it.
WAYS_OUT = {
    # The simulator signs what it posts to our own hooks.
    "twilio": ("providers/adapters/", "zartsalgo/office/simulator_payloads.py"),
    "openai": ("providers/adapters/",),
    # The adapter only writes a mail with it; anymail and our own HTTP carry it.
    "django.core.mail": (
        "portal/mail.py",
        "zartsalgo/office/operations/mails.py",
        "messaging/notices/mailing.py",
        "messaging/email/by_smtp.py",
        "providers/adapters/_postmark_client.py",
    ),
    # Its errors only; what opens a connection is called through django.core.mail.
    "smtplib": ("portal/mail.py", "zartsalgo/office/operations/mails.py", "messaging/notices/mailing.py", "messaging/email/by_smtp.py"),
    "requests": ("providers/adapters/_twilio_client.py",),
    "httpx": (),
    "aiohttp": (),
    "urllib.request": (),
    "http.client": ("zartsalgo/lib/http.py", "zartsalgo/embedded/fleet.py"),
    "urllib3": ("zartsalgo/lib/http.py",),
    "anymail": ("providers/adapters/_postmark_client.py",),
    "slack_sdk": (),
}


@dataclasses.dataclass(frozen=True)
class Code:
    """What one module of ours calls, imports and names. `calls`: the function it stands in, such as TwilioAdapter.send ("" at the top of the
    module), the call, and what is called."""

    file: str
    calls: list[tuple[str, ast.Call, str]]
    imports: list[ast.Import | ast.ImportFrom]
    attributes: list[ast.Attribute]


@functools.cache
def sources() -> list[Code]:
    """Every module of ours but migrations and tests, read once."""
    paths = (path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py")) if "migrations" not in path.parts)
    return [read(file=str(path.relative_to(ROOT)), tree=ast.parse(path.read_text())) for path in paths]


def read(*, file: str, tree: ast.Module) -> Code:
    code = Code(file=file, calls=[], imports=[], attributes=[])
    waiting: list[tuple[ast.AST, str]] = [(tree, "")]
    while waiting:
        node, inside = waiting.pop()
        if isinstance(node, ast.Call):
            code.calls.append((inside, node, dotted(node.func)))
        elif isinstance(node, ast.Import | ast.ImportFrom):
            code.imports.append(node)
        elif isinstance(node, ast.Attribute):
            code.attributes.append(node)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            inside = f"{inside}.{node.name}".lstrip(".")
        waiting += [(child, inside) for child in ast.iter_child_nodes(node)]
    return code


def every_call() -> Iterator[tuple[str, str, ast.Call, str]]:
    """Every call of ours: its file, the function it stands in, and what is called."""
    return ((code.file, inside, call, name) for code in sources() for inside, call, name in code.calls)


def dotted(node: ast.expr) -> str:
    """The source of a name such as "dispatch.call"; of the many plain ones without ast.unparse, which is slow."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id if isinstance(node, ast.Name) else ast.unparse(node), *reversed(parts)])


def is_a_sender(name: str) -> bool:
    return name.split(".")[-1] in SENDERS or name.endswith("messages.create")


@functools.cache
def found_senders() -> set[tuple[str, str, str]]:
    return {(file, inside, name) for file, inside, _, name in every_call() if is_a_sender(name)}


def test_nothing_else_in_the_code_calls_a_sender():
    allowed = {(file, what) if inside == "*" else (file, inside, what) for file, inside, what in ALLOWED}
    others = {one for one in found_senders() if one not in allowed and (one[0], one[2]) not in allowed}
    assert others == set(), "a new way out: send it through messaging.outbox.sending, or name it in ALLOWED with the reason"
    assert {one[0] for one in found_senders()} == {file for file, _, _ in ALLOWED}


def test_the_door_is_called_only_behind_a_judgement():
    """`dispatch.call` stands in two functions, each given the slip that was made just before; what is behind it is named by the door alone; and nobody
    reaches `send` of an adapter by getattr."""
    at_the_door = {(file, inside) for file, inside, _, name in every_call() if name in ("dispatch.call", "call") and "messaging/" in file}
    behind = {
        (file, inside)
        for file, inside, _, name in every_call()
        if name.split(".")[-1] in ("_text", "_notice") and (file == "messaging/outbox/dispatch.py" or "dispatch." in name)
    }
    assert at_the_door == {
        ("messaging/outbox/sending.py", "_carry_out"),
        ("messaging/outbox/flights.py", "Flights._fly"),
        ("messaging/notices/telling.py", "tell"),
    }
    assert behind == {("messaging/outbox/dispatch.py", "call")}
    by_name = [
        (file, ast.unparse(call))
        for file, _, call, name in every_call()
        if name == "getattr" and any(isinstance(a, ast.Constant) and a.value in ("send", "post_alert", "mail_notice") for a in call.args)
    ]
    imported = [
        (code.file, alias.name)
        for code in sources()
        for node in code.imports
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in ("messaging", "providers")
        for alias in node.names
        if alias.name in ("send", "call", "ADAPTER", "post_alert", "mail_notice", "_text", "_notice") and node.module != "django.core"
    ]
    # An attribute `send` that is handed on without being called would be a way around the walk above.
    called = {id(call.func) for _, _, call, _ in every_call()}
    handed_on = [
        (code.file, ast.unparse(node))
        for code in sources()
        for node in code.attributes
        if node.attr in ("send", "post_alert", "mail_notice") and isinstance(node.ctx, ast.Load)
        and id(node) not in called
        and not ast.unparse(node).startswith(("Automation.", "automation.", "self.", "row.", "Send.", "spec."))
    ]  # fmt: skip
    assert (by_name, imported, handed_on) == ([], [], [])


def test_only_the_named_files_can_reach_out_at_all():
    found = set()
    for code in sources():
        for node in code.imports:
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module, *(f"{node.module}.{a.name}" for a in node.names)]
            found |= {(code.file, way) for way in WAYS_OUT for name in names if name == way or name.startswith(f"{way}.")}
    strangers = {(file, way) for file, way in found if not file.startswith(WAYS_OUT[way] or ("-",))}
    assert strangers == set()


# -- trying the door ---------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def wire():
    """A server on this machine that counts who comes, and answers nothing."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)
        over = threading.Event()

        def _listen() -> None:
            while not over.is_set():
                try:
                    other, _ = server.accept()
                except TimeoutError:
                    continue
                with other:
                    other.settimeout(1)
                    heard.append(other.recv(4096))

        listener = threading.Thread(target=_listen)
        listener.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}", heard
        over.set()
        listener.join()


def slip(verdict: str = SEND, *, of=gate.CHECKS, **changes) -> Slip:
    passed = tuple(Check(name=name, passed=True, says="Fine.", values={}) for name, _ in of)
    return Slip(**{"verdict": verdict, "reason": "", "says": "x", "until": None, "checks": passed, "made_at": NOON, **changes})


def no_slips(of, other) -> dict[str, object]:
    """Everything that is no slip for one kind of row, the other kind's own among it."""
    good = slip(of=of)
    checks = good.checks
    failed = Check(name=checks[0].name, passed=False, says="They asked us to stop.", values={})

    class Forged:
        """Looks like a slip in every way but its type."""

        verdict, reason, says, until, made_at = SEND, "", "Every check passed.", None, NOON

    class Forgiving(Slip):
        """A slip that says of itself what is asked."""

    Forged.checks = checks
    return {
        "none": None,
        "hold": slip(HOLD, of=of),
        "drop": slip(DROP, of=of),
        "a failed check": slip(of=of, checks=(failed, *checks[1:])),
        "a check left out": slip(of=of, checks=checks[1:]),
        "no check at all": slip(of=of, checks=()),
        "as json": good.as_json(),
        "a forged object": Forged(),
        "a heir of the slip": Forgiving(**{field.name: getattr(good, field.name) for field in dataclasses.fields(Slip)}),
        "true": True,
        "the slip of the other kind": slip(of=other),
    }


NO_SLIPS = no_slips(gate.CHECKS, judging.CHECKS)
NO_SLIPS_OF_A_NOTICE = no_slips(judging.CHECKS, gate.CHECKS)
THAT_SEND = [adapter.provider for adapter in adapters.all_adapters() if adapter.can_send]
THAT_ALERT = [adapter.provider for adapter in adapters.all_adapters() if adapter.can_alert]
SECRETS = {"slack": "https://hooks.slack.com/services/T0TEST/B0TEST/not-a-real-hook"}
THAT_MAIL = [adapter.provider for adapter in adapters.all_adapters() if adapter.can_email]


def test_every_adapter_that_can_send_says_so():
    """`can_send` and `can_alert` are what this file goes by: an adapter that has a `send` and does not say so would slip through."""
    has = [adapter.provider for adapter in adapters.all_adapters() if type(adapter).send is not Adapter.send]
    assert has == THAT_SEND
    assert THAT_SEND
    assert [adapter.provider for adapter in adapters.all_adapters() if type(adapter).post_alert is not Adapter.post_alert] == THAT_ALERT
    assert THAT_ALERT
    mail = [adapter.provider for adapter in adapters.all_adapters() if type(adapter).send_email is not Adapter.send_email]
    assert mail == THAT_MAIL
    assert THAT_MAIL


@pytest.mark.django_db
@pytest.mark.parametrize("provider", [*THAT_SEND, ""])
@pytest.mark.parametrize("given", NO_SLIPS)
def test_no_byte_leaves_without_a_slip(noon, wire, monkeypatch, provider, given):
    address, heard = wire
    one = ClientFactory()
    way = connect(client=one, provider=provider, secret="s", account="AC1", base_url=address, live=True, now=NOON)[0] if provider else None
    shown: list[object] = []
    monkeypatch.setattr(simulated, "send", lambda *, message: shown.append(message))
    to, contact = "+13035550123", ContactFactory(client=one, phone="+13035550123")
    message = Message(client=one, contact=contact, to=to, sender=one.phone, body="Hi", connection=way)
    with pytest.raises(dispatch.NoSlip):
        dispatch.call(row=message, slip=NO_SLIPS[given])
    assert (heard, shown) == ([], [])


@pytest.mark.django_db
@pytest.mark.parametrize("provider", THAT_SEND)
def test_with_a_slip_the_same_call_reaches_the_wire(noon, wire, provider):
    """The counter counts: otherwise the silence above would prove nothing."""
    address, heard = wire
    one = ClientFactory()
    way = connect(client=one, provider=provider, secret="s", account="AC1", base_url=address, live=True, now=NOON)[0]
    message = Message(client=one, contact=ContactFactory(client=one), to="+13035550123", sender=one.phone, body="Hi", connection=way)
    assert dispatch.call(row=message, slip=slip()).outcome != "accepted"
    assert len(heard) == 1


# -- the same for an alert to the business's own people ----------------------------------------------------------------------------------


def notice_over(way: str, address: str) -> Notice:
    one = ClientFactory()
    rita = ResponderFactory(client=one, email="rita@example.com")
    line = None
    if way:
        secret = SECRETS.get(way, "s")
        line = connect(client=one, provider=way, secret=secret, account="AC1", base_url=address, live=True, now=NOON)[0]
    channel = "slack" if way in THAT_ALERT else "sms" if way else "email"
    to = {"sms": rita.phone, "email": rita.email, "slack": str(line and line.pk)}[channel]
    return Notice(client=one, responder=rita, cause="x", channel=channel, address=to, connection=line, sender=one.phone, created_at=NOON)


@pytest.mark.django_db
@pytest.mark.parametrize("way", [*THAT_SEND, *THAT_ALERT, ""])
def test_no_alert_leaves_without_its_own_slip(noon, wire, mailoutbox, way):
    address, heard = wire
    notice = notice_over(way, address)
    for given in NO_SLIPS_OF_A_NOTICE.values():
        with pytest.raises(dispatch.NoSlip):
            dispatch.call(row=notice, slip=given)
    assert (heard, mailoutbox) == ([], [])


@pytest.mark.django_db
@pytest.mark.parametrize("way", [*THAT_SEND, *THAT_ALERT, ""])
def test_with_its_own_slip_the_same_alert_leaves(noon, wire, mailoutbox, way):
    address, heard = wire
    dispatch.call(row=notice_over(way, address), slip=slip(of=judging.CHECKS))
    assert len(heard) + len(mailoutbox) == 1


@pytest.mark.django_db
def test_the_door_carries_nothing_but_texts_and_alerts(noon):
    with pytest.raises(dispatch.NoSlip):
        dispatch.call(row=object(), slip=slip())


def email_over(provider, address):
    one = ClientFactory()
    one.postal_address = "1 Main St, Denver CO 80202"
    options = {"from": "office@summit.example.com"}
    way = connect(client=one, provider=provider, secret="s", base_url=address, live=True, options=options, now=NOON)[0]
    return Message(
        client=one, contact=ContactFactory(client=one), channel="email", to="carla@example.com", sender="office@summit.example.com",
        subject="Your roof", body="Hi", connection=way,
    )  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("provider", THAT_MAIL)
@pytest.mark.parametrize("given", NO_SLIPS)
def test_no_email_leaves_without_a_slip(noon, wire, provider, given):
    address, heard = wire
    with pytest.raises(dispatch.NoSlip):
        dispatch.call(row=email_over(provider, address), slip=NO_SLIPS[given])
    assert heard == []


@pytest.mark.django_db
@pytest.mark.parametrize("provider", THAT_MAIL)
def test_with_a_slip_the_same_email_reaches_the_wire(noon, wire, provider):
    address, heard = wire
    assert dispatch.call(row=email_over(provider, address), slip=slip()).outcome != "accepted"
    assert len(heard) == 1
