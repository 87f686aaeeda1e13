"""The target group part of the ELBv2 API: create, modify, attributes, registration, DescribeTargetHealth. Extends moto's backend.

Registrations are our `Target` values in `group.sandbox` (moto keys its own by id alone, so a second port overwrites the first). The
controller writes health there through state/writes.py, and DescribeTargetHealth returns it from there.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.elbv2.models import ELBv2Backend

from sandbox.aws.context import context
from sandbox.aws.seams import adds, replaces
from sandbox.core import own_ports
from sandbox.core.control import Scope
from sandbox.core.machine import move
from sandbox.core.persisted import persisted
from sandbox.services.elbv2 import errors, model
from sandbox.services.elbv2.api.target_health import TargetHealthDescription, override
from sandbox.services.elbv2.api.validation import target_groups as target_group_validation
from sandbox.services.elbv2.decide.rules import forwarded
from sandbox.services.elbv2.model import Health, PublishedHostCounts, Target, TargetEvent, TargetKey, TargetState
from sandbox.services.elbv2.state.snapshot import check_port, shifted_zones, target_zones

MOST_TARGET_GROUPS, MOST_TARGETS = 3000, 1000  # ALB-9


@persisted("elbv2.GroupExtra")
@dataclass
class GroupExtra:
    """What we store on moto's target group object, as `.sandbox`."""

    targets: dict[TargetKey, Target] = field(default_factory=dict)
    published_hosts: PublishedHostCounts = field(default_factory=PublishedHostCounts)


