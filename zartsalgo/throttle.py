"""Guessing passwords is slowed down: wrong tries are counted by name and by address before the password is looked at.

* Five wrong tries for one name, or ten from one address, pause sign-in for 15 minutes from the last of them. Trying on during the pause
  neither prolongs it nor looks at a password. Names that nobody has are counted like the others, so the answer tells nothing.
* Whoever has signed in at an address within 90 days is held up there only by five wrong tries of their own name at that address. So
  nobody can lock a person out from elsewhere, or from an office behind one address.
* A try is counted by one statement before the password is checked and given back when it was right: a burst of guesses at once gets no more
  tries than one after another.

Own, in place of django-axes: that counts after the check (a burst passes), keeps and logs names as typed, and lets anybody lock anybody out.
"""

import logging
from dataclasses import dataclass

from django.db import connection, transaction
from django.utils.crypto import salted_hmac

log = logging.getLogger(__name__)

PAUSE_MINUTES = 15
NAME_TRIES = 5
ADDRESS_TRIES = 10
KNOWN_DAYS = 90

# A count that is older than the pause starts anew; one that has reached its limit stays as it is, and no row comes back.
_COUNT = """
insert into zartsalgo_signintry as t (key, tries, tried_at) values (%(key)s, 1, statement_timestamp())
on conflict (key) do update
   set tries = case when t.tried_at <= statement_timestamp() - %(pause)s * interval '1 minute' then 1 else t.tries + 1 end,
       tried_at = statement_timestamp()
 where t.tries < %(limit)s or t.tried_at <= statement_timestamp() - %(pause)s * interval '1 minute'
returning tries"""
_KNOWN = "select 1 from zartsalgo_signintry where key = %s and good_at > statement_timestamp() - %s * interval '1 day'"
_GOOD = """
insert into zartsalgo_signintry as t (key, tries, tried_at, good_at) values (%s, 0, statement_timestamp(), statement_timestamp())
on conflict (key) do update set tries = 0, good_at = excluded.good_at"""
_GIVE_BACK = "update zartsalgo_signintry set tries = greatest(tries - 1, 0) where key = %s"
_FORGET = """
delete from zartsalgo_signintry where key in (
    select key from zartsalgo_signintry
     where tried_at < statement_timestamp() - interval '1 day'
       and (good_at is null or good_at < statement_timestamp() - %s * interval '1 day')
     limit 1000 for update skip locked)"""


@dataclass(frozen=True, kw_only=True)
class Try:
    """One try that was let through: the keys it stands under. `address` is "" where only the pair of name and address was counted."""

    name: str
    pair: str
    address: str


def _key(*parts: str) -> str:
    return salted_hmac("zartsalgo.throttle", "\0".join(parts), algorithm="sha256").hexdigest()


def count_try(*, name: str, address: str) -> Try | None:
    """Count a try before its password is checked; None where sign-in is paused: then the password must not be checked."""
    name = name.strip().casefold()
    by_name, by_pair, by_address = _key("name", name), _key("pair", name, address), _key("address", address)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_KNOWN, [by_pair, KNOWN_DAYS])
        known = cursor.fetchone() is not None
        # The address first: what it holds up leaves no other rows behind.
        limits = [(by_pair, NAME_TRIES)] if known else [(by_address, ADDRESS_TRIES), (by_name, NAME_TRIES)]
        for key, limit in limits:
            cursor.execute(_COUNT, {"key": key, "limit": limit, "pause": PAUSE_MINUTES})
            counted = cursor.fetchone()
            if counted is None:
                return None
            if counted[0] == limit:
                log.warning("sign-in is paused for %s minutes after %s wrong tries", PAUSE_MINUTES, limit)
    return Try(name=by_name, pair=by_pair, address="" if known else by_address)


def note_success(*, counted: Try) -> None:
    """The password was right: its name starts from nothing, its try at the address is given back, and the address is known for the name."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_GOOD, [counted.pair])
        cursor.execute(_GIVE_BACK, [counted.address])
        cursor.execute("delete from zartsalgo_signintry where key = %s", [counted.name])
        cursor.execute(_FORGET, [KNOWN_DAYS])
