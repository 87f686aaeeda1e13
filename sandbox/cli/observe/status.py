"""`sandbox status`: groups, instances, target health, load balancers with their local addresses, and the clock."""

from collections.abc import Mapping, Sequence
from typing import Any

import click

from sandbox.cli.common import account_option, as_json, client, json_option, table
from sandbox.cli.observe import snapshot
from sandbox.client import SandboxClient

STATUS_CHECKS = ("System", "Instance", "Application")
"""Of DescribeInstanceStatus (EC2-30 to EC2-35)."""


@click.command()
@account_option
@json_option
def status(as_json_: bool) -> None:
    """Show groups, instances, target health and load balancer addresses."""
    found = read(client())
    if as_json_:
        as_json(found)
    else:
        show(found)


def read(sandbox: SandboxClient) -> dict[str, Any]:
    """The snapshot, the status checks of the instances, and where the load balancers answer."""
    found = snapshot.read(sandbox)
    statuses = snapshot.pages(sandbox.aws("ec2"), "describe_instance_status", "InstanceStatuses")
    return {**found, "instance_statuses": statuses, **sandbox.get("endpoints")}


def show(found: Mapping[str, Any]) -> None:
    click.echo(snapshot.headline(found))
    for part in found["health"]["parts"]:
        if not part["ok"]:
            click.echo(f"  {part['name']}: {part['sentence']}")
        if part.get("remark"):
            click.echo(f"  {part['name']}: {part['remark']}")
    table("Auto Scaling groups", snapshot.GROUP_COLUMNS, map(snapshot.group_row, found["groups"]))
    members = snapshot.members(found)
    columns = ("id", "state", "status checks", "zone", "address", "type", "cores", "memory", "group")
    rows = [(*_instance(i, found), members.get(i["InstanceId"], ({}, ""))[1]) for i in found["instances"]]
    table("instances", columns, rows)
    table("target groups", ("name", "target", "health", "reason"), _targets(found["target_groups"]))
    table("load balancers", ("name", "state", "port", "address", "by name"), [_endpoint(e, found) for e in found["endpoints"]])
    nodes = [_node(endpoint, node) for endpoint in found["endpoints"] for node in endpoint["nodes"]]
    if nodes:
        table("load balancer nodes", ("name", "port", "zone", "in DNS", "address"), nodes)


def _instance(instance: Mapping[str, Any], found: Mapping[str, Any]) -> tuple[str, ...]:
    statuses = {each["InstanceId"]: each for each in found["instance_statuses"]}
    return (
        instance["InstanceId"],
        instance["State"]["Name"],
        checks(statuses.get(instance["InstanceId"], {})),
        instance["Placement"]["AvailabilityZone"],
        instance.get("PrivateIpAddress", ""),
        instance["InstanceType"],
        *snapshot.limits(found["machines"].get(instance["InstanceId"], {})),
    )


def checks(found: Mapping[str, Any]) -> str:
    """Which status checks of a running instance fail; else "initializing" or "ok". "": it does not run."""
    statuses = {name: found.get(f"{name}Status", {}).get("Status", "") for name in STATUS_CHECKS}
    if failed := [name.lower() for name, status in statuses.items() if status == "impaired"]:
        return f"{', '.join(failed)} impaired"
    return next((status for status in ("initializing", "insufficient-data", "ok") if status in statuses.values()), "")


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


def _endpoint(endpoint: Mapping[str, Any], found: Mapping[str, Any]) -> tuple[str, ...]:
    name, port = endpoint["load_balancer"], endpoint["port"]
    by_name = found["load_balancers"][name]["url"] if port == 80 else None
    address = endpoint["url"] or endpoint["problem"]
    if endpoint["url"] and endpoint["silent"]:
        address += f" times out. next: sandbox explain client --to {name}:{port}"
    return (name, endpoint["state"], str(port or ""), address, by_name or "")


def _node(endpoint: Mapping[str, Any], node: Mapping[str, Any]) -> tuple[str, ...]:
    zone = f"{node['zone']} ({node['zone_id']})"
    without = "simulated" if endpoint["simulated"] else "no address is left"
    return (endpoint["load_balancer"], str(endpoint["port"]), zone, "yes" if node["in_dns"] else "no", node["url"] or without)
