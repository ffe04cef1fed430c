"""The data folder: where it lies, its secrets, what runs for it, and the lock that lets one supervisor at a time have it."""

from __future__ import annotations

import base64
import fcntl
import hashlib
import json
import os
import pwd
import random
import secrets
import socket
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from zartsalgo.embedded.binaries import reachable_by_all, server_uid
from zartsalgo.embedded.process import Identity
from zartsalgo.embedded.trouble import Trouble

ROOT = Path(__file__).resolve().parents[2]
POINTER = ROOT / ".data-location"
SECRET_NAMES = ("superuser", "owner", "app", "portal", "broker")


class DataFolder:
    """Paths inside one data folder. Everything that may be read by its owner alone is written 0600."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.postgres = path / "postgres"
        self.programs = path / "programs"
        self.broker = path / "broker"
        self.logs = path / "logs"
        self.home = path / "home"
        self.alive = path / "home" / "run" / "alive"  # signs of life: zartsalgo.lib.progress writes, zartsalgo.embedded.watch reads
        self.socket = path / "control.sock"
        self.login = path / "login.json"
        self.environment = path / "environment.json"
        self._lock: int | None = None

    def create(self, *, for_postgres: bool) -> None:
        """Make the folder and what is in it. Raises Trouble where it cannot be, or must not be (a folder with other things in it)."""
        self._need_reachable(self.path.parent, for_postgres)
        try:
            strangers = self.path.is_dir() and not (self.path / "state.json").exists() and any(self.path.iterdir())
            if strangers and not set(os.listdir(self.path)) <= {
                "lock",
                "logs",
                "home",
                "broker",
                "static",
            }:  # the image collects into static
                raise Trouble(
                    f"{self.path} holds other things and is no data folder of ZartsAlgo: name an empty or a new folder with --data."
                )
            self.path.mkdir(parents=True, exist_ok=True)
            if os.stat(self.path).st_uid == os.geteuid():
                os.chmod(self.path, 0o711 if server_uid() is not None else 0o700)  # the server's uid passes through it, and lists nothing
            for folder in (self.logs, self.home, self.broker):
                folder.mkdir(mode=0o700, exist_ok=True)
            probe = self.path / "lock"
            probe.touch(mode=0o600)
        except OSError as error:
            raise Trouble(
                f"The data folder {self.path} cannot be used ({error.strerror}): make it yours and writable, or name another with --data."
            ) from error
        self._need_reachable(self.path, for_postgres)

    def _need_reachable(self, path: Path, for_postgres: bool) -> None:
        if for_postgres and server_uid() is not None and not reachable_by_all(path):
            raise Trouble(
                f"As root, Postgres runs as uid {server_uid()}, and that uid cannot reach {self.path}: "
                "name a folder with --data whose parents are open to all (mode o+x)."
            )

    def lock(self) -> bool:
        """Take the folder for this process; False if another one has it. The kernel lets go when the process ends, however it ends."""
        handle = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return False
        self._lock = handle
        return True

    def in_use(self) -> bool:
        """Whether a supervisor runs for this folder now."""
        try:
            handle = os.open(self.path / "lock", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(handle)
        return False

    def secrets(self) -> dict[str, str]:
        """The secrets of this folder, made once. Raises Trouble where there is a database whose secrets are gone."""
        path = self.path / "secrets.json"
        found = read_json(path)
        if not found and (self.postgres / "PG_VERSION").exists():
            raise Trouble(
                f"{path} is missing or unreadable, and the database beside it cannot be opened without it: bring it back from a backup."
            )
        made = {name: secrets.token_urlsafe(24) for name in SECRET_NAMES}
        made["secret_key"] = secrets.token_urlsafe(48)
        made["encryption_keys"] = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()  # one Fernet key
        if any(name not in found for name in made):
            found = made | found
            write_json(path, found)
        return {name: str(value) for name, value in found.items()}

    def read_state(self) -> State:
        raw = read_json(self.path / "state.json")
        children = {name: Identity(int(entry["pid"]), str(entry["started"])) for name, entry in raw.get("children", {}).items()}
        return State(
            supervisor=raw.get("supervisor"),
            url=raw.get("url"),
            ports={name: int(port) for name, port in raw.get("ports", {}).items()},
            children=children,
            migrated=raw.get("migrated"),
            first_start=bool(raw.get("first_start")),
        )

    def write_state(self, state: State) -> None:
        write_json(
            self.path / "state.json",
            {
                "supervisor": state.supervisor,
                "url": state.url,
                "ports": state.ports,
                "children": {name: {"pid": child.pid, "started": child.started} for name, child in state.children.items()},
                "migrated": state.migrated,
                "first_start": state.first_start,
            },
        )


@dataclass
class State:
    """What the supervisor remembers between starts."""

    supervisor: int | None = None  # its pid
    url: str | None = None
    ports: dict[str, int] = field(default_factory=dict)  # web, postgres, broker
    children: dict[str, Identity] = field(default_factory=dict)
    migrated: str | None = None  # fingerprint of the code that the database was last migrated by
    first_start: bool = False  # done


def locate(given: str | None, *, needs_postgres: bool = True, env: Mapping[str, str] = os.environ) -> DataFolder:
    """The data folder: what was named, else where an earlier start put it, else `.data` in the clone, else one in the state directory.

    The state directory serves where the uid that must run Postgres cannot reach the clone, or where the clone cannot be written.
    """
    named = given or env.get("ZARTS_DATA")
    if named:
        return DataFolder(Path(named).expanduser().absolute())
    try:
        remembered = Path(POINTER.read_text(encoding="utf-8").strip())
        if remembered.is_absolute() and remembered.is_dir():
            return DataFolder(remembered)
    except (OSError, UnicodeDecodeError):
        pass
    inside = ROOT / ".data"
    reachable = not needs_postgres or server_uid() is None or reachable_by_all(inside)
    if reachable and (inside.is_dir() or os.access(ROOT, os.W_OK)):
        return DataFolder(inside)
    return DataFolder(_state_directory(env) / f"zartsalgo-{ROOT.name}-{hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]}")


def remember(folder: DataFolder) -> None:
    """Leave a note in the clone that leads script/manage to a data folder outside of it."""
    if folder.path != ROOT / ".data" and (not POINTER.exists() or POINTER.read_text(encoding="utf-8").strip() != str(folder.path)):
        try:
            POINTER.write_text(f"{folder.path}\n", encoding="utf-8")
        except OSError:
            return  # the folder's place follows from the clone's path anyway


def copy_folder(source: Path, target: Path) -> DataFolder:
    """Copy a data folder that nothing runs for to a new place, with its secrets and with the owners of its files: as root, the database's
    are the server's uid. Its ports are not taken along, because copies may run side by side."""
    subprocess.run(["cp", "-pR", str(source), str(target)], check=True, capture_output=True)
    folder = DataFolder(target)
    state = folder.read_state()
    state.ports = {}
    folder.write_state(state)
    return folder


def _state_directory(env: Mapping[str, str]) -> Path:
    if os.geteuid() == 0:
        return Path("/var/lib")
    if env.get("XDG_STATE_HOME"):
        return Path(env["XDG_STATE_HOME"])
    try:
        return Path(pwd.getpwuid(os.geteuid()).pw_dir) / ".local" / "state"
    except KeyError:
        return Path("/tmp")  # noqa: S108  # a uid without an account has no better place


def read_json(path: Path) -> dict[str, Any]:
    """The file's object; empty where there is none or it cannot be read."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write the file 0600 and whole: a crash leaves the old one or the new one."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def port_is_free(port: int, host: str = "127.0.0.1") -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_port(preferred: int | None = None) -> int:
    """The preferred port if it is free, else a free one below the range that the kernel hands to outgoing connections."""
    if preferred and port_is_free(preferred):
        return preferred
    for _ in range(200):
        port = random.randrange(15000, 32000)  # noqa: S311  # not a secret
        if port_is_free(port):
            return port
    raise Trouble("No free port between 15000 and 32000 on 127.0.0.1: end some of the programs that listen there.")
