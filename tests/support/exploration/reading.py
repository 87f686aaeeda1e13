"""What is there now, read from moto's objects beside the product's own code."""

from typing import Any

from moto.autoscaling.models import autoscaling_backends
from moto.cloudwatch.models import cloudwatch_backends
from moto.ec2.models import ec2_backends
from moto.elbv2.models import elbv2_backends

from sandbox.services.ec2.model import InstanceState
from sandbox.services.elbv2.model import TargetKey, TargetState
from tests.support.virtual import HERE

TargetId = tuple[str, TargetKey]  # ARN of the target group, and the target


def groups() -> dict[str, Any]:
    """Auto Scaling groups by name."""
    return dict(autoscaling_backends[HERE.account][HERE.region].autoscaling_groups)


def instances() -> dict[str, InstanceState]:
    reservations = ec2_backends[HERE.account][HERE.region].reservations.values()
    return {i.id: i.lifecycle_state for r in reservations for i in r.instances}


def target_groups() -> dict[str, Any]:
    """By ARN."""
    return dict(elbv2_backends[HERE.account][HERE.region].target_groups)


def targets() -> dict[TargetId, TargetState]:
    return {(arn, key): target.health.state for arn, group in target_groups().items() for key, target in group.sandbox.targets.items()}


def accepts(arn: str, status_code: int) -> bool:
    """Whether the target group's matcher has the status code: "200", "200,302" or "200-399"."""
    group = target_groups().get(arn)
    parts = group.matcher["HttpCode"].split(",") if group else []
    ranges = [part.split("-") for part in parts]
    return any(int(ends[0]) <= status_code <= int(ends[-1]) for ends in ranges)


def load_balancers() -> set[str]:
    return {balancer.arn for balancer in elbv2_backends[HERE.account][HERE.region].load_balancers.values()}


def metric_store() -> Any:
    return cloudwatch_backends[HERE.account][HERE.region].sandbox_metrics
