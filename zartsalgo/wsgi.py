"""The WSGI entry of the web processes."""

import os
from typing import Any

import django
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.utils.http import parse_header_parameters

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "zartsalgo.settings")


class Request(WSGIRequest):
    """A request whose Content-Type cannot break us: everything is read as UTF-8, and parameters that make no sense are left out.

    Django obeys the sender's charset and raises before any view for `charset=hex` or `x*=nope''y`: a 500 at every address, hooks included.
    """

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        given = str(meta.get("CONTENT_TYPE", ""))
        try:
            self.content_type, self.content_params = parse_header_parameters(given)
        except (ValueError, LookupError):
            # Later readers, such as that of multipart forms, take the header from here.
            meta["CONTENT_TYPE"] = given.split(";")[0].strip()
            self.content_type, self.content_params = meta["CONTENT_TYPE"].lower(), {}


class Handler(WSGIHandler):
    request_class = Request


django.setup(set_prefix=False)
application = Handler()
