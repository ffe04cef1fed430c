"""Signatures of webhooks: the two lines every scheme shares, done once and in constant time."""

import base64
import hashlib
import hmac
from collections.abc import Iterable


def hmac_base64(*, key: bytes, data: bytes, algorithm: str = "sha256") -> str:
    """Base64 of the HMAC of `data`; `algorithm` is a name hashlib knows ("sha1", "sha256")."""
    return base64.b64encode(hmac.new(key, data, getattr(hashlib, algorithm)).digest()).decode("ascii")


def same(expected: str, given: str) -> bool:
    """Constant-time comparison that takes any text, also what is not ASCII."""
    return hmac.compare_digest(expected.encode(), given.strip().encode("utf-8", "surrogatepass"))


def any_same(expected: Iterable[str], given: str) -> bool:
    """Whether one of several signatures is the given one; all are compared, so the time tells nothing about which."""
    results = [same(signature, given) for signature in expected]
    return True in results


def any_secret(secrets: Iterable[str]) -> list[bytes]:
    """The secrets as keys. An empty one is left out: a signature made with no secret is one that anybody can make."""
    return [secret.encode() for secret in secrets if secret]
