"""`script/test`: the checks and the tests, on a Postgres and a broker of their own that live in a temporary folder.

Several runs may go on at once: nothing is shared but `.venv` and the caches of the linters.
"""

from __future__ import annotations

import base64
import fcntl
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from zartsalgo.embedded.binaries import find_postgres, find_valkey
from zartsalgo.embedded.environment import home_folders, server_addresses
from zartsalgo.embedded.process import death_watch, kill_group, spawn, wait_until
from zartsalgo.embedded.servers import UNSAFE_AND_FAST, Broker, Postgres
from zartsalgo.embedded.state import ROOT, SECRET_NAMES, DataFolder, free_port
from zartsalgo.embedded.trouble import Trouble

PREFIX = "zarts-test-"
MOST_WORKERS = 4
Running = list[tuple[subprocess.Popen[bytes], int]]  # servers with the signal that ends each
CHECKS = (
    ("ruff check", ("ruff", "check", ".")),
    ("ruff format", ("ruff", "format", "--check", ".")),
    ("lint-imports", ()),  # has no module to run with -m, so its script is
    ("mypy", ("mypy",)),
)


def run_tests(arguments: Sequence[str]) -> int:
    """Run the linters (without pytest arguments) and pytest; its exit code, or 1 where a linter found something."""
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signum != signal.SIGHUP or signal.getsignal(signum) is not signal.SIG_IGN:
            signal.signal(signum, _interrupted)
    _sweep()
    with temporary_servers() as env:
        found = [name for name, command in CHECKS if not _check(name, command, env)] if not arguments else []
        if found:
            print(f"\n{', '.join(found)}: see above.\n", flush=True)
        code = _pytest(arguments, env)
    return code or (1 if found else 0)


@contextmanager
def temporary_servers() -> Iterator[dict[str, str]]:
    """Postgres without durability and a broker without a file, in a temporary folder; gives the environment that the tests run in."""
    base = Path(tempfile.mkdtemp(prefix=PREFIX))
    base.chmod(0o711)
    handle = os.open(base / "lock.new", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(handle, fcntl.LOCK_EX)  # says to other runs that this folder is in use; named only once it is held
    (base / "lock.new").rename(base / "lock")
    running: Running = []
    try:
        folder = DataFolder(base / "data")
        folder.create(for_postgres=True)
        passwords = {name: secrets.token_urlsafe(18) for name in SECRET_NAMES}
        programs = find_postgres(copy_to=folder.programs)
        postgres = Postgres(programs, folder.postgres, free_port(), passwords, UNSAFE_AND_FAST)
        broker = Broker(find_valkey(), folder.broker, free_port(), passwords["broker"], persistent=False)
        postgres.prepare()
        _start(broker, folder, running, uid=None, stop=signal.SIGTERM)
        _start(postgres, folder, running, uid=programs.uid, stop=signal.SIGINT)
        # So that a test may SET ROLE to them; and the tests' own database, made from the template, has no large objects for all either.
        # And wiping after a test (tests/wiping.py) switches triggers off.
        postgres.make_roles(
            extra="GRANT zarts_app, zarts_portal TO zarts_owner;\n"
            "GRANT SET ON PARAMETER session_replication_role TO zarts_owner;\n"
            "\\connect template1\n:no_large_objects;\n"
        )
        yield {
            **{name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "ZARTS_DATA"}},
            **server_addresses(postgres, broker),
            **home_folders(folder),
            "SECRET_KEY": secrets.token_urlsafe(48),
            "ZARTS_ENCRYPTION_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            "ZARTS_DATA": str(folder.path),
            "ZARTS_PUBLIC_URL": "http://127.0.0.1:8000",
            "ZARTS_ALLOW_LOOPBACK": "1",
            "ZARTS_AS_OWNER": "1",
            "ZARTS_TEST": "1",
            "PYTEST_DEBUG_TEMPROOT": str(base),
            "TZ": "UTC",
        }
    finally:
        for child, stop in reversed(running):
            child.send_signal(stop)
        for child, _ in reversed(running):
            try:
                child.wait(timeout=10)
            except subprocess.TimeoutExpired:
                kill_group(child.pid)
                child.wait()
        shutil.rmtree(base, ignore_errors=True)
        os.close(handle)


def _start(
    server: Postgres | Broker, folder: DataFolder, running: list[tuple[subprocess.Popen[bytes], int]], *, uid: int | None, stop: int
) -> None:
    """Start the server and wait until it answers; another port if the chosen one was taken in between."""
    name = type(server).__name__.lower()
    log = folder.logs / f"{name}.log"
    env = {"PATH": os.defpath, "LC_ALL": "C"}
    for _ in range(3):
        if isinstance(server, Broker):
            server.prepare()
        with log.open("ab") as output:
            child = spawn(server.command(), env=env, cwd=folder.path, output=output, uid=uid, death_signal=stop)
        running.append((child, stop))
        if wait_until(lambda: child.poll() is not None or server.answers(), seconds=30) and child.poll() is None:  # noqa: B023  # read at once
            return
        running.pop()
        kill_group(child.pid)
        child.wait()
        server.port = free_port()
    raise Trouble(f"{name} for the tests does not start: {_tail(log)}")


def _tail(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else "it left no reason"


def _check(name: str, command: Sequence[str], env: dict[str, str]) -> bool:
    """One linter; silent but for one line when it finds nothing. One run at a time, for their caches are shared."""
    with open(ROOT / ".venv" / "checks.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        script = [str(ROOT / ".venv/bin" / "lint-imports")] if name == "lint-imports" else ["-m", *command]
        done = subprocess.run(
            [sys.executable, *script], cwd=ROOT, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
    print(f"{name}: {'ok' if done.returncode == 0 else 'FAILED'}", flush=True)
    if done.returncode:
        print(done.stdout + done.stderr, flush=True)
    return done.returncode == 0


def _pytest(arguments: Sequence[str], env: dict[str, str]) -> int:
    """pytest in our own group, so that Ctrl-C at a terminal reaches it; other signals are passed on. Its closing line stays the last.

    All the tests are shared between the cores (tests/parallel.py says how); chosen ones run alone, so that a debugger may be used.
    """
    sys.stdout.flush()
    child = subprocess.Popen(
        [sys.executable, "-m", "pytest", *(arguments or _shared())], cwd=ROOT, env=env, preexec_fn=death_watch(signal.SIGTERM)
    )
    interrupted = 0
    while True:
        try:
            return child.wait()
        except KeyboardInterrupt as reason:
            interrupted += 1
            if reason.args != (signal.SIGINT,) or not os.isatty(0):
                child.send_signal(signal.SIGINT)
            if interrupted > 2:
                child.kill()


def _shared() -> list[str]:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    # One more than there are cores: the rooms with processes of their own mostly wait for them.
    workers = min(cores + 1, MOST_WORKERS) if cores > 1 else 1
    return [f"--numprocesses={workers}", "--max-worker-restart=1"] if workers > 1 else []


def _interrupted(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt(signum)


def _sweep() -> None:
    """Remove the folders of runs that were killed with -9: nobody holds their lock any more, and the kernel has ended their servers."""
    for left in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            handle = os.open(left / "lock", os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(left, ignore_errors=True)
        except BlockingIOError:
            pass
        finally:
            os.close(handle)
