"""Sign-in mails that did not go out: staff see link and code, so that nobody waits for a mail server."""

from dataclasses import dataclass
from datetime import datetime

from portal import mail, sign_in
from portal.models import SignInMail
from zartsalgo.lib.sealed import CannotOpen


@dataclass(frozen=True, kw_only=True)
class Unsent:
    """`link` and `code` are "" where the keys do not open them any more."""

    email: str
    asked_at: datetime
    expires_at: datetime
    says: str
    link: str
    code: str


def unsent(*, now: datetime) -> list[Unsent]:
    """Those still good to sign in with, newest first. `now` is real time. What waits for its first try is being sent and not here."""
    rows = SignInMail.objects.filter(used_at=None, expires_at__gt=now, sealed__isnull=False).exclude(says="").order_by("-asked_at", "-pk")
    found = []
    for row in rows[:20]:
        try:
            token, code = sign_in.opened(mail=row)
        except CannotOpen:
            token = code = ""
        found.append(
            Unsent(
                email=row.email,
                asked_at=row.asked_at,
                expires_at=row.expires_at,
                says=row.says,
                link=mail.link(token=token) if token else "",
                code=f"{code[:3]} {code[3:]}" if code else "",
            )
        )
    return found
