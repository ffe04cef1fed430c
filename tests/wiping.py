"""How the database is brought back after a test that commits: as it was after the migrations, in milliseconds.

Django truncates every table and seeds anew, 0.2 to 0.4 s a time (measured, 70 tables). Here only tables that hold rows are emptied and
only seeds that changed are put back. Triggers and foreign keys are off meanwhile, for append-only tables refuse a DELETE; the temporary
server of `script/test` lets the owner switch them off (zartsalgo.embedded.testing).

Rows that a test rolled back stay in their table as dead ones, and nothing vacuums there by itself: after thousands of tests each look into
a table would read megabytes of them. So they are cleared now and then.
"""

from dataclasses import dataclass, field

import psycopg
from django.db import connection, transaction
from django.test import TransactionTestCase

_TABLES = """
select format('%I.%I', schemaname, tablename) from pg_tables
 where schemaname not in ('pg_catalog', 'information_schema') and tablename <> 'django_migrations'
 order by 1"""

_MOST_PAGES = 24  # a table with more of them is vacuumed; no seed needs so many
_SWOLLEN = """
select pg_class.oid::regclass::text from pg_class join pg_namespace on pg_namespace.oid = relnamespace
 where relkind = 'r' and nspname not in ('pg_catalog', 'information_schema')
   and pg_relation_size(pg_class.oid) > %s * current_setting('block_size')::int"""


def _copied(table: str) -> bytes:
    with connection.cursor() as cursor, cursor.cursor.copy(f"copy {table} to stdout") as rows:
        return b"".join(rows)


def _lines(rows: bytes) -> list[bytes]:
    """Rows in an order of their own: an update moves a row in its table."""
    return sorted(rows.splitlines())


@dataclass
class Baseline:
    """Every table, and the rows of those that have any."""

    seeds: dict[str, bytes] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)

    def read(self) -> None:
        self.seeds, self.others = {}, []
        with connection.cursor() as cursor:
            cursor.execute(_TABLES)
            tables = [table for (table,) in cursor.fetchall()]
        for table in tables:
            rows = _copied(table)
            if rows:
                self.seeds[table] = rows
            else:
                self.others.append(table)

    def restore(self) -> None:
        changed = [table for table, rows in self.seeds.items() if _lines(_copied(table)) != _lines(rows)]
        with connection.cursor() as cursor:
            cursor.execute("select " + ", ".join(f"exists (select from {table})" for table in self.others))
            filled = [table for table, has_rows in zip(self.others, cursor.fetchone(), strict=True) if has_rows]
            if not filled and not changed:
                return
            with transaction.atomic():
                emptied = "".join(f"delete from {table};" for table in (*filled, *changed))
                cursor.execute(f"set local session_replication_role = replica; {emptied}")
                for table in changed:
                    with cursor.cursor.copy(f"copy {table} from stdin") as rows:
                        rows.write(self.seeds[table])


baseline = Baseline()


def wipe_after_committing_tests() -> None:
    """From now on, in place of Django's own. Call once, when the test database stands."""
    baseline.read()

    def _fixture_teardown(self: TransactionTestCase) -> None:
        baseline.restore()

    TransactionTestCase._fixture_teardown = _fixture_teardown  # type: ignore[method-assign]


def clear_dead_rows() -> None:
    """Between two files, when no test is under way. On a connection of its own, for here no test may ask the database."""
    with psycopg.connect(**connection.get_connection_params(), autocommit=True) as own:
        own.execute("set lock_timeout = '5s'")
        if swollen := [table for (table,) in own.execute(_SWOLLEN, [_MOST_PAGES])]:
            own.execute("vacuum " + ", ".join(swollen))
