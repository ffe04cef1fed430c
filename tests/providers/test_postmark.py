"""Postmark: what leaves is what its API takes, every outcome is told honestly, and every webhook becomes the fact it is."""

from dataclasses import replace

import pytest

from providers.adapters import load
from providers.contract import Credentials, NotForUs, OutgoingEmail, Unreadable
from tests.providers import postmark
from tests.providers.payloads import ABSENT, NOW, SECRET

OURS = "0190f0c0-ffee-7a5b-9e8d-7c6b5a493827"
ADAPTER = load("postmark")


@pytest.fixture
def server():
    one = postmark.Postmark()
    yield one
    one.stop()


def email(**changes):
    base = {
        "to": "carla@example.com",
        "to_name": "Carla Gomez",
        "sender": "office@summit.example.com",
        "sender_name": "Summit Roofing",
        "subject": "Your roof",
        "text": "Hi Carla",
        "html": "<p>Hi Carla</p>",
        "reference": OURS,
        "reply_to": "in+tag@inbound.example.com",
        "headers": {"List-Unsubscribe": "<https://x.example/u/t/>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
    }
    return OutgoingEmail(**{**base, **changes})


def send(server, *, seconds=2.0, **changes):
    credentials = Credentials(account="", secret="server-token", base_url=server.url, options={"stream": "outbound"})
    return ADAPTER.send_email(credentials=credentials, email=email(**changes), timeout_seconds=seconds)


def test_the_request_is_the_one_postmark_documents(server):
    result = send(server)
    assert (result.outcome, result.provider_id, result.http_status) == ("accepted", server.id_of(1), 200)
    assert server.tokens == ["server-token"]
    assert server.emails == [
        {
            "MessageStream": "outbound",
            "From": "Summit Roofing <office@summit.example.com>",
            "To": "Carla Gomez <carla@example.com>",
            "Subject": "Your roof",
            "ReplyTo": "in+tag@inbound.example.com",
            "TextBody": "Hi Carla",
            "HtmlBody": "<p>Hi Carla</p>",
            "Headers": [
                {"Name": "List-Unsubscribe", "Value": "<https://x.example/u/t/>"},
                {"Name": "List-Unsubscribe-Post", "Value": "List-Unsubscribe=One-Click"},
            ],
            "Metadata": {"message": OURS},
            "TrackOpens": False,
            "TrackLinks": "None",
        }
    ]


@pytest.mark.parametrize("field", ["subject", "to_name", "sender_name", "reply_to", "to", "sender"])
def test_a_line_end_never_reaches_a_header(server, field):
    result = send(server, **{field: "x\r\nBcc: victim@example.com"})
    assert (result.outcome, result.error_code) == ("rejected", "300")
    assert "victim" not in result.note
    assert server.emails == []


REFUSED = [
    ((401, {"ErrorCode": 10, "Message": "No Account or Server API tokens were supplied"}), "rejected", "10"),
    ((422, {"ErrorCode": 406, "Message": "You tried to send to a recipient that has been marked as inactive."}), "rejected", "406"),
    ((422, {"ErrorCode": 400, "Message": "The 'From' address is not a Sender Signature"}), "rejected", "400"),
    ((422, {"ErrorCode": 300, "Message": "Invalid 'To' address"}), "rejected", "300"),
    ((429, {"ErrorCode": 429, "Message": "Rate limit exceeded"}), "rejected", "429"),
    ((429, b"slow down"), "rejected", "429"),
    ((422, b"<html>"), "unknown", ""),
    ((500, {"ErrorCode": 0, "Message": "Internal Server Error"}), "unknown", ""),
    ((503, b""), "unknown", ""),
    ((302, b""), "unknown", ""),
    ((200, {"ErrorCode": 0, "Message": "OK"}), "unknown", ""),
    ((200, b"OK"), "unknown", ""),
    ((200, [1]), "unknown", ""),
    ("cut", "unknown", "reset"),
]


@pytest.mark.parametrize(("answer", "outcome", "code"), REFUSED, ids=lambda value: str(value)[:40])
def test_every_answer_has_one_honest_outcome(server, answer, outcome, code):
    server.answers = [answer]
    result = send(server)
    assert (result.outcome, result.error_code) == (outcome, code)
    assert len(server.tokens) == 1, "asked once, whatever the answer"


def test_silence_is_unknown_and_asked_once(server):
    server.answers = ["silence"]
    result = send(server, seconds=0.3)
    assert (result.outcome, result.error_code) == ("unknown", "timeout")
    assert len(server.tokens) == 1


def test_nobody_there_is_proven_unsent():
    credentials = Credentials(account="", secret="t", base_url="http://127.0.0.1:9")
    result = ADAPTER.send_email(credentials=credentials, email=email(), timeout_seconds=1)
    assert (result.outcome, result.error_code) == ("rejected", "unreachable")


def test_the_list_tells_by_our_id_alone(server):
    send(server)
    send(server, reference="another")
    server.listed_at = "2026-05-04T13:30:00-04:00"
    found = ADAPTER.find_emails(credentials=Credentials(account="", secret="t", base_url=server.url), reference=OURS, since=NOW)
    assert [(row["provider_id"], row["status"]) for row in found] == [(server.id_of(1), "sent")]


# -- webhooks ----------------------------------------------------------------------------------------------------------------------------


def test_the_password_in_the_address_is_all_there_is():
    good = postmark.request(postmark.delivery())
    verify = lambda request=good, secrets=(SECRET,): ADAPTER.verify(request=request, secrets=secrets, now=NOW)  # noqa: E731
    assert verify() and verify(secrets=("new", SECRET)) and verify(secrets=(SECRET, "old"))
    assert not verify(secrets=("another",)) and not verify(secrets=()) and not verify(secrets=("",))
    for value in ("", "Basic", "Basic !!!", "Basic é", f"Bearer {postmark.login()['authorization'][6:]}", "Basic cG9zdG1hcms6"):
        assert not verify(request=replace(good, headers={**good.headers, "authorization": value})), value
    assert not verify(request=replace(good, headers={**good.headers, **postmark.login(user="root")}))
    assert ADAPTER.hook_login(secret=SECRET) == ("postmark", postmark.password())
    assert SECRET not in postmark.password()


def parse(body):
    return ADAPTER.parse(request=postmark.request(body))


def one(body):
    (event,) = parse(body)
    return event


FACTS = [
    (postmark.delivery(), "message.status", {"status": "delivered"}),
    (postmark.bounce(), "email.bounced", {"status": "undelivered", "error_code": "HardBounce"}),
    (postmark.bounce(Type="BadEmailAddress"), "email.bounced", {"status": "undelivered", "error_code": "BadEmailAddress"}),
    (postmark.bounce(Type="SoftBounce"), "message.status", {"status": "undelivered", "error_code": "SoftBounce"}),
    (postmark.bounce(Type="Transient"), "message.status", {"status": "deferred", "error_code": "Transient"}),
    (postmark.bounce(Type="Unsubscribe"), "email.unsubscribed", {}),
    (postmark.complaint(), "email.complained", {}),
    (postmark.subscription(), "email.unsubscribed", {}),
    (postmark.subscription(Origin="Admin"), "email.blocked", {}),
    (postmark.subscription(SuppressionReason="SpamComplaint"), "email.complained", {}),
    (postmark.subscription(SuppressionReason="HardBounce"), "email.bounced", {"status": "undelivered", "error_code": "HardBounce"}),
]


@pytest.mark.parametrize(("body", "type_", "facts"), FACTS, ids=lambda value: str(value)[:50])
def test_what_each_record_says(body, type_, facts):
    event = one(body)
    assert (event.type, event.facts) == (type_, {"message_id": OURS, "provider_id": postmark.MESSAGE_ID, "channel": "email", **facts})
    assert event.occurred_at.isoformat().startswith("2026-05-04T17:29:")


@pytest.mark.parametrize(
    "body",
    [
        postmark.delivery(RecordType="Open"),
        postmark.delivery(RecordType="Click"),
        postmark.bounce(Type="AutoResponder"),
        postmark.subscription(SuppressSending=False, SuppressionReason=None),
        postmark.inbound(Headers=[{"Name": "Auto-Submitted", "Value": "auto-replied"}]),
        postmark.inbound(Headers=[{"Name": "Precedence", "Value": "bulk"}]),
        postmark.inbound(Headers=[{"Name": "Return-Path", "Value": "<>"}]),
    ],
    ids=lambda body: str(body.get("RecordType", body.get("Headers")))[:60],
)
def test_what_is_no_fact_is_not_for_us(body):
    assert isinstance(parse(body), NotForUs)


@pytest.mark.parametrize("body", [{}, {"RecordType": "Bounce"}, postmark.inbound(FromFull=ABSENT), postmark.inbound(MessageID=ABSENT)])
def test_what_is_not_postmarks_is_kept_for_a_person(body):
    with pytest.raises(Unreadable):
        parse(body)


def test_a_reply_is_its_own_words_and_the_tag_it_came_to():
    event = one(postmark.inbound(MailboxHash="ABCdef2345"))
    assert event.type == "message.received"
    assert event.facts["thread"] == "abcdef2345" and event.facts["channel"] == "email"
    assert event.personal == {
        "email": "carla@example.com",
        "name": "Carla Gomez",
        "subject": "Re: Your roof",
        "text": "Thursday works.",
    }


def test_a_human_mail_that_says_it_is_no_machine_counts():
    assert one(postmark.inbound(Headers=[{"Name": "Auto-Submitted", "Value": "no"}])).personal["text"] == "Thursday works."


def test_without_a_text_part_the_words_of_the_page_count():
    html = "<div>Please <b>stop</b></div><blockquote>Hi Carla, reply STOP</blockquote><style>x</style>"
    assert one(postmark.inbound(TextBody="", HtmlBody=html)).personal["text"] == "Please stop"
