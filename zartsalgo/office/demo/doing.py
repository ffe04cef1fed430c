"""How each deed of the demo's life is done: by the function that a provider's webhook, a member of staff or a responder would reach."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from leads import actions
from leads.models import Automation, Client, Contact, Identity, Lead, Note, Task
from messaging import planning, purposes, talks
from messaging.approving import approve_template
from messaging.models import Handover, Message, Template
from portal import members
from providers.connections import set_mood
from providers.models import Connection
from summaries import actions as summarizing
from summaries import prompt, reports, sources
from summaries.models import Summary
from workflows import incidents, resuming
from workflows.intake import take_up
from workflows.models import Incident
from zartsalgo.office.decisions import decide
from zartsalgo.office.demo import deeds, webhooks
from zartsalgo.office.demo.people import Person
from zartsalgo.office.queue import find
from zartsalgo.office.simulator_door import post
from zartsalgo.office.simulator_payloads import Webhook
from zartsalgo.office.views.outcomes import record_outcome

TEXT_BACK = "missed-call-text-back"
LEFT_AFTER = timedelta(hours=1.5)
KEPT_PRIVATE = "Nothing in it that the business does not know already"


@dataclass(frozen=True, kw_only=True)
class Door:
    """A connection's hook address and its signing secret."""

    connection: Connection
    url: str
    secret: str


class NotAnswered(Exception):
    """A webhook of the demo was answered otherwise than it should be."""


