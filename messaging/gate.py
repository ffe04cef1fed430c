"""The gate: the one function every message passes, at the moment it would be sent.

It answers send, hold (until a time, or until a person decides) or drop, and writes a slip with every check and its values. All checks
are made even after one has failed, because staff ask "what else would have stopped it?". A pause decides first, then the order of CHECKS.
The slip is made anew for each try and never trusted from when the message was queued.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Case, Q, When

from leads import people
from leads.calendar import read_calendar
from leads.models import Automation, Responder, Task
from messaging import carriers, claims, consent, frequency, overtaking, pauses, purposes, talks, ways_out
from messaging.email import addresses
from messaging.finding import Finding, local
from messaging.models import Conversation, Message, Suppression, Template
from messaging.quiet_hours import window_verdict
from zartsalgo.lib.phone import read_number, sayable
from zartsalgo.lib.places import Place, locate
from zartsalgo.lib.slip import DROP, HOLD, SEND, Check, Slip

# A held message without a time of its own is looked at again when somebody acts, and at the latest after this.
LOOK_AGAIN = timedelta(hours=1)
MOST_CHARACTERS = 1200
MOST_IN_EMAIL = 20_000
# The reason of an email to an address that takes no mail.
BOUNCED = "bounced"
# The reason of a text that the provider's list knows and our rows did not: see messaging.reconciling.
BEFORE_RESTORE = "sent-before-restore"
# In shadow: nothing else stood against it, or something that passes by itself (providers.going_live).
NOT_LIVE, NOT_LIVE_WAITS = "not-live", "not-live-waits"


def _noun(message: Message) -> str:
    return "email" if message.channel == Message.EMAIL else "text"


def _template(message: Message, now: datetime) -> Finding:
    template = message.template
    if template is None and not message.workflow and message.purpose == purposes.REPLY.key:
        return Finding(passed=True, says="Written by a person in this conversation.")
    if template is None:
        return Finding(passed=False, verdict=HOLD, says="No approved template stands behind this text; a person must approve one.")
    if template.channel != message.channel:
        return Finding(passed=False, verdict=HOLD, says="The approved words are for another channel; a person must look.")
    approved = template.status == Template.Status.APPROVED
    named = f"{template.key} version {template.version}"
    says = f"Template {named} is approved." if approved else f"Template {named} is not approved any more; a person must look."
    return Finding(passed=approved, verdict=HOLD, says=says, values=(("template", named), ("status", template.status)))


def _approval(message: Message, now: datetime) -> Finding:
    automation = Automation.objects.filter(client_id=message.client_id, workflow=message.workflow).first()
    on_its_own = automation is not None and automation.send == Automation.Send.AUTO
    if message.approved_at is not None:
        return Finding(passed=True, says=f"Approved by {message.approved_by}.", values=(("approved_by", message.approved_by),))
    if on_its_own:
        return Finding(passed=True, says="This workflow may send on its own for this client.", values=(("send", "auto"),))
    says = "This client's texts are drafts until go-live is signed: a person approves each one."
    return Finding(passed=False, verdict=HOLD, says=says, values=(("send", "draft"),))


def _enabled(message: Message, now: datetime) -> Finding:
    if not message.workflow:
        return Finding(passed=True, says="Written by a person, not by a workflow.")
    off = Automation.objects.filter(client_id=message.client_id, workflow=message.workflow, enabled=False).exists()
    says = "The workflow was switched off for this client." if off else "The workflow is on for this client."
    return Finding(passed=not off, says=says)


def _useful(message: Message, now: datetime) -> Finding:
    if message.useful_until is None or now <= message.useful_until:
        return Finding(passed=True, says=f"The {_noun(message)} is still of use.")
    ended = local(message.useful_until, message.client.timezone)
    return Finding(
        passed=False,
        says=f"Too late: the text was of use until {ended} ({message.client.timezone}); a person should call instead.",
        values=(("useful_until", message.useful_until.isoformat()),),
    )


def _number(message: Message, now: datetime) -> Finding:
    if message.channel == Message.EMAIL:
        return _address(message, now)
    number = read_number(raw=message.to)
    if number.kind != "ok" or number.e164 != message.to:
        return Finding(passed=False, says=f"The number cannot be texted ({number.kind}).", values=(("kind", number.kind),))
    own = (
        message.to in (message.client.phone, message.sender)
        or Responder.objects.filter(client_id=message.client_id, phone=message.to).exists()
    )
    if own:
        return Finding(passed=False, says="That is one of the business's own numbers.")
    if refused := carriers.no_texts_since(message=message, now=now):
        when = local(refused[0], message.client.timezone)
        says = f"A carrier said on {when} ({message.client.timezone}): {refused[1]} A person should call."
        return Finding(passed=False, says=says, values=(("refused_at", refused[0].isoformat()),))
    return Finding(passed=True, says=f"{sayable(message.to)} can be texted.", values=(("country", number.country),))


def _address(message: Message, now: datetime) -> Finding:
    """The check "number" for an email."""
    if trouble := addresses.trouble(message=message):
        return Finding(passed=False, says=trouble)
    if refused := carriers.no_texts_since(message=message, now=now):
        says = (
            f"On {local(refused[0], message.client.timezone)} ({message.client.timezone}) we were told: {refused[1]} A person should call."
        )
        return Finding(passed=False, says=says, values=(("refused_at", refused[0].isoformat()),))
    return Finding(passed=True, says="The address can be written to.")


def _postal_address(message: Message, now: datetime) -> Finding:
    if message.channel != Message.EMAIL:
        return Finding(passed=True, says="Not for texts: only an email needs the business's postal address.")
    lines = message.client.postal_address.split()
    if not lines:
        says = (
            f"An email must show where {message.client.name} can be reached by post (CAN-SPAM), and no postal address is known. "
            "Write it in the client's record; the email goes at its next look."
        )
        return Finding(passed=False, verdict=HOLD, says=says)
    return Finding(passed=True, says="The business's postal address stands under it.", values=(("postal_address", " ".join(lines)),))


def _suppression(message: Message, now: datetime) -> Finding:
    theirs, stated = people.values_of(contact=message.contact_id)
    values = theirs.union(stated).values_list("value", flat=True)  # read first: in one statement it would look at every stop there is
    found = (
        Suppression.objects.filter(Q(client_id=message.client_id) | Q(client__isnull=True), lifted_by__isnull=True)
        .filter(Q(contact_id=message.contact_id) | Q(value__in=[*values, message.to]))
        # What came back says something about that address alone, and a person's own wish is told before it.
        .filter(~Q(origin=Suppression.Origin.BOUNCED) | Q(kind="email", value=message.to))
        .order_by(Case(When(origin=Suppression.Origin.BOUNCED, then=1), default=0), "at")
        .first()
    )
    if found is not None and found.origin == Suppression.Origin.BOUNCED:
        when = local(found.at, message.client.timezone)
        says = f"An email to this address came back on {when} ({message.client.timezone}): it takes no mail. A person should call."
        return Finding(passed=False, says=says, values=(("bounced_at", found.at.isoformat()), ("rule", found.rule)), name=BOUNCED)
    if found is None:
        return Finding(passed=True, says="Nobody asked us to stop.")
    when = local(found.at, message.client.timezone)
    what = "email goes to any of their addresses" if message.channel == Message.EMAIL else "text goes to any of their numbers"
    says = f"This person opted out on {when} ({message.client.timezone}); no automatic {what}."
    return Finding(passed=False, says=says, values=(("opted_out_at", found.at.isoformat()), ("rule", found.rule)))


def _unclear(message: Message, now: datetime) -> Finding:
    waits = Task.objects.filter(contact_id=message.contact_id, kind="unclear-reply", status=Task.Status.OPEN).exists()
    says = "A reply that may mean stop has not been read by a person yet." if waits else "No unread reply that may mean stop."
    return Finding(passed=not waits, verdict=HOLD, says=says)


def _talking(message: Message, now: datetime) -> Finding:
    if not message.workflow:
        return Finding(passed=True, says="Written by a person, who may talk.")
    held = Conversation.objects.filter(contact_id=message.contact_id, client_id=message.client_id, held_at__isnull=False)
    found = held.values_list("held_at", "held_by__first_name", "held_by__username").first()
    if found is None:
        return Finding(passed=True, says="No person is talking with them.")
    held_at, name = found[0], found[1] or found[2]
    since = local(held_at, message.client.timezone) if held_at else ""
    says = f"{name} has been talking with this person since {since}; automatic texts wait until somebody lets them go on."
    return Finding(passed=False, verdict=HOLD, says=says, values=(("since", since), ("by", str(name))))


def _pauses(message: Message, now: datetime) -> Finding:
    found = pauses.covering(message=message).first()
    if found is None:
        return Finding(passed=True, says="Sending is not stopped.")
    scope = pauses.words(scope=pauses.scope_of(pause=found))
    says = f"{pauses.who_stopped(pause=found)} stopped {scope} on {local(found.at, message.client.timezone)}: {found.reason}"
    # One whose end has come is lifted within seconds, and what it held is judged then.
    until = found.until if found.until and found.until > now else None
    return Finding(passed=False, verdict=HOLD, says=says, until=until, values=(("stop", str(found.pk)),))


def _consent(message: Message, now: datetime) -> Finding:
    found = consent.rule(message=message, place=_place(message), now=now)
    # A cap passes by itself; proof that is missing does not.
    return Finding(passed=found.allowed, verdict=HOLD if found.until else DROP, says=found.says, until=found.until, values=found.values)


def _frequency(message: Message, now: datetime) -> Finding:
    found = frequency.rule(message=message, now=now)
    return Finding(passed=found.until is None, verdict=HOLD, says=found.says, until=found.until, values=found.values)


def _place(message: Message) -> Place:
    return locate(
        e164="" if message.channel == Message.EMAIL else message.to, state=message.contact.state, postal_code=message.contact.postal_code
    )


def _quiet_hours(message: Message, now: datetime) -> Finding:
    if message.channel == Message.EMAIL:
        return Finding(passed=True, says="Not for email: it rings nobody's phone.")
    place = _place(message)
    verdict = window_verdict(place=place, now=now, purpose=message.purpose)
    values = (("zones", ", ".join(place.zones)), ("states", ", ".join(place.states)), ("source", place.source), ("rule", verdict.rule))
    says = f"{verdict.reason} The address they gave cannot be read." if place.doubt else verdict.reason
    if verdict.allowed:
        return Finding(passed=True, says=says, values=values)
    return Finding(passed=False, verdict=HOLD, says=says, until=verdict.opens_at, values=values)


def _calendar(message: Message, now: datetime) -> Finding:
    """The business's own hours, holidays and one-off closures. They bind nothing that answers or serves a person."""
    if not message.workflow or not purposes.of(key=message.purpose).markets:
        return Finding(passed=True, says="It answers a person, so the business's hours do not bind it.")
    calendar = read_calendar(client=message.client)
    if calendar.is_open(at=now):
        return Finding(passed=True, says="The business is open.")
    opens = next((begins for begins, _ in calendar.stretches(after=now)), None)
    why = calendar.closed.get(now.astimezone(ZoneInfo(calendar.zone)).date(), "")
    says = f"{message.client.name} is closed{f' ({why})' if why else ''}; this waits until it opens."
    return Finding(passed=False, verdict=HOLD, says=says, until=opens)


