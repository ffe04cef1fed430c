-- The roles and the database of ZartsAlgo, for a Postgres (15 or newer) of your own. Safe to run again: it then sets passwords and limits anew.
--
--   export ZARTS_OWNER_PASSWORD=... ZARTS_APP_PASSWORD=... ZARTS_PORTAL_PASSWORD=...
--   psql -X -v ON_ERROR_STOP=1 -h HOST -U SUPERUSER -d postgres -f script/roles.sql
--
-- Then give the processes their addresses:
--   DATABASE_URL=postgres://zarts_app:...@HOST/zarts           web, worker, beat, ticker: rows only, owns nothing
--   DATABASE_OWNER_URL=postgres://zarts_owner:...@HOST/zarts   migrations and tests
--   PORTAL_DATABASE_URL=postgres://zarts_portal:...@HOST/zarts the client portal: approved proof through views, nothing else
--
-- script/up runs this same file on the Postgres that it brings along.

\set ON_ERROR_STOP 1
\getenv owner_password ZARTS_OWNER_PASSWORD
\getenv app_password ZARTS_APP_PASSWORD
\getenv portal_password ZARTS_PORTAL_PASSWORD
\if :{?owner_password}
\else
    \warn 'Set ZARTS_OWNER_PASSWORD, ZARTS_APP_PASSWORD and ZARTS_PORTAL_PASSWORD first.'
    SELECT 1/0 AS "a password is missing";
\endif

SET password_encryption = 'scram-sha-256';

SELECT format('CREATE ROLE %I', name)
FROM unnest(ARRAY['zarts_owner', 'zarts_app', 'zarts_portal', 'zarts_portal_views']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name)
\gexec

ALTER ROLE zarts_owner LOGIN CREATEDB PASSWORD :'owner_password';
ALTER ROLE zarts_app LOGIN NOCREATEDB NOCREATEROLE PASSWORD :'app_password';
ALTER ROLE zarts_portal LOGIN NOCREATEDB NOCREATEROLE NOINHERIT PASSWORD :'portal_password';

-- Owns the portal's views and may read only the columns that migrations grant to it; migrations hand views over to it, so their role is a member.
ALTER ROLE zarts_portal_views NOLOGIN NOCREATEDB NOCREATEROLE;
GRANT zarts_portal_views TO zarts_owner;

-- No request and no task may hold the database for long. A longer statement sets its own limit for its transaction.
ALTER ROLE zarts_app SET statement_timeout = '15s';
ALTER ROLE zarts_app SET lock_timeout = '3s';
ALTER ROLE zarts_app SET idle_in_transaction_session_timeout = '30s';
ALTER ROLE zarts_portal SET statement_timeout = '5s';
ALTER ROLE zarts_portal SET lock_timeout = '1s';
ALTER ROLE zarts_portal SET idle_in_transaction_session_timeout = '10s';
-- A second lock on the door: it could not write anyway.
ALTER ROLE zarts_portal SET default_transaction_read_only = on;

-- A managed server's administrator may be no superuser; to make a database for a role one must be a member of it.
SELECT format('GRANT zarts_owner TO %I', current_user)
WHERE NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AND NOT pg_has_role(current_user, 'zarts_owner', 'MEMBER')
\gexec
SELECT 'CREATE DATABASE zarts OWNER zarts_owner TEMPLATE template0 ENCODING ''UTF8'''
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'zarts')
\gexec

-- Nobody else connects, and nobody but the owner makes temporary tables.
REVOKE ALL ON DATABASE zarts FROM PUBLIC;
GRANT CONNECT ON DATABASE zarts TO zarts_app, zarts_portal;

-- By default everybody may make large objects. Only a superuser can take that back; where you are none, ask whoever is.
SELECT string_agg(format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', oid::regprocedure), '; ') AS no_large_objects
FROM pg_proc
WHERE pronamespace = 'pg_catalog'::regnamespace AND (proname LIKE 'lo\_%' OR proname IN ('loread', 'lowrite'))
\gset
SELECT rolsuper AS may_revoke FROM pg_roles WHERE rolname = current_user
\gset
\if :may_revoke
    \connect zarts
    :no_large_objects;
\endif
