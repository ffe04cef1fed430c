"""Postmark's error codes (postmarkapp.com/developer/api/overview#error-codes): what each means for us, as a sentence for staff."""

from typing import Final

# "This address takes no mail from us" and "nothing of this sender goes before somebody has put it right".
BAD_ADDRESS: Final = frozenset({"406"})
BAD_SENDER: Final = frozenset({"400", "401", "405", "412"})
MEANS: Final = {
    "10": "Postmark did not accept the server token; renew the secret of the connection.",
    "300": "Postmark could not read an address or a header of the email.",
    "400": "Postmark does not know the sender address; add it there as a sender signature.",
    "401": "The sender address is not confirmed at Postmark; confirm it there.",
    "402": "Postmark could not read the request.",
    "403": "Postmark could not read the request.",
    "405": "The Postmark account may not send any more: its credits are used up.",
    "406": "The address is inactive at Postmark: it bounced, its owner reported spam, or somebody there switched it off.",
    "409": "Postmark could not read the request.",
    "410": "Postmark was asked to send too many emails at once.",
    "412": "The Postmark account is not approved yet: until then it sends to its own domain only.",
    "413": "Postmark says the email is too large.",
    "429": "Postmark was asked too often; it is tried again.",
    "HardBounce": "The address does not exist or takes no mail.",
    "BadEmailAddress": "The address is none that can get mail.",
    "SoftBounce": "The mailbox could not take it just then: it may be full, or its server away.",
    "Blocked": "The receiving server blocked it.",
    "SpamNotification": "The receiving server took it for spam.",
    "SpamComplaint": "They marked an email of ours as spam.",
    "DMARCPolicy": "The receiving server refused it because of the sender domain's own policy (DMARC).",
    "DnsError": "The mail server of the address could not be found.",
    "ManuallyDeactivated": "Somebody switched the address off at Postmark.",
    "Unsubscribe": "They asked the provider to be taken off.",
}
# Bounce types after which no mail to the address arrives (postmarkapp.com/developer/api/bounce-api#bounce-types).
HARD: Final = frozenset({"HardBounce", "BadEmailAddress", "ManuallyDeactivated"})
# Postmark still tries, or cannot say.
PASSING: Final = frozenset({"Transient", "Unknown", "OpenRelayTest"})
# Answers of machines and notices that are no failure of an email of ours.
NO_BOUNCE: Final = frozenset({"AutoResponder", "AddressChange", "ChallengeVerification", "Subscribe", "InboundError"})


def explain(code: str) -> str:
    """The sentence of a code or bounce type, "" for one we do not know."""
    return MEANS.get(code, "")
