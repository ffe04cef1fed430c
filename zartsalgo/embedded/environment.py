"""What the processes of the app are told through their environment: addresses, secrets, and folders that are theirs.

Each process is handed its own secrets only (SECRETS), so that who reads the memory of one has not got the keys of all. The same table
stands in docker-compose.yml; tests/test_compose.py holds the two together.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from urllib.parse import urlsplit, urlunsplit

from zartsalgo.embedded.servers import Broker, Postgres
from zartsalgo.embedded.state import DataFolder

# Who is handed what must be kept. `migrate` makes tables; `command` is a management command that acts as the app. beat signs nothing and
# opens nothing; it keeps watch as the ticker does, so it mails alerts and calls the watcher outside.
_ALL = frozenset({"web", "worker", "ticker", "command", "migrate"})
SECRETS: dict[str, frozenset[str]] = {
    "SECRET_KEY": _ALL,
    "ZARTS_ENCRYPTION_KEYS": _ALL,
    "DATABASE_URL": frozenset({"web", "worker", "beat", "ticker", "command"}),
    "DATABASE_OWNER_URL": frozenset({"migrate"}),
    "ZARTS_AS_OWNER": frozenset({"migrate"}),
    "PORTAL_DATABASE_URL": frozenset({"web", "command"}),
    "REDIS_URL": _ALL | {"beat"},
    "EMAIL_URL": frozenset({"worker", "beat", "ticker", "command"}),
    "OPENAI_API_KEY": frozenset({"worker", "ticker", "command"}),
    "ZARTS_HEARTBEAT_URL": frozenset({"web", "beat", "ticker", "command"}),
    "ZARTS_METRICS_TOKEN": frozenset({"web"}),
    "CONNECT_SECRET": frozenset({"command"}),
    "STAFF_PASSWORD": frozenset({"command"}),
    # Of the servers themselves, as docker-compose.yml names them.
    "POSTGRES_PASSWORD": frozenset(),
    "ZARTS_OWNER_PASSWORD": frozenset(),
    "ZARTS_APP_PASSWORD": frozenset(),
    "ZARTS_PORTAL_PASSWORD": frozenset(),
    "REDIS_PASSWORD": frozenset(),
}
# What else may be inherited: how the machine is and how it is tuned, never what else somebody's shell holds.
_INHERITED = {"PATH", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TMP", "TEMP", "HOME", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"}
_PREFIXES = (
    "ZARTS_",
    "OPENAI_",
    "DJANGO_",
    "LC_",
    "XDG_",
    "PYTHON",
    "SSL_CERT_",
    "LD_",
    "DYLD_",
    "MALLOC_",
    "FAKETIME",
    "DONT_FAKE_",
    "NO_FAKE_",
)
_ENDINGS = ("_PROXY",)
# beat loads the settings, which want keys, and uses none.
_KEYS_OF_NOBODY = {"SECRET_KEY": "beat-signs-nothing-and-this-key-opens-nothing", "ZARTS_ENCRYPTION_KEYS": f"{'nobody' * 7}A="}


def own_variables(process: str, known: Mapping[str, str]) -> dict[str, str]:
    """Of all that is known, what this process is handed: web, worker, beat, ticker, migrate, or command."""
    found = {name: value for name, value in known.items() if process in SECRETS.get(name, ()) or name not in SECRETS and _is_common(name)}
    if process == "web":  # it says on its pages whether mail goes out and whether a model writes, and does neither itself
        if known.get("OPENAI_API_KEY"):
            found["OPENAI_API_KEY"] = "kept by worker and ticker"
        if known.get("EMAIL_URL"):
            found["EMAIL_URL"] = _without_credentials(known["EMAIL_URL"])
    if process == "beat":
        found |= _KEYS_OF_NOBODY
    return found


def _is_common(name: str) -> bool:
    return name in _INHERITED or name.startswith(_PREFIXES) or name.upper().endswith(_ENDINGS)


def _without_credentials(address: str) -> str:
    parts = urlsplit(address)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


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
