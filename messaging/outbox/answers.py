"""What a provider's refusal means for us, whatever was carried: does it pass, and is it about our account?"""

from providers.contract import SendResult

RETRY_CODES = ("unreachable", "20429", "429", "30001", "30022", "14107", "21611")
# The provider does not take us, whoever the text is for: waiting for better credentials costs nobody a text (twilio.com/docs/api/errors).
CREDENTIAL_CODES = ("20003", "20404", "30002", "10001", "20005", "21608", "config")
# Closed without the provider's word: its own record, however late, outweighs that.
NOT_PROVEN = ("did-not-go", "never-confirmed")


def is_transient(*, result: SendResult) -> bool:
    """A definite failure that may pass: the provider was not reached, is too busy, or broke and says that it created nothing."""
    status = result.http_status or 0
    return result.outcome == "rejected" and (result.error_code in RETRY_CODES or status == 429 or status >= 500)


def is_credential_failure(*, result: SendResult) -> bool:
    """The provider does not accept our account, so no text of this connection goes until somebody has renewed it."""
    return result.outcome == "rejected" and (result.error_code in CREDENTIAL_CODES or result.http_status == 401)
