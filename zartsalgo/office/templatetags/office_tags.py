"""Words, times and marks that every staff page shares.

`{% when moment zone %}`   6 min ago, 14:02 MST      relative and absolute, in the business's zone, named
`{% ago moment zone %}`    6 min ago                 for dense rows; the absolute time is in the title
`{% at moment zone %}`     Fri 14:02 MST
`{% pill code %}`          the state as word + icon + colour; `{% pill code thing.get_status_display %}` keeps mark and
                             colour and uses that word
`{% icon "call" %}`        a drawing of icons.svg; hidden from readers, so a word must stand beside it
`{{ e164|phone }}`         (303) 555-0123
`{{ words|code_marks }}`   Hi {{ name }}, with the name in a <code>
`{{ span|duration }}`      380 ms, 22 s, 4 min 05 s, 1 h 12 min, 3 days 4 h

A zone is an IANA name, a ZoneInfo, or anything with a `timezone` or `zone` of that kind (a client). `now` is the view's `now`; without one
it is the business clock, read once per request (zartsalgo.office.page_time).
"""

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers
from django import template
from django.template.context import Context
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from zartsalgo.lib.patterns import linear
from zartsalgo.office.page_time import now_of

register = template.Library()

FAR_DAYS = 14  # beyond this the date says more than "23 days ago"


class Mark(NamedTuple):
    """How a state is shown. Tones: good, warn, bad, teal (moving), plain."""

    word: str
    icon: str
    tone: str


# One vocabulary for all rooms: messages, runs, steps, receipts, deliveries, syncs, tasks, connections.
MARKS: dict[str, Mark] = {
    "sent": Mark("Sent", "sent", "good"),
    "delivered": Mark("Delivered", "delivered", "good"),
    "queued": Mark("Waiting", "waiting", "teal"),
    "waiting": Mark("Waiting", "waiting", "teal"),
    "pending": Mark("Waiting", "waiting", "teal"),
    "sending": Mark("Sending", "sent", "teal"),
    "held": Mark("Held", "held", "warn"),
    "draft": Mark("Draft", "note", "warn"),
    "skipped": Mark("Skipped", "skipped", "plain"),
    "dropped": Mark("Not needed", "skipped", "plain"),
    "failed": Mark("Failed", "failed", "bad"),
    "unknown": Mark("Unknown", "unknown", "warn"),
    "running": Mark("Running", "running", "teal"),
    "ready": Mark("Working", "running", "teal"),
    "done": Mark("Done", "done", "good"),
    "completed": Mark("Done", "done", "good"),
    "finished": Mark("Done", "done", "good"),
    "parked": Mark("Needs a person", "person", "bad"),
    "stopped": Mark("Stopped", "stop", "plain"),
    "cancelled": Mark("Cancelled", "stop", "plain"),
    "paused": Mark("Paused", "held", "warn"),
    "started": Mark("Started", "runs", "good"),
    "joined": Mark("Joined a run", "join", "plain"),
    "refused": Mark("Did not start", "skipped", "plain"),
    "noted": Mark("What it changed", "done", "plain"),
    "received": Mark("Waiting", "waiting", "teal"),
    "processed": Mark("Processed", "done", "good"),
    "ignored": Mark("Not for us", "skipped", "plain"),
    "duplicate": Mark("Duplicate", "copy", "plain"),
    "poison": Mark("Not understood", "warn", "bad"),
    "aside": Mark("Put aside", "held", "warn"),
    "open": Mark("Open", "task", "warn"),
    "closed": Mark("Closed", "done", "plain"),
    "fixing": Mark("Being mended", "person", "warn"),
    "verifying": Mark("Being verified", "waiting", "teal"),
    "fresh": Mark("Fresh", "done", "good"),
    "quiet": Mark("Quiet but normal", "waiting", "plain"),
    "late": Mark("Late", "warn", "warn"),
    "broken": Mark("Broken", "failed", "bad"),
    "disabled": Mark("Switched off", "stop", "plain"),
    "on": Mark("On", "done", "good"),
    "off": Mark("Off", "stop", "plain"),
    "pass": Mark("Passed", "done", "good"),
    "fail": Mark("Not met", "failed", "bad"),
    "approved": Mark("Approved", "done", "good"),
    "rejected": Mark("Rejected", "failed", "bad"),
    "asked": Mark("Being written", "running", "teal"),
    "to-write": Mark("To be written by hand", "person", "warn"),
    "private": Mark("Kept private", "lock", "plain"),
    "replaced": Mark("Replaced", "copy", "plain"),
    "retired": Mark("Retired", "stop", "plain"),
    "reserved": Mark("Reserved", "waiting", "teal"),
    "calling": Mark("Calling", "sent", "teal"),
    "accepted": Mark("Accepted", "done", "good"),
    "not_sent": Mark("Proven unsent", "skipped", "plain"),
    "new": Mark("New", "event", "teal"),
    "engaged": Mark("In conversation", "message", "teal"),
    "booked": Mark("Booked", "done", "good"),
    "lost": Mark("Not booked", "skipped", "plain"),
    "wrong": Mark("Not a lead", "skipped", "plain"),
}


def mark_of(code: object) -> Mark:
    """The mark of a status code; an unlisted code keeps its own word, in plain."""
    key = str(code or "").strip().lower()
    return MARKS.get(key) or Mark(key.replace("_", " ").replace("-", " ").capitalize() or "Unknown", "dot", "plain")


@register.simple_tag
def icon(name: str) -> SafeString:
    """One drawing of the sprite."""
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}#{}"></use></svg>', static("zartsalgo/icons.svg"), name)


