"""One function of the owner removes a demo client whole, its evidence included. It refuses every other client.

The web's role may not delete evidence, and the triggers stand before everybody; so this runs with the owner's rights and lets those
triggers pass for the length of the call. Which rows belong to a client is read from the foreign keys as they are when it runs, so a table
that is added later is never forgotten: rows that name the client, else rows that hang on such a row.
"""

from django.db import migrations

CREATE = """
create function zarts_remove_demo_client(wanted bigint, only_count boolean) returns table (place text, amount bigint)
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    is_demo boolean;
    links jsonb;    -- every foreign key of one column: which table names which
    levels jsonb;   -- tables that hang on a client, with the longest way down to them
    conditions jsonb := '{}';
    step record;
    link record;
    own text;
    others text;
    belongs text;
    found bigint;
begin
    select demo into is_demo from public.leads_client where id = wanted;
    if is_demo is null then
        raise exception 'there is no client %', wanted using errcode = 'no_data_found';
    elsif not is_demo then
        raise exception 'client % is no demo client; nothing of it is removed', wanted using errcode = 'insufficient_privilege';
    end if;

    select jsonb_agg(jsonb_build_object('child', c.conrelid, 'parent', c.confrelid, 'names', a.attname, 'named', p.attname,
                                        'always', a.attnotnull) order by c.oid) into links
      from pg_constraint c
      join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
      join pg_attribute p on p.attrelid = c.confrelid and p.attnum = c.confkey[1]
     where c.contype = 'f' and array_length(c.conkey, 1) = 1 and c.conrelid <> c.confrelid;
    with recursive down(child, level) as (
        select 'public.leads_client'::regclass::oid, 0
        union
        select l.child, level + 1 from down join jsonb_to_recordset(links) as l(child oid, parent oid) on l.parent = down.child where level < 12
    )
    select jsonb_agg(jsonb_build_object('child', deepest.child, 'level', deepest.level)) into levels
      from (select down.child, max(down.level) as level from down group by 1) deepest;

    for step in select * from jsonb_to_recordset(levels) as t(child oid, level integer) order by t.level, t.child loop
        own := null;
        others := null;
        for link in
            select l.* from jsonb_to_recordset(links) as l(child oid, parent oid, names text, named text, always boolean)
              join jsonb_to_recordset(levels) as t(child oid) on t.child = l.parent where l.child = step.child
        loop
            if link.parent = 'public.leads_client'::regclass then
                own := format('%I = %s', link.names, wanted);
                if not link.always then
                    own := own || format(' or %I is null and ', link.names);
                end if;
            else
                others := concat_ws(' or ', others, format('%I in (select %I from %s where %s)', link.names, link.named,
                                                           link.parent::regclass, conditions ->> link.parent::text));
            end if;
        end loop;
        belongs := case when step.level = 0 then format('id = %s', wanted)
                        when own is null then others
                        when own like '% and ' then own || '(' || coalesce(others, 'false') || ')'
                        else own end;
        conditions := conditions || jsonb_build_object(step.child::text, belongs);
    end loop;

    if not only_count then
        -- Nobody adds to the client from here on.
        perform 1 from public.leads_client where id = wanted and demo for update;
        perform set_config('pgtrigger.ignore',
            (select coalesce(array_agg(tgname::text), '{}')::text from pg_trigger where tgname like 'pgtrigger\\_no\\_delete\\_%'), true);
    end if;
    for step in select * from jsonb_to_recordset(levels) as t(child oid, level integer) order by t.level desc, t.child loop
        if only_count then
            execute format('select count(*) from %s where %s', step.child::regclass, conditions ->> step.child::text) into found;
        else
            execute format('delete from %s where %s', step.child::regclass, conditions ->> step.child::text);
            get diagnostics found = row_count;
        end if;
        if found > 0 then
            place := step.child::regclass::text;
            amount := found;
            return next;
        end if;
    end loop;
    if not only_count then
        perform set_config('pgtrigger.ignore', '{}', true);
    end if;
end
$$;
revoke all on function zarts_remove_demo_client(bigint, boolean) from public;
do $$ begin
    if exists (select from pg_roles where rolname = 'zarts_app') then
        grant execute on function zarts_remove_demo_client(bigint, boolean) to zarts_app;
    end if;
end $$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("zartsalgo", "0003_sign_in_tries"),
        ("leads", "0002_initial"),
    ]

    operations = [migrations.RunSQL(CREATE, "drop function zarts_remove_demo_client(bigint, boolean)")]
