"""What a person decides about a summary: approve one exact text, keep it private, have it written anew, withdraw a proof."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q

from leads import people
from leads.models import Event, Lead
from messaging.models import Suppression
from summaries import sources, writing
from summaries.models import Approval, Proof, Summary
from summaries.text import Claim, Problem, Source
from zartsalgo.lib.ids import new_id


class CannotDecide(Exception):
    """Nothing was changed; the text is a sentence for the person who tried."""


class CannotApprove(CannotDecide):
    """The text was not approved; the sentence says why and what to do."""


def as_shown(*, text: str) -> str:
    """The text as it is shown and hashed: line ends are one newline, since browsers send them as two characters. Nothing else changes."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def hash_of(*, text: str) -> str:
    """The hex sha256 of `as_shown(text)` in UTF-8: the page carries it beside the text and gives it to `approve`."""
    return hashlib.sha256(as_shown(text=text).encode("utf-8", "surrogatepass")).hexdigest()


def problems(*, summary: Summary, text: str) -> list[Problem]:
    """What stands against showing this text to the client, in the order of the text; the page and `approve` ask the same question."""
    said = sources.gather(lead=summary.lead, until=summary.sources_until)
    return _problems(lead=summary.lead, text=as_shown(text=text), claims=claims_of(summary=summary, said=said), said=said)


def claims_of(*, summary: Summary, said: Sequence[Source] | None = None) -> list[Claim]:
    """The summary's claims, held against the sources again: what stands in the row is not taken for granted."""
    from summaries import checks

    if said is None:
        said = sources.gather(lead=summary.lead, until=summary.sources_until)
    return checks.hold_against_sources(claims=[Claim(**row) for row in summary.claims or []], sources=said)


def _problems(*, lead: Lead, text: str, claims: Sequence[Claim], said: Sequence[Source]) -> list[Problem]:
    from summaries import checks

    raw = sources.raw_values(lead=lead)
    return checks.problems(text=text, raw=raw, claims=claims, sources=said, allowed=(lead.client.name,))


def stale_since(*, summary: Summary) -> datetime | None:
    """When the customer wrote or called after what the summary was made of (the newest such moment), or None.

    An event may be recorded with a time before `sources_until` and yet be committed after it; ids are made under the person's lock, so
    an id younger than the summary's tells.
    """
    later = Event.objects.filter(contact_id=summary.lead.contact_id, type__in=sources.OF_CUSTOMER).filter(
        Q(recorded_at__gt=summary.sources_until) | Q(pk__gt=summary.pk)
    )
    # A call has no reading: left to `exclude`, the NULL of the missing path would drop it.
    counts = Q(facts__reading__kind__isnull=True) | ~Q(facts__reading__kind="help")
    # Made within the same millisecond, its own cause could have the younger id.
    newest = later.filter(counts).exclude(pk=summary.cause_event_id).order_by("-recorded_at").first()
    return newest.recorded_at if newest else None


def why_not_for_client(*, lead: Lead) -> str:
    """Why nothing of this lead may be shown to the client, as a sentence; "" when something may."""
    values = [value for _, value in people.keys_of(contact=lead.contact)]
    stands = Suppression.objects.filter(Q(client=lead.client) | Q(client=None), lifted_by__isnull=True)
    stopped = stands.filter(Q(contact=lead.contact) | Q(value__in=values)).exists()
    return why_nothing_is_shown(lead=lead, stopped=stopped)


def why_nothing_is_shown(*, lead: Lead, stopped: bool) -> str:
    """The same for one who knows whether the person asked us to stop. Touches no row."""
    if lead.stage == Lead.Stage.WRONG:
        return "This is not a lead (wrong or spam), so there is nothing to show the client."
    if stopped:
        return "This person asked us to stop, so nothing more is made of their words."
    return ""


