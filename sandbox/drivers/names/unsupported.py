"""Names where instances have no network of their own: they resolve names as the machine does on which they run."""

from sandbox.drivers.names.base import Published


class UnsupportedNames:
    wanted = False

    def __init__(self, why_not: str) -> None:
        self._why_not = why_not

    def publish(self, service: str, published: Published) -> None:
        pass

    def available(self) -> str | None:
        return self._why_not

    def close(self) -> None:
        pass
