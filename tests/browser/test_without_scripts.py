"""Every act of staff works in a browser in which no script runs; each is looked up in the database afterwards."""

import re

import pytest

from tests.browser.pages import submit
from tests.browser.stories import DRAFTING
from tests.stack.running import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("chrome")]


def press(tab, name):
    submit(tab, tab.get_by_role("button", name=name, exact=True).click)


def follow(tab, link):
    submit(tab, link.click)


@pytest.fixture
def soon():
    """Wait for the worker: what a look gives once it is what was hoped for, else the failure says what it was at last."""

    def _soon(look, hoped):
        seen = []

        def _look():
            seen.append(look())
            return seen[-1] == hoped

        try:
            wait_until(_look, seconds=15)
        except TimeoutError:
            pytest.fail(f"hoped for {hoped!r}, at last it was {seen[-1]!r}")

    return _soon


@pytest.fixture
def waiting_draft(world, rows):
    """The text of a draft's number, which still waits for a person."""

    def _waiting(n):
        text = world.told["messages"][f"draft{n}"]
        assert rows("select status, reason from messaging_message where id = %s", text) == [("held", "needs-approval")]
        return text

    return _waiting


def test_sign_in(world):
    context = world.context(signed_in=False, java_script_enabled=False)
    tab = context.new_page()
    tab.goto("/runs/")
    tab.get_by_label("Username").fill(world.login["username"])
    tab.get_by_label("Password").fill(world.login["password"])
    press(tab, "Sign in")
    assert tab.url == f"{world.url}/runs/" and tab.get_by_role("heading", level=1).inner_text() == "Runs"
    press(tab, "Sign out")
    tab.goto("/")
    assert "/admin/login/" in tab.url
    context.close()


def test_a_missed_call_its_text_and_why(world, bare, rows):
    bare.goto("/try/?caller=%2B13035550193")
    press(bare, "Missed call")
    # The page asks again by itself until the worker is done.
    bare.locator("#sim-phone .bubble").wait_for()
    assert "Sorry we missed your call" in bare.locator("#sim-phone .bubble").inner_text()
    follow(bare, bare.locator("#sim-phone").get_by_role("link", name="Why?"))
    assert re.fullmatch(rf"{world.url}/runs/[0-9a-f-]+/", bare.url)
    assert "sent the text" in bare.locator("[data-answer]").inner_text()
    found = rows("select run_id::text, status from messaging_message where \"to\" = '+13035550193'")
    assert found == [(bare.url.split("/")[-2], "delivered")]


def test_a_task_is_closed_in_the_inbox(world, bare, rows):
    contact = world.told["contacts"]["draft0"]
    ((task,),) = rows("select id::text from leads_task where contact_id = %s and status = 'open' and kind = 'call-back'", contact)
    bare.goto(f"/?item=task:{task}")
    press(bare, "Called, not booked")
    assert rows("select status, closed_by from leads_task where id = %s", task) == [("done", "owner")]
    assert bare.get_by_role("button", name="Undo the last outcome").is_visible()


def test_a_draft_is_approved_and_goes(waiting_draft, bare, rows, soon):
    text = waiting_draft(1)
    bare.goto(f"/messages/{text}/")
    press(bare, "Approve and send")
    soon(lambda: rows("select status, approved_by from messaging_message where id = %s", text), [("delivered", "owner")])
    bare.reload()
    assert bare.locator("section.answer").get_by_text("Delivered", exact=True).is_visible()


def test_a_draft_is_refused_with_a_reason(waiting_draft, bare, rows, soon):
    text = waiting_draft(2)
    bare.goto(f"/?item=draft:{text}")
    bare.get_by_text("Do not send…", exact=True).click()
    bare.get_by_label("Wrong moment").check()
    press(bare, "Do not send")
    soon(lambda: rows("select status, sent_at from messaging_message where id = %s", text), [("skipped", None)])
    bare.goto(f"/messages/{text}/")
    assert "Wrong moment" in bare.locator("[data-answer]").inner_text()


def test_of_two_who_approve_the_second_reads_who_was_first(waiting_draft, bare, rows, soon):
    text = waiting_draft(3)
    other = bare.context.new_page()
    for tab in (bare, other):
        tab.goto(f"/messages/{text}/")
    press(bare, "Approve and send")
    press(other, "Approve and send")
    assert re.search(r"owner .*\d\d:\d\d", other.locator(".messages").inner_text()), other.locator(".messages").inner_text()
    soon(lambda: rows("select status from messaging_message where id = %s", text), [("delivered",)])
    assert rows("select count(*) from messaging_attempt where message_id = %s", text) == [(1,)]


def test_a_summary_is_approved_and_becomes_proof(world, bare, rows):
    summary = world.told["summaries"]["bare"]
    bare.goto("/approvals/?show=summaries")
    follow(bare, bare.locator(f'[data-item] a[href="/approvals/{summary}/"]'))
    words = bare.get_by_label("The words for the client").input_value()
    proof = """select p.id::text, p.text, p.approved_by, p.withdrawn_at
        from summaries_proof p join summaries_approval a on a.id = p.approval_id where a.summary_id = %s"""
    assert words and rows(proof, summary) == []
    press(bare, "Approve for the portal")
    assert bare.locator(".messages .success").is_visible()
    ((pk, text, by, withdrawn),) = rows(proof, summary)
    assert (text, by, withdrawn) == (words, "owner", None)
    assert rows("select status, decided_by from summaries_summary where id = %s", summary) == [("approved", "owner")]
    # The client reads it, word for word.
    context = world.context(signed_in=False, java_script_enabled=False)
    world.enter_portal(context)
    member = context.new_page()
    member.goto(f"/portal/stories/{pk}/")
    assert words in member.locator("main").inner_text()
    context.close()


