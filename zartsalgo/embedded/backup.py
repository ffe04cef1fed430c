"""`script/backup` and `script/restore`: one file with the whole database, and a working agency from it on a bare machine.

The file is a zip of `manifest.json` (when, by which code, which keys sealed what is sealed, how many rows) and `database.dump` (pg_dump's
custom format). The encryption keys are not in it, and the file must not lie beside them: who has both can read every credential.
What was sent after the backup is unknown to the restored database. So sending is stopped before anything starts, and nobody can
resume before it was compared with the providers' own lists (messaging.reconciling).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from zartsalgo.embedded.binaries import find_postgres
from zartsalgo.embedded.environment import app_secrets, home_folders, own_variables, server_addresses
from zartsalgo.embedded.fleet import add_postgres
from zartsalgo.embedded.joined import joined_environment
from zartsalgo.embedded.servers import Postgres
from zartsalgo.embedded.state import ROOT, locate
from zartsalgo.embedded.supervisor import Stopped, Supervisor, say
from zartsalgo.embedded.trouble import Trouble
from zartsalgo.embedded.up import bring_up, inherited, migrate, run_django

FORMAT = 1
DUMP, MANIFEST = "database.dump", "manifest.json"
PORTAL_OWNER = "zarts_portal_views"
STREAM = "-"  # instead of a file: out of a container and into one
COUNTED = ("leads_client", "leads_lead", "leads_event", "providers_connection", "providers_delivery", "messaging_message", "workflows_run")


def fingerprint(key: str) -> str:
    """What a key is called in a manifest: enough to tell it from another, nothing to open with."""
    return hashlib.sha256(f"zarts key {key}".encode()).hexdigest()[:12]


def run_backup(arguments: Sequence[str]) -> int:
    """Write a backup of the running installation. Raises Trouble with a sentence; a file is there whole or not at all."""
    began = time.monotonic()
    parser = argparse.ArgumentParser(prog="script/backup", description="Write one file with the whole database, while it runs.")
    parser.add_argument("file", nargs="?", help="where to (default: backups/ in the data folder, named by the time); - for standard output")
    parser.add_argument("--data", help="data folder (default: .data in the clone)")
    parser.add_argument("--json", action="store_true", help="print one JSON document on stdout")
    options = parser.parse_args(list(arguments))
    os.umask(0o077)
    folder = locate(options.data)
    environment = {**os.environ, **joined_environment(folder, "backup")}
    owner = environment.get("DATABASE_OWNER_URL")
    if not owner:
        raise Trouble("DATABASE_OWNER_URL is not set: a backup reads every table, so it connects as the owner (see script/roles.sql).")
    made_at = datetime.now(UTC)
    programs = find_postgres(copy_to=folder.programs, needs=("pg_dump",))
    if options.file == STREAM:
        with tempfile.TemporaryDirectory(prefix="zarts-backup-") as scratch:
            target = Path(scratch) / "backup.zip"
            manifest = _write(target, owner=owner, made_at=made_at, environment=environment, pg_dump=programs["pg_dump"])
            with target.open("rb") as whole:
                shutil.copyfileobj(whole, sys.stdout.buffer)
            sys.stdout.buffer.flush()
    else:
        target = Path(options.file).absolute() if options.file else folder.path / "backups" / f"zarts-{made_at:%Y%m%dT%H%M%SZ}.zip"
        if target.exists():
            raise Trouble(f"{target} is there already; nothing was written. Name another file.")
        target.parent.mkdir(parents=True, exist_ok=True)
        manifest = _write(target, owner=owner, made_at=made_at, environment=environment, pg_dump=programs["pg_dump"])
    place = "standard output" if options.file == STREAM else str(target)
    manifest |= {"file": place, "seconds": round(time.monotonic() - began, 1)}
    words = (
        f"Written: {place} ({manifest['bytes'] / 1e6:.1f} MB, {manifest['seconds']} s; "
        f"{manifest['rows']['leads_client']} clients, {manifest['rows']['leads_lead']} leads).\n"
        f"Not in it: the encryption key {', '.join(manifest['keys'])}. Keep it (`encryption_keys` of {folder.path / 'secrets.json'}, or your "
        f"ZARTS_ENCRYPTION_KEYS) apart from this file; without it the credentials of {manifest['rows']['providers_connection']} connections "
        "cannot be opened again."
    )
    print(json.dumps(manifest) if options.json else words, file=sys.stderr if options.file == STREAM else sys.stdout)
    return 0


def _write(target: Path, *, owner: str, made_at: datetime, environment: dict[str, str], pg_dump: str) -> dict[str, Any]:
    """The file, whole or not at all; gives its manifest and its size."""
    part = target.with_name(f".{target.name}.part")
    try:
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".dump.") as dump:
            _run([pg_dump, "--format=custom", "--lock-wait-timeout=10s", "--dbname", owner], stdout=dump, what="The dump")
            manifest = _describe(owner, made_at, environment)
            with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as archive:
                archive.writestr(MANIFEST, json.dumps(manifest, indent=2))
                archive.write(dump.name, DUMP)
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)
    return manifest | {"bytes": target.stat().st_size}


def _describe(owner: str, made_at: datetime, environment: dict[str, str]) -> dict[str, Any]:
    with psycopg.connect(owner, connect_timeout=5) as connection:
        rows = {}
        for table in COUNTED:
            counted = connection.execute(sql.SQL("select count(*) from {}").format(sql.Identifier(table))).fetchone()
            rows[table] = counted[0] if counted else 0
        migrations = connection.execute("select app || '.' || name from django_migrations order by 1").fetchall()
        version = connection.info.server_version // 10_000
    keys = [fingerprint(key.strip()) for key in environment["ZARTS_ENCRYPTION_KEYS"].split(",") if key.strip()]
    return {
        "format": FORMAT,
        "made_at": made_at.isoformat(),
        "postgres": version,
        "migrations": [row[0] for row in migrations],
        "keys": keys,
        "rows": rows,
    }


def run_restore(arguments: Sequence[str]) -> int:
    """Fill a new data folder (or an empty database of one's own) from a backup; sending stays stopped. Raises Trouble with a sentence."""
    began = time.monotonic()
    parser = argparse.ArgumentParser(prog="script/restore", description="Make a working installation from a backup; sending stays stopped.")
    parser.add_argument("file", help="what script/backup wrote; - for standard input")
    parser.add_argument("--data", help="data folder to make (default: .data in the clone); it must not have a database yet")
    options = parser.parse_args(list(arguments))
    os.umask(0o077)
    if options.file == STREAM:
        with tempfile.NamedTemporaryFile(prefix="zarts-restore-", suffix=".zip") as copy:
            shutil.copyfileobj(sys.stdin.buffer, copy)
            copy.flush()
            return _restore(Path(copy.name), data=options.data, began=began)
    return _restore(Path(options.file).absolute(), data=options.data, began=began)


def _restore(source: Path, *, data: str | None, began: float) -> int:
    manifest = _read_manifest(source)
    own_postgres = bool(os.environ.get("DATABASE_URL"))
    if own_postgres and not os.environ.get("DATABASE_OWNER_URL"):
        raise Trouble("DATABASE_URL is set without DATABASE_OWNER_URL: a restore makes tables, so it needs the owner's address too.")
    folder = locate(data, needs_postgres=not own_postgres)
    if (folder.postgres / "PG_VERSION").exists() and not own_postgres:
        raise Trouble(f"{folder.path} has a database already; nothing was changed. Name a new folder with --data.")
    folder.create(for_postgres=not own_postgres)
    if not folder.lock():
        raise Trouble(f"ZartsAlgo runs for {folder.path}: stop it first, or name a new folder with --data.")
    supervisor = Supervisor(folder, folder.read_state())
    supervisor.catch_signals()
    say(f"Data folder: {folder.path}")
    try:
        _fill(supervisor, source, manifest, own_postgres=own_postgres)
    except Stopped:
        raise Trouble(f"Stopped half way: {folder.path} is not complete; delete it and restore again.", code=130) from None
    finally:
        supervisor.stop_all()
    say(
        f"Restored in {time.monotonic() - began:.1f} s: {manifest['rows']['leads_client']} clients, {manifest['rows']['leads_lead']} leads, "
        f"as of {manifest['made_at']}.\n"
        "Sending is stopped: what was sent after the backup is not known here. Start (script/up, or docker compose up -d), then compare with the providers' own "
        "lists of texts (the button on the incident, or script/manage reconcile); after that somebody resumes on the incident's page."
    )
    return 0


def _read_manifest(source: Path) -> dict[str, Any]:
    try:
        with zipfile.ZipFile(source) as archive:
            manifest = json.loads(archive.read(MANIFEST))
            broken = archive.testzip()
    except (OSError, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise Trouble(f"{source} is no backup of ZartsAlgo, or it is damaged ({type(error).__name__}); nothing was changed.") from error
    if broken:
        raise Trouble(f"{source} is damaged ({broken} does not match its checksum); nothing was changed. Use an older backup.")
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise Trouble(
            f"{source} was written in another format than this version reads; nothing was changed. Use the version that wrote it."
        )
    known = {f"{path.parent.parent.name}.{path.stem}" for path in ROOT.glob("*/migrations/0*.py")}
    ours = {name for name in manifest["migrations"] if name.split(".")[0] in {entry.split(".")[0] for entry in known}}
    if newer := sorted(ours - known):
        raise Trouble(f"The backup is from a newer version of ZartsAlgo ({newer[-1]}); nothing was changed. Update this clone first.")
    return manifest


def _fill(supervisor: Supervisor, source: Path, manifest: dict[str, Any], *, own_postgres: bool) -> None:
    folder = supervisor.folder
    secrets = folder.secrets()
    keys = app_secrets(secrets)
    here = {fingerprint(key.strip()) for key in keys["ZARTS_ENCRYPTION_KEYS"].split(",")}
    postgres: Postgres | None = None
    if own_postgres:
        owner = os.environ["DATABASE_OWNER_URL"]
        programs = find_postgres(copy_to=folder.programs, needs=("pg_restore",))
        with psycopg.connect(owner, connect_timeout=5) as connection:
            _need_as_new(manifest, connection.info.server_version // 10_000)
    else:
        programs = find_postgres(copy_to=folder.programs)
        _need_as_new(manifest, programs.major())
        postgres = add_postgres(supervisor, secrets)
        supervisor.remember()
        bring_up(supervisor, supervisor.services["postgres"])
        postgres.make_roles()
        owner = postgres.url("superuser")
    _need_empty(owner)
    with tempfile.TemporaryDirectory(dir=folder.path, prefix=".restore.") as scratch:
        with zipfile.ZipFile(source) as archive:
            archive.extract(DUMP, scratch)
        say("Filling the database ...")
        rights = ["--no-owner"] if own_postgres else []  # an owner who is no superuser hands the portal's views over himself
        _run(
            [programs["pg_restore"], "--exit-on-error", "--single-transaction", *rights, "--dbname", owner, str(Path(scratch) / DUMP)],
            stdout=subprocess.DEVNULL,
            what="The restore",
        )
        if own_postgres:
            _hand_over_views(owner)
    given = {name: os.environ[name] for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL") if os.environ.get(name)}
    env = {
        **inherited(),
        **server_addresses(postgres, None),
        **keys,
        "REDIS_URL": "redis://127.0.0.1:9/0",  # nobody is rung while nothing runs
        **given,
        **home_folders(folder),
        "ZARTS_DATA": str(folder.path),
        "TZ": "UTC",
    }
    say("Bringing its tables up to this version ...")
    migrate(supervisor, env)
    run_django(supervisor, own_variables("command", env), "close_after_restore", "--made-at", manifest["made_at"])
    supervisor.state.first_start = True  # the restored installation has its people; no demo is loaded into it
    supervisor.remember()
    if not here & set(manifest["keys"]):
        say(
            f"The encryption key {', '.join(manifest['keys'])} is not here: the credentials of {manifest['rows']['providers_connection']} "
            f"connections and stored request headers cannot be opened. Put the key into `encryption_keys` of {folder.path / 'secrets.json'} "
            "(several are separated by commas), or set ZARTS_ENCRYPTION_KEYS; without it connect every provider anew."
        )


def _hand_over_views(owner: str) -> None:
    """The portal's views belong to a role that may read nothing else; taking them it needs, for a moment, to be allowed to make things."""
    views_owner = sql.Identifier(PORTAL_OWNER)
    with psycopg.connect(owner, connect_timeout=5) as connection:
        views = connection.execute("select viewname from pg_views where schemaname = 'portal'").fetchall()
        connection.execute(sql.SQL("grant usage, create on schema portal to {}").format(views_owner))
        for (view,) in views:
            connection.execute(sql.SQL("alter view portal.{} owner to {}").format(sql.Identifier(view), views_owner))
        connection.execute(sql.SQL("revoke create on schema portal from {}").format(views_owner))


def _need_as_new(manifest: dict[str, Any], major: int) -> None:
    if manifest["postgres"] > major:
        raise Trouble(f"The backup is from Postgres {manifest['postgres']}, newer than the {major} here; nothing was changed.")


def _need_empty(owner: str) -> None:
    with psycopg.connect(owner, connect_timeout=5) as connection:
        found = connection.execute("select count(*) from information_schema.tables where table_schema = 'public'").fetchone()
    if found and found[0]:
        raise Trouble("The database is not empty; nothing was changed. Restore into an empty one.")


def _run(command: list[str], *, stdout: Any, what: str) -> None:
    """Run a Postgres program whose last argument's address carries a password: it goes into the environment, not onto the command line."""
    place = command.index("--dbname") + 1
    info = psycopg.conninfo.conninfo_to_dict(command[place])
    command = [*command[:place], str(info.pop("dbname")), *command[place + 1 :]]
    names = {
        "host": "PGHOST",
        "hostaddr": "PGHOSTADDR",
        "port": "PGPORT",
        "user": "PGUSER",
        "password": "PGPASSWORD",
        "sslmode": "PGSSLMODE",
    }
    env = {
        "PATH": os.environ.get("PATH", os.defpath),
        "LC_ALL": "C",
        **{names[key]: str(value) for key, value in info.items() if key in names},
    }
    done = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        reasons = [line for line in done.stderr.splitlines() if line.strip()]
        raise Trouble(f"{what} did not succeed: {reasons[0] if reasons else 'no reason given'}")
