"""The web processes: granian, whose children are forked with the app loaded, so that they share its memory (measured: 35 MB less for two).

`python -m zartsalgo.serving` takes granian's own arguments. What a process does alone (signs of life, its event loop) begins in the child,
with zartsalgo.asgi.
"""

import gc

import granian.cli

from zartsalgo.wsgi import application  # noqa: F401  it brings Django up

# isort: split

from providers import hook_app  # noqa: F401  what zartsalgo.asgi needs beside the addresses
from zartsalgo import house, urls  # noqa: F401  every page

if __name__ == "__main__":
    # What is there now stays: the collector must not touch it, or each child would get a copy of its own.
    gc.collect()
    gc.freeze()
    granian.cli.entrypoint()