def approve(*, summary: Summary, text: str, text_sha256: str, by: str, now: datetime) -> Proof:
    """Approve exactly this text: it becomes the proof that the client sees. `text` may be the approver's own wording.

    `text_sha256` is what the page showed (`hash_of` of the text it displayed). Raises CannotApprove with a sentence when the text is
    another one, a blocking problem stands, the summary is no longer open (it says who and when), the customer wrote or called since,
    the person opted out, or the lead is none. Of two people at once exactly one wins.
    """
    text = as_shown(text=text)
    if "\x00" in text or hash_of(text=text) != text_sha256:
        raise CannotApprove("The text is not the one that was shown. Read it again and approve what you see.")
    with transaction.atomic():
        row = _open(summary=summary, refusal=CannotApprove)
        if row.status == Summary.Status.ASKED:
            raise CannotApprove("It is still being written.")
        since = stale_since(summary=row)
        if since is not None:
            raise CannotApprove(f"They wrote or called again at {_local(row, since)}, after this was written; write it anew.")
        if why := why_not_for_client(lead=row.lead):
            raise CannotApprove(f"{why} Keep it private.")
        said = sources.gather(lead=row.lead, until=row.sources_until)
        standing = [one for one in _problems(lead=row.lead, text=text, claims=claims_of(summary=row, said=said), said=said) if one.blocks]
        if standing:
            more = f" And {len(standing) - 1} more." if len(standing) > 1 else ""
            raise CannotApprove(f"{standing[0].says}{more} Change the text and try again.")
        approval = Approval.objects.create(
            id=new_id(), summary=row, verdict=Approval.Verdict.APPROVED, text_sha256=text_sha256, by=by[:150], at=now
        )
        proof = _prove(summary=row, approval=approval, text=text, now=now)
        if not row.client_text:
            Summary.objects.filter(pk=row.pk).update(writer=Summary.Writer.PERSON)
        own = "" if text == (row.client_text or "") else " in words of their own"
        _decide(summary=row, status=Summary.Status.APPROVED, says=f"Approved by {by}{own}.", by=by, now=now)
        _tell_as_event(summary=row, proof=proof, now=now)
    return proof


def keep_private(*, summary: Summary, reason: str, by: str, now: datetime) -> None:
    """Decide that the client sees nothing of it. Raises CannotDecide when it is no longer open or no reason is given."""
    reason = _reason(reason, what="it stays private")
    with transaction.atomic():
        row = _open(summary=summary, refusal=CannotDecide)
        Approval.objects.create(id=new_id(), summary=row, verdict=Approval.Verdict.PRIVATE, reason=reason, by=by[:150], at=now)
        _decide(summary=row, status=Summary.Status.PRIVATE, says=f"Kept private by {by}: {reason}", by=by, now=now)


def withdraw(*, proof: Proof, reason: str, by: str, now: datetime) -> None:
    """Take an approved text back: the client no longer sees it, the row stays. Raises CannotDecide when it was withdrawn before."""
    reason = _reason(reason, what="it is withdrawn")
    with transaction.atomic():
        changed = Proof.objects.filter(pk=proof.pk, withdrawn_at__isnull=True).update(
            withdrawn_at=now, withdrawn_by=by[:150], withdrawn_reason=reason
        )
        if not changed:
            gone = Proof.objects.select_related("approval__summary__client").get(pk=proof.pk)
            when = _local(gone.approval.summary, gone.withdrawn_at)
            raise CannotDecide(f"{gone.withdrawn_by or 'Somebody'} withdrew it at {when} already.")
        Summary.objects.filter(approvals__proof=proof.pk).update(says=f"Approved, and withdrawn by {by}: {reason}"[:400])


def write_anew(*, summary: Summary, now: datetime) -> Summary:
    """Ask for a new summary of the lead with everything said by now; an open one is replaced by it, and its run goes on with the new one.

    A decided one can be written anew once its proof was withdrawn, it was kept private, or the customer wrote again since. Raises
    CannotDecide otherwise.
    """
    with transaction.atomic():
        row = _locked(summary=summary)
        if row.status in (Summary.Status.ASKED, *Summary.OPEN):
            if row.status == Summary.Status.ASKED:
                raise CannotDecide("It is being written already.")
            run_id = row.run_id
            # The run follows the newer one; each step of the run still names the summary that it made.
            Summary.objects.filter(pk=row.pk).update(run_id=None)
        else:
            if newer := Summary.objects.filter(lead=row.lead, created_at__gt=row.created_at).order_by("-created_at").first():
                raise CannotDecide(f"There is a newer summary of this lead, made at {_local(newer, newer.created_at)}.")
            shown = Proof.objects.filter(approval__summary=row, withdrawn_at__isnull=True).exists()
            if shown and stale_since(summary=row) is None:
                raise CannotDecide("The client sees this text and nothing was said since; withdraw it first.")
            run_id = None
        if why := why_not_for_client(lead=row.lead):
            raise CannotDecide(why)
        return writing.ask(lead=row.lead, event=_newest_cause(summary=row), run_id=run_id, now=now)


