"""Validation of traffic sources (ASG-125): the target groups that they name. Other kinds of traffic sources are refused by name."""

from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any

from sandbox.services.autoscaling import errors

KINDS = ("elb", "elbv2", "vpc-lattice")


def target_groups(sources: Sequence[Mapping[str, Any]]) -> list[str]:
    """Their ARNs. The type of a source may be left out when its identifier is an ARN of Elastic Load Balancing."""
    return [_target_group(source.get("Identifier") or "", source.get("Type")) for source in sources]


def _target_group(identifier: str, given: str | None) -> str:
    if not identifier:
        raise errors.invalid("You must specify an Identifier for each traffic source.")  # (U)
    if kind(given) in ("elb", "vpc-lattice") or ":vpc-lattice:" in identifier:
        raise errors.not_supported(f"a traffic source of type {given or 'vpc-lattice'}")
    return identifier


def kind(given: str | None) -> str | None:
    if given not in (None, "", *KINDS):
        raise errors.invalid(f"Invalid traffic source type: {given}. Valid types are: {', '.join(KINDS)}.")  # (U)
    return given or None


def as_target_groups(request: MutableMapping[str, Any]) -> None:
    """CreateAutoScalingGroup: its traffic sources become its target groups, which it may then not name."""
    sources = request.pop("TrafficSources", None)
    if not sources:
        return
    if request.get("TargetGroupARNs") or request.get("LoadBalancerNames"):
        raise errors.invalid("You cannot specify TrafficSources together with TargetGroupARNs or LoadBalancerNames.")  # (U)
    request["TargetGroupARNs"] = target_groups(sources)
