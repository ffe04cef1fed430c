"""What a page says, as people read it."""

import re
from typing import Any


def text_of(response: Any) -> str:
    """The words of an answer without its tags, in one line."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))
