"""Keeps hook tokens out of every log line, whoever writes it."""

import logging
import re

# The token of /hooks/<provider>/<token>/ and of outcome, review, unsubscribe and sign-in links: long url-safe runs behind these paths.
_TOKEN = re.compile(r"(/(?:hooks/[a-z0-9_-]{1,40}|o|u|go|portal/in)/)[A-Za-z0-9_\-:.=]{8,}")


class HideTokens(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        hidden = _TOKEN.sub(r"\1***", text)
        if hidden != text:
            record.msg, record.args = hidden, ()
        return True
