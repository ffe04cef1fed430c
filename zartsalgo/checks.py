"""System checks with ids: what would go wrong later is said at the start, each in one sentence with what to do.

zarts.E001 encryption keys unreadable        zarts.E004 a database role is missing (tag database)
zarts.E002 loopback allowed (--deploy)       zarts.E005 a workflow names a table, a handler or a purpose that does not exist
zarts.E003 public URL not https (--deploy)   zarts.E006 the portal's role is missing or can do too much (check --database portal)
zarts.W001 the process acts as owner or superuser of the database (tag database)
zarts.W002 the process was handed the owner's or the superuser's password
"""

import os
from collections.abc import Sequence
from typing import Any

from cryptography.fernet import Fernet
from django.apps import AppConfig, apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DatabaseError, InterfaceError, OperationalError, connections

from portal import rights

ROLES = ("zarts_owner", "zarts_app", "zarts_portal", "zarts_portal_views")
MAKE_ROLES = "Run script/roles.sql on this Postgres as its administrator (script/up does it by itself), then migrate."

OWNERS_SECRETS = ("DATABASE_OWNER_URL", "ZARTS_OWNER_PASSWORD", "POSTGRES_PASSWORD")

Configs = Sequence[AppConfig] | None


@register(Tags.security)
def encryption_keys_can_be_read(app_configs: Configs = None, **kwargs: Any) -> list[CheckMessage]:
    """E001. The key itself is never part of the message."""
    found: list[CheckMessage] = []
    for position, key in enumerate(settings.ENCRYPTION_KEYS, start=1):
        try:
            Fernet(key)
        except ValueError:
            found.append(
                Error(
                    f"Key {position} of ZARTS_ENCRYPTION_KEYS is no Fernet key, so stored requests and secrets cannot be opened.",
                    hint="A key is 32 random bytes in url-safe base64 (44 characters): "
                    'python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())".',
                    id="zarts.E001",
                )
            )
    return found


@register(Tags.security)
def holds_its_own_secrets_only(app_configs: Configs = None, **kwargs: Any) -> list[CheckMessage]:
    """W002. Only what acts as the owner may hold these: whoever takes over another process would have the evidence with it."""
    held = [] if settings.AS_OWNER else [name for name in OWNERS_SECRETS if os.environ.get(name)]
    return [
        Warning(
            f"{name} is set for a process that acts as the app, which has no use for it.",
            hint="Give it to `manage.py migrate`, script/backup and script/restore alone, as docker-compose.yml and script/up do.",
            id="zarts.W002",
        )
        for name in held
    ]


@register(Tags.security, deploy=True)
def loopback_is_refused(app_configs: Configs = None, **kwargs: Any) -> list[CheckMessage]:
    """E002."""
    if not settings.ALLOW_LOOPBACK:
        return []
    return [
        Error(
            "ZARTS_ALLOW_LOOPBACK is set: a live connection may then call this machine instead of its provider, without the go-live rules.",
            hint="Unset ZARTS_ALLOW_LOOPBACK; only script/up and tests set it.",
            id="zarts.E002",
        )
    ]


@register(Tags.security, deploy=True)
def public_url_is_https(app_configs: Configs = None, **kwargs: Any) -> list[CheckMessage]:
    """E003. Cookies, HSTS and the addresses that providers sign all follow from it."""
    if settings.PUBLIC_URL.startswith("https://"):
        return []
    return [
        Error(
            f"ZARTS_PUBLIC_URL is {settings.PUBLIC_URL}: without https sign-in cookies and customers' data travel readable.",
            hint="Put a proxy with a certificate before the web process and set ZARTS_PUBLIC_URL=https://your.host.",
            id="zarts.E003",
        )
    ]


