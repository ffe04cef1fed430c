"""The data folder: where it lies, who may have it, what it keeps."""

import os
import stat
import tempfile
from pathlib import Path

import pytest

from zartsalgo.embedded import binaries, joined, state
from zartsalgo.embedded.process import Identity
from zartsalgo.embedded.state import DataFolder, State
from zartsalgo.embedded.trouble import Trouble


@pytest.fixture
def folder(tmp_path):
    made = DataFolder(tmp_path / "data")
    made.create(for_postgres=False)
    return made


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """A clone of its own to locate data folders for."""
    root = tmp_path / "clone"
    root.mkdir()
    monkeypatch.setattr(state, "ROOT", root)
    monkeypatch.setattr(state, "POINTER", root / ".data-location")
    return root


def test_a_named_folder_wins_over_everything_else(clone):
    (clone / ".data-location").write_text(str(clone))
    assert state.locate("/somewhere", env={"ZARTS_DATA": "/elsewhere"}).path == Path("/somewhere")
    assert state.locate(None, env={"ZARTS_DATA": "/elsewhere"}).path == Path("/elsewhere")
    assert state.locate(None, env={}).path == clone


def test_the_folder_lies_in_the_clone_where_the_servers_uid_can_reach_it(clone, monkeypatch):
    monkeypatch.setattr(state, "server_uid", lambda: None)
    assert state.locate(None, env={}).path == clone / ".data"


def test_as_root_below_a_private_folder_it_lies_in_the_state_directory_and_is_remembered(clone, tmp_path, monkeypatch):
    monkeypatch.setattr(state, "server_uid", lambda: 65534)
    monkeypatch.setattr(state.os, "geteuid", lambda: 1000)
    clone.chmod(0o700)
    found = state.locate(None, env={"XDG_STATE_HOME": str(tmp_path / "state")})
    assert found.path.parent == tmp_path / "state"
    assert found.path.name.startswith("zartsalgo-clone-")
    found.path.mkdir(parents=True)
    state.remember(found)
    assert state.locate(None, env={}).path == found.path
    assert state.locate(None, needs_postgres=False, env={}).path == found.path


def test_a_pointer_to_a_folder_that_is_gone_is_ignored(clone, monkeypatch):
    monkeypatch.setattr(state, "server_uid", lambda: None)
    (clone / ".data-location").write_text("/gone/for/good")
    assert state.locate(None, env={}).path == clone / ".data"


def test_a_folder_with_other_things_in_it_is_refused_and_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("x")
    with pytest.raises(Trouble, match="holds other things"):
        DataFolder(tmp_path).create(for_postgres=False)
    assert os.listdir(tmp_path) == ["thesis.txt"]


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(Trouble, match=r"cannot be used \(.+\): make it yours"):
        DataFolder(tmp_path / "file" / "data").create(for_postgres=False)


def test_an_unreachable_parent_is_refused_before_anything_is_made(tmp_path, monkeypatch):
    monkeypatch.setattr(state, "server_uid", lambda: 65534)
    (tmp_path / "private").mkdir(mode=0o700)
    with pytest.raises(Trouble, match="cannot reach"):
        DataFolder(tmp_path / "private" / "data").create(for_postgres=True)
    assert not (tmp_path / "private" / "data").exists()


def test_reachable_means_every_parent_lets_everybody_pass():
    with tempfile.TemporaryDirectory() as made:
        top = Path(made)
        for parent in top.parents:
            if not parent.stat().st_mode & 1:
                pytest.skip(f"the temporary folder itself lies below the private {parent}")
        (top / "a" / "b").mkdir(parents=True)
        top.chmod(0o711)
        assert binaries.reachable_by_all(top / "a" / "b")
        assert binaries.reachable_by_all(top / "a" / "not" / "yet")
        (top / "a").chmod(0o700)
        assert not binaries.reachable_by_all(top / "a" / "b")


def test_one_supervisor_at_a_time_has_the_folder(folder):
    assert not folder.in_use()
    assert folder.lock()
    assert folder.in_use()
    assert not DataFolder(folder.path).lock()


def test_secrets_are_made_once_and_readable_by_their_owner_alone(folder):
    made = folder.secrets()
    assert folder.secrets() == made
    assert len(set(made.values())) == len(made)
    assert len(made["secret_key"]) >= 50
    assert stat.S_IMODE((folder.path / "secrets.json").stat().st_mode) == 0o600


def test_lost_secrets_beside_a_database_are_not_made_anew(folder):
    folder.postgres.mkdir()
    (folder.postgres / "PG_VERSION").write_text("18")
    with pytest.raises(Trouble, match="bring it back from a backup"):
        folder.secrets()
    assert not (folder.path / "secrets.json").exists()


def test_state_survives_being_written_and_a_torn_file_reads_as_empty(folder):
    kept = State(supervisor=7, url="http://x", ports={"web": 8000}, children={"web": Identity(8, "99")}, migrated="abc", first_start=True)
    folder.write_state(kept)
    assert folder.read_state() == kept
    (folder.path / "state.json").write_text('{"ports": {"we')
    assert folder.read_state() == State()


def test_a_taken_port_is_not_given_out():
    port = state.free_port()
    assert state.port_is_free(port)
    with state.socket.create_server(("127.0.0.1", port)):
        assert not state.port_is_free(port)
        assert state.free_port(port) != port


def test_manage_joins_what_runs_and_the_callers_environment_wins(folder):
    folder.lock()
    state.write_json(folder.environment, {"DATABASE_URL": "ours", "DATABASE_OWNER_URL": "owner", "REDIS_URL": "ring", "SECRET_KEY": "k"})
    found = joined.joined_environment(folder, "shell", given={})
    assert {name: found[name] for name in ("DATABASE_URL", "REDIS_URL", "SECRET_KEY")} == {
        "DATABASE_URL": "ours",
        "REDIS_URL": "ring",
        "SECRET_KEY": "k",
    }
    assert "DATABASE_OWNER_URL" not in found, "it is for commands that change tables, and for a backup"
    assert {joined.joined_environment(folder, one, given={})["DATABASE_OWNER_URL"] for one in ("migrate", "backup")} == {"owner"}
    assert found["ZARTS_DATA"] == str(folder.path)
    assert "ZARTS_AS_OWNER" not in found
    assert joined.joined_environment(folder, "migrate", given={})["ZARTS_AS_OWNER"] == "1"
    theirs = joined.joined_environment(folder, "shell", given={"DATABASE_URL": "theirs"})
    assert "DATABASE_URL" not in theirs and "DATABASE_OWNER_URL" not in theirs and theirs["REDIS_URL"] == "ring"


def test_manage_says_so_when_nothing_runs_and_lets_commands_without_a_database_pass(folder):
    with pytest.raises(Trouble, match="Nothing runs for"):
        joined.joined_environment(folder, "shell", given={})
    assert len(joined.joined_environment(folder, "check", given={})["SECRET_KEY"]) >= 50
    assert "DATABASE_URL" not in joined.joined_environment(folder, "shell", given={"DATABASE_URL": "theirs"})
