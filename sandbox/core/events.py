"""An event: what changed, when, on which resources, and which earlier event caused it. It has EventBridge's shape and names.

Controllers and backends create `Event`s; the journal assigns their ids. The log, the CLI and `sandbox explain` all render the same value.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

BEFORE_THE_JOURNAL = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    source: str  # "aws.autoscaling", "aws.ec2", "sandbox.runtime", "user.api"
    detail_type: str  # AWS's where AWS has one: "EC2 Instance State-change Notification"
    summary: str  # one sentence without a time: "i-0a1 failed 2 health checks in a row (Target.Timeout)"
    resources: tuple[str, ...] = ()  # ids, names or ARNs, as given to `sandbox explain`
    detail: Mapping[str, Any] = field(default_factory=dict)  # JSON values
    cause: str | None = None  # id of the event that caused this one; None: a first cause
    account: str = ""  # the AWS account that it belongs to, assigned by the journal; "": the whole sandbox
    id: str = ""  # assigned by the journal
    at: datetime = BEFORE_THE_JOURNAL  # sandbox time, assigned by the journal

    def as_json(self) -> dict[str, Any]:
        """The EventBridge envelope, with `summary` and `cause` added."""
        return {
            "id": self.id,
            "time": self.at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "source": self.source,
            "account": self.account,
            "detail-type": self.detail_type,
            "resources": list(self.resources),
            "detail": dict(self.detail),
            "summary": self.summary,
            "cause": self.cause,
        }

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> "Event":
        return Event(
            id=value["id"],
            at=datetime.fromisoformat(value["time"]),
            source=value["source"],
            account=value.get("account", ""),
            detail_type=value["detail-type"],
            resources=tuple(value["resources"]),
            detail=value["detail"],
            summary=value["summary"],
            cause=value["cause"],
        )
