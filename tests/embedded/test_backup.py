"""What is no backup, or not one for this version, is refused in one sentence before anything is changed."""

import json
import os
import subprocess
import sys
import zipfile
from urllib.parse import urlsplit

import psycopg
import pytest

from zartsalgo.embedded.backup import DUMP, MANIFEST, fingerprint, run_restore
from zartsalgo.embedded.state import ROOT
from zartsalgo.embedded.trouble import Trouble

GOOD = {"format": 1, "made_at": "2026-11-20T19:00:00+00:00", "postgres": 15, "migrations": ["leads.0001_initial"], "keys": [], "rows": {}}


@pytest.fixture(autouse=True)
def _umask():
    """The command narrows it for its own process; this one goes on."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def write(path, *, manifest=GOOD, dump=b"PGDMP" * 100):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(MANIFEST, json.dumps(manifest))
        archive.writestr(DUMP, dump)
    return path


def refusal(file, data) -> str:
    with pytest.raises(Trouble) as refused:
        run_restore([str(file), "--data", str(data)])
    assert not data.exists() or list(data.iterdir()) != [], "nothing is half made"
    return str(refused.value)


def test_what_is_no_backup(tmp_path):
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8\xff")
    assert "is no backup of ZartsAlgo" in refusal(tmp_path / "photo.jpg", tmp_path / "new")
    assert "is no backup of ZartsAlgo" in refusal(tmp_path / "missing.zip", tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_one_flipped_byte(tmp_path):
    file = write(tmp_path / "backup.zip")
    content = bytearray(file.read_bytes())
    content[content.index(b"PGDMP") + 7] ^= 1
    file.write_bytes(content)
    assert "is damaged (database.dump" in refusal(file, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_another_format_or_a_newer_version(tmp_path):
    other = write(tmp_path / "other.zip", manifest={**GOOD, "format": 2})
    assert "another format" in refusal(other, tmp_path / "new")
    newer = write(tmp_path / "newer.zip", manifest={**GOOD, "migrations": ["leads.0001_initial", "leads.0999_flying_cars"]})
    assert "newer version of ZartsAlgo (leads.0999_flying_cars)" in refusal(newer, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_folder_with_a_database_is_left_alone(tmp_path, monkeypatch):
    monkeypatch.delenv("DATABASE_URL")  # the embedded server's folder is meant
    data = tmp_path / "data"
    (data / "postgres").mkdir(parents=True)
    (data / "postgres" / "PG_VERSION").write_text("18")
    assert "has a database already; nothing was changed" in refusal(write(tmp_path / "backup.zip"), data)
    assert (data / "postgres" / "PG_VERSION").read_text() == "18"


def test_a_key_is_named_without_being_told():
    assert fingerprint("secret") == fingerprint("secret") != fingerprint("secret ")
    assert "secret" not in fingerprint("secret") and len(fingerprint("secret")) == 12


@pytest.fixture
def databases():
    """Two databases on the tests' own server, gone afterwards: one with the tables of this version, one empty."""
    owner = psycopg.conninfo.conninfo_to_dict(os.environ["DATABASE_OWNER_URL"])
    names = [f"zarts_{kind}_{os.getpid()}" for kind in ("full", "empty")]
    with psycopg.connect(**{**owner, "dbname": "postgres"}, autocommit=True) as connection:
        for name in names:
            connection.execute(f"drop database if exists {name}")
            tables = os.environ.get("ZARTS_TEST_TEMPLATE", "template0") if "full" in name else "template0"  # a copy is quicker
            connection.execute(f"create database {name} owner zarts_owner template {tables} encoding 'UTF8'")
        yield names
        for name in names:
            connection.execute(f"drop database {name} with (force)")


@pytest.mark.stack
@pytest.mark.timeout(300)
def test_through_a_pipe_between_servers_of_ones_own_as_under_compose(databases, tmp_path):
    """What `docker compose run --rm -T migrate script/backup - > FILE` and `... script/restore - < FILE` do, as the owner and no more."""

    def run(program, database, *arguments, stdin=None):
        addresses = ("DATABASE_URL", "DATABASE_OWNER_URL")
        env = {
            **{name: os.environ[name] for name in ("PATH", "SECRET_KEY", "ZARTS_ENCRYPTION_KEYS", "REDIS_URL")},
            **{name: urlsplit(os.environ[name])._replace(path=f"/{database}").geturl() for name in addresses},
            **{name: value for name, value in os.environ.items() if name == "PYTHONPYCACHEPREFIX"},
            "PYTHONPATH": str(ROOT),
            "ZARTS_AS_OWNER": "1",
            "ZARTS_DATA": str(tmp_path / "data"),
        }
        command = [sys.executable, *program, *arguments]
        done = subprocess.run(command, cwd=ROOT, env=env, input=stdin, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()[-2000:]
        return done.stdout

    def read(statement):
        with psycopg.connect(urlsplit(os.environ["DATABASE_OWNER_URL"])._replace(path=f"/{empty}").geturl()) as connection:
            return connection.execute(statement).fetchone()[0]

    full, empty = databases
    manage, embedded = [str(ROOT / "manage.py")], ["-P", "-m", "zartsalgo.embedded"]
    if "ZARTS_TEST_TEMPLATE" not in os.environ:  # else it is a copy of migrated tables
        run(manage, full, "migrate", "--no-input", "-v", "0")
    run(manage, full, "staff", "add", "olga", "--group", "owner")
    kept = run(embedded, full, "backup", "-")
    assert kept.startswith(b"PK"), "a zip and nothing but a zip"
    (tmp_path / "data" / "static").mkdir(parents=True, exist_ok=True)  # the image has it there
    run(embedded, empty, "restore", "-", stdin=kept)
    assert read("select count(*) from zartsalgo_user where username = 'olga'") == 1
    assert read("select count(*) from messaging_pause where lifted_at is null and unknown_since is not null") == 1, "it sends nothing yet"
    views = "select array_agg(distinct viewowner::text) from pg_views where schemaname = 'portal'"
    assert (read(views), read("select has_schema_privilege('zarts_portal_views', 'portal', 'create')")) == (["zarts_portal_views"], False)
    assert read("select has_column_privilege('zarts_app', 'leads_event', 'type', 'UPDATE')") is False