class TargetGroups(ELBv2Backend):
    # ---- settings --------------------------------------------------------------------------------------------------------------------

    @replaces(why="TG-1, ALB-6, ALB-9: limits are validated; the same name with the same settings returns the existing group")
    def create_target_group(self, name: str, **kwargs: Any) -> Any:
        tags = kwargs.pop("tags", None)
        settings = target_group_validation.target_group(kwargs)
        for group in self.target_groups.values():
            if group.name == name:
                if _settings(group) != {key: str(value) for key, value in settings.items()}:
                    raise errors.same_name("DuplicateTargetGroupName", "target group", name)
                return group
        if len(self.target_groups) >= MOST_TARGET_GROUPS:
            raise errors.too_many("TooManyTargetGroups", "target groups", MOST_TARGET_GROUPS)
        group = super().create_target_group(name, tags=tags, **settings)
        group.sandbox = GroupExtra()
        group.attributes = dict(target_group_validation.ATTRIBUTES)
        return group

    @replaces(why="TG-1: moto validates nothing")
    def modify_target_group(self, arn: str, *values: Any, **named: Any) -> Any:
        group = self.find_target_group(arn)
        changes = dict(zip(_MODIFY_ARGUMENTS, values, strict=False)) | named
        given = {_CREATE_ARGUMENTS[key]: value for key, value in changes.items() if value is not None}
        if "matcher" in given:
            given["matcher"] = {"HttpCode": given["matcher"]}
        settings = {key: getattr(group, _attribute(key)) for key in target_group_validation.DEFAULTS} | given
        settings |= target_group_validation.health_check(settings)
        self._check_health_check_port(group, str(given.get("healthcheck_port", model.TRAFFIC_PORT)))
        for key in given:
            setattr(group, _attribute(key), True if key == "healthcheck_enabled" else settings[key])
        return group

    def _check_health_check_port(self, group: Any, port: str) -> None:
        """For the targets that are registered already. RegisterTargets validates traffic ports, and the health check port of new ones."""
        checked = [] if port == model.TRAFFIC_PORT else [(key.id, int(port)) for key in group.sandbox.targets]
        if own := list(self._own_ports(checked)):
            raise errors.configuration(f"Health check port '{port}' is not valid: {', '.join(own)}")

    @replaces(why="TG-3: every key and value is validated")
    def modify_target_group_attributes(self, target_group_arn: str, attributes: dict[str, Any]) -> None:
        group = self.find_target_group(target_group_arn)
        group.attributes.update(target_group_validation.attributes(attributes, group.attributes))

    @replaces(why="ALB-10: each unknown one is an error; a load balancer without target groups is no error")
    def describe_target_groups(self, load_balancer_arn: str | None, target_group_arns: list[str], names: list[str] | None) -> Iterable[Any]:
        groups = sorted(self.target_groups.values(), key=lambda group: str(group.name))
        if load_balancer_arn and load_balancer_arn not in self.load_balancers:
            raise errors.load_balancer_not_found()
        if {*target_group_arns} - {group.arn for group in groups} or {*(names or ())} - {group.name for group in groups}:
            raise errors.target_group_not_found()
        return [
            group
            for group in groups
            if (not load_balancer_arn or load_balancer_arn in group.load_balancer_arns)
            and (not target_group_arns or group.arn in target_group_arns)
            and (not names or group.name in names)
        ]

    @replaces(why="ALB-11: error text")
    def delete_target_group(self, target_group_arn: str) -> Any:
        if target_group_arn in self.target_groups and self.balancers_using(target_group_arn):
            raise errors.in_use_by_listener(target_group_arn)
        group = super().delete_target_group(target_group_arn)
        self.tagging_service.delete_all_tags_for_resource(target_group_arn)
        return group

    # ---- registration ----------------------------------------------------------------------------------------------------------------

    @replaces(why="TG-4, TG-21: several ports of an instance; all targets are validated before any is registered; draining is cancelled")
    def register_targets(self, target_group_arn: str, instances: list[Any]) -> None:
        group = self.find_target_group(target_group_arn)
        for asked in instances:
            target_group_validation.target(asked, group.target_type)
        keys = {_key(group, asked): asked for asked in instances}
        if group.target_type == "instance":
            self._check_instances(group, [key.id for key in keys])
        ports = [(key.id, port) for key in keys for port in sorted({key.port, check_port(group, key.port)})]
        if own := list(self._own_ports(ports)):
            raise errors.own_ports(own)
        zones = {key: self._zone(group, asked) for key, asked in keys.items()}
        targets = group.sandbox.targets
        if len(targets.keys() | keys.keys()) > MOST_TARGETS:
            raise errors.too_many("TooManyTargets", "targets", MOST_TARGETS)
        for key in keys:
            if key not in targets or targets[key].draining_until:
                self._register(group, key, zones[key])

    def _register(self, group: Any, key: TargetKey, zone: str | None) -> None:
        now = context().clock.now()
        before = group.sandbox.targets.get(key)
        health = before.health if before else model.NOT_REGISTERED
        move(model.TRANSITIONS, str(key), health.state, TargetEvent.REGISTERED)
        target = Target(key=key, registered_at=now, since=now, zone=zone)
        group.sandbox.targets[key] = target
        why = "registered again while draining" if before else "registered"
        self._record(group, replace(target, health=health), model.REGISTERING, why)

    @replaces(why="TG-4, TG-20: a target drains for the deregistration delay; an unknown target is no error")
    def deregister_targets(self, target_group_arn: str, instances: list[dict[str, Any]]) -> None:
        group = self.find_target_group(target_group_arn)
        delay = timedelta(seconds=int(group.attributes["deregistration_delay.timeout_seconds"]))
        for asked in instances:
            target = group.sandbox.targets.get(_key(group, asked))
            if target and not target.draining_until:
                self._deregister(group, target, delay)

    def _deregister(self, group: Any, target: Target, delay: timedelta) -> None:
        """Also with a delay of 0, the controller ends the draining: it closes the connections that are left (TG-20)."""
        gone = target.health in (model.STOPPED, model.TERMINATED)
        event = TargetEvent.DEREGISTERED_GONE if gone else TargetEvent.DEREGISTERED
        state = move(model.TRANSITIONS, str(target.key), target.health.state, event)
        now = context().clock.now()
        if state is TargetState.UNUSED or context().settings.timing == "instant":
            del group.sandbox.targets[target.key]
            self._record(group, target, model.NOT_REGISTERED, "deregistered")
            return
        group.sandbox.targets[target.key] = replace(target, health=model.DRAINING, since=now, draining_until=now + delay)
        self._record(group, target, model.DRAINING, f"deregistered, with a deregistration delay of {delay.total_seconds():.0f} seconds")

    @replaces(why="TG-5: DescribeTargetHealth leaves out a terminated instance, moto deregisters it while it shuts down")
    def notify_terminate_instances(self, instance_ids: list[str]) -> None:
        """The controller observes the instance's state."""

    def _check_instances(self, group: Any, ids: Sequence[str]) -> None:
        found = {each: self.ec2_backend.get_instance_by_id(each) for each in ids}
        if unknown := [each for each, instance in found.items() if instance is None]:
            raise errors.invalid_targets("not valid instances", unknown)
        if idle := [each for each, instance in found.items() if instance.state != "running"]:
            raise errors.invalid_targets("not in a running state and cannot be registered", idle)
        if foreign := [each for each, instance in found.items() if instance.vpc_id != group.vpc_id]:
            raise errors.invalid_targets(f"not in the target group VPC '{group.vpc_id}'", foreign)

    def _own_ports(self, targets: Iterable[tuple[str, int]]) -> Iterator[str]:
        """A clause of the error text for each target and port that leads to the sandbox itself.

        The sandbox's API must not be reachable through a load balancer, whose clients may be web pages. A load balancer whose target is a
        load balancer's port may call itself endlessly; any of SANDBOX_LISTENER_PORTS may become a listener's port later.
        """
        for target_id, port in targets:
            address = self._address(target_id)
            reached = context().machines.endpoint(address, port) if address else None
            if reached and (own := own_ports.find(context().settings.own_ports, *reached)):
                yield f"'{target_id}:{port}' is {own.what}"

    def _address(self, target_id: str) -> str | None:
        """None: the instance is gone."""
        if not target_id.startswith("i-"):
            return target_id
        instance = self.ec2_backend.get_instance_by_id(target_id)
        return str(instance.private_ip) if instance and instance.private_ip else None

    def _zone(self, group: Any, asked: Mapping[str, Any]) -> str | None:
        if group.target_type == "instance":
            return None
        subnets = {s.cidr_block: s.availability_zone for s in self.ec2_backend.describe_subnets() if s.vpc_id == group.vpc_id}
        return target_group_validation.zone_of_address(asked["Id"], asked.get("AvailabilityZone"), subnets)

    # ---- health ------------------------------------------------------------------------------------------------------------------------

    @replaces(why="TG-10 to TG-16: the result of real health checks; moto reports `healthy` for every target")
    def describe_target_health(self, target_group_arn: str, targets: list[dict[str, Any]], with_anomaly: bool = False) -> list[Any]:
        group = self.find_target_group(target_group_arn)
        now = context().clock.now()
        registered: Mapping[TargetKey, Target] = {key: target for key, target in group.sandbox.targets.items() if not target.drained(now)}
        listed = [key for key, target in registered.items() if target.health != model.TERMINATED]  # TG-5
        keys = [key for asked in targets for key in _requested_keys(group, asked)] if targets else listed
        shifted = self._shifted(group)
        return [self._description(group, key, registered.get(key), with_anomaly, shifted) for key in dict.fromkeys(keys)]

    def _shifted(self, group: Any) -> frozenset[TargetKey]:
        """TG-40: the targets in a zone that the load balancer is shifted away from."""
        away = frozenset[str]().union(*(shifted_zones(balancer) for balancer in self.balancers_using(group.arn)))
        if not away:
            return frozenset()
        zones = target_zones(Scope(self.account_id, self.region_name), group)
        return frozenset(key for key, zone in zones.items() if zone in away)

    def _description(
        self, group: Any, key: TargetKey, target: Target | None, with_anomaly: bool, shifted: frozenset[TargetKey]
    ) -> TargetHealthDescription:
        health = target.health if target else model.NOT_REGISTERED
        if health == model.TERMINATED:
            health = model.DRAINING  # TG-5
        zone = target.zone if target else None
        has_anomaly_detection = with_anomaly and health.state is TargetState.HEALTHY
        shown = override(key in shifted, group.attributes)
        return TargetHealthDescription(key, health, str(check_port(group, key.port)), zone, has_anomaly_detection, shown)

    @adds(why="called by state/writes.py, for the controller")
    def set_target_health(self, group: Any, key: TargetKey, health: Health, now: datetime) -> None:
        target = group.sandbox.targets[key]
        since = target.since if target.health.state is health.state else now
        group.sandbox.targets[key] = replace(target, health=health, since=since)

    def _record(self, group: Any, target: Target, health: Health, why: str) -> None:
        names = tuple(balancer.name for balancer in self.balancers_using(group.arn))
        context().journal.record(model.health_event((group.arn, group.name), names, target, health, why))

    # ---- lookups -----------------------------------------------------------------------------------------------------------------------

    @adds(why="ALB-10: TargetGroupNotFound")
    def find_target_group(self, arn: str) -> Any:
        try:
            return self.target_groups[arn]
        except KeyError:
            raise errors.target_group_not_found() from None

    @adds(why="TG-13: the load balancers whose listeners or rules forward to the group, in order of creation")
    def balancers_using(self, target_group_arn: str) -> list[Any]:
        def uses(balancer: Any) -> bool:
            actions = (a for listener in balancer.listeners.values() for rule in listener.rules.values() for a in rule.actions)
            return any(target_group_arn == arn for action in actions for arn, _ in forwarded(action.data))

        return [balancer for balancer in self.load_balancers.values() if uses(balancer)]


