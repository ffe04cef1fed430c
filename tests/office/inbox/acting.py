"""What a person does in the inbox and reads there, and a full queue."""

from leads.models import Lead
from messaging.models import Message
from tests.factories import ContactFactory, LeadFactory
from tests.office.rows import make_event, make_poison, make_run, make_summary, make_task, make_text


def act(browser, item, outcome, **more):
    return browser.post("/inbox/act/", {"item": item, "outcome": outcome, **more}, follow=True)


def fill(summit, count):
    """A mixed queue: tasks, drafts, unknown texts, stuck runs, poison."""
    make_poison(client=summit)
    for n in range(count - 1):
        contact = ContactFactory(client=summit, name=f"Carla Gomez the {n}th", phone=f"+1303555{100 + n % 100:04}" if n < 60 else None)
        lead = LeadFactory(client=summit, contact=contact)
        make_event(contact=contact, lead=lead)
        if n % 5 == 4:
            make_summary(lead=lead)
        elif n % 4 == 0:
            make_text(contact=contact, lead=lead)
        elif n % 4 == 1:
            make_run(contact=contact, lead=lead)
        elif n % 4 == 2:
            make_text(
                contact=contact,
                lead=lead,
                status="unknown",
                says="The provider did not answer; the text may have gone. It is looked up and will not be repeated.",
            )
        else:
            make_task(client=summit, lead=lead)
    assert Lead.objects.count() == count - 1
    assert Message.objects.exists()
