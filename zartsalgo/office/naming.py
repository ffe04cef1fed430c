"""Small sentences that several staff pages share: who somebody is, and a time in the business's zone, named."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.contrib.auth.models import AbstractUser


def person_name(user: AbstractUser) -> str:
    """How the record names a member of the agency."""
    return user.get_full_name() or user.get_username()


def clock_time(*, when: datetime, zone: str) -> str:
    """14:02 MST on Fri 20 Nov."""
    return when.astimezone(ZoneInfo(zone)).strftime("%H:%M %Z on %a %-d %b")
