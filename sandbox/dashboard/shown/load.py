"""Load that the page has started, as it is shown."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningLoad:
    load_balancer: str
    url: str
    rate: float  # requests per real second
    seconds: float  # real seconds after which it ends by itself
    running: bool
    sentence: str = ""  # what came of it, when it has ended
