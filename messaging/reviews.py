"""Review requests: which pages a customer may be led to, our own short links to them, and what was followed.

A request is marketing (leads.consent, messaging.gate.checks.consent): it wants their written word, or a relationship and a do-not-call list. The same
words go to everybody at the same time (16 CFR 465.7, 255.2(d); Google's contribution policy: no selective soliciting). So nothing that
somebody writes overtakes a request; a reminder is overtaken by any reply and by a click, whatever they think of the job.
"""

import secrets
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.db import connection

from leads.models import Automation
from messaging.models import Message, ReviewLink
from messaging.purposes import REVIEW_REMINDER, REVIEW_REQUEST
from zartsalgo.lib.patterns import linear

REQUEST, REMINDER = REVIEW_REQUEST.key, REVIEW_REMINDER.key
LINK_LIFE: Final = timedelta(days=90)
# More openings of one link are no evidence of anything; the table does not grow with them.
MOST_CLICKS: Final = 50
LONGEST: Final = 500

# Host -> the paths on it that are a place to review. Never a whole host: google.com/url leads anywhere.
_PAGES: Final = {
    "search.google.com": linear(r"/local/writereview"),
    "g.page": linear(r"/(?:r/)?[\w.-]{1,80}(?:/review)?/?"),
    "maps.app.goo.gl": linear(r"/[A-Za-z0-9]{6,40}/?"),
    "maps.google.com": linear(r"/maps/place/[^/?#]+(?:/.*)?"),
    "www.google.com": linear(r"/maps/place/[^/?#]+(?:/.*)?"),
}
_PLAIN = linear(r"[!-~]+")
_PLACE_ID = linear(r"[\w-]{10,255}")


def fault_of(*, url: str) -> str:
    """Why nobody may be led there, in a sentence; "" when it is a Google review page over https."""
    if not _PLAIN.fullmatch(url) or "\\" in url or len(url) > LONGEST:
        return "Write one https address without spaces, as the business profile shows it."
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return "That is no address."
    if parts.scheme != "https" or parts.username is not None or parts.password is not None or port is not None:
        return "Write an https address, without a name or a port in it."
    if host == "yelp.com" or host.endswith(".yelp.com") or host == "yelp.to":
        return "Yelp asks businesses not to ask for reviews; give the Google review link."
    pages = _PAGES.get(host)
    # The whole authority, so that nothing beside the host can stand in it.
    if pages is None or parts.netloc.lower() != host:
        return "Only a Google review page may be given: search.google.com/local/writereview, g.page or Google Maps."
    if not pages.fullmatch(parts.path) or ".." in parts.path or "//" in parts.path or "%" in parts.path and host != "www.google.com":
        return "That address of Google is no review page: copy “Ask for reviews” from the business profile."
    if host == "search.google.com" and not _PLACE_ID.fullmatch((parse_qs(parts.query).get("placeid") or [""])[0]):
        return "The address lacks its placeid: copy “Ask for reviews” from the business profile."
    return ""


def make_token() -> str:
    """A name for a link that nobody can guess: 12 characters, 72 random bits."""
    return secrets.token_urlsafe(9)


def address_of(*, token: str) -> str:
    """The address as it stands in the text. It names nobody."""
    return f"{settings.PUBLIC_URL}/go/{token}/"


def make_link(*, token: str, message: Message, target: str, now: datetime) -> ReviewLink:
    """The link of one text, not stored: that is done in the transaction that plans the text. Raises ValueError for a target nobody may be led to."""
    if fault := fault_of(url=target):
        raise ValueError(fault)
    return ReviewLink(token=token, client_id=message.client_id, message=message, target=target, made_at=now, expires_at=now + LINK_LIFE)


def find_link(*, token: str) -> ReviewLink | None:
    """The link behind a token; None when we never made it."""
    return ReviewLink.objects.select_related("client", "message").filter(pk=token).first()


def target_of(*, link: ReviewLink) -> str:
    """Where the link leads now: the client's review page as it is set today, else as it was then. "" when neither may be led to."""
    values = Automation.objects.filter(client_id=link.client_id, workflow=link.message.workflow).values_list("settings", flat=True).first()
    for url in (str((values or {}).get("review_link") or ""), link.target):
        if url and not fault_of(url=url):
            return url
    return ""


def note_click(*, link: ReviewLink, now: datetime) -> None:
    """Somebody followed the link: one row, the first MOST_CLICKS times."""
    with connection.cursor() as cursor:
        cursor.execute(
            """insert into messaging_reviewclick (link_id, at) select %(link)s::varchar, %(now)s
                where (select count(*) from messaging_reviewclick where link_id = %(link)s::varchar) < %(most)s""",
            {"link": link.pk, "now": now, "most": MOST_CLICKS},
        )
