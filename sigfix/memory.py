"""Give memory that nothing reads any more back to the operating system."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import sys

LARGE = 2 << 30
"""Bytes that the process must once have held: below, a collection costs more than it gives.

Where what TensorFlow is made of is not collected (see `lean.importing`), it costs nothing.
"""


def release() -> None:
    """Collect garbage and hand free heap back, where the C library can (glibc's `malloc_trim`).

    TensorFlow's graphs refer to themselves, so a model's weights stay until the next collection,
    and weights of a few megabytes each come from the heap, which keeps what was freed in it.
    """
    try:
        import resource
    except ImportError:  # Windows, whose C library has nothing of the kind either
        return
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    small = peak * (1 if sys.platform == "darwin" else 1024) < LARGE
    if small and not gc.get_freeze_count():
        return
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):  # another C library has no such function
        ctypes.CDLL(None).malloc_trim(0)
