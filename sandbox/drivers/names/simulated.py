"""Names that tests look at: what each service published last."""

from sandbox.drivers.names.base import Published


class SimulatedNames:
    wanted = True

    def __init__(self) -> None:
        self.published: dict[str, Published] = {}

    def publish(self, service: str, published: Published) -> None:
        self.published[service] = published

    def addresses(self, name: str) -> tuple[str, ...] | None:
        """None: no such name."""
        found = [each.addresses for one in self.published.values() for each in one.names if each.name == name]
        return found[0] if found else None

    def available(self) -> str | None:
        return None

    def close(self) -> None:
        pass