def _purpose(message: Message, now: datetime) -> Finding:
    taken = claims.taken_by_other(
        client_id=message.client_id, contact_id=message.contact_id, purpose=message.purpose, to=message.to, holder=message.pk, now=now
    )
    if taken.until is not None:
        says = f"This person already has a text for this purpose; the next may go after {local(taken.until, message.client.timezone)}."
        return Finding(passed=False, says=says, values=(("until", taken.until.isoformat()),))
    # A text that a person writes by hand is theirs to repeat; what a workflow sends never is.
    if taken.listed_at is not None and message.workflow:
        when = local(taken.listed_at, message.client.timezone)
        what = "an email or a text" if message.channel == Message.EMAIL else "a text or an email"
        says = f"The provider's list shows {what} to this person on {when} ({message.client.timezone}), sent before the restore."
        evidence = (("listed_at", taken.listed_at.isoformat()), ("provider_id", taken.provider_id))
        return Finding(passed=False, says=says, values=evidence, name=BEFORE_RESTORE)
    return Finding(passed=True, says=f"No other {_noun(message)} for this purpose in its window.")


def _content(message: Message, now: datetime) -> Finding:
    if message.template is None and not message.body:
        return Finding(passed=True, says="Nothing is written yet: the template is missing.")
    long = len(message.body)
    if message.channel == Message.EMAIL:
        fits = 0 < long <= MOST_IN_EMAIL and bool(message.subject.strip())
        says = f"{long} characters and a subject." if fits else f"An email needs a subject and between 1 and {MOST_IN_EMAIL} characters."
        return Finding(passed=fits, says=says, values=(("characters", str(long)),))
    fits = 0 < long <= MOST_CHARACTERS
    says = f"{long} characters." if fits else f"The text has {long} characters; between 1 and {MOST_CHARACTERS} can be sent."
    return Finding(passed=fits, says=says, values=(("characters", str(long)),))