def _locked(*, summary: Summary) -> Summary:
    """The row as it is now, locked; the person first, as everywhere."""
    people.lock(contact_id=summary.lead.contact_id)
    return (
        Summary.objects.select_for_update(of=("self",), no_key=True)
        .select_related("client", "lead__client", "lead__contact")
        .get(pk=summary.pk)
    )


def _open(*, summary: Summary, refusal: type[CannotDecide]) -> Summary:
    row = _locked(summary=summary)
    if row.status in (Summary.Status.ASKED, *Summary.OPEN):
        return row
    when = f" at {_local(row, row.decided_at)}" if row.decided_at else ""
    if row.status == Summary.Status.REPLACED:
        raise refusal(f"A newer summary took its place{when}; decide on that one.")
    done = "approved it" if row.status == Summary.Status.APPROVED else "kept it private"
    raise refusal(f"{row.decided_by or 'Somebody'} {done}{when} already.")


def _decide(*, summary: Summary, status: str, says: str, by: str, now: datetime) -> None:
    Summary.objects.filter(pk=summary.pk).update(status=status, says=says[:400], decided_at=now, decided_by=by[:150])
    writing.tell_run(summary=summary)


def _newest_cause(*, summary: Summary) -> Event:
    """What the new summary is about: the last thing the customer did, if they did something since."""
    if stale_since(summary=summary) is None:
        return summary.cause_event
    return sources.events_of(lead=summary.lead).last() or summary.cause_event


def _prove(*, summary: Summary, approval: Approval, text: str, now: datetime) -> Proof:
    lead, happened_at = summary.lead, summary.cause_event.occurred_at
    answered = lead.first_response_at
    seconds = int((answered - happened_at).total_seconds()) if answered and answered >= happened_at else None
    if summary.cause_event.type == "call.answered":
        seconds = 0
    return Proof.objects.create(
        id=new_id(),
        client_id=summary.client_id,
        lead=lead,
        approval=approval,
        text=text,
        text_sha256=approval.text_sha256,
        kind=summary.kind,
        service=harmless_label(summary=summary, label=lead.service),
        source=harmless_label(summary=summary, label=lead.source) or "Other",
        happened_at=happened_at,
        answered_after_seconds=seconds,
        approved_by=approval.by,
        approved_at=now,
    )


def harmless_label(*, summary: Summary, label: str) -> str:
    """A label of the lead that may stand beside the proof; "" when it holds something of the customer's (forms let people type there)."""
    if not label:
        return ""
    # A label says where a lead came from or what for; that nobody said "Google Ads" aloud is no harm.
    found = _problems(lead=summary.lead, text=label, claims=(), said=())
    return "" if any(one.blocks and not one.code.startswith("unsourced-") for one in found) else label


def _tell_as_event(*, summary: Summary, proof: Proof, now: datetime) -> None:
    """The normalized event of this room. What it says is the approved text; whoever reads events learns nothing raw from it."""
    Event.objects.create(
        id=new_id(),
        client_id=summary.client_id,
        type="summary.created",
        source="office",
        key=f"summary:{summary.pk}",
        occurred_at=now,
        recorded_at=now,
        contact=summary.lead.contact,
        lead=summary.lead,
        facts={
            "summary": proof.text,
            "risk_flags": summary.risk_flags,
            "next_action": summary.next_action,
            "approval_state": "approved",
            "summary_id": str(summary.pk),
            "proof_id": str(proof.pk),
        },
    )


def _reason(reason: str, *, what: str) -> str:
    words = " ".join(reason.replace("\x00", "").split())[:300]
    if not words:
        raise CannotDecide(f"Say why {what}; whoever asks later needs to know.")
    return words


def _local(summary: Summary, when: datetime | None) -> str:
    """A time as people of the business say it."""
    return when.astimezone(ZoneInfo(summary.client.timezone)).strftime("%H:%M on %a %-d %b") if when else ""
