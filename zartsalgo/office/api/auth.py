"""Who may use the staff API: a bearer token of active staff, with a scope; the schema also opens for a signed-in member of staff."""

from typing import Any, ClassVar

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from zartsalgo.lib import clock
from zartsalgo.models import ApiToken, User
from zartsalgo.office.api.tokens import digest, note_use

# One sentence for everything that is no token of ours; whoever holds one that was is told what became of it.
REFUSED = "This token is not valid here. Send the header Authorization: Bearer and a token made by script/manage api_token."
REVOKED = "This token was revoked. Make a new one with script/manage api_token."
EXPIRED = "This token has expired. Make a new one with script/manage api_token."
READ_ONLY = "This token may only read. Make one with script/manage api_token <username> --scope write."
STAFF_ONLY = "Only staff may read this."


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer <token>`. Whatever was sent, the work is the same: one digest and one look-up by it."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        header = request.META.get("HTTP_AUTHORIZATION")
        if header is None:
            return None
        scheme, _, token = str(header).partition(" ")
        found = ApiToken.objects.select_related("user").filter(digest=digest(token=token.strip())).first()
        if found is None or scheme.lower() != "bearer" or not _is_staff(found.user):
            raise AuthenticationFailed(REFUSED)
        now = clock.real_now()
        if found.revoked_at is not None:
            raise AuthenticationFailed(REVOKED)
        if found.expires_at <= now:
            raise AuthenticationFailed(EXPIRED)
        note_use(token=found, now=now)
        return found.user, found

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def client_of(request: Request) -> int | None:
    """The only client this request may reach; None for all."""
    return request.auth.client_id if isinstance(request.auth, ApiToken) else None


class ScopePermission(BasePermission):
    """Any token may read; what changes something needs scope write."""

    def has_permission(self, request: Request, view: Any) -> bool:
        token = request.auth
        if not isinstance(token, ApiToken):
            return False
        if request.method not in SAFE_METHODS and token.scope != ApiToken.Scope.WRITE:
            raise PermissionDenied(READ_ONLY)
        return True


class SignedInOrToken(BasePermission):
    """Active staff, by session or by token; for what is the same for all of them."""

    message: ClassVar[str] = STAFF_ONLY

    def has_permission(self, request: Request, view: Any) -> bool:
        return isinstance(request.user, User) and _is_staff(request.user)


def _is_staff(user: User) -> bool:
    return user.is_active and user.is_staff