# First failure gives the reason: what is final before what only waits, and the person's own wish before all.
CHECKS: tuple[tuple[str, Callable[[Message, datetime], Finding]], ...] = (
    ("opted-out", _suppression),
    ("number", _number),
    ("already-texted", _purpose),
    ("too-late", _useful),
    (overtaking.CHECK, overtaking.check),
    ("switched-off", _enabled),
    (consent.CHECK, _consent),
    ("content", _content),
    ("postal-address", _postal_address),
    (pauses.STOPPED, _pauses),
    ("unclear-reply", _unclear),
    (talks.TALKING, _talking),
    (frequency.CHECK, _frequency),
    ("connection", ways_out.check),
    ("template", _template),
    ("quiet-hours", _quiet_hours),
    ("business-closed", _calendar),
    ("needs-approval", _approval),
    # The last, so that whatever else is final has decided before it: see _what_else.
    (NOT_LIVE, ways_out.check_live),
)


def judge(*, message: Message, now: datetime) -> Slip:
    """Judge a message as of `now`. Reads rows, changes none; call it inside the transaction that reserves the attempt."""
    checks: list[Check] = []
    failed: tuple[str, Finding] | None = None
    for name, look in CHECKS:
        found = look(message, now)
        name = found.name or name
        checks.append(Check(name=name, passed=found.passed, says=found.says, values=dict(found.values)))
        # A pause decides before everything: while it stands nothing is dropped either, all of it is judged when it is lifted.
        decides = (
            failed is None
            or name == pauses.STOPPED
            or (failed[0] != pauses.STOPPED and failed[1].verdict == HOLD and found.verdict == DROP)
        )
        if not found.passed and decides:
            failed = (name, found)
    if failed is None:
        return Slip(verdict=SEND, reason="", says="Every check passed.", until=None, checks=tuple(checks), made_at=now)
    name, found = failed
    if name == NOT_LIVE:
        name, found = _what_else(checks=checks, found=found)
    return Slip(verdict=found.verdict, reason=name, says=found.says, until=found.until, checks=tuple(checks), made_at=now)


def _what_else(*, checks: list[Check], found: Finding) -> tuple[str, Finding]:
    """In shadow: would it have gone at once, or waited first? What is final stands before and has decided already."""
    waits = next((check for check in checks if not check.passed and check.name != NOT_LIVE), None)
    if waits is None:
        return NOT_LIVE, found
    says = f"Not live yet: the list for going live is not signed, so nothing leaves. It would have waited first: {waits.says}"
    return NOT_LIVE_WAITS, replace(found, says=says)
