"""What is no backup, or not one for this version, is refused in one sentence before anything is changed."""

import json
import os
import zipfile

import pytest

from zartsalgo.embedded.backup import DUMP, MANIFEST, fingerprint, run_restore
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
