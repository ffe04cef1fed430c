"""Signing in: the same answer for everybody, links that scanners cannot use up, codes that cannot be guessed, sessions that end."""

import logging
import re
from datetime import timedelta

import pytest
from django.core import mail as outgoing
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from portal import due, mail, members, sign_in
from portal.cookies import SESSION_NAME
from portal.models import Member, Session, SignInMail
from tests.office.rows import sign_in as staff
from tests.portal.rows import hold, signed_in
from zartsalgo.lib import clock
from zartsalgo.lib.log_filters import HideTokens
from zartsalgo.office.management.commands.ticker import Command as Ticker

ASK, SENT = "/portal/sign-in/", "/portal/sent/"


@pytest.fixture
def rita_known(ours):
    return members.invite(client_id=ours.pk, email="Rita@Example.com", name="Rita", now=clock.real_now())[0]


@pytest.fixture
def no_server(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"


def ask(browser, email="rita@example.com", **more):
    return browser.post(ASK, {"email": email}, **more)


def send_all():
    return due.work_off(now=clock.real_now())


def letter():
    """Link and code out of the last mail."""
    body = outgoing.outbox[-1].body
    code = re.search(r"^(\d{3}) (\d{3})$", body, re.M)
    return re.search(r"https?://\S+(/portal/in/\S+)", body).group(1), "".join(code.groups()) if code else ""


def ago(**how):
    """Everything that was asked for becomes older."""
    for row in SignInMail.objects.all():
        by = timedelta(**how)
        SignInMail.objects.filter(pk=row.pk).update(asked_at=row.asked_at - by, expires_at=row.expires_at - by, next_at=row.next_at - by)


def test_by_the_link_and_only_by_its_button(client, rita_known, rings, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        assert ask(client, " RITA@example.com").headers["Location"] == SENT
    ((task, id),) = rings
    assert (task, id) == ("portal.send_sign_in_mail", str(SignInMail.objects.get().pk))
    assert send_all() == 1 and send_all() == 0
    assert outgoing.outbox[0].to == ["rita@example.com"] and "http://127.0.0.1:8000/portal/in/" in outgoing.outbox[0].body
    link, code = letter()
    assert len(code) == 6 and code not in outgoing.outbox[0].subject
    phone = Browser()  # another device
    for method in (phone.get, phone.head, phone.get):
        assert method(link).status_code == 200
    assert "Continue" in phone.get(link).content.decode() and SESSION_NAME not in phone.cookies
    assert phone.post(link).headers["Location"] == "/portal/"
    assert phone.get("/portal/").status_code == 200
    cookie = phone.cookies[SESSION_NAME]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["max-age"]) == (True, "Lax", "/portal/", 30 * 86400)
    again = Browser().post(link)
    assert again.status_code == 410 and "rita@example.com" in again.content.decode() and "Send a new one" in again.content.decode()
    assert Session.objects.count() == 1


def test_by_the_code_in_the_browser_that_asked(client, rita_known):
    ask(client)
    send_all()
    _, code = letter()
    stranger = Browser()
    assert stranger.post(SENT, {"code": code}).headers["Location"] == ASK
    assert client.post(SENT, {"code": f"{code[:3]} {code[3:]}"}).headers["Location"] == "/portal/"
    assert client.get("/portal/").status_code == 200
    assert client.post(SENT, {"code": code}).headers["Location"] == ASK  # the browser no longer asks


def test_a_code_has_five_tries_and_the_link_still_works(client, rita_known):
    ask(client)
    send_all()
    link, code = letter()
    wrong = "000000" if code != "000000" else "111111"
    answers = [client.post(SENT, {"code": wrong}) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [400] * 4 + [410]
    assert "1 try is left" in answers[3].content.decode()
    assert client.post(SENT, {"code": code}).status_code == 410
    assert client.post(SENT, {"code": "12"}).status_code == 400 and SignInMail.objects.get().tries == 5
    assert client.post(link).headers["Location"] == "/portal/"


def test_link_and_code_are_good_for_15_minutes(client, rita_known):
    ask(client)
    send_all()
    link, code = letter()
    ago(minutes=14, seconds=50)
    assert client.get(link).status_code == 200
    ago(seconds=20)
    assert client.get(link).status_code == client.post(link).status_code == 410
    assert client.post(SENT, {"code": code}).status_code == 410
    assert Session.objects.count() == 0


def test_nothing_is_kept_that_signs_in_once_the_mail_went(client, rita_known):
    ask(client)
    before = SignInMail.objects.get()
    assert before.sealed is not None
    send_all()
    link, code = letter()
    row = SignInMail.objects.get()
    with connection.cursor() as cursor:
        cursor.execute("select t::text from portal_signinmail t")
        (text,) = cursor.fetchone()
    assert row.sealed is None and row.state == "sent"
    assert link.split("/")[-2] not in text and code not in text


def test_an_unknown_address_gets_the_same_answer_by_the_same_work_and_no_mail(rita_known, rings, django_capture_on_commit_callbacks):
    """Bodies but for the address and the form's token, statuses, headers, statements and rings are equal."""

    def tell(email):
        browser = Browser()
        with CaptureQueriesContext(
            connection,
        ) as caught:
            answer = ask(browser, email)
            page = browser.get(SENT)
            wrong = browser.post(SENT, {"code": "123456"})
        return (
            [re.sub(r"'[^']*'|\d+", "?", query["sql"]) for query in caught],
            [
                (one.status_code, sorted(one.headers), re.sub(r'value="[^"]{64}"', "", one.content.decode()).replace(email, "?"))
                for one in (answer, page, wrong)
            ],
        )

    rings.clear()
    with django_capture_on_commit_callbacks(execute=True):
        assert tell("rita@example.com") == tell("nobody@example.com")
    assert [task for task, _ in rings] == ["portal.send_sign_in_mail"] * 2
    send_all()
    assert [one.to for one in outgoing.outbox] == [["rita@example.com"]]
    assert dict(SignInMail.objects.values_list("email", "state")) == {"rita@example.com": "sent", "nobody@example.com": "nobody"}
    assert SignInMail.objects.get(email="nobody@example.com").sealed is None


def test_too_many_tries_for_an_address_or_from_a_place(client, rita_known):
    for email in ("rita@example.com", "nobody@example.com"):
        answers = [ask(Browser(), email, REMOTE_ADDR=f"192.0.2.{n}") for n in range(6)]
        assert [answer.status_code for answer in answers] == [302] * 5 + [429]
        assert "Too many tries; wait 10 minutes" in answers[-1].content.decode() and email in answers[-1].content.decode()
    answers = [ask(Browser(), f"p{n}@example.com", REMOTE_ADDR="192.0.2.77") for n in range(21)]
    assert [answer.status_code for answer in answers] == [302] * 20 + [429]
    ago(minutes=10)
    assert ask(client).status_code == 302


def test_beyond_ten_a_day_mails_carry_no_code(client, rita_known):
    for _ in range(10):
        ask(Browser())
        ago(minutes=11)
    send_all()
    outgoing.outbox.clear()
    ask(client)
    send_all()
    link, code = letter()
    assert code == "" and "The link works once" in outgoing.outbox[-1].body
    assert client.post(SENT, {"code": ""}).status_code == 400 and client.post(SENT, {"code": "000000"}).status_code == 400
    assert client.post(link).status_code == 302


def test_without_a_mail_server_it_stands_on_the_outbox_page_and_in_no_log(client, rita_known, no_server, caplog, capsys):
    caplog.set_level(logging.DEBUG)
    for email in ("rita@example.com", "nobody@example.com"):
        ask(client if email.startswith("rita") else Browser(), email)
    send_all()
    assert outgoing.outbox == [] and SignInMail.objects.get(email="rita@example.com").state == "kept"
    office = staff()
    page = office.get("/outbox/").content.decode()
    code = re.search(r"data-code>(\d{3}) (\d{3})<", page)
    link = re.search(r'href="http://127.0.0.1:8000(/portal/in/[^"]+)"', page).group(1)
    assert "rita@example.com" in page and "nobody@example.com" not in page
    assert "no mail server" in client.get(SENT).content.decode().lower()
    logged = caplog.text + "".join(capsys.readouterr())
    assert link.split("/")[-2] not in logged and "".join(code.groups()) not in logged and "rita@" not in logged
    assert client.post(SENT, {"code": "".join(code.groups())}).status_code == 302
    assert "rita@example.com" not in office.get("/outbox/").content.decode()


def test_what_stands_on_the_outbox_page_goes_when_it_is_too_old(client, rita_known, no_server):
    ask(client)
    send_all()
    ago(minutes=16)
    assert "rita@example.com" not in staff().get("/outbox/").content.decode()
    mail.forget(now=clock.real_now())
    assert SignInMail.objects.get().sealed is None
    ago(days=2)
    mail.forget(now=clock.real_now())
    assert not SignInMail.objects.exists()


def test_a_mail_server_that_refuses_is_asked_again(client, rita_known, monkeypatch):
    ask(client)
    with monkeypatch.context() as broken:
        broken.setattr("django.core.mail.message.EmailMessage.send", lambda self: (_ for _ in ()).throw(OSError("away")))
        send_all()
    row = SignInMail.objects.get()
    assert row.state == "waiting" and row.next_at > clock.real_now() and row.says
    assert send_all() == 0 and "rita@example.com" in staff().get("/outbox/").content.decode()
    SignInMail.objects.update(next_at=clock.real_now())
    assert send_all() == 1 and SignInMail.objects.get().state == "sent" and len(outgoing.outbox) == 1
    mail.send(mail_id=row.pk, now=clock.real_now())
    assert len(outgoing.outbox) == 1


def test_only_one_sends_at_a_time(client, rita_known):
    ask(client)
    row = SignInMail.objects.get()
    with connection.cursor() as cursor:
        cursor.execute("update portal_signinmail set lease_until = clock_timestamp() + interval '1 minute'")
    assert send_all() == 0
    mail.send(mail_id=row.pk, now=clock.real_now())
    assert outgoing.outbox == []


def test_signing_in_gives_a_new_session_and_signing_out_ends_it(client, rita_known):
    hold(client, "a token that somebody planted")
    ask(client)
    send_all()
    link, _ = letter()
    old = members.open_session(email="rita@example.com", now=clock.real_now())
    hold(client, old)
    client.post(link)
    token = client.cookies[SESSION_NAME].value
    assert token not in ("", old) and members.find_session(token=old, now=clock.real_now()) is None
    thief = Browser()
    hold(thief, token)
    assert thief.get("/portal/").status_code == 200
    assert client.post("/portal/sign-out/").headers["Location"] == ASK
    assert client.cookies[SESSION_NAME].value == ""
    assert thief.get("/portal/").headers["Location"] == ASK
    with connection.cursor() as cursor:
        cursor.execute("select string_agg(t::text, ' ') from portal_session t")
        assert token not in cursor.fetchone()[0]


def test_a_session_ends_after_30_days_and_with_the_membership(rita, ours):
    assert rita.get("/portal/").status_code == 200
    Session.objects.update(expires_at=clock.real_now())
    assert rita.get("/portal/").headers["Location"] == ASK
    again = signed_in(client=ours)
    assert members.remove(client_id=ours.pk, email="RITA@example.com", now=clock.real_now())
    assert again.get("/portal/").headers["Location"] == ASK
    assert not members.remove(client_id=ours.pk, email="rita@example.com", now=clock.real_now())
    assert Member.objects.get().removed_at is not None
    # Even a session that was opened in the very moment of the removal.
    Session.objects.update(ended_at=None)
    assert again.get("/portal/").headers["Location"] == ASK


def test_a_mail_to_somebody_removed_meanwhile_opens_nothing(client, rita_known, ours):
    ask(client)
    send_all()
    link, _ = letter()
    members.remove(client_id=ours.pk, email="rita@example.com", now=clock.real_now())
    answer = client.post(link)
    assert answer.status_code == 403 and "access was ended" in answer.content.decode()
    assert client.get("/portal/").headers["Location"] == ASK


def test_somebody_with_two_businesses_chooses(client, rita_known, ours, theirs):
    other = members.invite(client_id=theirs.pk, email="rita@example.com", now=clock.real_now())[0]
    hold(client, members.open_session(email="rita@example.com", now=clock.real_now()))
    assert client.get("/portal/stories/").headers["Location"] == "/portal/choose/"
    page = client.get("/portal/choose/").content.decode()
    assert ours.name in page and theirs.name in page
    assert client.post("/portal/choose/", {"business": "nonsense"}).status_code == 200
    stranger = members.invite(client_id=theirs.pk, email="eve@example.com", now=clock.real_now())[0]
    assert client.post("/portal/choose/", {"business": str(stranger.pk)}).status_code == 200
    assert client.post("/portal/choose/", {"business": str(other.pk)}).headers["Location"] == "/portal/"
    assert theirs.name in client.get("/portal/").content.decode()
    assert "See another business" in client.get("/portal/help/").content.decode()


def test_forms_need_their_token(ours, rita_known):
    for path in (ASK, "/portal/in/x/", "/portal/sign-out/", "/portal/choose/"):
        assert Browser(enforce_csrf_checks=True).post(path, {"email": "rita@example.com"}).status_code == 403
    assert not SignInMail.objects.exists()


def test_what_is_no_address_is_said_and_kept(client, db):
    answer = client.post(ASK, {"email": "rita at example"})
    assert answer.status_code == 400
    assert "name@example.com" in answer.content.decode() and 'value="rita at example"' in answer.content.decode()
    header = client.post(ASK, {"email": "rita@example.com\nBcc: eve@example.com"})
    assert header.status_code == 400 and not SignInMail.objects.exists()


def test_tokens_of_links_do_not_reach_logs():
    record = logging.LogRecord("x", logging.INFO, "", 0, "GET %s", ("/portal/in/abcDEF123_-xyz/",), None)
    HideTokens().filter(record)
    assert record.getMessage() == "GET /portal/in/***/"


def test_tries_are_counted_before_they_are_compared(rita_known):
    row = sign_in.ask(email="rita@example.com", visitor="192.0.2.1", now=clock.real_now())
    _, code = sign_in.opened(mail=row)
    SignInMail.objects.update(tries=4)
    assert sign_in.use_code(mail_id=row.pk, code=code, now=clock.real_now()) is not None
    assert sign_in.use_code(mail_id=row.pk, code=code, now=clock.real_now()) is None
    assert SignInMail.objects.get().tries == 5


def test_the_ticker_rings_for_a_mail_whose_ring_was_lost(client, rita_known, rings):
    ask(client)
    rings.clear()
    ticker, look = Ticker(), {"now": clock.read(), "grace": timedelta(seconds=2), "own_hands": False}
    ticker.see_to_portal(**look)
    assert rings == []  # too young: the ring that went out for it is trusted
    ago(seconds=3)
    ticker.see_to_portal(**look)
    assert rings == [("portal.send_sign_in_mail", str(SignInMail.objects.get().pk))]
