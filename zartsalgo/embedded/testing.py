"""`script/test`: the checks and the tests, on a Postgres and a broker of their own that live in a temporary folder.

All the tests need many databases: one for each worker, and one for each system that a test starts. So a data folder with tables is made
once, as script/up makes it, and the rest are copies; it is kept in `.venv` for the next run with the same code. Chosen tests begin from
nothing, which is quicker for one.

Several runs may go on at once: nothing is shared but `.venv` and the caches of the linters.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from zartsalgo.embedded.binaries import find_postgres, find_valkey
from zartsalgo.embedded.days_ahead import DAYS, missing, moved_date, read_days
from zartsalgo.embedded.environment import home_folders, server_addresses
from zartsalgo.embedded.process import death_watch, kill_group, spawn, wait_until
from zartsalgo.embedded.servers import DATABASE, UNSAFE_AND_FAST, Broker, Postgres
from zartsalgo.embedded.state import ROOT, DataFolder, copy_folder, free_port
from zartsalgo.embedded.trouble import Trouble
from zartsalgo.embedded.up import ADDRESSES
from zartsalgo.embedded.version import fingerprint

PREFIX = "zarts-test-"
MOST_WORKERS = 4
INTERRUPTED = 2  # pytest's exit code
TEMPLATE = "zarts_template"  # the workers' databases are copies of it
# A story by the stop-watch, and a second machine beside the first: .ci/run runs them by themselves, where nothing else takes the machine's time.
ALONE = ("tests/browser/test_five_minutes.py", "tests/stack/test_two_machines.py")
Running = list[tuple[subprocess.Popen[bytes], int]]  # servers with the signal that ends each


def run_tests(arguments: Sequence[str]) -> int:
    """Run the linters (without pytest arguments) and pytest; its exit code, or 1 where a linter found something."""
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signum != signal.SIGHUP or signal.getsignal(signum) is not signal.SIG_IGN:
            signal.signal(signum, _interrupted)
    days = read_days()
    if days and (why := missing()):
        print(f"{DAYS}={days}: nothing was run, for {why}.", flush=True)
        return 0
    _sweep()
    with _temporary_folder() as base, _linters(base / "linters", wanted=not (arguments or days)) as linters:
        prepared = base / "prepared" if not arguments else None
        preparing = _prepare(prepared, log=base / "prepared.log") if prepared and not _take_kept(prepared) else None
        try:
            if preparing and preparing.wait():
                raise Trouble(f"The tables for the tests could not be made: {_tail(base / 'prepared.log')}")
            if preparing and prepared:
                _keep(prepared)
        finally:
            if preparing and preparing.poll() is None:
                preparing.terminate()
                preparing.wait()
        with temporary_servers(base, prepared, date=moved_date(days=days, folder=base)) as env:
            code = _pytest(arguments, env | ({"ZARTS_LINTERS": str(base / "linters")} if linters else {}))
        if linters and code != INTERRUPTED:
            found = linters.wait()
            if (base / "linters").exists():
                print((base / "linters").read_text(encoding="utf-8"), flush=True)
            code = code or found
    return code


@contextmanager
def _temporary_folder() -> Iterator[Path]:
    """A folder of this run's own; other runs see that it is in use."""
    base = Path(tempfile.mkdtemp(prefix=PREFIX))
    base.chmod(0o711)
    handle = os.open(base / "lock.new", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(handle, fcntl.LOCK_EX)  # says to other runs that this folder is in use; named only once it is held
    (base / "lock.new").rename(base / "lock")
    try:
        yield base
    finally:
        shutil.rmtree(base, ignore_errors=True)
        os.close(handle)


@contextmanager
def _linters(said: Path, *, wanted: bool) -> Iterator[subprocess.Popen[bytes] | None]:
    """The linters, begun, or None; they end with the block. What they say is in the file `said` when all are through."""
    linters = None
    if wanted:
        env = os.environ | {"PYTHONPATH": str(ROOT)}
        linters = spawn([sys.executable, "-P", "-m", "zartsalgo.embedded.linters", str(said)], env=env, cwd=ROOT, output=None)
    try:
        yield linters
    finally:
        if linters and linters.poll() is None:
            kill_group(linters.pid)
            linters.wait()


@contextmanager
def _kept() -> Iterator[Path]:
    """Where the tables of an earlier run are kept, named by what they were made from; locked, for other runs read and replace them too."""
    with open(ROOT / ".venv" / "prepared.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield ROOT / ".venv" / "prepared" / f"{fingerprint('')[:24]}-{os.geteuid()}"


def _take_kept(target: Path) -> bool:
    """Copy the tables of an earlier run with this code; False where there are none."""
    with _kept() as kept:
        if not kept.is_dir():
            return False
        copy_folder(kept, target)
        return True


def _keep(prepared: Path) -> None:
    """Keep these tables for the next run, in place of any others."""
    with _kept() as kept:
        shutil.rmtree(kept.parent, ignore_errors=True)
        kept.parent.mkdir(mode=0o700)
        fresh = kept.with_suffix(".new")
        copy_folder(prepared, fresh)
        fresh.rename(kept)


def _prepare(folder: Path, *, log: Path) -> subprocess.Popen[bytes]:
    """Begin to make the data folder that others are copied from, on a Postgres that ends with it."""
    given = (*ADDRESSES, "PYTHONPATH", "SECRET_KEY")
    env = {name: value for name, value in os.environ.items() if name not in given and not name.startswith("ZARTS_")}
    command = [sys.executable, "-P", "-m", "zartsalgo.embedded", "up", "--tables-only", "--data", str(folder)]
    with log.open("wb") as output:
        return spawn(command, env=env | {"PYTHONPATH": str(ROOT)}, cwd=ROOT, output=output)


@contextmanager
def temporary_servers(base: Path, prepared: Path | None, *, date: Mapping[str, str] | None = None) -> Iterator[dict[str, str]]:
    """Postgres without durability and a broker without a file; gives the environment that the tests run in. `date` as by moved_date."""
    date = date or {}
    running: Running = []
    try:
        folder = copy_folder(prepared, base / "data") if prepared else DataFolder(base / "data")
        folder.create(for_postgres=True)
        passwords = folder.secrets()
        programs = find_postgres(copy_to=folder.programs)
        postgres = Postgres(programs, folder.postgres, free_port(), passwords, UNSAFE_AND_FAST)
        broker = Broker(find_valkey(), folder.broker, free_port(), passwords["broker"], persistent=False)
        postgres.prepare()
        _start(broker, folder, running, uid=None, stop=signal.SIGTERM, date=date)
        _start(postgres, folder, running, uid=programs.uid, stop=signal.SIGINT, date=date)
        if prepared:
            postgres.rename(DATABASE, TEMPLATE)
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
            **({"ZARTS_PREPARED": str(prepared), "ZARTS_TEST_TEMPLATE": TEMPLATE} if prepared else {}),
            "SECRET_KEY": passwords["secret_key"],
            "ZARTS_ENCRYPTION_KEYS": passwords["encryption_keys"],
            "ZARTS_DATA": str(folder.path),
            "ZARTS_PUBLIC_URL": "http://127.0.0.1:8000",
            "ZARTS_ALLOW_LOOPBACK": "1",
            "ZARTS_AS_OWNER": "1",
            "ZARTS_TEST": "1",
            "PYTEST_DEBUG_TEMPROOT": str(base),
            "TZ": "UTC",
            **date,
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


def _start(server: Postgres | Broker, folder: DataFolder, running: Running, *, uid: int | None, stop: int, date: Mapping[str, str]) -> None:
    """Start the server and wait until it answers; another port if the chosen one was taken in between."""
    name = type(server).__name__.lower()
    log = folder.logs / f"{name}.log"
    env = {"PATH": os.defpath, "LC_ALL": "C", **date}
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
    # One more than there are cores: the rooms with processes of their own mostly wait for them. Another one costs more than it brings.
    workers = min(cores + 1, MOST_WORKERS) if cores > 1 else 1
    shared = [f"--numprocesses={workers}", "--max-worker-restart=1"] if workers > 1 else []
    return [*shared, *(f"--ignore={path}" for path in ALONE)]


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
