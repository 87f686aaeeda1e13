"""Free memory goes back to the system. glibc does that by itself only at the end of its heaps; what grows slowly, as the columns of the
metric store do, moves again and again and leaves holes behind, in which soon nothing fits: in a day at speed 60 as much as the data itself.
"""

import ctypes


def give_back() -> None:
    """Every free page in the middle of a heap, in milliseconds. Nothing where the C library has no malloc_trim (macOS, musl)."""
    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None):
        trim(0)
