"""CallRail's list of calls (API v3): what the poll reads. Limits: 1,000 requests an hour, 250 calls a page, no Retry-After on 429."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from providers.contract import Credentials
from zartsalgo.lib import fields, http, strict_json
from zartsalgo.lib.strict_json import Malformed

API = "https://api.callrail.com"
MAX_PAGES = 20
FIELDS = "call_type,company_id,source_name,tracker_id,utm_source,utm_medium,utm_campaign,gclid,landing_page_url"


def list_calls(*, credentials: Credentials, since: datetime) -> Iterator[dict[str, Any]]:
    """The account's calls, newest first. The date filter is by day in the account's own zone, so it starts a day early.

    Raises `http.CallFailed`: a list that could not be read must not look like an empty one.
    """
    address = f"{(credentials.base_url or API).rstrip('/')}/v3/a/{quote(credentials.account, safe='')}/calls.json"
    day = (since.astimezone(UTC) - timedelta(days=1)).date().isoformat()
    query = {"start_date": day, "fields": FIELDS, "sort": "start_time", "order": "desc", "per_page": "250", "relative_pagination": "true"}
    for _ in range(MAX_PAGES):
        key = credentials.options["api_key"]
        headers = {"Authorization": f'Token token="{key}"', "Accept": "application/json"}
        reply = http.call(method="GET", url=f"{address}?{urlencode(query)}", headers=headers)
        if reply.status != 200:
            raise http.Unclear("refused", f"CallRail answered the list of calls with HTTP {reply.status}.")
        try:
            page = strict_json.load_object(reply.body)
        except Malformed:
            raise http.Unclear("garbled", "CallRail's list of calls could not be read.") from None
        items = [item for item in page.get("calls") or [] if isinstance(item, dict)]
        yield from items
        oldest = fields.moment(items[-1].get("start_time")) if items else None
        following = dict(parse_qs(urlsplit(str(page.get("next_page") or "")).query))
        # Only the query of the next page is used: the address stays ours, so the key goes nowhere else.
        if not following or oldest is None or oldest < since - timedelta(hours=4):
            return
        query = {name: values[-1] for name, values in following.items()}
