"""Memory that is free in the middle of the heap goes back to the system. In a process of its own: the tests' heap is anybody's."""

import subprocess
import sys

import pytest

HOLES = """
import ctypes, pathlib
from sandbox import heap

def resident():  # MB
    return int(pathlib.Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6

libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_size_t], [ctypes.c_void_p]
blocks = [libc.malloc(16_000) for _ in range(4_000)]
for block in blocks:
    ctypes.memset(block, 1, 16_000)
for number, block in enumerate(blocks):
    if number % 20:  # what stays keeps the heap's end where it is
        libc.free(block)
before = resident()
heap.release_free_memory()
print(before - resident())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's heap")
def test_holes_in_the_heap_are_given_back() -> None:
    done = subprocess.run([sys.executable, "-c", HOLES], capture_output=True, text=True, check=True)
    assert float(done.stdout) > 30  # of some 60 MB