def _key(group: Any, asked: Mapping[str, Any]) -> TargetKey:
    return TargetKey(asked["Id"], int(asked.get("Port") or group.port))


def _requested_keys(group: Any, asked: Mapping[str, Any]) -> list[TargetKey]:
    """Without a port: all ports on which the id is registered."""
    registered = [key for key in group.sandbox.targets if key.id == asked["Id"] and "Port" not in asked]
    return registered or [_key(group, asked)]


def _attribute(name: str) -> str:
    """moto's argument of CreateTargetGroup → the attribute of moto's target group."""
    return name.replace("healthcheck", "health_check")


def _settings(group: Any) -> dict[str, str]:
    names = (*target_group_validation.DEFAULTS, "protocol", "port", "vpc_id")
    return {name: str(getattr(group, _attribute(name))).replace("True", "true") for name in names}


_CREATE_ARGUMENTS = {  # moto's argument of ModifyTargetGroup → of CreateTargetGroup, in moto's order
    "health_check_proto": "healthcheck_protocol",
    "health_check_port": "healthcheck_port",
    "health_check_path": "healthcheck_path",
    "health_check_interval": "healthcheck_interval_seconds",
    "health_check_timeout": "healthcheck_timeout_seconds",
    "healthy_threshold_count": "healthy_threshold_count",
    "unhealthy_threshold_count": "unhealthy_threshold_count",
    "http_codes": "matcher",
    "health_check_enabled": "healthcheck_enabled",
}
_MODIFY_ARGUMENTS = tuple(_CREATE_ARGUMENTS)
