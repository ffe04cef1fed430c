"""Any web form: urlencoded, multipart or JSON, posted to the hook address by a website builder or the site itself.

Forms carry no signature: the token in the address is the authentication. They carry no identity either, so every post is a new
delivery, and intake joins equal ones. Files are counted and left behind. Elementor shows its visitor an error unless the answer is
200 (contracts page, section 9), so whatever is stored is answered 200 and judged later.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from providers import form_fields
from providers.contract import Adapter, Incoming, NotForUs, ParsedEvent, Unreadable
from zartsalgo.lib import form_body
from zartsalgo.lib.strict_json import Malformed


class FormAdapter(Adapter):
    provider = "form"
    label = "Web form"
    secret_name = ""
    needs_secret = False
    each_post_is_new = True

    def verify(self, *, request: Incoming, secrets: Sequence[str], now: datetime) -> bool:
        return True

    def parse(self, *, request: Incoming) -> list[ParsedEvent] | NotForUs:
        try:
            form = form_body.decode(content_type=request.headers.get("content-type", ""), body=request.body)
        except Malformed as error:
            raise Unreadable(str(error)) from None
        reading = form_fields.read(form.pairs)
        if not reading.usable:
            raise Unreadable(f"None of the {len(form.pairs)} form fields is a name, phone number, email address or message we know.")
        if form.files:
            reading.facts["files_left_out"] = form.files
        # Two equal posts are two events; the moment of arrival tells them apart and stays the same when a delivery is replayed.
        fingerprint = hashlib.sha256(request.body).hexdigest()[:32]
        return [
            ParsedEvent(
                type="quote.requested" if reading.wants_quote else "lead.created",
                key=f"{request.received_at.isoformat()}:{fingerprint}",
                occurred_at=request.received_at,
                facts=reading.facts,
                personal=reading.personal,
            )
        ]


ADAPTER = FormAdapter()
