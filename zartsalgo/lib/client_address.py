"""From which address a request came. A header is believed only when a proxy of ours wrote it."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """The caller's address, or "" where there is none (a socket file). See `address_of`."""
    return address_of(peer=request.META.get("REMOTE_ADDR", ""), forwarded=request.META.get("HTTP_X_FORWARDED_FOR", ""))


def address_of(*, peer: str, forwarded: str) -> str:
    """The caller's address from the peer's own and the header X-Forwarded-For as it came; "" where there is none.

    The peer's own address, unless the peer lies in ZARTS_TRUSTED_PROXY: then the last entry of X-Forwarded-For, the one that proxy wrote
    (RFC 7239, section 5.2: earlier entries are whatever the sender claims). An IPv6 address stands for its /64, which one household has.
    """
    found = _read(peer)
    if found is not None and any(found in network for network in settings.TRUSTED_PROXIES):
        found = _read(forwarded.rpartition(",")[2]) or found
    if found is None:
        return ""
    return str(IPv6Network((found, 64), strict=False)) if isinstance(found, IPv6Address) else str(found)


def _read(raw: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(raw.strip())
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found
