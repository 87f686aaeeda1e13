"""Signs and words of states. A state is never told by its colour alone: each has a sign of its own shape, and its word."""

from collections.abc import Mapping
from hashlib import sha256

GOOD, BAD, WAITING, GONE, UNKNOWN = "good", "bad", "waiting", "gone", "unknown"

SIGNS: Mapping[str, str] = {GOOD: "●", BAD: "✖", WAITING: "◐", GONE: "○", UNKNOWN: "?"}

TONES: Mapping[str, str] = {
    # EC2
    "running": GOOD,
    "pending": WAITING,
    "stopping": WAITING,
    "shutting-down": WAITING,
    "stopped": GONE,
    "terminated": GONE,
    # target health
    "healthy": GOOD,
    "unhealthy": BAD,
    "initial": WAITING,
    "draining": WAITING,
    "unused": GONE,
    "unavailable": UNKNOWN,
    # status checks
    "ok": GOOD,
    "impaired": BAD,
    "initializing": WAITING,
    "insufficient-data": UNKNOWN,
    "not-applicable": GONE,
    # Auto Scaling
    "InService": GOOD,
    "Healthy": GOOD,
    "Unhealthy": BAD,
    "Standby": GONE,
    "Successful": GOOD,
    "Failed": BAD,
    "Cancelled": GONE,
    # alarms
    "OK": GOOD,
    "ALARM": BAD,
    "INSUFFICIENT_DATA": UNKNOWN,
    # load balancers
    "active": GOOD,
    "provisioning": WAITING,
    "failed": BAD,
    # scenarios
    "SUCCEEDED": GOOD,
    "FAILED": BAD,
    "INTERRUPTED": UNKNOWN,
    "CAPACITY_CHECK_FAILED": BAD,
    "passed": GOOD,
    "not met": BAD,
    "done": GOOD,
}


def tone(state: str) -> str:
    """What a state means for a person who looks: a class of the style sheet."""
    return TONES.get(state, WAITING)


def sign(state: str) -> str:
    return SIGNS[tone(state)]


def part_id(kind: str, name: str) -> str:
    """The id of an element: names that users choose may have any characters."""
    return f"{kind}-{sha256(name.encode()).hexdigest()[:12]}"
