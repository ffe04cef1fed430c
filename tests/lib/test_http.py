"""Outbound HTTP: the line between "not sent" and "unclear", and time limits where libraries have none."""

import contextlib
import datetime
import socket
import ssl
import threading
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from zartsalgo.lib import http


def outcome(**kwargs) -> tuple[str, str, float]:
    started = time.monotonic()
    try:
        reply = http.call(method="GET", **kwargs)
        return ("Reply", str(reply.status), time.monotonic() - started)
    except http.CallFailed as error:
        return (type(error).__name__, error.kind, time.monotonic() - started)


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0)) as made:
        made.settimeout(5)
        yield made


def port(listener: socket.socket) -> int:
    return listener.getsockname()[1]


def serve(listener: socket.socket, behave, times: int = 1) -> threading.Thread:
    def run() -> None:
        for _ in range(times):
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(5)
                behave(connection)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


@pytest.mark.parametrize("url", ["", "nope", "ftp://h.example.com/", "http://", "http://[", "http://h.example.com:port/", "http://a b/"])
def test_an_address_that_is_none(url) -> None:
    assert outcome(url=url)[0] == "NotSent"


def test_a_header_that_would_be_two() -> None:
    assert outcome(url="http://127.0.0.1:1/", headers={"A": "b\r\nC: d"})[:2] == ("NotSent", "address")


def test_name_resolution_that_hangs_is_cut_and_not_sent(monkeypatch) -> None:
    release = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: release.wait(30) or [])
    kind, why, took = outcome(url="http://slow-names.example.com/", connect_seconds=0.3)
    release.set()
    assert (kind, why) == ("NotSent", "timeout")
    assert took < 10


def test_a_dead_first_address_leaves_time_for_the_second(monkeypatch, listener) -> None:
    dead = socket.create_server(("127.0.0.1", 0), backlog=0)
    stuffed = [socket.socket() for _ in range(3)]  # a full backlog: further connects get no answer
    for each in stuffed:
        each.setblocking(False)
        each.connect_ex(dead.getsockname())
    found = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", dead.getsockname()),
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", listener.getsockname()),
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: found)
    serve(listener, lambda connection: (connection.recv(9999), connection.sendall(b"HTTP/1.1 204 Fine\r\n\r\n")))
    assert outcome(url="http://two-addresses.example.com/", connect_seconds=1)[:2] == ("Reply", "204")
    for each in (dead, *stuffed):
        each.close()


def test_a_tls_greeting_without_answer_is_not_sent(listener) -> None:
    done = threading.Event()
    serve(listener, lambda connection: done.wait(30))
    kind, why, took = outcome(url=f"https://127.0.0.1:{port(listener)}/", connect_seconds=0.3)
    done.set()
    assert (kind, why) == ("NotSent", "timeout")
    assert took < 10


@pytest.fixture
def certificate(tmp_path):
    """A certificate for localhost that nobody signed but itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    start = datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=1)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "localhost.pem"
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return file


def over_tls(certificate, behave):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def run(connection: socket.socket) -> None:
        try:
            with context.wrap_socket(connection, server_side=True) as secure:
                behave(secure)
        except OSError:
            return

    return run


def test_an_untrusted_certificate_is_not_sent(listener, certificate) -> None:
    asked = []
    thread = serve(listener, over_tls(certificate, lambda secure: asked.append(secure.recv(9999))))
    assert outcome(url=f"https://localhost:{port(listener)}/")[:2] == ("NotSent", "tls")
    thread.join(5)
    assert asked in ([], [b""])


def test_a_trusted_certificate_serves_and_dribbling_over_tls_ends(listener, certificate, monkeypatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    monkeypatch.setattr(http, "_manager", None)
    stop = threading.Event()
    answers = iter([b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi", None])

    def behave(secure: ssl.SSLSocket) -> None:
        secure.recv(9999)
        answer = next(answers)
        if answer:
            secure.sendall(answer)
            return
        secure.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while not stop.wait(0.05):
            secure.sendall(b"x")

    thread = serve(listener, over_tls(certificate, behave), times=2)
    assert outcome(url=f"https://localhost:{port(listener)}/")[:2] == ("Reply", "200")
    kind, why, took = outcome(url=f"https://localhost:{port(listener)}/", timeout_seconds=3)
    stop.set()
    thread.join(5)
    assert (kind, why) == ("Unclear", "timeout")
    assert took < 10


def test_a_connection_idle_for_long_is_not_used_again(listener, monkeypatch) -> None:
    ports: list[int] = []

    def behave(connection: socket.socket) -> None:
        ports.append(connection.getpeername()[1])
        # The last connection stays in the pool, idle, until this side gives it up.
        with contextlib.suppress(TimeoutError):
            while connection.recv(9999):
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    serve(listener, behave, times=2)
    url = f"http://127.0.0.1:{port(listener)}/"
    assert [outcome(url=url)[0] for _ in range(2)] == ["Reply", "Reply"]
    assert len(ports) == 1
    monkeypatch.setattr(http, "IDLE_SECONDS", 0.0)
    assert outcome(url=url)[0] == "Reply"
    assert len(ports) == 2


def test_a_connection_that_broke_off_is_not_used_again(listener) -> None:
    """What is left of a late answer must never be read as the answer of the next call."""
    stop = threading.Event()

    def behave(connection: socket.socket) -> None:
        path = connection.recv(9999).split()[1]
        if path == b"/late":
            stop.wait(1)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(path), path))

    serve(listener, behave, times=2)
    url = f"http://127.0.0.1:{port(listener)}"
    assert outcome(url=url + "/late", timeout_seconds=0.3)[:2] == ("Unclear", "timeout")
    stop.set()
    assert http.call(method="GET", url=url + "/next").body == b"/next"


def test_the_environment_cannot_add_a_proxy(listener, monkeypatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    serve(listener, lambda connection: (connection.recv(9999), connection.sendall(b"HTTP/1.1 204 Fine\r\n\r\n")))
    assert outcome(url=f"http://127.0.0.1:{port(listener)}/")[:2] == ("Reply", "204")
