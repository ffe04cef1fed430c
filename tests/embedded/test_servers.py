"""The Postgres and the broker that script/test started for this run: who may do what, and what their logs keep to themselves."""

import os
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import redis

from zartsalgo.embedded.servers import Broker, Postgres
from zartsalgo.embedded.trouble import Trouble

APP, OWNER, PORTAL = "DATABASE_URL", "DATABASE_OWNER_URL", "PORTAL_DATABASE_URL"


def connect(name):
    return psycopg.connect(os.environ[name], autocommit=True, connect_timeout=5)


@pytest.mark.parametrize(
    "name, role, limits",
    [
        (APP, "zarts_app", ("15s", "3s", "30s")),
        (PORTAL, "zarts_portal", ("5s", "1s", "10s")),
        (OWNER, "zarts_owner", ("0", "0", "0")),
    ],
)
def test_each_role_has_its_limits(name, role, limits):
    ask = "select current_user, array[{}]".format(
        ", ".join(f"current_setting('{limit}')" for limit in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"))
    )
    with connect(name) as connection:
        assert connection.execute(ask).fetchone() == (role, list(limits))


@pytest.mark.parametrize("name", [APP, PORTAL])
@pytest.mark.parametrize("statement", ["create table mine (id int)", "create schema mine", "create temporary table mine (id int)"])
def test_only_the_owner_makes_tables(name, statement):
    with connect(name) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("set default_transaction_read_only = off")  # the portal may say so, and still may not
        connection.execute(statement)


def test_no_role_of_the_app_is_a_superuser_and_the_owner_of_the_views_cannot_sign_in():
    ask = "select rolname, rolsuper, rolcreaterole, rolbypassrls, rolcanlogin from pg_roles where rolname like 'zarts%' order by 1"
    with connect(OWNER) as connection:
        assert connection.execute(ask).fetchall() == [
            ("zarts_app", False, False, False, True),
            ("zarts_owner", False, False, False, True),
            ("zarts_portal", False, False, False, True),
            ("zarts_portal_views", False, False, False, False),
            ("zarts_super", True, True, True, True),
        ]


def test_nobody_gets_in_without_the_right_password():
    address = urlsplit(os.environ[APP])
    for user in ("zarts_app", "zarts_owner", "zarts_super"):
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(host=address.hostname, port=address.port, user=user, password="guess", dbname="zarts", connect_timeout=5)
    broker = urlsplit(os.environ["REDIS_URL"])
    with redis.Redis(host=broker.hostname, port=broker.port) as client, pytest.raises(redis.AuthenticationError):
        client.ping()


def test_letters_beyond_ascii_have_upper_and_lower_case():
    with connect(APP) as connection:
        assert connection.execute("select lower('ÉLAN'), 'élan' ilike 'ÉL%'").fetchone() == ("élan", True)


def test_values_in_failing_statements_stay_out_of_the_servers_log():
    log = Path(os.environ["ZARTS_DATA"]) / "logs" / "postgres.log"
    with connect(APP) as connection:
        for statement in ("select '+13035550123'::uuid", "select nothing from nowhere where phone = '+13035550123'"):
            with pytest.raises(psycopg.Error):
                connection.execute(statement)
    with pytest.raises(psycopg.OperationalError), psycopg.connect(os.environ[APP].replace("zarts_app", "marker_role"), connect_timeout=5):
        pass
    text = log.read_text()
    assert "marker_role" in text  # it does write what concerns the server itself
    assert "5550123" not in text


def test_the_broker_answers_to_its_password_alone():
    address = urlsplit(os.environ["REDIS_URL"])
    right = Broker("unused", Path("unused"), address.port, address.password)
    assert right.answers()
    assert not Broker("unused", Path("unused"), address.port, "guess").answers()
    with redis.from_url(os.environ["REDIS_URL"]) as client:
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_a_wrong_superuser_password_is_a_sentence_and_no_endless_wait(tmp_path):
    address = urlsplit(os.environ[APP])
    server = Postgres(None, tmp_path / "postgres", address.port, {"superuser": "guess"})
    with pytest.raises(Trouble, match="does not open the database beside it"):
        server.answers()
    server.port = 9
    assert not server.answers()


def test_the_brokers_password_is_in_a_file_for_its_owner_alone(tmp_path):
    server = Broker("valkey-server", tmp_path / "a b", 6000, "s3cret")
    server.prepare()
    assert server.command() == ["valkey-server", str(tmp_path / "a b" / "server.conf")]
    assert (tmp_path / "a b" / "server.conf").stat().st_mode & 0o777 == 0o600
    assert not server.set_aside()
    (tmp_path / "a b" / "appendonlydir").mkdir()
    assert server.set_aside()
    assert not (tmp_path / "a b" / "appendonlydir").exists()
