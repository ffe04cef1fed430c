"""Signing in: guesses run into a pause, the right person does not; sessions begin anew, end when they should, and know only this host."""

import logging
import subprocess
import sys
import threading
from datetime import timedelta
from ipaddress import ip_network

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client as Browser
from django.utils import timezone

from tests.factories import StaffFactory
from zartsalgo import throttle
from zartsalgo.admin_site import PAUSED
from zartsalgo.lib.client_address import client_address
from zartsalgo.models import SignInTry, User

RIGHT = "correct horse battery"
WRONG = "Tr0ub4dor&3-typed"
HOME, OFFICE = "198.51.100.7", "203.0.113.9"


@pytest.fixture
def olga(db):
    return StaffFactory(username="olga")


def sign_in(name="olga", password=RIGHT, *, browser=None, address=HOME, to="/admin/login/", **more):
    return (browser or Browser()).post(to, {"username": name, "password": password, **more}, REMOTE_ADDR=address)


def came_in(response):
    return response.status_code == 302 and settings.SESSION_COOKIE_NAME in response.cookies


def later(minutes):
    """As if what was counted had been counted so long ago: the database's clock cannot be moved."""
    with connection.cursor() as cursor:
        cursor.execute("update zartsalgo_signintry set tried_at = tried_at - %s * interval '1 minute'", [minutes])


def test_the_sixth_try_is_not_looked_at_even_when_it_is_right(olga):
    for _ in range(5):
        assert sign_in(password=WRONG).status_code == 200
    refused = sign_in()
    assert (refused.status_code, refused["Retry-After"]) == (429, "900")
    assert PAUSED in refused.content.decode() and settings.SESSION_COOKIE_NAME not in refused.cookies
    assert not Session.objects.exists()


def test_after_fifteen_minutes_the_right_password_goes_again(olga):
    for _ in range(5):
        sign_in(password=WRONG)
    later(14)
    assert sign_in().status_code == 429
    later(1)
    assert came_in(sign_in())


def test_trying_on_does_not_prolong_the_pause(olga):
    for _ in range(5):
        sign_in(password=WRONG)
    later(10)
    assert sign_in(password=WRONG).status_code == 429
    later(5)
    assert came_in(sign_in())


def test_four_wrong_tries_and_a_right_one_start_from_nothing(olga):
    for _ in range(3):
        for _ in range(4):
            assert sign_in(password=WRONG).status_code == 200
        assert came_in(sign_in())


def test_the_answer_is_the_same_for_a_name_that_nobody_has(olga):
    known = [sign_in("olga", WRONG, address=HOME) for _ in range(6)]
    unknown = [sign_in("nobody", WRONG, address=OFFICE) for _ in range(6)]
    assert [answer.status_code for answer in known] == [answer.status_code for answer in unknown] == [200] * 5 + [429]

    def errors(response):
        return [str(error) for error in response.context["form"].non_field_errors()]

    assert [errors(answer) for answer in known] == [errors(answer) for answer in unknown]


def test_who_is_no_staff_or_has_left_is_counted_and_told_nothing_else(olga):
    StaffFactory(username="guest", is_staff=False)
    StaffFactory(username="gone", is_active=False)
    wrong = sign_in(password=WRONG).context["form"].non_field_errors()
    for name in ("guest", "gone"):
        answers = [sign_in(name, address=f"198.51.100.{50 + len(name)}") for _ in range(6)]
        assert [answer.status_code for answer in answers] == [200] * 5 + [429]
        assert answers[0].context["form"].non_field_errors() == wrong


def test_one_name_from_many_addresses_is_paused(olga):
    for n in range(5):
        sign_in(password=WRONG, address=f"203.0.113.{n}")
    assert sign_in("OLGA ", address="203.0.113.99").status_code == 429


def test_many_names_from_one_address_are_paused_and_leave_no_rows(olga):
    for n in range(10):
        assert sign_in(f"name{n}", WRONG).status_code == 200
    assert sign_in("somebody-else", WRONG).status_code == 429
    assert SignInTry.objects.count() == 11  # ten names and the address
    assert came_in(sign_in(address=OFFICE))


def test_a_thousand_guesses_from_elsewhere_do_not_lock_the_person_out(olga, monkeypatch):
    assert came_in(sign_in(address=HOME))
    for n in range(1000):
        throttle.count_try(name="olga", address=f"203.0.{n % 250}.{n // 250}")
    assert sign_in(address=OFFICE).status_code == 429
    assert came_in(sign_in(address=HOME))