class Doer:
    """Does the deeds of one client's life. `names` and `users` give the members of staff by their part, owner and staff."""

    def __init__(self, *, client: Client, doors: dict[str, Door], names: dict[str, str], users: dict[str, Any]) -> None:
        self.client, self.doors, self.names, self.users = client, doors, names, users
        self._known: dict[str, Contact] = {}
        self._ways: dict[type[deeds.Deed], Callable[[Any], None]] = {
            deeds.Called: self._called,
            deeds.Asked: self._asked,
            deeds.Wrote: self._wrote,
            deeds.Told: self._told,
            deeds.Forged: self._forged,
            deeds.Garbled: self._garbled,
            deeds.Undelivered: self._undelivered,
            deeds.Approved: self._approved,
            deeds.Rejected: self._rejected,
            deeds.Answered: self._answered,
            deeds.CameOf: self._came_of,
            deeds.ReadUnclear: self._read_unclear,
            deeds.Noted: self._noted,
            deeds.Tidied: self._tidied,
            deeds.NewWords: self._new_words,
            deeds.Switched: self._switched,
            deeds.Decided: self._decided,
            deeds.Careless: self._careless,
            deeds.Mood: self._mood,
            deeds.Took: self._took,
            deeds.Resumed: self._resumed,
            deeds.Verified: self._verified,
            deeds.Troubled: self._troubled,
            deeds.Reported: self._reported,
            deeds.Invited: self._invited,
        }

    def do(self, deed: deeds.Deed) -> None:
        """Do one deed; the clock stands at its moment."""
        self._ways[type(deed)](deed)

    # What comes in

    def _post(self, provider: str, webhook: Webhook, *, url: str = "", answer: int = 200) -> None:
        given = post(webhook=webhook, hook_url=url or self.doors[provider].url)
        if given != answer:
            raise NotAnswered(f"{provider} of {self.client}: answered {given}, not {answer}")

    def _call(self, deed: deeds.Called) -> Webhook:
        return webhooks.call(
            caller=deed.person,
            line=self.client.phone,
            zone=self.client.timezone,
            ended=deed.ended,
            lasted=deed.lasted,
            answered=deed.answered,
            voicemail=deed.voicemail,
            source=deed.source,
            note=deed.note,
            secret=self.doors["callrail"].secret,
        )

    def _called(self, deed: deeds.Called) -> None:
        webhook = self._call(deed)
        for _ in range(1 + deed.copies):
            self._post("callrail", webhook)

    def _forged(self, deed: deeds.Forged) -> None:
        call = self._call(deeds.Called(at=deed.at, person=deed.person, ended=deed.at, lasted=deed.at - deed.at))
        self._post("callrail", call.with_bad_signature(), answer=401)
        # Refusals are counted in real time; this one was not just now.
        Connection.objects.filter(pk=self.doors["callrail"].connection.pk).update(last_refused_at=deed.at)

    def _garbled(self, deed: deeds.Garbled) -> None:
        self._post("callrail", webhooks.broken_call(secret=self.doors["callrail"].secret))

    def _asked(self, deed: deeds.Asked) -> None:
        given = {"service": deed.service, "message": deed.message, **dict(deed.more)}
        self._post(
            "form",
            webhooks.form(
                sender=deed.person,
                given={name: value for name, value in given.items() if value},
                business=self.client.name,
                source=deed.source,
                quote=deed.quote,
                consents=deed.consents,
            ),
        )

    def _wrote(self, deed: deeds.Wrote) -> None:
        door = self.doors["twilio"]
        webhook = webhooks.text(
            sender=deed.person, line=self.client.phone, words=deed.words, media=deed.media, url=door.url, secret=door.secret
        )
        self._post("twilio", webhook)

    def _told(self, deed: deeds.Told) -> None:
        data = {"phone": deed.person.number, "name": deed.person.name, "source": "order system"}
        self._post("generic", webhooks.told(type=deed.type, data=data, secret=self.doors["generic"].secret))

    def _undelivered(self, deed: deeds.Undelivered) -> None:
        message = self._texts(deed.person).filter(status__in=(Message.Status.SENT, Message.Status.DELIVERED)).first()
        if message is None:
            return
        door = self.doors["twilio"]
        url = f"{door.url}?m={message.pk}"
        report = webhooks.delivery_report(
            provider_id=message.provider_id,
            to=message.to,
            sender=message.sender,
            status="undelivered",
            error_code=deed.error_code,
            url=url,
            secret=door.secret,
        )
        self._post("twilio", report, url=url)

    # What people do

    def _contact(self, person: Person) -> Contact | None:
        """Whom intake made of this person; known once seen, because numbers stay with whom they were given to."""
        known = self._known.get(person.number)
        if known is None:
            found = Identity.objects.select_related("contact").filter(client=self.client, value=person.number).first()
            if found is None:
                return None
            known = self._known[person.number] = found.contact
        return known

    def _lead(self, contact: Contact) -> Lead | None:
        """The open lead, else the newest."""
        rows = Lead.objects.filter(contact=contact).order_by("-created_at")
        return rows.exclude(stage__in=Lead.CLOSED).first() or rows.first()

    def _texts(self, person: Person) -> Any:
        return Message.objects.filter(client=self.client, to=person.number).order_by("-created_at")

    def _approved(self, deed: deeds.Approved) -> None:
        message = self._texts(deed.person).filter(status__in=Message.PENDING).first()
        if message is not None:
            planning.approve(message=message, by=self.names[deeds.OWNER], now=deed.at)

    def _rejected(self, deed: deeds.Rejected) -> None:
        message = self._texts(deed.person).filter(status__in=Message.PENDING).first()
        if message is not None:
            planning.reject(message=message, by=self.names[deeds.OWNER], reason=deed.reason, now=deed.at)

    def _answered(self, deed: deeds.Answered) -> None:
        contact = self._contact(deed.person)
        if contact is None:
            return
        lead = self._lead(contact)
        by = self.names[deeds.STAFF]
        for task in Task.objects.filter(contact=contact, status=Task.Status.OPEN).exclude(kind="unclear-reply"):
            actions.close_task(task=task, by=by, outcome="Answered", now=deed.at)
        talks.note_answered(client_id=self.client.pk, contact_id=contact.pk, by=by, now=deed.at)
        if lead is None:
            return
        actions.note_first_response(lead_id=lead.pk, now=deed.at)
        if lead.stage == Lead.Stage.NEW:
            actions.change_stage(lead=lead, stage=Lead.Stage.ENGAGED, by=by, now=deed.at)

    def _came_of(self, deed: deeds.CameOf) -> None:
        contact = self._contact(deed.person)
        lead = self._lead(contact) if contact else None
        if contact is None or lead is None:
            return
        handover = Handover.objects.select_related("client", "lead").filter(lead=lead).order_by("-created_at").first()
        if deed.by_client and handover is not None and handover.link_expires_at > deed.at:
            record_outcome(handover=handover, outcome=deed.outcome, now=deed.at)
            return
        cause = f"lead:{lead.pk}:{int(deed.at.timestamp())}"
        event = actions.report_outcome(lead=lead, outcome=deed.outcome, by=self.names[deeds.STAFF], cause=cause, now=deed.at)
        take_up(event=event, contact=contact, now=deed.at)

    def _read_unclear(self, deed: deeds.ReadUnclear) -> None:
        contact = self._contact(deed.person)
        task = Task.objects.filter(contact=contact, kind="unclear-reply", status=Task.Status.OPEN).first() if contact else None
        item = find(key=f"task:{task.pk}") if task else None
        if item is not None:
            decide(item=item, outcome="stop" if deed.stop else "not-stop", by=self.names[deeds.STAFF], now=deed.at)

    def _noted(self, deed: deeds.Noted) -> None:
        contact = self._contact(deed.person)
        lead = self._lead(contact) if contact else None
        author = self.users.get(deeds.STAFF) or self.users.get(deeds.OWNER)
        if lead is not None and author is not None:
            Note.objects.create(lead=lead, author=author, text=deed.words, created_at=deed.at)

    def _tidied(self, deed: deeds.Tidied) -> None:
        open_tasks = Task.objects.filter(client=self.client, status=Task.Status.OPEN).exclude(kind="unclear-reply")
        for task in open_tasks:
            actions.close_task(task=task, by=self.names[deeds.STAFF], outcome="Done", now=deed.at)
        left = Summary.objects.filter(client=self.client, status__in=Summary.OPEN, created_at__lt=deed.at - LEFT_AFTER)
        for summary in left.select_related("client", "lead__client", "lead__contact"):
            summarizing.keep_private(summary=summary, reason=KEPT_PRIVATE, by=self.names[deeds.OWNER], now=deed.at)

    def _new_words(self, deed: deeds.NewWords) -> None:
        template = Template.objects.create(
            client=self.client, key=TEXT_BACK, version=deed.version, purpose=purposes.TEXT_BACK.key, body=deed.body
        )
        approve_template(template=template, by=self.names[deeds.OWNER], now=deed.at)

    # What the owner decides

    def _switched(self, deed: deeds.Switched) -> None:
        Automation.objects.filter(client=self.client, workflow=deed.workflow).update(enabled=deed.on)

    def _summary(self, person: Person) -> Summary | None:
        contact = self._contact(person)
        rows = Summary.objects.select_related("client", "lead__client", "lead__contact")
        return rows.filter(lead__contact=contact, status__in=Summary.OPEN).first() if contact else None

    def _decided(self, deed: deeds.Decided) -> None:
        """What cannot be shown as it was written stays private, as the owner would have it."""
        summary = self._summary(deed.person)
        if summary is None:
            return
        by = self.names[deeds.OWNER]
        if summarizing.stale_since(summary=summary) is not None and not summarizing.why_not_for_client(lead=summary.lead):
            summary = summarizing.write_anew(summary=summary, now=deed.at)
        text = summary.client_text or ""
        # Asked as the page asks: a refusal would be an error inside the one transaction that all of this is.
        fits = deed.approve and bool(text) and not summarizing.why_not_for_client(lead=summary.lead)
        if fits and not any(one.blocks for one in summarizing.problems(summary=summary, text=text)):
            summarizing.approve(summary=summary, text=text, text_sha256=summarizing.hash_of(text=text), by=by, now=deed.at)
        else:
            summarizing.keep_private(summary=summary, reason=KEPT_PRIVATE, by=by, now=deed.at)

    def _careless(self, deed: deeds.Careless) -> None:
        """Through the reader of models' answers, so every claim is held against the sources as it would be."""
        summary = self._summary(deed.person)
        if summary is None:
            return
        said = sources.gather(lead=summary.lead, until=summary.sources_until)
        told = [{"text": one["text"], "for_client": one["for_client"], "source": "", "quote": one["quote"]} for one in summary.claims or []]
        for one in told:
            one["source"] = next((f"s{n}" for n, source in enumerate(said, 1) if one["quote"] and one["quote"] in source.text), "")
        answer = {
            "claims": [*told, {"text": deed.sentence, "for_client": True, "source": "", "quote": ""}],
            "internal_text": summary.internal_text or "",
            "client_text": f"{summary.client_text or ''} {deed.sentence}".strip(),
            "next_action": summary.next_action,
            "risk_flags": [],
        }
        draft = prompt.draft(answer=answer, sources=said)
        unsupported = sum(not claim.supported for claim in draft.claims)
        Summary.objects.filter(pk=summary.pk).update(
            claims=[asdict(claim) for claim in draft.claims],
            client_text=draft.client_text,
            model="a careless model, played by the demo",
            says=f"Written by a careless model, for you to catch. {unsupported} of {len(draft.claims)} statements have no source.",
        )

    def _reported(self, deed: deeds.Reported) -> None:
        report = reports.build(client=self.client, starts_on=deed.starts_on, ends_on=deed.ends_on, now=deed.at)
        if deed.publish:
            reports.publish(report=report, by=self.names[deeds.OWNER], now=deed.at)

    def _invited(self, deed: deeds.Invited) -> None:
        members.invite(client_id=self.client.pk, email=deed.email, name=deed.name, now=deed.at)

    # When something breaks

    def _mood(self, deed: deeds.Mood) -> None:
        set_mood(client=self.client, mood=deed.mood)

    def _incident(self) -> Incident | None:
        rows = Incident.objects.select_related("pause").filter(client=self.client, status__in=Incident.ACTIVE)
        return rows.order_by("-opened_at").first()

    def _took(self, deed: deeds.Took) -> None:
        incident, person = self._incident(), self.users.get(deeds.STAFF)
        if incident is not None and person is not None:
            incidents.take(incident=incident, person=person, name=self.names[deeds.STAFF], now=deed.at)

    def _resumed(self, deed: deeds.Resumed) -> None:
        incident = self._incident()
        if incident is not None:
            resuming.release(pause=incident.pause, by=self.users.get(deeds.OWNER), name=self.names[deeds.OWNER], now=deed.at)

    def _verified(self, deed: deeds.Verified) -> None:
        incidents.close_verified(now=deed.at)

    def _troubled(self, deed: deeds.Troubled) -> None:
        Connection.objects.filter(client=self.client, provider=deed.provider).update(trouble=deed.says)
