"""The files between the control plane and the DNS server: one for each service, in the folder `names` of the state folder. A file is
replaced as a whole, so the server never reads half of one.
"""

import json
import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox.drivers.names.base import Name, Published

_LOG = logging.getLogger(__name__)  # of the container


def write(folder: Path, service: str, published: Published) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    new = folder / f".{service}.new"
    new.write_text(json.dumps(_as_json(published)))
    new.replace(folder / f"{service}.json")


def read(file: Path) -> Published:
    """Raises ValueError, KeyError, TypeError for a file that this module did not write."""
    found = json.loads(file.read_text())
    return Published(
        names=_names(found["names"]), servers=tuple(found["servers"]), reverse=_names(found["reverse"]), internet=bool(found["internet"])
    )


@dataclass(slots=True)
class Folder:
    """The published names, read again when a file has changed."""

    path: Path
    _seen: dict[Path, tuple[int, int]] = field(default_factory=dict)
    _known: dict[Path, Published] = field(default_factory=dict)

    def changed(self) -> bool:
        """Whether anything has changed since the last call. A file that cannot be read counts as the one before it."""
        now = {each: (each.stat().st_mtime_ns, each.stat().st_ino) for each in sorted(self.path.glob("*.json"))}
        if now == self._seen:
            return False
        for gone in self._known.keys() - now.keys():
            del self._known[gone]
        for each in [each for each, stamp in now.items() if self._seen.get(each) != stamp]:
            try:
                self._known[each] = read(each)
            except (OSError, ValueError, KeyError, TypeError) as error:
                _LOG.warning("%s cannot be read: %s", each, error)
        self._seen = now
        return True

    def all(self) -> tuple[Published, ...]:
        return tuple(self._known.values())


def _as_json(published: Published) -> dict[str, Any]:
    return {
        "names": {each.name: each.addresses for each in published.names},
        "reverse": {each.name: each.addresses for each in published.reverse},
        "servers": published.servers,
        "internet": published.internet,
    }


def _names(found: Any) -> tuple[Name, ...]:
    return tuple(Name(str(name), tuple(str(each) for each in addresses)) for name, addresses in found.items())
