"""Who works for the house: every worker, ticker and web process signs each ten seconds, with a row of its own.

`zartsalgo.lib.heartbeat` says whether a kind of process works at all, wherever it runs; the rows here tell machines apart. Who ends in order
takes the row away. Whoever died leaves it, and it counts as silent, unless a process of that kind on the same machine has taken over: to
start a process again is its supervisor's business, only a whole machine that is gone is somebody else's. After a day it is forgotten.
"""

import json
import logging
import os
import secrets
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.db import DatabaseError, InterfaceError, connection

log = logging.getLogger(__name__)
EVERY_SECONDS = 10.0
# Three signs missed while another of its kind signs on the same machine: that one has taken over. It is gone before it would count as silent.
REPLACED_SECONDS = 30.0
SILENT_SECONDS = 45.0
FORGET_SECONDS = 86_400.0
_SIGN = """
with gone as (delete from zartsalgo_processheartbeat where name = %(name)s and id <> %(id)s
   and (host = %(host)s and at < clock_timestamp() - %(replaced)s * interval '1 second'
        or at < clock_timestamp() - %(forget)s * interval '1 second'))
insert into zartsalgo_processheartbeat (id, name, host, pid, at, house)
values (%(id)s, %(name)s, %(host)s, %(pid)s, clock_timestamp(), %(house)s::jsonb)
on conflict (id) do update set at = excluded.at"""
_READ = """
select name, host, pid, extract(epoch from clock_timestamp() - at)::float8, house->>'code' from zartsalgo_processheartbeat order by host, name, id"""
_HOUSE = "select house from zartsalgo_processheartbeat where name = 'web' order by at desc limit 1"


@dataclass(frozen=True, kw_only=True)
class Me:
    """This process among those of all machines. Containers may share the name of a host, and their pids with it, and a pid is used again:
    the token is drawn anew in each process."""

    host: str
    pid: int
    token: str


@dataclass(frozen=True, kw_only=True)
class Process:
    """One that has signed and has not taken its row away. `silent_seconds` since its last sign; `code` names its version."""

    name: str
    host: str
    pid: int
    silent_seconds: float
    code: str

    @property
    def is_silent(self) -> bool:
        return self.silent_seconds > SILENT_SECONDS


_lock = threading.Lock()
_me: Me | None = None
_over = threading.Event()
_signing: threading.Thread | None = None


def me() -> Me:
    """The same for as long as the process lives; a forked child is another one."""
    global _me
    with _lock:
        if _me is None or _me.pid != os.getpid():
            _me = Me(host=socket.gethostname()[:80], pid=os.getpid(), token=secrets.token_hex(8))
        return _me


def owner_name() -> str:
    """This process, as leases and duties name it: at most 80 characters, and nobody else's anywhere."""
    mine = me()
    return f"{mine.host[:40]}:{mine.pid}:{mine.token}"


def sign(*, name: str, house: Mapping[str, str]) -> None:
    """Say that this process works as `name` (worker, ticker, web), by the database's clock. `house` is what all machines must have alike
    (zartsalgo.house)."""
    mine = me()
    with connection.cursor() as cursor:
        cursor.execute(
            _SIGN,
            {
                "id": mine.token, "name": name, "host": mine.host, "pid": mine.pid, "house": json.dumps(dict(house)),
                "replaced": REPLACED_SECONDS, "forget": FORGET_SECONDS,
            },
        )  # fmt: skip


def start(*, name: str, house: Callable[[], Mapping[str, str]], beside: Callable[[], None] = lambda: None) -> None:
    """`sign` every ten seconds from a thread of its own, and do what is to be done `beside` it on the same connection, until `leave`."""
    global _signing

    def _sign_on() -> None:
        while not _over.is_set():
            beside()
            try:
                sign(name=name, house=house())
            except (DatabaseError, InterfaceError) as error:
                log.warning("%s could not sign that it works (%s)", name, type(error).__name__)
                connection.close()
            except Exception:
                log.exception("%s could not sign that it works", name)
            _over.wait(EVERY_SECONDS)
        connection.close()

    _over.clear()
    _signing = threading.Thread(target=_sign_on, name="presence", daemon=True)
    _signing.start()


def leave() -> None:
    """An orderly end: this process is missed by nobody. A database that is away keeps the row, as after a death."""
    _over.set()
    if _signing is not None:
        _signing.join(timeout=2)
    try:
        with connection.cursor() as cursor:
            cursor.execute("delete from zartsalgo_processheartbeat where id = %s", [me().token])
    except (DatabaseError, InterfaceError):
        connection.close()


def forget() -> None:
    """Of a house that was restored: the processes in the backup were those of the old one, and nobody shall miss them."""
    with connection.cursor() as cursor:
        cursor.execute("delete from zartsalgo_processheartbeat")


def read() -> list[Process]:
    """All, by machine and name."""
    with connection.cursor() as cursor:
        cursor.execute(_READ)
        return [
            Process(name=name, host=host, pid=pid, silent_seconds=silent, code=code or "")
            for name, host, pid, silent, code in cursor.fetchall()
        ]


def silent_machines(*, processes: list[Process], names: tuple[str, ...] = ("worker", "ticker")) -> dict[str, list[Process]]:
    """By machine, what has gone silent on it while another machine does the same work. Without another the kind itself is down, and
    `heartbeat` says that."""
    works = {one.name for one in processes if not one.is_silent}
    found: dict[str, list[Process]] = {}
    for one in processes:
        if one.is_silent and one.name in names and one.name in works:
            found.setdefault(one.host, []).append(one)
    return found


def house_of_the_web() -> dict[str, str] | None:
    """`house` as the newest web process has it, dead or alive: there is one machine of the pages, and the others follow it. None: no web
    process has ever signed."""
    with connection.cursor() as cursor:
        cursor.execute(_HOUSE)
        row = cursor.fetchone()
    if row is None:
        return None
    found = json.loads(row[0]) if isinstance(row[0], str) else row[0]
    return {str(name): str(value) for name, value in found.items()}
