"""The portal's database role, asked over a connection of its own: it reads four views of one client, and nothing else in any way."""

import os
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from django.db import connection

from portal import rights
from portal.content import reading
from tests.factories import ClientFactory
from tests.portal.rows import make_report, make_story
from zartsalgo import checks
from zartsalgo.embedded.servers import Postgres
from zartsalgo.embedded.trouble import Trouble
from zartsalgo.roles import grant_rows

DENIED = psycopg.errors.InsufficientPrivilege
ELSEWHERE = "n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_(toast|temp)'"


def portal_address() -> str:
    parts = urlsplit(os.environ["PORTAL_DATABASE_URL"])
    return urlunsplit(parts._replace(path=f"/{connection.settings_dict['NAME']}"))


@pytest.fixture
def portal(django_db_setup, django_db_blocker):
    """A connection as the portal's role, as strong as it can make itself: a new transaction may write."""
    with django_db_blocker.unblock(), psycopg.connect(portal_address(), autocommit=True) as raw:
        raw.execute("set default_transaction_read_only = off")
        yield raw


@pytest.fixture
def catalog(db):
    """Names out of the owner's catalogue."""

    def _names(query):
        with connection.cursor() as cursor:
            cursor.execute(query)
            return [row[0] for row in cursor.fetchall()]

    return _names


def test_it_is_what_it_says(portal):
    assert portal.execute("select current_user, session_user").fetchone() == ("zarts_portal", "zarts_portal")
    with psycopg.connect(portal_address()) as fresh:
        assert fresh.execute("show default_transaction_read_only").fetchone() == ("on",)
        assert fresh.execute("show statement_timeout").fetchone() == ("5s",)
    assert rights.trouble(portal.cursor()) == ""


def test_every_table_and_view_is_denied(portal, catalog):
    names = catalog(
        f"""select format('%I.%I', n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace
             where c.relkind in ('r', 'p', 'v', 'm', 'f') and {ELSEWHERE} and n.nspname <> 'portal' order by 1"""
    )
    assert len(names) > 50 and {"public.leads_lead", "public.portal_member", "public.summaries_summary"} <= set(names)
    for name in names:
        for statement in (f"select from {name}", f"insert into {name} default values", f"delete from {name}", f"truncate {name}"):
            with pytest.raises(DENIED):
                portal.execute(statement)


def test_every_sequence_and_function_is_denied(portal, catalog):
    sequences = catalog(
        f"""select format('%I.%I', n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace
             where c.relkind = 'S' and {ELSEWHERE} order by 1"""
    )
    functions = catalog(
        f"""select format('%I.%I(%s)', n.nspname, p.proname,
                          (select string_agg(format('null::%s', format_type(t, null)), ', ') from unnest(p.proargtypes) t))
              from pg_proc p join pg_namespace n on n.oid = p.pronamespace where {ELSEWHERE} order by 1"""
    )
    assert len(sequences) > 5 and len(functions) > 10
    for name in sequences:
        for statement in (f"select nextval('{name}')", f"select last_value from {name}"):
            with pytest.raises(DENIED):
                portal.execute(statement)
    for call in functions:
        with pytest.raises(DENIED):
            portal.execute(f"select {call}")


@pytest.mark.parametrize(
    "statement",
    [
        "set role zarts_app",
        "set role zarts_owner",
        "set role zarts_portal_views",
        "set session authorization zarts_owner",
        "create temporary table mine (x int)",
        "create table portal.mine (x int)",
        "create view portal.mine as select 1 as x",
        "create function portal.mine(text) returns bool language sql as 'select true'",
        "create schema mine",
        "create role mine",
        "create database mine",
        "select lo_create(0)",
        "select lo_from_bytea(0, 'x')",
        "select lo_creat(-1)",
        "copy (select 1) to program 'true'",
        "copy (select 1) to '/tmp/zarts'",
        "select pg_read_file('/etc/hostname')",
        "select pg_ls_dir('.')",
        "alter view portal.story reset (security_barrier)",
        "alter view portal.story set (security_invoker = on)",
        "drop view portal.story",
        "select plain_body from public.messaging_template",
        "insert into public.portal_textword default values",
        "insert into portal.business (name, timezone) values ('x', 'UTC')",
        "update portal.story set text = 'x'",
        "delete from portal.report",
        "update portal.business set name = 'x' where true returning name",
    ],
)
def test_nothing_else_is_allowed(portal, statement):
    with pytest.raises(DENIED):
        portal.execute(statement)


