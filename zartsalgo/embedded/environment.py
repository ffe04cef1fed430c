"""What the processes of the app are told through their environment: addresses, secrets, and folders that are theirs."""

from __future__ import annotations

import os
from collections.abc import Mapping

from zartsalgo.embedded.servers import Broker, Postgres
from zartsalgo.embedded.state import DataFolder


def server_addresses(postgres: Postgres | None, broker: Broker | None) -> dict[str, str]:
    """The addresses of the servers that we run; those of servers of one's own are in the environment already."""
    found = {}
    if postgres is not None:
        found["DATABASE_URL"] = postgres.url("app")
        found["DATABASE_OWNER_URL"] = postgres.url("owner")
        found["PORTAL_DATABASE_URL"] = postgres.url("portal")
    if broker is not None:
        found["REDIS_URL"] = broker.url()
    return found


def app_secrets(secrets: Mapping[str, str], given: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The keys of this data folder, unless the environment brings its own."""
    ours = {"SECRET_KEY": secrets["secret_key"], "ZARTS_ENCRYPTION_KEYS": secrets["encryption_keys"]}
    return {name: given.get(name) or value for name, value in ours.items()}


def home_folders(folder: DataFolder) -> dict[str, str]:
    """HOME and the XDG folders below the data folder: an account may have no home, or one that it may not write to."""
    home = folder.home
    runtime = home / "run"
    runtime.mkdir(mode=0o700, exist_ok=True)
    return {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "XDG_DATA_HOME": str(home / ".local" / "share"),
        "XDG_STATE_HOME": str(home / ".local" / "state"),
        "XDG_RUNTIME_DIR": str(runtime),
    }


def public_url(host: str, port: int, given: Mapping[str, str] = os.environ) -> str:
    """The address that people and providers reach us at: what was set, else the address that we listen on."""
    if given.get("ZARTS_PUBLIC_URL"):
        return given["ZARTS_PUBLIC_URL"].rstrip("/")
    name = "127.0.0.1" if host in {"", "0.0.0.0", "::"} else host  # noqa: S104  # compared, not bound
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"
