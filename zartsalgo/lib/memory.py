"""Memory that a burst of work took goes back to the machine: glibc keeps what was freed in the middle of its heaps, often for good."""

import ctypes
import gc


def give_back() -> None:
    """Return what is free to the machine; a few milliseconds, so for a process that has nothing to do. Does nothing without glibc."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
