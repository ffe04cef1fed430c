"""Bearer tokens of the staff API: shown once, kept as a digest."""

import hashlib
import secrets

from zartsalgo.models import ApiToken, User

PREFIX = "zarts_"


def digest(*, token: str) -> str:
    """What is stored and looked up."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def issue(*, user: User, scope: str) -> str:
    """Make a token for a member of staff and return it; it cannot be shown again."""
    token = PREFIX + secrets.token_urlsafe(32)
    ApiToken.objects.create(user=user, digest=digest(token=token), prefix=token[len(PREFIX) : len(PREFIX) + 8], scope=scope)
    return token