@register.simple_tag
def pill(code: object, word: str = "") -> SafeString:
    """A state as word, icon and colour."""
    mark = mark_of(code)
    return format_html('<span class="pill {}">{}{}</span>', mark.tone, icon(mark.icon), word or mark.word)


@register.filter
def tone(code: object) -> str:
    """The colour class of a state, for a border or a bar beside its pill."""
    return mark_of(code).tone


@register.filter
def mark_icon(code: object) -> str:
    """The icon's name of a state."""
    return mark_of(code).icon


# A name or a condition in a template's words, and one that was cut off.
_MARKS = linear(r"(\{\{.*?(?:\}\}|$)|\{%.*?(?:%\}|$))", dot_all=True)


@register.filter
def code_marks(value: object) -> SafeString:
    """Words that may quote a template: its marks are set as code, all else is text."""
    if isinstance(value, SafeString):  # it is marked up already
        return value
    pieces = ((piece, bool(number % 2)) for number, piece in enumerate(_MARKS.split(str(value))))
    return format_html_join("", "{}", ((format_html("<code>{}</code>", piece) if mark else piece,) for piece, mark in pieces))


@register.filter
def phone(value: object) -> str:
    """An E.164 number as people read it: national for +1, international for the rest; anything else as it is."""
    text = str(value or "")
    if not text.startswith("+"):
        return text
    try:
        number = phonenumbers.parse(text)
    except phonenumbers.NumberParseException:
        return text
    style = phonenumbers.PhoneNumberFormat.NATIONAL if number.country_code == 1 else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(number, style)


@register.filter
def duration(value: object) -> str:
    """Seconds (or a timedelta) in two units at most; nothing for None."""
    if value is None or value == "":
        return ""
    seconds = value.total_seconds() if isinstance(value, timedelta) else float(str(value))
    if seconds <= 0:
        return "0 s"
    if seconds < 1:
        return f"{round(seconds * 1000)} ms"
    if seconds < 10 and seconds != int(seconds):
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes:02d} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} days {hours} h" if hours else f"{days} days"


def zone_of(value: object) -> ZoneInfo:
    """The zone behind a name, a ZoneInfo or a thing that has one; UTC where there is none."""
    if isinstance(value, ZoneInfo):
        return value
    if value is not None and not isinstance(value, str):
        inner = getattr(value, "timezone", None) or getattr(value, "zone", None)
        return zone_of(inner) if inner is not None else ZoneInfo("UTC")
    try:
        return ZoneInfo(value or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def zone_word(moment: datetime, zone: ZoneInfo) -> str:
    """MST where the zone has letters of its own, else the city ("Sao Paulo time")."""
    letters = moment.astimezone(zone).tzname() or "UTC"
    return letters if letters.isalpha() else f"{zone.key.rsplit('/', 1)[-1].replace('_', ' ')} time"


def relative(moment: datetime, *, now: datetime) -> str:
    """6 min ago, in 2 h; empty beyond FAR_DAYS, where the date speaks."""
    seconds = (now - moment).total_seconds()
    size = abs(seconds)
    if size < 5:
        return "just now"
    if size < 90:
        words = f"{round(size)} s"
    elif size < 90 * 60:
        words = f"{round(size / 60)} min"
    elif size < 36 * 3600:
        words = f"{round(size / 3600)} h"
    elif size < FAR_DAYS * 86_400:
        words = f"{round(size / 86_400)} days"
    else:
        return ""
    return f"{words} ago" if seconds > 0 else f"in {words}"


def absolute(moment: datetime, *, zone: ZoneInfo, now: datetime) -> str:
    """14:02 MST today, Fri 14:02 MST within six days, 20 Nov 14:02 MST in the year, else with the year."""
    local, today = moment.astimezone(zone), now.astimezone(zone)
    clock = f"{local:%H:%M} {zone_word(moment, zone)}"
    apart = (local.date() - today.date()).days
    if apart == 0:
        return clock
    if abs(apart) < 6:
        return f"{local:%a} {clock}"
    year = "" if local.year == today.year else f" {local.year}"
    return f"{local.day} {local:%b}{year} {clock}"


def full(moment: datetime, *, zone: ZoneInfo) -> str:
    """To the second, with the zone's full name."""
    local = moment.astimezone(zone)
    return f"{local:%A} {local.day} {local:%B %Y, %H:%M:%S} {zone_word(moment, zone)} ({zone.key})"


def _now(context: Context) -> datetime:
    given: Any = context.get("now")
    if isinstance(given, datetime):
        return given
    # An include with `only` sees no context but the request.
    request = getattr(context, "request", None)
    return now_of(request) if request is not None else timezone.now()


def _time(moment: datetime, zone: ZoneInfo, inner: str) -> SafeString:
    machine = moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return format_html('<time class="when" datetime="{}" title="{}">{}</time>', machine, full(moment, zone=zone), inner)


def _told(context: Context, moment: datetime | None, zone: object, style: str) -> str:
    if not isinstance(moment, datetime):
        return ""
    place, now = zone_of(zone), _now(context)
    far, exact = relative(moment, now=now), absolute(moment, zone=place, now=now)
    if style == "at" or not far:
        return _time(moment, place, exact)
    return _time(moment, place, far if style == "ago" else f"{far}, {exact}")


@register.simple_tag(takes_context=True)
def when(context: Context, moment: datetime | None, zone: object = None) -> str:
    """Relative and absolute."""
    return _told(context, moment, zone, "when")


@register.simple_tag(takes_context=True)
def ago(context: Context, moment: datetime | None, zone: object = None) -> str:
    """Relative; the absolute time in the title."""
    return _told(context, moment, zone, "ago")


@register.simple_tag(takes_context=True)
def at(context: Context, moment: datetime | None, zone: object = None) -> str:
    """Absolute."""
    return _told(context, moment, zone, "at")
