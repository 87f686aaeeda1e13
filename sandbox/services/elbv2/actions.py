"""What ELBv2's decisions may answer with. The controllers carry them out, in order."""

from dataclasses import dataclass

from sandbox.core.control import Action
from sandbox.core.metrics import MetricDatum
from sandbox.drivers.probe.base import ProbeRequest
from sandbox.drivers.proxy.base import ProxyConfig
from sandbox.services.elbv2.model import Health, Hosts, TargetKey


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
    """Its deregistration delay is over."""

    target: TargetKey


@dataclass(frozen=True, slots=True, kw_only=True)
class CutConnections(Action):
    """TG-20: what is still open when the delay is over is closed, and its requests get a 502."""

    host: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateRouting(Action):
    """Who may get requests has changed: the proxy is updated now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivateLoadBalancer(Action):
    arn: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyConfig(Action):
    config: ProxyConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishRequests(Action):
    data: tuple[MetricDatum, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishHosts(Action):
    group: str  # arn
    data: tuple[MetricDatum, ...]
    hosts: Hosts  # from now on


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishConnections(Action):
    data: tuple[MetricDatum, ...]
