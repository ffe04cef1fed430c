"""The web process as the harness runs it beside the one of `script/up`: see tests.chaos.crew."""

from tests.chaos import crew

crew.prepare()
from zartsalgo.asgi import application  # noqa: E402, F401  after the product was changed
