"""How the portal says days, times and numbers: in words, in the business's own time zone, named."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django import template

register = template.Library()


@register.filter
def moment(value: datetime, zone: str) -> str:
    """Thu 19 Nov, 6:49 pm MST"""
    local = value.astimezone(ZoneInfo(zone))
    return f"{local:%a} {local.day} {local:%b}, {local.hour % 12 or 12}:{local:%M} {local:%p} {local:%Z}".replace(" AM ", " am ").replace(
        " PM ", " pm "
    )


@register.filter
def day(value: datetime, zone: str) -> str:
    """2 Nov 2026"""
    local = value.astimezone(ZoneInfo(zone))
    return f"{local.day} {local:%b} {local.year}"


@register.filter
def period(report: object) -> str:
    """October 2026 for a whole month, else 1–15 October 2026 or 28 Sep – 4 Oct 2026"""
    first: date = report.starts_on  # type: ignore[attr-defined]
    last: date = report.ends_on  # type: ignore[attr-defined]
    if _is_month(first, last):
        return f"{first:%B} {first.year}"
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{last.day} {last:%B} {last.year}"
    year = "" if first.year == last.year else f" {first.year}"
    return f"{first.day} {first:%b}{year} – {last.day} {last:%b} {last.year}"


@register.filter
def before(report: object) -> str:
    """What the numbers are compared with: "in September" for a whole month, else "the period before"."""
    first: date = report.starts_on  # type: ignore[attr-defined]
    if _is_month(first, report.ends_on):  # type: ignore[attr-defined]
        return f"in {first - timedelta(days=1):%B}"
    return "the period before"


def _is_month(first: date, last: date) -> bool:
    return first.day == 1 and (last + timedelta(days=1)).day == 1 and (last - first).days < 31


@register.filter
def span(seconds: float | None) -> str:
    """41 seconds, 4 minutes, 2 hours 10 minutes, 3 days"""
    if seconds is None:
        return ""
    whole = round(seconds)
    if whole < 90:
        return _many(whole, "second")
    minutes = round(whole / 60)
    if minutes < 90:
        return _many(minutes, "minute")
    hours, rest = divmod(minutes, 60)
    if hours < 36:
        return _many(hours, "hour") + (f" {_many(rest, 'minute')}" if rest else "")
    return _many(round(hours / 24), "day")


def _many(count: int, unit: str) -> str:
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


_SHORT = {" seconds": " s", " second": " s", " minutes": " min", " minute": " min", " hours": " h", " hour": " h"}


@register.simple_tag
def number(value: object, unit: str = "", short: bool = False) -> str:
    """A number of a report with its unit; a stretch of time given in seconds is said in the unit that fits, `short` as 41 s or 4 min."""
    if value is None or value == "":
        return "not known"
    if isinstance(value, str):
        return f"{value} {unit}".strip()
    if unit in ("s", "seconds", "second"):
        words = span(float(value))  # type: ignore[arg-type]
        for long, brief in _SHORT.items() if short else ():
            words = words.replace(long, brief)
        return words
    said = f"{value:,.1f}".removesuffix(".0") if isinstance(value, float) else f"{value:,}"
    if unit == "%":
        return f"{said}%"
    return f"{said} {unit}".strip()