def test_it_cannot_pass_on_what_it_may(portal):
    portal.execute("grant select on portal.story to public")  # no error: a warning that nothing was granted
    assert portal.execute("select has_table_privilege('zarts_app', 'portal.story', 'select')").fetchone() == (False,)


def test_no_other_schema_and_no_hidden_door(portal):
    schemas = portal.execute("select nspname from pg_namespace where has_schema_privilege(oid, 'usage') and nspname !~ '^pg_'").fetchall()
    assert {row[0] for row in schemas} == {"portal", "information_schema"}
    columns = portal.execute(
        "select table_schema, table_name, column_name from information_schema.columns where table_schema !~ '^(pg_|information)'"
    )
    assert {(schema, view) for schema, view, _ in columns.fetchall()} == {
        ("portal", name) for name in ("business", "report", "story", "words")
    }


@pytest.mark.django_db(transaction=True)
def test_one_client_at_a_time_and_only_what_was_approved(portal):
    ours, theirs = ClientFactory(), ClientFactory(slug="bluebird-plumbing", name="Bluebird Plumbing", phone="+13035550170")
    mine = make_story(client=ours, text="12")
    gone = make_story(client=ours, text="13", withdrawn_at=mine.approved_at, withdrawn_by="Dana")
    other = make_story(client=theirs, text="not a number")
    report = make_report(client=ours)
    for month, status in ((9, "draft"), (8, "withdrawn")):
        make_report(client=ours, month=month, status=status, **({"withdrawn_at": mine.approved_at} if status == "withdrawn" else {}))
    make_report(client=theirs)

    def see(query, client=None):
        with portal.transaction():
            if client is not None:
                portal.execute("select set_config('portal.client', %s, true)", [str(client)])
            return [row[0] for row in portal.execute(query).fetchall()]

    words = "select body from portal.words"
    agency = "Hi [their first name], this is {}. Sorry we missed your call. How can we help? Reply here and a person will answer. Reply STOP to opt out."
    assert see(words) == [] and see(words, 10**9) == []
    assert (see(words, ours.pk), see(words, theirs.pk)) == ([agency.format(ours.name)], [agency.format(theirs.name)])

    everything = "select id::text from portal.story union all select id::text from portal.report union all select name from portal.business"
    assert see(everything) == [] and see(everything, "") == []
    assert sorted(see(everything, ours.pk)) == sorted([str(mine.pk), str(report.pk), ours.name])
    assert str(other.pk) in see(everything, theirs.pk) and ours.name not in see(everything, theirs.pk)
    assert see(everything, 10**9) == [] and str(gone.pk) not in see(everything, ours.pk)
    assert see(everything) == []  # the setting ended with its transaction

    # A condition that breaks on the other client's text would tell of it, were it tried on rows before the view's own: without the barrier
    # this raises "invalid input syntax ... not a number".
    portal.execute("set enable_indexscan = off; set enable_bitmapscan = off; set enable_indexonlyscan = off")
    assert see("select text from portal.story where text::int > 0", ours.pk) == ["12"]
    with pytest.raises(psycopg.errors.InvalidTextRepresentation):
        see("select text from portal.story where text::int > 0", theirs.pk)

    # The app's own path takes the same role for one client, and leaves nothing behind.
    with reading(client_id=ours.pk) as content:
        assert [story.text for story in content.stories()[0]] == ["12"]
    with connection.cursor() as cursor:
        cursor.execute("select current_user, current_setting('portal.client', true)")
        assert cursor.fetchone()[0] == "zarts_owner"


