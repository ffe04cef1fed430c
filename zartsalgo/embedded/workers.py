"""`script/up --workers`: what a second machine adds to a house that runs elsewhere, a worker and a ticker.

No pages, no servers, no scheduler, and nothing is made: no tables, no login, no keys. Everything comes from the environment, as the first
machine has it, and whoever differs is refused before anything starts (zartsalgo.house). The data folder holds logs and the control socket.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Mapping

from zartsalgo.embedded.environment import home_folders, own_variables
from zartsalgo.embedded.fleet import add_apps
from zartsalgo.embedded.state import DataFolder, write_json
from zartsalgo.embedded.supervisor import Supervisor, say
from zartsalgo.embedded.trouble import Trouble
from zartsalgo.embedded.up import HOST, PATIENCE, inherited, last_words, run_django

NAMES = ("worker", "ticker")
ELSEWHERE = ("web", "beat")
NEEDED = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "ZARTS_ENCRYPTION_KEYS", "ZARTS_PUBLIC_URL")
# Kept for script/manage on this machine, where they are given.
KEPT = (*NEEDED, "ZARTS_ALLOW_LOOPBACK")


def refuse_what_does_not_fit(options: argparse.Namespace, given: Mapping[str, str] = os.environ) -> None:
    """Raises Trouble for options of pages, and where a variable is missing; each is named."""
    of_pages = {"--port": options.port, "--host": options.host != HOST, "--no-demo": options.no_demo, "--tables-only": options.tables_only}
    wrong = [name for name, value in of_pages.items() if value]
    if wrong:
        raise Trouble(f"--workers starts a worker and a ticker, no pages and no tables: leave out {' and '.join(wrong)}.", code=2)
    missing = [name for name in NEEDED if not given.get(name)]
    if missing:
        what = missing[0] if len(missing) == 1 else f"{', '.join(missing[:-1])} and {missing[-1]}"
        is_, it = ("is", "it") if len(missing) == 1 else ("are", "them")
        raise Trouble(
            f"--workers joins a house that runs on another machine, and {what} {is_} not set here: take {it} from environment.json in the "
            "first machine's data folder (script/manage services names the folder), or from its .env."
        )


def refuse_another_house(folder: DataFolder) -> None:
    """Raises Trouble for a data folder that has a database: its house is another one, or it is the first machine's own folder."""
    if folder.postgres.exists():
        raise Trouble(f"{folder.path} has a database of its own: name a folder for these workers with --data.")


def start_workers(supervisor: Supervisor, began: float) -> None:
    """Ask whether this machine may join, then start both and wait until they move. Raises Trouble with the reason, or Stopped."""
    folder, state = supervisor.folder, supervisor.state
    state.supervisor, state.url = os.getpid(), None
    supervisor.elsewhere = ELSEWHERE
    supervisor.remember()
    supervisor.listen()
    ours = {name: os.environ[name] for name in KEPT if os.environ.get(name)} | {"ZARTS_DATA": str(folder.path), "ZARTS_EMBEDDED": "1"}
    write_json(folder.environment, ours)
    env = {**inherited(), **ours, **home_folders(folder), "TZ": "UTC", "PYTHONUNBUFFERED": "1"}
    if says := json.loads(run_django(supervisor, own_variables("command", env), "join", "--json"))["says"]:
        raise Trouble(says)
    add_apps(supervisor, env, names=NAMES)
    services = [supervisor.services[name] for name in NAMES]
    for service in services:
        service.start()
    supervisor.remember()
    supervisor.wait(
        lambda: all(any(folder.alive.glob(f"{name}.*")) for name in NAMES) or any(one.restarts > 1 for one in services), seconds=PATIENCE
    )
    for service in services:
        if not any(folder.alive.glob(f"{service.name}.*")):
            raise Trouble(f"The {service.name} does not start: {last_words(service.log)} (more in {service.log})")
    state.url = os.environ["ZARTS_PUBLIC_URL"]
    supervisor.remember()
    say(
        f"Worker and ticker work for {state.url} after {time.monotonic() - began:.1f} s.\n"
        f"  Logs      {folder.logs}\n"
        f"  Commands  script/manage --data {folder.path} services\n"
        f"  Ctrl-C stops both; the other machines go on."
    )
