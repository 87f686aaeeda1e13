"""The actions that ELBv2's decisions return. The controllers perform them in order."""

from dataclasses import dataclass
from datetime import datetime

from sandbox.core.control import Action
from sandbox.core.metrics import MetricDatum
from sandbox.drivers.names.base import Published
from sandbox.drivers.probe.base import ProbeRequest
from sandbox.drivers.proxy.base import ProxyConfig
from sandbox.services.elbv2.model import Health, PublishedHostCounts, TargetKey


@dataclass(frozen=True, slots=True, kw_only=True)
class StartProbe(Action):
    request: ProbeRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetProbe(Action):
    key: str  # of the prober


@dataclass(frozen=True, slots=True, kw_only=True)
class SetHealth(Action):
    target: TargetKey
    health: Health


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveTarget(Action):
    """The deregistration delay has ended."""

    target: TargetKey


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseConnections(Action):
    """TG-20: connections that are still open at the end of the deregistration delay are closed; their requests fail with 502."""

    host: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateRouting(Action):
    """Target health has changed: the proxy's configuration is updated at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivateLoadBalancer(Action):
    arn: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeInterfaces(Action):
    """ALB-60: the load balancer lacks a network interface in one of its subnets."""

    arn: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishNames(Action):
    """ALB-5: what the names of all load balancers lead to now."""

    published: Published


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyConfig(Action):
    config: ProxyConfig | None  # None: the proxy keeps what it has


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteAccessLog(Action):
    load_balancer: str  # "app/<name>/<id>"
    end: datetime  # of the interval


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishRequestMetrics(Action):
    data: tuple[MetricDatum, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishHostCounts(Action):
    target_group_arn: str
    data: tuple[MetricDatum, ...]
    published: PublishedHostCounts  # including `data`


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishConnectionMetrics(Action):
    data: tuple[MetricDatum, ...]
