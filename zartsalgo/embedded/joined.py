"""`script/manage`: manage.py with the environment of the servers that run for a data folder. What the caller's environment sets wins."""

from __future__ import annotations

import base64
import os
import runpy
import secrets
import sys
from collections.abc import Mapping, Sequence

from zartsalgo.embedded.control import run_services
from zartsalgo.embedded.state import ROOT, DataFolder, locate, read_json
from zartsalgo.embedded.trouble import Trouble

# Commands that say something useful without any database.
WITHOUT_DATABASE = {
    "",
    "help",
    "version",
    "check",
    "makemigrations",
    "diffsettings",
    "collectstatic",
    "findstatic",
    "spectacular",
    "lint-imports",
}
# Commands that change tables: they connect as the owner. Nobody else is told the owner's address, and a backup reads every table.
OWNER_ADDRESS = "DATABASE_OWNER_URL"
AS_OWNER = {"migrate", "makemigrations", "sqlmigrate", "flush", "pgtrigger", "remove_stale_contenttypes"}


def run_manage(arguments: Sequence[str]) -> int:
    """Become manage.py. Raises Trouble where nothing runs and the command needs it."""
    given, rest = _split(list(arguments))
    command = next((part for part in rest if not part.startswith("-")), "")
    folder = locate(given)
    if command == "services":
        return run_services([part for part in rest if part != "services"], folder)
    os.environ.update(joined_environment(folder, command))
    if not os.environ.get("ZARTS_AS_OWNER"):
        os.environ.pop(OWNER_ADDRESS, None)
    sys.argv = [str(ROOT / "manage.py"), *rest]
    runpy.run_path(sys.argv[0], run_name="__main__")
    return 0


def joined_environment(folder: DataFolder, command: str, given: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What must be set for the command, beside what the caller has set already."""
    found = {"ZARTS_DATA": str(folder.path)}
    try:
        running = folder.in_use()
    except PermissionError as error:
        raise Trouble(f"The data folder {folder.path} belongs to another user: run script/manage as that user.") from error
    if running:
        found |= {name: str(value) for name, value in read_json(folder.environment).items()}
    elif command not in WITHOUT_DATABASE and not given.get("DATABASE_URL"):
        raise Trouble(f"Nothing runs for {folder.path}: start it with script/up, name another folder with --data, or set DATABASE_URL.")
    for name, value in placeholders().items():
        found.setdefault(name, value)
    if command in AS_OWNER:
        found["ZARTS_AS_OWNER"] = "1"
    elif command != "backup":
        found.pop(OWNER_ADDRESS, None)
    if given.get("DATABASE_URL"):  # another database's owner and portal addresses are not ours to give
        for name in ("DATABASE_OWNER_URL", "PORTAL_DATABASE_URL"):
            found.pop(name, None)
    return {name: value for name, value in found.items() if not given.get(name) or name == "ZARTS_DATA"}


def placeholders() -> dict[str, str]:
    """Enough for the settings to load where no data folder speaks: keys for this one run, and addresses that nobody answers at."""
    return {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "ZARTS_ENCRYPTION_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "DATABASE_URL": "postgres://zarts_app@127.0.0.1:9/zarts",
        "DATABASE_OWNER_URL": "postgres://zarts_owner@127.0.0.1:9/zarts",
        "REDIS_URL": "redis://127.0.0.1:9/0",
    }


def _split(arguments: list[str]) -> tuple[str | None, list[str]]:
    """Take `--data DIR` off the front; further on it belongs to the command."""
    if arguments and arguments[0] == "--data":
        if len(arguments) < 2:
            raise Trouble("--data needs a folder.", code=2)
        return arguments[1], arguments[2:]
    if arguments and arguments[0].startswith("--data="):
        return arguments[0].removeprefix("--data="), arguments[1:]
    return None, arguments
