"""What a client may see, as views in a schema of their own; the portal's role may read these three and nothing else.

They run with the rights of a role that cannot log in and may read only the columns below, behind a security barrier: no condition of the
reader's is evaluated on a row before the view's own was. Without a client set for the transaction they are empty.
"""

from django.db import migrations

ONE_CLIENT = "nullif(current_setting('portal.client', true), '')::bigint"
VIEWS = {
    # name: (columns shown, table, columns its owner may read, condition)
    "business": (
        "name, timezone",
        "leads_client",
        "id, name, timezone",
        f"id = {ONE_CLIENT}",
    ),
    "story": (
        "id, text, kind, service, source, happened_at, answered_after_seconds, approved_by, approved_at",
        "summaries_proof",
        "id, client_id, text, kind, service, source, happened_at, answered_after_seconds, approved_by, approved_at, withdrawn_at",
        f"client_id = {ONE_CLIENT} and withdrawn_at is null",
    ),
    "report": (
        "id, starts_on, ends_on, content, published_at, published_by",
        "summaries_report",
        "id, client_id, starts_on, ends_on, content, status, published_at, published_by",
        f"client_id = {ONE_CLIENT} and status = 'published'",
    ),
}


def make() -> list[str]:
    statements = [
        "create schema portal",
        "revoke all on schema portal from public",
        "grant usage, create on schema portal to zarts_portal_views",
        "grant usage on schema portal to zarts_portal",
        "grant usage on schema public to zarts_portal_views",
    ]
    for name, (shown, table, readable, condition) in VIEWS.items():
        statements += [
            f"grant select ({readable}) on public.{table} to zarts_portal_views",
            f"create view portal.{name} with (security_barrier = true, security_invoker = false) as"
            f" select {shown} from public.{table} where {condition}",
            f"alter view portal.{name} owner to zarts_portal_views",
            f"revoke all on portal.{name} from public",
            f"grant select on portal.{name} to zarts_portal",
        ]
    return [*statements, "revoke create on schema portal from zarts_portal_views"]


class Migration(migrations.Migration):
    dependencies = [("portal", "0001_initial"), ("summaries", "0002_proof_of_approved_text")]
    operations = [migrations.RunSQL(make(), ["drop schema portal cascade"])]