@register(Tags.database)
def roles_exist(app_configs: Configs = None, databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """E004 and W001. Asked only where a command checks databases (migrate, check --database)."""
    if "default" not in (databases or ()):
        return []
    try:
        with connections["default"].cursor() as cursor:
            cursor.execute("select rolname from pg_roles where rolname = any(%s)", [list(ROLES)])
            there = {row[0] for row in cursor.fetchall()}
            cursor.execute("select current_user, rolsuper from pg_roles where rolname = current_user")
            user, superuser = cursor.fetchone()
    except (DatabaseError, InterfaceError):
        return []  # a database that is away is told by whoever needs it; a check must not hide that behind its own error
    found: list[CheckMessage] = [
        Error(f"The database has no role {name}, so rights cannot be kept apart.", hint=MAKE_ROLES, id="zarts.E004")
        for name in ROLES
        if name not in there
    ]
    if not settings.AS_OWNER and (superuser or user == "zarts_owner"):
        found.append(
            Warning(
                f"This process acts as {user}, which may change tables and triggers; what is meant as evidence could be rewritten.",
                hint="Set DATABASE_URL to the role zarts_app and DATABASE_OWNER_URL to zarts_owner; only migrations act as the owner.",
                id="zarts.W001",
            )
        )
    return found


@register(Tags.security, deploy=True)
def portal_has_a_role(app_configs: Configs = None, **kwargs: Any) -> list[CheckMessage]:
    """E006 before a deployment: without an address for its role the portal shows nothing."""
    if "portal" in settings.DATABASES:
        return []
    return [
        Error(
            "PORTAL_DATABASE_URL is not set, so the client portal shows nothing.",
            hint="Set it to postgresql://zarts_portal:password@host:port/name; script/roles.sql makes that role.",
            id="zarts.E006",
        )
    ]


@register(Tags.database)
def portal_role_is_weak(app_configs: Configs = None, databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """E006. Asked only of the portal's own connection (check --database portal): what it can do, whoever it is."""
    if "portal" not in (databases or ()):
        return []
    try:
        with connections["portal"].cursor() as cursor:
            wrong = rights.trouble(cursor)
    except OperationalError as error:
        if "password authentication failed" not in str(error) and "does not exist" not in str(error):
            return []  # away: told by whoever needs it
        wrong = "The portal's database role cannot sign in with PORTAL_DATABASE_URL."
    except InterfaceError:
        return []
    return [Error(wrong, hint=MAKE_ROLES, id="zarts.E006")] if wrong else []


@register()
def workflows_fit_the_house(app_configs: Configs = None, **kwargs: Any) -> list[CheckMessage]:
    """E005. A catalog file that does not load at all is reported here too, with the loader's own sentence."""
    # Not at the top: this module is imported before the models are ready.
    from messaging import purposes, templates
    from workflows import registry

    tables = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    hint = "Correct the file in workflows/catalog/."
    try:
        cards = registry.workflows().values()
        known = registry.handlers()
    except (ImportError, TypeError, ValueError) as error:
        return [Error(f"The catalog cannot be loaded: {error}", hint=hint, id="zarts.E005")]
    found: list[CheckMessage] = []
    for workflow in cards:
        for table in sorted({*workflow.reads, *workflow.writes} - tables):
            found.append(
                Error(
                    f"A fact or an effect of {workflow.name} names the table {table}, which does not exist.",
                    hint="Correct its `tables`, in the facts.py or effects.py of its room.",
                    id="zarts.E005",
                )
            )
        own = {purpose.key for purpose in workflow.purposes}
        for spec in workflow.steps:
            purpose = spec.params.get("purpose")
            if purpose is not None and purpose not in own:
                found.append(
                    Error(
                        f"Step {spec.key} of {workflow.name} sends for the purpose {purpose}, which its card does not name.",
                        hint=f"{hint} A purpose decides which consent a text needs: name it in `purposes`.",
                        id="zarts.E005",
                    )
                )
        keys = [spec.key for spec in workflow.steps]
        for key in sorted({key for key in keys if keys.count(key) > 1}):
            found.append(
                Error(f"{workflow.name} has two steps called {key}.", hint=f"{hint} A run finds its step by that name.", id="zarts.E005")
            )
        for spec in workflow.steps:
            if spec.handler_name not in known or not callable(spec.handler):
                found.append(Error(f"Step {spec.key} of {workflow.name} has no handler that can be run.", hint=hint, id="zarts.E005"))
        if not workflow.steps:
            found.append(Error(f"{workflow.name} has no steps.", hint=hint, id="zarts.E005"))
    found += [
        Error(
            f"The agency's template {row['key']} is for the purpose {row['purpose']}, which nobody registered.",
            hint="Name it in messaging/purposes.py or on the card of the workflow that sends it.",
            id="zarts.E005",
        )
        for row in templates.AGENCY_TEMPLATES
        if not purposes.is_known(key=str(row["purpose"]))
    ]
    return found


_PINNED = """select distinct v.key, v.version, step ->> 'key', step ->> 'handler'
               from workflows_workflowversion v, jsonb_array_elements(v.definition -> 'steps') as step
              where exists (select 1 from workflows_run r where r.version_id = v.id and r.status in ('ready', 'waiting', 'parked'))"""


@register(Tags.database)
def pinned_runs_can_go_on(app_configs: Configs = None, databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """E005 for runs that have not ended: their version names handlers, and this build must still have them."""
    from workflows import registry

    if "default" not in (databases or ()):
        return []
    try:
        with connections["default"].cursor() as cursor:
            cursor.execute(_PINNED)
            rows = cursor.fetchall()
        known = registry.handlers()
    except (DatabaseError, InterfaceError, ImportError, ValueError):
        return []  # not migrated yet, away, or told by workflows_fit_the_house
    return [
        Error(
            f"Unfinished runs of {key} version {version} need the handler {handler} of step {step}, which this build does not have.",
            hint="Keep the old handler beside the new one until those runs have ended; a changed meaning gets a new version number.",
            id="zarts.E005",
        )
        for key, version, step, handler in rows
        if handler not in known
    ]
