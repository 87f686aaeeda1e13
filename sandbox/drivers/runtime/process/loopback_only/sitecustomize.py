"""Loaded by every Python program of an instance that runs a command (service.py): a socket that would be bound to all addresses of this
machine is bound to the instance's address, HOST. So `python -m http.server $PORT` is a service of one instance, and not open to a network.
"""

import importlib
import os
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

EVERY_ADDRESS = ("", "0.0.0.0", "::")
HOST = os.environ.get("HOST", "127.0.0.1")
_bind = socket.socket.bind


def bind(self: socket.socket, address: Any) -> None:
    if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] in EVERY_ADDRESS:
        own = HOST
        if self.family == socket.AF_INET6:
            self.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            own = f"::ffff:{HOST}"
        address = (own, *address[1:])
    _bind(self, address)


socket.socket.bind = bind  # type: ignore[method-assign,assignment]

# The sitecustomize of this Python, which this one hides.
_folder = str(Path(__file__).resolve().parent)
sys.path[:] = [path for path in sys.path if path != _folder]
sys.modules.pop("sitecustomize", None)
with suppress(ImportError):
    importlib.import_module("sitecustomize")