@pytest.mark.django_db
def test_the_path_of_the_app_resets_role_and_client_even_after_an_error():
    ours, theirs = ClientFactory(), ClientFactory(slug="bluebird-plumbing", name="Bluebird Plumbing")

    def state():
        with connection.cursor() as cursor:
            cursor.execute("select current_user, coalesce(current_setting('portal.client', true), '')")
            return cursor.fetchone()

    with reading(client_id=ours.pk) as content:
        assert state() == ("zarts_portal", str(ours.pk)) and content.business().name == ours.name
    assert state() == ("zarts_owner", "")
    with pytest.raises(ValueError), reading(client_id=theirs.pk):
        raise ValueError
    assert state() == ("zarts_owner", "")
    with pytest.raises(Exception, match="permission denied"), reading(client_id=ours.pk):
        connection.cursor().execute("select 1 from public.leads_lead")
    assert state() == ("zarts_owner", "")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("grant", "says"),
    [
        ("grant usage on schema public to public", "may look into schema public"),
        ("grant select on leads_lead to zarts_portal", "may read or write public.leads_lead"),
        ("grant select (name) on leads_contact to zarts_portal", "may read or write public.leads_contact"),
        ("grant insert on portal.story to zarts_portal", "may change portal.story"),
        ("grant usage on sequence leads_client_id_seq to public", "may use the counter public.leads_client_id_seq"),
        ("alter view portal.story set (security_barrier = false)", "sees portal.story without its barrier"),
        ("create view portal.more as select 1 as x; grant select on portal.more to zarts_portal", "may read or write portal.more"),
    ],
)
def test_e006_names_what_the_role_can_do_too_much(grant, says):
    with connection.cursor() as cursor:
        cursor.execute(grant)
        cursor.execute("set local role zarts_portal")
        assert says in "; ".join(rights.excess(cursor))
        assert says in rights.trouble(cursor)


@pytest.mark.django_db
def test_what_a_migration_forgot_is_taken_back_after_it():
    with connection.cursor() as cursor:
        cursor.execute("grant usage on schema public to public; grant select on leads_lead to zarts_portal")
        cursor.execute("create table mine (x int); create function theirs() returns int language sql as 'select 1'")
        cursor.execute("set local role zarts_portal")
        assert len(rights.excess(cursor)) >= 2
        cursor.execute("set local role none")
        grant_rows()
        cursor.execute("set local role zarts_portal")
        assert rights.trouble(cursor) == ""
        cursor.execute("set local role zarts_app")
        cursor.execute("select theirs() from (select count(*) from mine) as m")
        assert cursor.fetchone() == (1,)
        cursor.execute("set local role none")
        cursor.execute("create function later() returns int language sql as 'select 1'")
        cursor.execute("select has_function_privilege('zarts_portal', 'later()', 'execute')")
        assert cursor.fetchone() == (False,)


@pytest.mark.django_db
def test_e006_for_views_that_are_not_there():
    with connection.cursor() as cursor:
        cursor.execute("revoke select on portal.story from zarts_portal")
        cursor.execute("set local role zarts_portal")
        assert rights.trouble(cursor) == "The portal's database role cannot read portal.story."


def test_e006_as_a_check(monkeypatch, settings):
    assert checks.portal_role_is_weak(databases=["default"]) == []

    class Cursor:
        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

    monkeypatch.setattr(checks, "connections", {"portal": type("Portal", (), {"cursor": staticmethod(Cursor)})})
    monkeypatch.setattr(rights, "trouble", lambda cursor: "It can do too much.")
    found = checks.portal_role_is_weak(databases=["portal"])
    assert [(one.id, one.msg) for one in found] == [("zarts.E006", "It can do too much.")] and found[0].hint
    monkeypatch.setattr(rights, "trouble", lambda cursor: "")
    assert checks.portal_role_is_weak(databases=["portal"]) == []
    assert checks.portal_has_a_role() == []
    monkeypatch.delitem(settings.DATABASES, "portal")
    assert [one.id for one in checks.portal_has_a_role()] == ["zarts.E006"]


def test_a_role_that_can_do_too_much_stops_the_start():
    """The database that script/roles.sql made and no migration has seen: what Postgres gives to everybody is still given."""
    parts = urlsplit(os.environ["PORTAL_DATABASE_URL"])
    server = Postgres(programs=None, data=None, port=parts.port, passwords={"portal": parts.password})
    with pytest.raises(Trouble, match=r"can do too much: it may look into schema public.*zarts\.E006"):
        server.look_at_portal_role()
