"""Addresses of rows a page speaks of. A page that does not exist (yet) gives "", and the link is left out."""

from django.urls import NoReverseMatch, reverse


def page_url(name: str, *args: object) -> str:
    """The address of an office page such as `run`, or "" where there is no such page or nothing to open."""
    if any(arg is None for arg in args):
        return ""
    try:
        return reverse(f"office:{name}", args=args)
    except NoReverseMatch:
        return ""
