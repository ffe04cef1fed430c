"""script/up as a person uses it: first start, a second one, a supervisor that is killed, services taken down and brought back."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

import pytest

from zartsalgo.embedded.environment import public_url
from zartsalgo.embedded.process import death_watch, started_at, wait_until
from zartsalgo.embedded.state import ROOT, copy_folder, free_port
from zartsalgo.embedded.up import _more_logins, _relay, last_words
from zartsalgo.embedded.version import fingerprint

OURS = (
    "DATABASE_URL",
    "DATABASE_OWNER_URL",
    "PORTAL_DATABASE_URL",
    "REDIS_URL",
    "ZARTS_AS_OWNER",
    "ZARTS_TEST",
    "ZARTS_DATA",
    "ZARTS_PUBLIC_URL",
    "SECRET_KEY",
    "ZARTS_ENCRYPTION_KEYS",
)
ENV = {name: value for name, value in os.environ.items() if name not in OURS} | {
    "AWS_SECRET_ACCESS_KEY": "of the shell",
    "CONNECT_SECRET": "x",
}


def environment_of(pid):
    parts = Path(f"/proc/{pid}/environ").read_text().split("\0")
    return dict(part.split("=", 1) for part in parts if part)


def command(*arguments):
    return [sys.executable, "-m", "zartsalgo.embedded", *arguments]


class Clone:
    """One data folder and the `up` that runs for it."""

    def __init__(self, data):
        self.data = data
        self.port = free_port()
        self.up = None

    def start(self):
        arguments = command("up", "--no-demo", "--port", str(self.port), "--data", str(self.data))
        self.up = subprocess.Popen(
            arguments,
            cwd=ROOT,
            env=ENV,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=death_watch(signal.SIGTERM),
        )
        said = []
        for line in self.up.stdout:
            said.append(line)
            if "Ctrl-C stops everything" in line:
                return "".join(said)
        raise AssertionError(f"up ended with {self.up.wait()}: {''.join(said)}")

    def end(self, signum=signal.SIGTERM):
        self.up.send_signal(signum)
        rest = self.up.stdout.read()
        self.up.stdout.close()
        return self.up.wait(timeout=60), rest

    def manage(self, *arguments, check=True):
        done = subprocess.run(
            command("manage", "--data", str(self.data), *arguments), cwd=ROOT, env=ENV, capture_output=True, text=True, check=False
        )
        assert not check or done.returncode == 0, done.stderr
        return done

    def services(self, *arguments):
        report = json.loads(self.manage("services", *arguments, "--json").stdout)
        assert report["data"] == str(self.data)
        return {entry["name"]: entry for entry in report["services"]}

    def answers(self, path="/healthz"):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False


@pytest.fixture
def clone():
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        one = Clone(Path(folder) / "data")
        # Among all the tests the tables are there already: script/test made them, by this very code and the same command.
        if prepared := os.environ.get("ZARTS_PREPARED"):
            copy_folder(Path(prepared), one.data)
        yield one
        if one.up is not None and one.up.poll() is None:
            one.up.terminate()
            one.up.wait(timeout=60)
        if one.up is not None:
            one.up.stdout.close()


@pytest.mark.stack
@pytest.mark.timeout(240)
def test_the_life_of_a_data_folder(clone):
    said = clone.start()
    assert f"http://127.0.0.1:{clone.port}/" in said
    login = json.loads((clone.data / "login.json").read_text())
    assert f"{login['username']} / {login['password']}" in said
    assert clone.answers()
    first = clone.services()
    assert list(first) == ["postgres", "broker", "web", "worker", "beat", "ticker"]
    assert {entry["restarts"] for entry in first.values()} == {0}
    assert first["web"]["port"] == clone.port

    # What each process was handed, as the kernel tells it: no key of the owner or the superuser, and each its own.
    held = {name: environment_of(first[name]["pid"]) for name in ("web", "worker", "beat", "ticker")}
    passwords = json.loads((clone.data / "secrets.json").read_text())
    for name in held:
        assert not any(passwords[role] in value for role in ("owner", "superuser") for value in held[name].values()), name
        assert not {"DATABASE_OWNER_URL", "CONNECT_SECRET", "AWS_SECRET_ACCESS_KEY"} & set(held[name])
        assert passwords["app"] in held[name]["DATABASE_URL"]
        assert ("PORTAL_DATABASE_URL" in held[name]) == (name == "web")
        assert (passwords["secret_key"] in held[name].values()) == (name != "beat")
    for name in ("postgres", "broker"):
        assert not any(secret in value for secret in passwords.values() for value in environment_of(first[name]["pid"]).values())
    clone.manage("migrate", "--check")  # it still reads the owner's address from the folder

    # A second one for the same folder refuses, in one sentence.
    second = subprocess.run(command("up", "--data", str(clone.data)), cwd=ROOT, env=ENV, capture_output=True, text=True, check=False)
    assert second.returncode == 1
    assert second.stderr.strip().startswith(f"ZartsAlgo already runs for {clone.data} (pid {clone.up.pid}, http://127.0.0.1:{clone.port})")

    # The database may be away: pages that need none go on, and it comes back on the same port.
    assert clone.services("stop", "postgres")["postgres"]["state"] == "stopped"
    assert clone.answers()
    back = clone.services("start", "postgres")["postgres"]
    assert (back["state"], back["port"]) == ("running", first["postgres"]["port"])

    # What is killed comes back by itself.
    clone.services("kill", "web")
    assert wait_until(lambda: clone.services()["web"]["state"] == "running", seconds=60)
    again = clone.services()["web"]
    assert (again["restarts"], again["pid"] != first["web"]["pid"]) == (1, True)
    assert clone.answers()
    assert clone.services("kill", "postgres")["postgres"]["restarts"] == 1
    assert wait_until(lambda: clone.services()["postgres"]["state"] == "running", seconds=60)

    # The supervisor is killed: nothing stays behind, and the next start finds everything as it was.
    code = json.loads((clone.data / "state.json").read_text())["migrated"]
    pids = [entry["pid"] for entry in clone.services().values()]
    clone.end(signal.SIGKILL)
    assert wait_until(lambda: not any(started_at(pid) for pid in pids), seconds=60)
    said = clone.start()
    assert ("Preparing the database" in said) == (fingerprint("") != code)  # skipped, unless somebody edits while the test runs
    assert json.loads((clone.data / "login.json").read_text()) == login
    assert clone.answers()

    # And an orderly end.
    pids = [entry["pid"] for entry in clone.services().values() if entry["pid"]]
    code, rest = clone.end()
    assert (code, rest.strip().splitlines()[-1]) == (0, "Stopped.")
    assert not any(started_at(pid) for pid in pids)
    down = clone.manage("services", "--json", check=False)
    assert down.returncode == 1
    assert {entry["state"] for entry in json.loads(down.stdout)["services"]} == {"down"}


@pytest.mark.stack
def test_what_cannot_be_is_one_sentence(tmp_path):
    cases = {
        ("--port", "99999"): "--port 99999: ports go from 1 to 65535.",
        ("--data", "/proc/nothing"): "The data folder /proc/nothing cannot be used",
    }
    for arguments, sentence in cases.items():
        data = [] if "--data" in arguments else ["--data", str(tmp_path / "data")]
        done = subprocess.run(
            command("up", *arguments, *data),
            cwd=ROOT,
            env=ENV | {"DATABASE_URL": "x", "DATABASE_OWNER_URL": "x"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode != 0
        assert done.stderr.startswith(sentence)
        assert len(done.stderr.splitlines()) == 1
    done = subprocess.run(command("up"), cwd=ROOT, env=ENV | {"DATABASE_URL": "x"}, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("DATABASE_URL is set without DATABASE_OWNER_URL: ")


def test_the_public_address_follows_what_was_asked_for():
    assert public_url("127.0.0.1", 8000, {}) == "http://127.0.0.1:8000"
    assert public_url("0.0.0.0", 8001, {}) == "http://127.0.0.1:8001"
    assert public_url("::1", 8001, {}) == "http://[::1]:8001"
    assert public_url("127.0.0.1", 8000, {"ZARTS_PUBLIC_URL": "https://leads.example/"}) == "https://leads.example"


def test_thelast_words_of_a_failed_start_are_its_reason(tmp_path):
    log = tmp_path / "web.log"
    assert last_words(log) == "it left no reason"
    log.write_text("Traceback (most recent call last):\n  File x\ndjango.core.exceptions.ImproperlyConfigured: SECRET_KEY is missing.\n")
    assert last_words(log) == "SECRET_KEY is missing."
    log.write_text("LOG: ready\n2026-11-20 FATAL:  role does not exist\nLOG: bye\n")
    assert last_words(log) == "2026-11-20 FATAL:  role does not exist"


def test_progress_of_a_command_is_shown_line_by_line(tmp_path, capsys):
    log = tmp_path / "start.log"
    log.write_text("WARNING something\nLoading the demo agency: Summit Roofing, 60 days ... 34 %\nLoading the demo")
    read = _relay(log, 0, "Loading the demo agency: ")
    assert capsys.readouterr().out.splitlines() == ["Loading the demo agency: Summit Roofing, 60 days ... 34 %"]
    log.write_text(log.read_text() + " agency: Harbor Movers, 60 days ... 0 %\n")
    assert _relay(log, read, "Loading the demo agency: ") == log.stat().st_size
    assert capsys.readouterr().out.splitlines() == ["Loading the demo agency: Harbor Movers, 60 days ... 0 %"]


def test_the_welcome_names_the_demos_logins():
    assert _more_logins({"username": "owner", "password": "x"}) == ""
    portal = {
        "client": "Summit Roofing",
        "name": "Rita",
        "email": "rita@example.com",
        "url": "http://h/portal/",
        "outbox": "http://h/outbox/",
    }
    said = _more_logins({"staff": {"username": "sam", "password": "secret"}, "portal": portal})
    assert "sam / secret" in said and "http://h/portal/ as rita@example.com (Rita of Summit Roofing)" in said and "http://h/outbox/" in said
    assert _more_logins({"trouble": "No."}) == "  No demo   No.\n"
