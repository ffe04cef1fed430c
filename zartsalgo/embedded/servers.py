"""Postgres and the Redis-protocol server: their files, their command lines, and whether they answer."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

from portal import rights
from zartsalgo.embedded.binaries import PostgresPrograms
from zartsalgo.embedded.process import command_of, signal_process, started_at, wait_until
from zartsalgo.embedded.trouble import Trouble

LOOPBACK = "127.0.0.1"
DATABASE = "zarts"
SUPERUSER = "zarts_super"
ROLES_SQL = Path(__file__).resolve().parents[2] / "script" / "roles.sql"

# Values of people (a phone number in a failing statement, a key in a DETAIL line) must not reach the server's log; the app's own errors
# say enough.
_QUIET = {
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}
_EMBEDDED = {
    "unix_socket_directories": "",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
    "max_connections": "100",
    # Beside all else on one small machine; the machine keeps what it reads as well.
    "shared_buffers": "32MB",
}
UNSAFE_AND_FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "1GB",
    "checkpoint_timeout": "1h",
    "shared_buffers": "256MB",
    "autovacuum": "off",
}


@dataclass
class Postgres:
    """One embedded Postgres. `settings` go on top of ours, as `name: value`."""

    programs: PostgresPrograms
    data: Path
    port: int
    passwords: dict[str, str]  # superuser, owner, app, portal
    settings: dict[str, str] = field(default_factory=dict)

    def prepare(self) -> None:
        """Make the cluster if there is none yet; it gets its name only when it is whole. Raises Trouble with the reason."""
        version = self.data / "PG_VERSION"
        if version.exists():
            found = version.read_text(encoding="utf-8").strip()
            if found != str(self.programs.major()):
                raise Trouble(
                    f"The database in {self.data} was made by Postgres {found}, and this version brings {self.programs.major()}: "
                    "restore a backup into a new data folder (script/backup with the old version, script/restore with the new one)."
                )
            self._clear_stale_lock()
            return
        fresh = self.data.with_name(self.data.name + ".new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        with tempfile.NamedTemporaryFile("w", dir=self.data.parent, suffix=".pw") as password:
            password.write(self.passwords["superuser"])
            password.flush()
            if self.programs.uid is not None:
                os.chown(fresh, self.programs.uid, self.programs.uid)
                os.chown(password.name, self.programs.uid, self.programs.uid)
            command = [self.programs["initdb"], "-D", str(fresh), "-U", SUPERUSER, "-A", "scram-sha-256", f"--pwfile={password.name}"]
            command += ["-E", "UTF8", "--no-locale", "--no-sync", "--no-instructions"]
            if self.programs.major() >= 17:  # sorts by code point like C, and knows the upper and lower case of every letter
                command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
            done = self._run(command)
        if done.returncode:
            shutil.rmtree(fresh, ignore_errors=True)
            raise Trouble(_why_initdb_failed(done.stderr))
        fresh.rename(self.data)
        os.sync()

    def _run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        uid = self.programs.uid
        try:
            return subprocess.run(
                command,
                cwd=self.data.parent,
                env={"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", "TZ": "UTC"},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
                user=uid,
                group=uid,
                extra_groups=None if uid is None else [],
            )
        except OSError as error:
            raise Trouble(
                f"The Postgres programs cannot be started as uid {os.geteuid() if uid is None else uid} ({error.strerror}): "
                "set DATABASE_URL to a server of your own."
            ) from error

    def _clear_stale_lock(self) -> None:
        """End a postmaster that outlived its supervisor; remove the note of one that is gone, for its pid may be anybody's by now."""
        note = self.data / "postmaster.pid"
        try:
            pid = int(note.read_text(encoding="utf-8").splitlines()[0])
        except (OSError, ValueError, IndexError):
            return
        if started_at(pid) and str(self.data) in command_of(pid):
            signal_process(pid, signal.SIGINT)
            if not wait_until(lambda: not started_at(pid), seconds=20):
                raise Trouble(f"Another Postgres (pid {pid}) has the database in {self.data} and does not stop: end it, then start again.")
        else:
            note.unlink(missing_ok=True)

    def command(self) -> list[str]:
        chosen = {"listen_addresses": LOOPBACK, "port": str(self.port), **_EMBEDDED, **_QUIET, **self.settings}
        return [
            self.programs["postgres"],
            "-D",
            str(self.data),
            *(part for name, value in chosen.items() for part in ("-c", f"{name}={value}")),
        ]

    def url(self, role: str, *, database: str = DATABASE) -> str:
        user = SUPERUSER if role == "superuser" else f"zarts_{role}"
        return f"postgres://{user}:{self.passwords[role]}@{LOOPBACK}:{self.port}/{database}"

    def answers(self) -> bool:
        try:
            with psycopg.connect(self.url("superuser", database="postgres"), connect_timeout=2):
                return True
        except psycopg.OperationalError as error:
            if "password authentication failed" not in str(error):
                return False
            raise Trouble(
                f"The password in {self.data.parent / 'secrets.json'} does not open the database beside it: "
                "bring the file back from a backup."
            ) from error

    def look_at_portal_role(self) -> None:
        """What clients see is read as this role. Raises Trouble when it can do more than read its views, or less."""
        with psycopg.connect(self.url("portal"), connect_timeout=5) as connection, connection.cursor() as cursor:
            if wrong := rights.trouble(cursor):
                raise Trouble(f"{wrong} Take back what was granted to it (zarts.E006), or start with another data folder.")

    def rename(self, database: str, name: str) -> None:
        """Give a database that nobody uses another name."""
        with psycopg.connect(self.url("superuser", database="postgres"), connect_timeout=5, autocommit=True) as connection:
            connection.execute(sql.SQL("alter database {} rename to {}").format(sql.Identifier(database), sql.Identifier(name)))

    def make_roles(self, *, extra: str = "") -> None:
        """Roles, their limits and the database, from the same file that servers of one's own are prepared with; may be run at any time.

        `extra` is a script for psql that goes on where the file ended.
        """
        names = {"ZARTS_OWNER_PASSWORD": "owner", "ZARTS_APP_PASSWORD": "app", "ZARTS_PORTAL_PASSWORD": "portal"}
        done = subprocess.run(
            [self.programs["psql"], "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", str(ROLES_SQL), "-f", "-"],
            env={
                "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
                "PGHOST": LOOPBACK,
                "PGPORT": str(self.port),
                "PGUSER": SUPERUSER,
                "PGDATABASE": "postgres",
                "PGPASSWORD": self.passwords["superuser"],
                "PGOPTIONS": "-c client_min_messages=warning",
                **{variable: self.passwords[role] for variable, role in names.items()},
            },
            input=extra,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise Trouble(f"The roles of the database could not be made ({_last_line(done.stderr)}); the statements are in {ROLES_SQL}.")


@dataclass
class Broker:
    """One embedded Redis-protocol server. It is the doorbell only: losing what it holds loses nothing."""

    program: str
    data: Path
    port: int
    password: str
    persistent: bool = True

    def prepare(self) -> None:
        """Write its settings, 0600: a password on the command line would be readable by everybody."""
        self.data.mkdir(mode=0o700, exist_ok=True)
        lines = [
            f"bind {LOOPBACK}",
            f"port {self.port}",
            "protected-mode yes",
            f"requirepass {self.password}",
            f'dir "{self.data}"',
            f"appendonly {'yes' if self.persistent else 'no'}",
            'save ""',
            "maxmemory 256mb",
            "maxmemory-policy noeviction",
            "daemonize no",
            "loglevel notice",
        ]
        path = self.data / "server.conf"
        path.touch(mode=0o600)
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def set_aside(self) -> bool:
        """Move a damaged append-only file out of the way, so that the server starts empty; False where there is none."""
        files = self.data / "appendonlydir"
        if not files.is_dir():
            return False
        aside = self.data / "appendonlydir.damaged"
        shutil.rmtree(aside, ignore_errors=True)
        files.rename(aside)
        return True

    def command(self) -> list[str]:
        return [self.program, str(self.data / "server.conf")]

    def url(self) -> str:
        return f"redis://:{self.password}@{LOOPBACK}:{self.port}/0"

    def answers(self) -> bool:
        try:
            with socket.create_connection((LOOPBACK, self.port), timeout=1) as connection:
                connection.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                answer = b""
                while b"PONG" not in answer and b"-" not in answer:
                    piece = connection.recv(1024)
                    if not piece:
                        return False
                    answer += piece
                return b"PONG" in answer
        except OSError:
            return False


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no reason given"


def _why_initdb_failed(stderr: str) -> str:
    if "could not look up effective user ID" in stderr or "could not look up local user" in stderr:
        return (
            f"Postgres needs an account for uid {os.geteuid()}, and there is none on this machine: "
            "start as a user with an account, or set DATABASE_URL to a server of your own."
        )
    if "No space left" in stderr:
        return "The disk is full, so the database could not be made: free at least 200 MB and start again."
    reasons = [line for line in stderr.splitlines() if "error" in line.lower() or "fatal" in line.lower()]
    reason = _last_line("\n".join(reasons) or stderr)
    return f"The database could not be made ({reason}): mend that, or set DATABASE_URL to a server of your own."