def test_an_item_is_put_off_and_taken_back(world, bare, rows):
    ((task, title),) = rows(
        "select id::text, title from leads_task where contact_id = %s and status = 'open' limit 1", world.told["contacts"]["form"]
    )
    mark = "select snoozed_until is not null, snoozed_by from zartsalgo_inboxmark where key = %s"
    bare.goto(f"/?item=task:{task}")
    bare.get_by_text("Put off…", exact=True).click()
    press(bare, "For an hour")
    assert title in bare.locator(".messages .success").inner_text()
    assert rows(mark, f"task:{task}") == [(True, "owner")]
    bare.goto("/?view=put-off")
    assert bare.locator(f'[data-item] a[href*="{task}"]').count() == 1
    bare.goto("/")
    assert bare.locator(f'[data-item] a[href*="{task}"]').count() == 0
    # Brought back from there; put off again and taken back by the button that comes with what was done.
    bare.goto("/?view=put-off")
    follow(bare, bare.locator(f'[data-item] a[href*="{task}"]'))
    press(bare, "Bring it back now")
    assert rows(mark, f"task:{task}")[0][0] is False
    bare.get_by_text("Put off…", exact=True).click()
    press(bare, "Until tomorrow, 8:00")
    press(bare, "Undo the last outcome")
    assert "Taken back" in bare.locator(".messages .success").inner_text()
    assert rows(mark, f"task:{task}")[0][0] is False
    assert rows("select status from leads_task where id = %s", task) == [("open",)]
    bare.goto("/")
    assert bare.locator(f'[data-item] a[href*="{task}"]').count() == 1


def test_a_delivery_is_read_again_after_its_plan_was_shown(world, bare, rows):
    delivery = world.told["deliveries"]["form"]
    before = rows("select count(*) from leads_event")
    bare.goto(f"/deliveries/{delivery}/")
    follow(bare, bare.get_by_role("link", name="Read it again…"))
    assert bare.locator("[data-count]").inner_text() == "0"
    press(bare, "Read it again")
    assert bare.url == f"{world.url}/deliveries/{delivery}/"
    assert rows("select replays from providers_delivery where id = %s", delivery) == [(1,)]
    assert rows("select count(*) from leads_event") == before


def test_all_sending_is_stopped_and_the_stop_is_lifted(world, bare, rows, soon):
    opened = "select reason, lifted_at is null from messaging_pause where client_id is null"
    pending = "select count(*) from messaging_message where status in ('queued', 'held')"
    bare.goto("/")
    follow(bare, bare.locator(".top").get_by_role("link", name="Stop all sending"))
    assert bare.locator("[data-count]").inner_text() == str(rows(pending)[0][0])
    bare.get_by_label("Why?").fill("A wrong price went out")
    press(bare, "Stop all sending")
    assert rows(opened) == [("A wrong price went out", True)]
    try:
        bare.goto("/try/?caller=%2B13035550194")
        assert "A wrong price went out" in bare.get_by_label("Needs attention").inner_text()
        press(bare, "Missed call")
        mine = "select status, reason from messaging_message where \"to\" = '+13035550194'"
        soon(lambda: rows(mine), [("held", "sending-stopped")])
    finally:
        bare.goto("/stop/")
        follow(bare, bare.get_by_role("link", name="Lift… the stop of all sending"))
        shown = int(bare.locator("[data-count]").inner_text())
        press(bare, "Lift the stop")
    assert rows(opened) == [("A wrong price went out", False)]
    said = bare.locator(".messages").inner_text()
    # What is held by another pause, too, is counted beside what was released.
    assert "The stop of all sending is lifted. Resumed: " in said and sum(int(n) for n in re.findall(r"\d+", said)) == shown
    soon(lambda: rows(mine), [("delivered", "")])


def test_a_note_is_kept_and_an_outcome_is_told(world, bare, rows):
    lead = world.told["leads"]["duplicate"]
    bare.goto(f"/leads/{lead}/")
    bare.get_by_label("Only staff see it").fill("Has a dog")
    press(bare, "Keep the note")
    assert rows("select text from leads_note where lead_id = %s", lead) == [("Has a dog",)]
    press(bare, "Booked")
    assert rows("select stage, outcome_reported_by from leads_lead where id = %s", lead) == [("booked", "owner")]


def test_the_menu_and_a_search_work(world, bare):
    bare.goto("/")
    bare.locator(".drawer > summary").click()
    follow(bare, bare.locator(".drawer").get_by_role("link", name="Messages"))
    bare.get_by_label("Client").select_option(DRAFTING)
    press(bare, "Find")
    assert bare.locator("[data-item]").count() == 5
