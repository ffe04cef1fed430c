"""From which address a request came. A header is believed only when a proxy of ours wrote it."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """The caller's address, or "" where there is none (a socket file).

    The peer's own address, unless the peer lies in ZARTS_TRUSTED_PROXY: then the last entry of X-Forwarded-For, the one that proxy wrote
    (RFC 7239, section 5.2: earlier entries are whatever the sender claims). An IPv6 address stands for its /64, which one household has.
    """
    peer = _read(request.META.get("REMOTE_ADDR", ""))
    if peer is not None and any(peer in network for network in settings.TRUSTED_PROXIES):
        peer = _read(request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2]) or peer
    if peer is None:
        return ""
    return str(IPv6Network((peer, 64), strict=False)) if isinstance(peer, IPv6Address) else str(peer)


def _read(raw: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(raw.strip())
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found
