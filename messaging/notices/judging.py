"""Whether an alert may go to one of the business's own people: its own slip, with its own checks, made at the moment it would leave.

The customer's quiet hours, consent and opt-out are no question here: this is the business telling itself. What counts is that it is
really theirs, wanted, still of use, and that nothing was stopped.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q

from leads.models import Responder
from messaging import carriers, pauses
from messaging.models import Handover, ListedSend, Notice, Suppression
from messaging.notices import choosing, words
from providers.connections import over_loopback
from zartsalgo.lib import clock
from zartsalgo.lib.mail_server import has_mail_server
from zartsalgo.lib.phone import is_fictional
from zartsalgo.lib.slip import DROP, HOLD, SEND, Check, Slip

MOST_AN_HOUR = 30
MOST_CHARACTERS = 1200
SOON = timedelta(seconds=15)
# They are told already, or it is seen to: nobody else needs to be.
NO_NEED = ("taken", "already-told")
# No other way would make the words better: a person takes over.
NO_USE = ("link", "content")
WORD = {"sms": "text message", "slack": "Slack", "email": "email"}


@dataclass(frozen=True, kw_only=True)
class _Finding:
    passed: bool
    says: str
    verdict: str = DROP
    until: datetime | None = None


def _local(when: datetime, notice: Notice) -> str:
    return when.astimezone(ZoneInfo(notice.client.timezone)).strftime("%H:%M on %a %-d %b")


def _theirs(notice: Notice, now: datetime) -> _Finding:
    one = notice.responder
    if one is None or not one.active or one.client_id != notice.client_id:
        return _Finding(passed=False, says="They do not call back for this business any more.")
    if notice.handover is not None and notice.handover.client_id != notice.client_id:
        return _Finding(passed=False, says="The lead belongs to another business.")
    if notice.channel not in one.alerts_by:
        return _Finding(passed=False, says=f"They are not to be told by {WORD[notice.channel]} any more.")
    own = {Responder.Channel.SMS: one.phone, Responder.Channel.EMAIL: one.email}.get(Responder.Channel(notice.channel), notice.address)
    if own != notice.address:
        return _Finding(passed=False, says="Their number or address has changed since.")
    return _Finding(passed=True, says=f"{one.name} calls back for {notice.client}.")


def _stop(notice: Notice, now: datetime) -> _Finding:
    said = Suppression.objects.filter(
        Q(client_id=notice.client_id) | Q(client__isnull=True), value=notice.address, lifted_by__isnull=True
    ).order_by("at")
    if (found := said.first()) is not None:
        return _Finding(passed=False, says=f"They asked on {_local(found.at, notice)} for no more messages here.")
    refused = Notice.objects.filter(client_id=notice.client_id, channel=notice.channel, address=notice.address)
    last = refused.filter(Q(error_code=carriers.OPTED_OUT) | Q(sent_at__isnull=False)).exclude(pk=notice.pk).order_by("-created_at").first()
    if last is not None and last.error_code == carriers.OPTED_OUT:
        return _Finding(passed=False, says="The carrier says that they stopped texts from this number. They can text START to it.")
    return _Finding(passed=True, says="They never said stop to alerts.")


def _taken(notice: Notice, now: datetime) -> _Finding:
    handover = notice.handover
    if handover is None:
        return _Finding(passed=True, says="A test alert.")
    since = choosing.first_told_at(cause=notice.cause, handover=handover)
    who = choosing.taken_by(cause=notice.cause, lead=handover.lead, since=since)
    return _Finding(passed=not who, says=f"{who} has taken it already." if who else "Nobody has taken it yet.")


def _told(notice: Notice, now: datetime) -> _Finding:
    others = choosing.to_the_same(notice=notice) if notice.handover_id else Notice.objects.none()
    told = others.filter(status=Notice.Status.SENT).order_by("sent_at").first()
    if told is not None and told.sent_at is not None:
        return _Finding(passed=False, says=f"They were told by {WORD[told.channel]} at {_local(told.sent_at, notice)}.")
    if others.filter(status=Notice.Status.CALLING).exists():
        return _Finding(passed=False, verdict=HOLD, until=now + SOON, says="They are being told another way just now.")
    if notice.handover is not None and (listed := _listed(notice, notice.handover)) is not None:
        return _Finding(
            passed=False, says=f"The provider's list shows that they were told at {_local(listed, notice)}, before the restore."
        )
    return _Finding(passed=True, says="They were not told another way.")


def _listed(notice: Notice, handover: Handover) -> datetime | None:
    """When the same was texted to them before a restore that lost the row (messaging.reconciling)."""
    words_then = hashlib.sha256(words.without_link(handover.body or "").encode()).hexdigest()
    rows = ListedSend.objects.filter(client_id=notice.client_id, number=notice.address, direction=ListedSend.Direction.OUTBOUND)
    return rows.filter(body_sha256=words_then, adopted__isnull=True).order_by("-sent_at").values_list("sent_at", flat=True).first()


def _link(notice: Notice, now: datetime) -> _Finding:
    handover = notice.handover
    if handover is None:
        return _Finding(passed=True, says="A test alert has no link.")
    if now > handover.link_expires_at:
        return _Finding(passed=False, says=f"Too late: the link was good until {_local(handover.link_expires_at, notice)}.")
    if not words.opens(link=words.link_in(handover.body or ""), handover_id=handover.pk):
        return _Finding(passed=False, says="The link in the words is not one that we signed for this handover.")
    return _Finding(passed=True, says="The link is ours and good.")


def _content(notice: Notice, now: datetime) -> _Finding:
    _, body = words.of_notice(notice=notice)
    if not 0 < len(body) <= MOST_CHARACTERS:
        return _Finding(passed=False, says="The words have expired." if not body else f"The words are too long ({len(body)} characters).")
    if notice.handover is not None and not words.expected(handover=notice.handover, client=notice.client):
        return _Finding(passed=False, says="The business is marked sensitive, and the words would name the person.")
    return _Finding(passed=True, says=f"{len(body)} characters.")


def _pauses(notice: Notice, now: datetime) -> _Finding:
    found = pauses.covering(message=notice).first()
    if found is None:
        return _Finding(passed=True, says="Sending is not stopped.")
    scope = pauses.words(scope=pauses.scope_of(pause=found))
    until = found.until if found.until and found.until > now else None
    return _Finding(passed=False, verdict=HOLD, until=until, says=f"Since {_local(found.at, notice)} {scope} is stopped: {found.reason}")


def _way(notice: Notice, now: datetime) -> _Finding:
    if notice.channel == Responder.Channel.EMAIL:
        there = has_mail_server()
        return _Finding(passed=there, verdict=HOLD, says="The mail server is set up." if there else "There is no mail server (EMAIL_URL).")
    way = notice.connection
    if way is None or not way.live or way.client_id != notice.client_id:
        return _Finding(passed=False, says="There is no live connection for it.")
    if way.disabled_at is not None:
        return _Finding(passed=False, verdict=HOLD, says=f"The {WORD[notice.channel]} connection was switched off.")
    loopback = over_loopback(base_url=way.base_url)
    if notice.channel == Responder.Channel.SMS and not loopback and is_fictional(notice.address):
        return _Finding(passed=False, says="A 555-01 number is fiction and is never texted over a live connection.")
    if clock.offset() and not loopback:
        return _Finding(passed=False, verdict=HOLD, says="The clock has been moved for a test; nothing leaves until it is reset.")
    if notice.channel == Responder.Channel.SMS and (trouble := carriers.sender_trouble(message=notice)):
        return _Finding(passed=False, verdict=HOLD, says=trouble)
    return _Finding(passed=True, says=f"The {WORD[notice.channel]} connection is on.")


def _flood(notice: Notice, now: datetime) -> _Finding:
    told = Notice.objects.filter(address=notice.address, channel=notice.channel, sent_at__gt=now - timedelta(hours=1)).count()
    if told < MOST_AN_HOUR:
        return _Finding(passed=True, says=f"{told} alerts in the last hour.")
    says = f"They got {told} alerts within an hour; the rest waits here until there is room."
    return _Finding(passed=False, verdict=HOLD, until=now + timedelta(minutes=5), says=says)


# First failure gives the reason: what is final before what only waits, a pause before all.
CHECKS: tuple[tuple[str, Callable[[Notice, datetime], _Finding]], ...] = (
    ("own-people", _theirs),
    ("said-stop", _stop),
    ("taken", _taken),
    ("already-told", _told),
    ("link", _link),
    ("content", _content),
    (pauses.STOPPED, _pauses),
    ("connection", _way),
    ("too-many", _flood),
)


def judge(*, notice: Notice, now: datetime) -> Slip:
    """Judge an alert as of `now`: every check, whichever failed first. Reads rows, changes none."""
    found = [(name, look(notice, now)) for name, look in CHECKS]
    checks = tuple(Check(name=name, passed=one.passed, says=one.says, values={}) for name, one in found)
    failed = [(name, one) for name, one in found if not one.passed]
    if not failed:
        return Slip(verdict=SEND, reason="", says="Every check passed.", until=None, checks=checks, made_at=now)
    # Nothing is dropped while a pause stands, and what is final comes before what only waits.
    name, one = min(failed, key=lambda item: (item[0] != pauses.STOPPED, item[1].verdict != DROP))
    return Slip(verdict=one.verdict, reason=name, says=one.says, until=one.until, checks=checks, made_at=now)
