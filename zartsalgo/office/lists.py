"""What every list page draws around its rows: saved views as links, and the ways to newer and older rows."""

from collections.abc import Iterable

from django.http import HttpRequest

from zartsalgo.office.access import Page


def chips_of(*, request: HttpRequest, name: str, choices: Iterable[tuple[str, str]], current: str) -> list[dict[str, object]]:
    """Saved views as links; what was searched for stays, the place in the list does not."""
    chips: list[dict[str, object]] = []
    for value, label in choices:
        query = request.GET.copy()
        query.pop("after", None)
        query[name] = value
        chips.append({"label": label, "url": f"?{query.urlencode()}", "current": value == current})
    return chips


def pager_urls(*, request: HttpRequest, page: Page) -> dict[str, str]:
    """`older_url` and `newer_url` for the pager; keyset pages only know the newest as the way back."""
    query = request.GET.copy()
    after = query.pop("after", None)
    return {"older_url": f"?{page.older}" if page.older else "", "newer_url": f"?{query.urlencode()}" if after else ""}
