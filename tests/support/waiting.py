"""Waiting for a condition of the real world, bounded in real seconds."""

import threading
import time
from collections.abc import Callable
from typing import Any


def until(condition: Callable[[], Any], seconds: float = 5.0) -> Any:
    """What the condition gave; fails when it does not come true."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, f"waited {seconds} s in vain"
        threading.Event().wait(0.005)
    return value
