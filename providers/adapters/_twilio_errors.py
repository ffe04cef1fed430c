"""What Twilio's error codes mean for us (twilio.com/docs/api/errors/<code>): what to do, and one sentence for staff.

Outcomes, the same whether a code comes as the answer to a send or later in a delivery report:
`suppress`   an opt-out is stored and it is never tried again;
`bad-number` this number takes no texts: a person calls, and later texts to it are not tried;
`retry`      refused as an answer it is tried again a few times, as a report it is not (the text existed once): a person calls;
`filtered`   a carrier judged the content or the sender: a person calls, and the wording or the registration needs a look;
`account`    nothing of this account goes before somebody has put it right: texts wait;
`sender`     nothing of this sender goes before somebody has put it right: a person calls, later texts wait;
`config`     this one text cannot go as it is: a person calls, and the settings need a look.
"""

from typing import NamedTuple


class Meaning(NamedTuple):
    """`outcome` is one of suppress, bad-number, retry, filtered, account, sender, config."""

    outcome: str
    sentence: str


_ROWS = """
10001 account    The Twilio account is not active: it is suspended, closed, or out of money.
14107 retry      Too many texts were sent from this number in a short time.
20003 account    Twilio did not accept the account SID and token; renew the credentials of the connection.
20005 account    The Twilio account is not active: it is suspended, closed, or out of money.
20404 account    Twilio does not know this account or address; check the account SID of the connection.
20429 retry      Twilio is receiving too many requests from this account right now.
21211 bad-number The number is not a valid phone number.
21212 sender     The sender is not a valid Twilio number.
21217 bad-number The number is not a valid phone number.
21265 bad-number The number is a short code; short codes cannot be texted.
21266 config     The text would go to the sender's own number.
21268 bad-number The number is a premium or information service and cannot be texted.
21408 config     Texts to this country are not switched on in the Twilio account.
21601 sender     The sender's number cannot send texts.
21602 config     The text is empty.
21603 sender     No sender was given.
21604 config     No recipient was given.
21606 sender     The sender's number is not in this Twilio account or cannot send texts to this country.
21608 account    The Twilio account is still a trial, or its business profile is not approved: it may text verified numbers only.
21609 config     Twilio did not accept the address for delivery reports.
21610 suppress   The recipient has opted out of texts from this sender.
21611 retry      The queue of this sender is full.
21612 config     This sender cannot reach that number; another sender or route is needed.
21614 bad-number The number cannot receive texts; it is probably a landline.
21617 config     The text is longer than Twilio accepts (1,600 characters).
21619 config     The text is empty.
21624 config     Twilio did not accept how long the text may wait; that is our mistake, tell the developers.
21635 bad-number The number is a landline.
21654 config     The content template does not exist in the Twilio account.
21658 config     A part of the text is longer than Twilio accepts.
21659 sender     The sender is not a Twilio number, or is still being moved to Twilio.
21660 sender     The sender's number belongs to another Twilio account.
21661 sender     The sender's number cannot send texts.
21701 sender     The messaging service does not exist in the Twilio account.
21703 sender     The messaging service has no sender.
21704 sender     The messaging service has no sender.
30001 retry      The text waited too long in Twilio's queue and was dropped.
30002 account    The Twilio account is suspended.
30003 retry      The handset could not be reached; it may be switched off.
30004 filtered   The recipient or the carrier blocked the text.
30005 bad-number The number is unknown or no longer in use.
30006 bad-number The number is a landline or its carrier takes no texts.
30007 filtered   A carrier filtered the text as unwanted; check the wording and the registration of the sender.
30008 retry      The carrier gave no reason.
30010 config     The text would have cost more than the highest price that was allowed for it.
30017 retry      The carrier's network was overloaded.
30018 sender     The carrier takes texts of registered senders only, and this one is not registered there.
30019 config     The text is longer than the recipient's carrier accepts.
30022 retry      The carrier's limit for this sender was reached.
30023 retry      The carrier's daily limit for this sender was reached.
30024 sender     The sender is not yet set up at the carrier.
30032 sender     The toll-free sender is not verified.
30034 sender     The sender is not registered for business texts (A2P 10DLC); nothing it sends will arrive.
30035 sender     The registration of the sender (A2P 10DLC) is not finished; nothing it sends will arrive before that.
30036 retry      The text was not sent within its validity period and was dropped.
30045 config     Twilio did not accept how long the text may wait; that is our mistake, tell the developers.
63038 retry      The account's daily limit of texts was reached.
90007 config     Twilio did not accept how long the text may wait; that is our mistake, tell the developers.
"""

ERROR_MEANING: dict[str, Meaning] = {
    code: Meaning(outcome, sentence) for code, outcome, sentence in (row.split(None, 2) for row in _ROWS.strip().splitlines())
}


def codes(outcome: str) -> frozenset[str]:
    """The codes with that outcome."""
    return frozenset(code for code, meaning in ERROR_MEANING.items() if meaning.outcome == outcome)


def explain(code: str) -> str:
    """One sentence for staff, or "" for a code that is not in the table."""
    meaning = ERROR_MEANING.get(code)
    return meaning.sentence if meaning else ""
