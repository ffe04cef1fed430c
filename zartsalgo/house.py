"""One house on several machines: what must be alike on each, and whether this machine may join.

The machine with the pages (the first one) sets the measure: its web processes sign with what they were given (zartsalgo.lib.presence). Keys
are signed for by a short digest, addresses with passwords in them only by whether there is one. A machine that differs is refused in a
sentence: with another key half of what is stored could not be opened, and without a mail server half of the mails would go nowhere.
"""

import hashlib
from collections.abc import Sequence

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.db.migrations.loader import MigrationLoader

from zartsalgo.embedded.version import fingerprint
from zartsalgo.lib import presence
from zartsalgo.lib.mail_server import has_mail_server

WHERE = "environment.json in the first machine’s data folder, its own environment, or its .env"


def describe() -> dict[str, str]:
    """What this process was given, by the names of the variables, and `code` for its version."""
    return {
        "code": fingerprint("")[:12],
        "SECRET_KEY": _digest(settings.SECRET_KEY),
        "ZARTS_ENCRYPTION_KEYS": _digest(",".join(settings.ENCRYPTION_KEYS)),
        "ZARTS_PUBLIC_URL": settings.PUBLIC_URL,
        "ZARTS_ALLOW_LOOPBACK": _given(settings.ALLOW_LOOPBACK),
        "ZARTS_TEXTS_PER_HOUR": str(settings.TEXTS_PER_HOUR),
        "EMAIL_URL": _given(has_mail_server()),
        "ZARTS_MAIL_FROM": settings.DEFAULT_FROM_EMAIL,
        "ZARTS_HEARTBEAT_URL": _given(settings.HEARTBEAT_URL),
        "OPENAI_API_KEY": _given(settings.OPENAI_API_KEY),
        "OPENAI_BASE_URL": settings.OPENAI_BASE_URL,
        "OPENAI_MODEL": settings.OPENAI_MODEL,
        "OPENAI_TOKENS_PER_DAY": str(settings.OPENAI_TOKENS_PER_DAY),
    }


def why_not_join() -> str:
    """Why this machine must not work for the house, in one sentence with what to do; empty where it may."""
    try:
        tables = _compare_tables()
        if tables:
            return tables
        theirs = presence.house_of_the_web()
    except OperationalError as error:
        return _why_no_database(str(error))
    except (DatabaseError, InterfaceError) as error:
        return f"The database of DATABASE_URL cannot be read ({type(error).__name__}): give the address that the first machine has."
    return _compare(ours=describe(), theirs=theirs)


def _compare(*, ours: dict[str, str], theirs: dict[str, str] | None) -> str:
    if theirs is None:
        return "No page has been served from this database yet: start the first machine, then this one."
    differ = [name for name in ours if name in theirs and ours[name] != theirs[name]]
    if "code" in differ:
        return "This machine runs another version than the first: bring both machines to one version, the first one first, for it migrates."
    if "ZARTS_ALLOW_LOOPBACK" in differ and "ZARTS_TEXTS_PER_HOUR" in differ:
        differ.remove("ZARTS_TEXTS_PER_HOUR")  # what it is unless set follows from the other
    if differ:
        verb, noun = ("is", "it stands") if len(differ) == 1 else ("are", "they stand")
        return f"{_listed(differ)} {verb} not as on the first machine: set {_them(differ)} as {noun} there ({WHERE})."
    return ""


def _compare_tables() -> str:
    loader = MigrationLoader(connection)
    there = {name for name in loader.applied_migrations if name[0] in loader.migrated_apps}
    here = set(loader.disk_migrations or ())
    if not there:
        return "The database has no tables yet: start the first machine, which makes them, then this one."
    if newer := sorted(there - here):
        return f"The tables are of a newer version than this machine ({'.'.join(newer[-1])}): bring both machines to one version."
    if older := sorted(here - there):
        return (
            f"The tables are of an older version than this machine ({'.'.join(older[-1])} is missing): bring both machines to one version, "
            "the first one first, for it migrates."
        )
    return ""


def _why_no_database(said: str) -> str:
    if "password authentication failed" in said or "does not exist" in said:
        return "The database does not take the name and password in DATABASE_URL: give the address that the first machine has."
    host, port = settings.DATABASES["default"].get("HOST") or "a socket", settings.DATABASES["default"].get("PORT") or 5432
    says = f"No database answers at DATABASE_URL ({host}, port {port}): see that it runs and can be reached from here."
    if host in ("127.0.0.1", "localhost", "::1"):
        says += " The one that script/up brings listens on its own machine only; two machines need one that both reach (README)."
    return says


def _digest(key: str) -> str:
    """Enough to tell a key from another, nothing to open with."""
    return hashlib.sha256(f"zarts house {key}".encode()).hexdigest()[:12]


def _given(value: object) -> str:
    return "given" if value else ""


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _them(names: Sequence[str]) -> str:
    return "it" if len(names) == 1 else "them"
