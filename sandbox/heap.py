"""Returns free memory to the operating system. glibc does so by itself only at the end of a heap. Arrays that grow slowly, such as the
columns of the metric store, are reallocated often and leave holes; after a day at speed 60 the holes are as large as the data.
"""

import ctypes


def release_free_memory() -> None:
    """Releases every free page, in milliseconds. Does nothing if the C library has no malloc_trim (macOS, musl)."""
    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None):
        trim(0)
