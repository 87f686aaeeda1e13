"""`sandbox status`: groups, instances, target health, load balancers with their local addresses, and the clock."""

from collections.abc import Mapping, Sequence
from typing import Any

import click

from sandbox.cli.common import as_json, client, json_option, table
from sandbox.client import SandboxClient


@click.command()
@json_option
def status(as_json_: bool) -> None:
    """Show groups, instances, target health and load balancer addresses."""
    snapshot = read(client())
    if as_json_:
        as_json(snapshot)
    else:
        show(snapshot)


def read(sandbox: SandboxClient) -> dict[str, Any]:
    """A snapshot from the AWS API, and from /_sandbox what the AWS API does not have."""
    elbv2, autoscaling = sandbox.aws("elbv2"), sandbox.aws("autoscaling")
    health = sandbox.get("health")
    return {
        "health": health,
        "groups": autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"],
        "instances": [i for r in sandbox.aws("ec2").describe_instances()["Reservations"] for i in r["Instances"]],
        "target_groups": [
            {**group, "Targets": elbv2.describe_target_health(TargetGroupArn=group["TargetGroupArn"])["TargetHealthDescriptions"]}
            for group in elbv2.describe_target_groups()["TargetGroups"]
        ],
        "endpoints": sandbox.get("endpoints")["endpoints"],
    }


def show(snapshot: Mapping[str, Any]) -> None:
    health = snapshot["health"]
    click.echo(
        f"sandbox {health['name']}: {health['status']}, {health['runtime']} runtime, {health['now'][:19]}Z at speed {health['speed']:g}"
    )
    for part in health["parts"]:
        if not part["ok"]:
            click.echo(f"  {part['name']}: {part['sentence']}")
        if part.get("remark"):
            click.echo(f"  {part['name']}: {part['remark']}")
    table("Auto Scaling groups", ("name", "min", "desired", "max", "in service", "members"), [_group(g) for g in snapshot["groups"]])
    members = {i["InstanceId"]: g["AutoScalingGroupName"] for g in snapshot["groups"] for i in g["Instances"]}
    columns = ("id", "state", "zone", "address", "type", "group")
    table("instances", columns, [_instance(i, members) for i in snapshot["instances"]])
    table("target groups", ("name", "target", "health", "reason"), _targets(snapshot["target_groups"]))
    table("load balancers", ("name", "state", "port", "address"), [_endpoint(e) for e in snapshot["endpoints"]])


def _group(group: Mapping[str, Any]) -> tuple[str, ...]:
    states = [i["LifecycleState"] for i in group["Instances"]]
    others = ", ".join(f"{states.count(s)} {s}" for s in sorted(set(states)) if s != "InService")
    sizes = (str(group["MinSize"]), str(group["DesiredCapacity"]), str(group["MaxSize"]))
    return (group["AutoScalingGroupName"], *sizes, str(states.count("InService")), others)


def _instance(instance: Mapping[str, Any], members: Mapping[str, str]) -> tuple[str, ...]:
    return (
        instance["InstanceId"],
        instance["State"]["Name"],
        instance["Placement"]["AvailabilityZone"],
        instance.get("PrivateIpAddress", ""),
        instance["InstanceType"],
        members.get(instance["InstanceId"], ""),
    )


def _targets(groups: Sequence[Mapping[str, Any]]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for group in groups:
        name = group["TargetGroupName"]
        rows += [_target(name, target) for target in group["Targets"]] or [(name, "no targets", "", "")]
    return rows


def _target(name: str, target: Mapping[str, Any]) -> tuple[str, ...]:
    health = target["TargetHealth"]
    why = " ".join(filter(None, (health.get("Reason"), health.get("Description"))))
    return (name, f"{target['Target']['Id']}:{target['Target'].get('Port', '')}", health["State"], why)


def _endpoint(endpoint: Mapping[str, Any]) -> tuple[str, ...]:
    port = str(endpoint["port"] or "")
    return (endpoint["load_balancer"], endpoint["state"], port, endpoint["url"] or endpoint["problem"])