def test_where_a_person_is_known_five_wrong_tries_still_pause(olga):
    assert came_in(sign_in())
    for _ in range(5):
        assert sign_in(password=WRONG).status_code == 200
    assert sign_in().status_code == 429
    assert came_in(sign_in(address=OFFICE))


def test_signing_in_as_oneself_between_guesses_buys_no_more_guesses(olga):
    StaffFactory(username="mallory")
    let_through = 0
    for n in range(30):
        assert came_in(sign_in("mallory"))
        let_through += sign_in(f"victim{n}", WRONG).status_code == 200
    assert let_through == 10


def test_a_known_address_is_forgotten_after_ninety_days(olga):
    sign_in()
    SignInTry.objects.filter(good_at__isnull=False).update(
        good_at=timezone.now() - timedelta(days=91), tried_at=timezone.now() - timedelta(days=2)
    )
    for n in range(5):
        sign_in(password=WRONG, address=f"203.0.113.{n}")
    assert sign_in(address=HOME).status_code == 429
    StaffFactory(username="pat")
    assert came_in(sign_in("pat", address=OFFICE))
    assert not SignInTry.objects.filter(good_at__lt=timezone.now() - timedelta(days=90)).exists()


@pytest.mark.django_db(transaction=True)
def test_a_burst_gets_no_more_tries_than_one_after_another():
    passed = []

    def guess():
        try:
            counted = throttle.count_try(name="olga", address=HOME)
            if counted is not None:
                passed.append(counted)
        finally:
            connection.close()

    threads = [threading.Thread(target=guess) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(passed) == throttle.NAME_TRIES


def test_neither_name_nor_address_nor_password_is_kept_or_logged(olga, caplog):
    caplog.set_level(logging.DEBUG)
    for _ in range(6):
        sign_in(WRONG, WRONG)
    sign_in()
    kept = repr(list(SignInTry.objects.values()))
    for told in (WRONG, HOME, "olga"):
        assert told not in kept
    for told in (WRONG, HOME, RIGHT):
        assert told not in caplog.text
    assert "sign-in is paused for 15 minutes after 5 wrong tries" in caplog.text


def test_the_password_of_a_paused_try_is_not_checked(olga, monkeypatch):
    for _ in range(5):
        sign_in(password=WRONG)
    monkeypatch.setattr(User, "check_password", lambda *_: pytest.fail("the password was looked at"))
    assert sign_in().status_code == 429


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "found"),
    [
        (HOME, "192.0.2.1", [], HOME),  # nobody may say where they come from
        ("10.0.0.1", f"192.0.2.66, {HOME}", ["10.0.0.0/8"], HOME),  # what the sender made up stands left of what the proxy added
        (HOME, "192.0.2.1", ["10.0.0.0/8"], HOME),  # not our proxy
        ("10.0.0.1", "nonsense", ["10.0.0.0/8"], "10.0.0.1"),
        ("10.0.0.1", "", ["10.0.0.0/8"], "10.0.0.1"),
        ("::ffff:198.51.100.7", "", [], HOME),
        ("2001:db8:1:2:aaaa::1", "", [], "2001:db8:1:2::/64"),
        ("", "192.0.2.1", ["10.0.0.0/8"], ""),
    ],
)
def test_the_address_is_the_peer_or_what_our_proxy_says(rf, settings, peer, forwarded, trusted, found):
    settings.TRUSTED_PROXIES = [ip_network(part) for part in trusted]
    request = rf.get("/", REMOTE_ADDR=peer, **({"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {}))
    assert client_address(request) == found


def test_a_made_up_header_does_not_escape_the_pause(olga):
    browser = Browser()
    for n in range(10):
        browser.post("/admin/login/", {"username": f"n{n}", "password": WRONG}, REMOTE_ADDR=HOME, HTTP_X_FORWARDED_FOR=f"192.0.2.{n}")
    answer = browser.post("/admin/login/", {"username": "x", "password": WRONG}, REMOTE_ADDR=HOME, HTTP_X_FORWARDED_FOR="192.0.2.99")
    assert answer.status_code == 429


def test_the_session_is_a_new_one_after_signing_in(olga):
    StaffFactory(username="pat")
    browser = Browser()
    sign_in("pat", browser=browser)
    before = browser.cookies[settings.SESSION_COOKIE_NAME].value
    assert came_in(sign_in(browser=browser))
    assert browser.cookies[settings.SESSION_COOKIE_NAME].value != before
    assert not Session.objects.filter(session_key=before).exists()
    planted = Browser()
    planted.cookies[settings.SESSION_COOKIE_NAME] = "a" * 32  # a key that somebody chose for the victim
    sign_in(browser=planted)
    assert planted.cookies[settings.SESSION_COOKIE_NAME].value != "a" * 32


def test_it_lasts_twelve_hours_and_scripts_cannot_read_it(olga):
    cookie = sign_in().cookies[settings.SESSION_COOKIE_NAME]
    assert (cookie["max-age"], cookie["httponly"], cookie["samesite"], cookie["path"]) == (43200, True, "Lax", "/")
    ends = Session.objects.get().expire_date - timezone.now()
    assert timedelta(hours=11, minutes=59) < ends <= timedelta(hours=12)
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert came_in(sign_in())
    assert Session.objects.count() == 1  # what had run out is gone


def test_signing_out_is_a_post_and_ends_the_session(olga):
    browser = Browser()
    sign_in(browser=browser)
    key = browser.cookies[settings.SESSION_COOKIE_NAME].value
    assert browser.get("/admin/logout/").status_code == 405
    assert browser.get("/").status_code == 200
    browser.post("/admin/logout/")
    assert not Session.objects.exists()
    stolen = Browser()
    stolen.cookies[settings.SESSION_COOKIE_NAME] = key
    assert stolen.get("/").status_code == 302
    assert Browser(enforce_csrf_checks=True).post("/admin/logout/").status_code == 403


def test_a_new_password_ends_every_other_session(olga):
    here, elsewhere = Browser(), Browser()
    sign_in(browser=here)
    sign_in(browser=elsewhere)
    before = here.cookies[settings.SESSION_COOKIE_NAME].value
    form = {"old_password": RIGHT, "new_password1": "a wholly new one 7", "new_password2": "a wholly new one 7"}
    assert here.post("/admin/password_change/", form).status_code == 302
    assert here.cookies[settings.SESSION_COOKIE_NAME].value != before
    assert here.get("/").status_code == 200
    assert elsewhere.get("/").status_code == 302


def test_who_leaves_is_out_at_the_next_page(olga):
    browser = Browser()
    sign_in(browser=browser)
    User.objects.filter(pk=olga.pk).update(is_active=False)
    assert browser.get("/").status_code == 302


@pytest.mark.django_db
@pytest.mark.parametrize("page", ["/", "/admin/login/", "/no-such-page/", "/o/nonsense/", "/healthz", "/api/v1/leads/"])
def test_who_only_looks_gets_no_session(page):
    answer = Browser().get(page)
    assert settings.SESSION_COOKIE_NAME not in answer.cookies
    assert not Session.objects.exists()


@pytest.mark.parametrize(
    "bad", ["https://evil.example.com/", "//evil.example.com/", "/\\evil.example.com", "javascript:alert(1)", "http:///x"]
)
def test_next_leads_only_to_pages_of_ours(olga, bad):
    assert sign_in(next=bad)["Location"] == "/"
    assert sign_in(to=f"/admin/login/?next={bad}")["Location"] == "/"


def test_next_leads_back_to_the_page_one_wanted(olga):
    assert Browser().get("/stop/?scope=all")["Location"] == "/admin/login/?next=/stop/%3Fscope%3Dall"
    assert sign_in(next="/stop/?scope=all")["Location"] == "/stop/?scope=all"


def test_over_https_the_cookies_are_bound_to_the_host():
    code = "from django.conf import settings as s; print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE)"
    import os

    env = {**os.environ, "ZARTS_PUBLIC_URL": "https://office.example.com", "DJANGO_SETTINGS_MODULE": "zartsalgo.settings"}
    said = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True).stdout
    assert said.split() == ["__Host-office", "__Host-csrf", "True", "True"]


def test_a_host_cookie_is_one_that_browsers_take(olga, settings):
    """RFC 6265bis 4.1.3.2: a __Host- cookie has Secure, Path=/ and no Domain."""
    settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME = "__Host-office", "__Host-csrf"
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    browser = Browser()
    browser.get("/admin/login/", secure=True)
    answer = browser.post("/admin/login/", {"username": "olga", "password": RIGHT}, secure=True)
    for cookie in (answer.cookies["__Host-office"], browser.cookies["__Host-csrf"]):
        assert (cookie["secure"], cookie["path"], cookie["domain"], cookie["httponly"]) == (True, "/", "", True)
    assert browser.get("/", secure=True).status_code == 200
