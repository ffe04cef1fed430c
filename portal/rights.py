"""What the portal's database role can do beyond its views, asked of the database itself. Plain SQL: used before Django is there too."""

from typing import Any

# On a connection of the portal's role. `current_user` is asked, not a name: whatever PORTAL_DATABASE_URL names must be as weak.
_EXCESS = """
with mine as (select * from pg_roles where rolname = current_user),
     ours as (select n.oid, n.nspname from pg_namespace n
               where n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_(toast|temp)')
select what from (
  select 1 as n, 'is a superuser' as what from mine where rolsuper
  union all select 1, 'passes row security' from mine where rolbypassrls and not rolsuper
  union all select 1, 'may make databases' from mine where rolcreatedb and not rolsuper
  union all select 1, 'may make roles' from mine where rolcreaterole and not rolsuper
  union all select 1, 'may copy the whole server (replication)' from mine where rolreplication and not rolsuper
  union all select 2, 'is a member of ' || g.rolname from pg_auth_members m join mine on mine.oid = m.member join pg_roles g on g.oid = m.roleid
  union all select 3, 'may make temporary tables' from mine where not rolsuper and has_database_privilege(current_database(), 'TEMP')
  union all select 3, 'may make schemas' from mine where not rolsuper and has_database_privilege(current_database(), 'CREATE')
  union all select 4, 'may make things in schema ' || nspname from ours, mine where not rolsuper and has_schema_privilege(ours.oid, 'CREATE')
  union all select 4, 'may look into schema ' || nspname from ours, mine
             where not rolsuper and nspname <> 'portal' and has_schema_privilege(ours.oid, 'USAGE')
  union all select 5, 'may read or write ' || nspname || '.' || relname from pg_class c join ours on ours.oid = c.relnamespace, mine
             where not rolsuper and relkind in ('r', 'v', 'm', 'f', 'p') and not (nspname = 'portal' and relname in ('business', 'report', 'story', 'words'))
               and (has_table_privilege(c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
                    or has_any_column_privilege(c.oid, 'SELECT, INSERT, UPDATE, REFERENCES'))
  union all select 5, 'may change ' || nspname || '.' || relname from pg_class c join ours on ours.oid = c.relnamespace, mine
             where not rolsuper and nspname = 'portal' and relname in ('business', 'report', 'story', 'words')
               and (has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
                    or has_any_column_privilege(c.oid, 'INSERT, UPDATE, REFERENCES'))
  union all select 6, 'may use the counter ' || nspname || '.' || relname from pg_class c join ours on ours.oid = c.relnamespace, mine
             where not rolsuper and case relkind when 'S' then has_sequence_privilege(c.oid, 'USAGE, SELECT, UPDATE') else false end
  union all select 7, 'may call ' || nspname || '.' || proname from pg_proc p join ours on ours.oid = p.pronamespace, mine
             where not rolsuper and has_schema_privilege(ours.oid, 'USAGE') and has_function_privilege(p.oid, 'EXECUTE')
  union all select 8, 'sees portal.' || relname || ' without its barrier' from pg_class c join ours on ours.oid = c.relnamespace
             where nspname = 'portal' and relkind = 'v'
               and not coalesce('security_barrier=true' = any(reloptions) and not 'security_invoker=true' = any(reloptions), false)
) as found order by n, what"""
_MISSING = """
select wanted from unnest(array['business', 'report', 'story', 'words']) as wanted
 where to_regnamespace('portal') is null or not has_schema_privilege('portal', 'USAGE')
    or not coalesce(has_table_privilege(to_regclass('portal.' || wanted), 'SELECT'), false)"""


def excess(cursor: Any) -> list[str]:
    """What the connected role can do that the portal's must not, each as the words after "it"; empty when it is right."""
    cursor.execute(_EXCESS)
    return [row[0] for row in cursor.fetchall()]


def missing(cursor: Any) -> list[str]:
    """Views that the connected role cannot read; empty when all is there."""
    cursor.execute(_MISSING)
    return [f"portal.{row[0]}" for row in cursor.fetchall()]


def trouble(cursor: Any) -> str:
    """One sentence for whoever starts the portal, "" when its role may do what it must and nothing else."""
    if found := excess(cursor):
        more = f", and {len(found) - 5} more" if len(found) > 5 else ""
        return f"The portal's database role can do too much: it {', it '.join(found[:5])}{more}."
    if lost := missing(cursor):
        return f"The portal's database role cannot read {', '.join(lost)}."
    return ""
