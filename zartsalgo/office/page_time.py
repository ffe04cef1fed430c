"""One time per page: the clock is read once per request, and everything on the page counts from that moment."""

from datetime import datetime

from django.http import HttpRequest

from zartsalgo.lib import clock


def moment_of(request: HttpRequest) -> clock.Moment:
    """The moment the page is drawn for; the first to ask reads the clock."""
    found: clock.Moment | None = getattr(request, "moment", None)
    if found is None:
        found = request.moment = clock.read_moment()  # type: ignore[attr-defined]
    return found


def now_of(request: HttpRequest) -> datetime:
    """The page's now, by the business clock."""
    return moment_of(request).now
