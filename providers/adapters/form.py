"""Any web form: urlencoded, multipart or JSON, posted to the hook address by a website builder or the site itself.

Forms carry no signature: the token in the address is the authentication. They carry no identity either, so every post is a new
delivery, and intake joins equal ones. Files are counted and left behind. Elementor shows its visitor an error unless the answer is
200 (contracts page, section 9), so whatever is stored is answered 200 and judged later.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from providers import forms
from providers.contract import Adapter, Incoming, NotForUs, ParsedEvent, Unreadable
from providers.forms import shapes
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
            posts = shapes.of_json(form.json) if form.is_json else [shapes.of_pairs(form.pairs)]
        except Malformed as error:
            raise Unreadable(str(error)) from None
        readings = [reading for fields in posts if (reading := forms.read(fields)).usable]
        if not readings:
            fields = sum(len(post) for post in posts)
            raise Unreadable(f"None of the {fields} form fields is a name, phone number, email address or message we know.")
        # Two equal posts are two events; the moment of arrival tells them apart and stays the same when a delivery is replayed.
        key = f"{request.received_at.isoformat()}:{hashlib.sha256(request.body).hexdigest()[:32]}"
        return [
            ParsedEvent(
                type="quote.requested" if reading.wants_quote else "lead.created",
                key=f"{key}:{at}" if at else key,
                occurred_at=request.received_at,
                facts={**reading.facts, **({"files_left_out": form.files} if form.files else {})},
                personal=reading.personal,
            )
            for at, reading in enumerate(readings)
        ]


ADAPTER = FormAdapter()
