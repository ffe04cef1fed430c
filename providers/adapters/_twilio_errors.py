"""What Twilio's error codes mean for us (twilio.com/docs/api/errors/<code>): what to do, and one sentence for staff.

Outcomes: `suppress` store an opt-out, never try again; `bad-number` this number takes no texts, call instead; `retry` may work later;
`filtered` carriers judged the content or the sender; `config` our account or sender must be put right before anything else goes.
"""

from typing import NamedTuple


class Meaning(NamedTuple):
    """`outcome` is one of suppress, bad-number, retry, filtered, config."""

    outcome: str
    sentence: str


_ROWS = """
20003 config     Twilio did not accept the account SID and token; renew the credentials of the connection.
20404 config     Twilio does not know this account or address; check the account SID of the connection.
20429 retry      Twilio is receiving too many requests from this account right now.
14107 retry      Too many texts were sent from this number in a short time.
21211 bad-number The number is not a valid phone number.
21212 config     The sender is not a valid Twilio number.
21217 bad-number The number is not a valid phone number.
21408 config     Texts to this country are not switched on in the Twilio account.
21601 config     The sender's number cannot send texts.
21602 config     The text is empty.
21603 config     No sender was given.
21604 bad-number No recipient was given.
21606 config     The sender's number is not in this Twilio account or cannot send texts to this country.
21609 config     Twilio did not accept the address for delivery reports.
21610 suppress   The recipient has opted out of texts from this sender.
21611 retry      The queue of this sender is full.
21612 config     This sender cannot reach that number; another sender or route is needed.
21614 bad-number The number cannot receive texts; it is probably a landline.
21617 config     The text is longer than Twilio accepts (1,600 characters).
21635 bad-number The number is a landline.
21654 config     The content template does not exist in the Twilio account.
21701 config     The messaging service does not exist in the Twilio account.
21703 config     The messaging service has no sender.
30001 retry      The text waited too long in Twilio's queue and was dropped.
30002 config     The Twilio account is suspended.
30003 retry      The handset could not be reached; it may be switched off.
30004 filtered   The recipient or the carrier blocked the text.
30005 bad-number The number is unknown or no longer in use.
30006 bad-number The number is a landline or its carrier takes no texts.
30007 filtered   A carrier filtered the text as unwanted; check the wording and the registration of the sender.
30008 retry      The carrier gave no reason.
30022 retry      The carrier's limit for this sender was reached.
30023 retry      The carrier's daily limit for this sender was reached.
30024 config     The sender is not yet set up at the carrier.
30032 config     The toll-free sender is not verified.
30034 config     The sender is not registered for business texts (A2P 10DLC); nothing it sends will arrive.
30036 retry      The text was not sent within its validity period and was dropped.
63038 retry      The account's daily limit of texts was reached.
90007 retry      The text was not sent within its validity period and was dropped.
"""

ERROR_MEANING: dict[str, Meaning] = {
    code: Meaning(outcome, sentence) for code, outcome, sentence in (row.split(None, 2) for row in _ROWS.strip().splitlines())
}


def explain(code: str) -> str:
    """One sentence for staff, or "" for a code that is not in the table."""
    meaning = ERROR_MEANING.get(code)
    return meaning.sentence if meaning else ""
