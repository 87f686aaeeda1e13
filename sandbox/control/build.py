"""Connects /_sandbox to a built sandbox: provides each value of control/surface.py."""

import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any, ParamSpec, TypeVar

from sandbox.aws import seams, state
from sandbox.aws.catalogue import listing
from sandbox.aws.context import LOCK
from sandbox.control import endpoints, health, rates
from sandbox.control.access_log import AccessLog
from sandbox.control.account.view import checked, view
from sandbox.control.gameday.game import GameDay
from sandbox.control.gameday.hiding import ShownFaults, without_hidden
from sandbox.control.observed import read as observed
from sandbox.control.surface import ControlSurface
from sandbox.core import caller
from sandbox.core.clock import VirtualClock
from sandbox.core.control import Scope
from sandbox.core.events import Event
from sandbox.parts import Sandbox
from sandbox.services.ec2.state.snapshot import in_a_vpc
from sandbox.services.elbv2.state.snapshot import load_balancer_keys
from sandbox.services.sns.state.mailbox import Mailbox

P = ParamSpec("P")
R = TypeVar("R")


def control_surface(sandbox: Sandbox, disk: Callable[[], health.Disk]) -> ControlSurface:
    """`disk` reports what is not saved in the state folder."""
    drivers, mailbox = sandbox.drivers, Mailbox()
    access_log, request_rates = AccessLog(), rates.Rates(_virtual_seconds(sandbox) if drivers.simulated else time.monotonic)
    drivers.proxy.on_access(access_log.take)
    drivers.proxy.on_access(request_rates.take)
    whole = ControlSurface(
        settings=sandbox.settings,
        clock=sandbox.clock,
        journal=sandbox.journal,
        access_log=access_log,
        rates=request_rates,
        health=lambda: _health(sandbox, disk()),
        loops=lambda: without_hidden(sandbox.engine.loops(), sandbox.faults.hidden()),
        seams=seams.installed,
        services=lambda: [listing.as_json(each) for each in listing.services(sandbox.gateway.added_services)],
        **_of_scope(sandbox, Scope(sandbox.settings.account, sandbox.settings.region)),
        listener_address=(lambda _: None) if _out_of_reach(sandbox) else drivers.proxy.local_address,
        in_a_vpc=_locked(in_a_vpc),
        containers=drivers.runtime.containers,
        policy=drivers.firewall.in_force,
        console=drivers.runtime.console_output,
        shell=drivers.runtime.shell,
        endpoint=drivers.runtime.endpoint,
        cpu=lambda: rates.cpu(drivers.meter, sandbox.clock),
        certificate=drivers.metadata.certificate,
        mailbox=lambda to: [mail.as_json() for mail in mailbox.messages(to)],
        set_speed=lambda speed: _set_speed(sandbox, speed),
        faults=ShownFaults(sandbox.faults),
        inject=sandbox.injector.begin,
        inventory=sandbox.inventory,
        gameday=GameDay(
            clock=sandbox.clock,
            journal=sandbox.journal,
            faults=sandbox.faults,
            inventory=sandbox.inventory,
            inject=sandbox.injector.begin,
            at=sandbox.engine.at,
            runtime=drivers.runtime.name,
            account=sandbox.settings.account,
        ),
        reset=lambda: _reset(sandbox),
        runtime=drivers.runtime.name,
        learner_dir=sandbox.settings.state_dir,
        of=cache(lambda account: _of_account(sandbox, whole, mailbox, account)),
    )
    return whole


def _of_account(sandbox: Sandbox, whole: ControlSurface, mailbox: Mailbox, account: str) -> ControlSurface:
    scope = Scope(checked(account), sandbox.settings.region)
    return replace(
        view(whole, account, _locked(lambda: load_balancer_keys(account))),
        **_of_scope(sandbox, scope),
        mailbox=lambda to: [mail.as_json() for mail in mailbox.messages(to, account)],
    )


def _of_scope(sandbox: Sandbox, scope: Scope) -> dict[str, Any]:
    """What the surface reads and does in one account and Region."""
    elbv2, ec2, proxy = sandbox.transport.client("elbv2", scope), sandbox.transport.client("ec2", scope), sandbox.drivers.proxy
    simulated = _out_of_reach(sandbox)
    return {
        "endpoints": lambda: endpoints.read(elbv2, proxy, simulated=simulated),
        "observed": lambda: observed.read(scope, sandbox.inventory.of(scope.account)),
        "alarm_points": lambda names, until: observed.points(scope, names, until),
        "terminate": lambda instance_id: ec2.terminate_instances(InstanceIds=[instance_id]),
    }


def _locked(asked: Callable[P, R]) -> Callable[P, R]:
    def answered(*given: P.args, **named: P.kwargs) -> R:
        with LOCK:
            return asked(*given, **named)

    return answered


def _out_of_reach(sandbox: Sandbox) -> bool:
    """Whether nothing listens where the load balancers answer, and who asks is a program of this machine: in virtual time, all clients are
    simulated."""
    return sandbox.drivers.simulated is not None and not isinstance(sandbox.clock, VirtualClock)


def _virtual_seconds(sandbox: Sandbox) -> Callable[[], float]:
    return lambda: sandbox.clock.now().timestamp()


def _health(sandbox: Sandbox, disk: health.Disk) -> tuple[health.Part, ...]:
    runtime, proxy = sandbox.drivers.runtime, sandbox.drivers.proxy
    found = health.parts(
        sandbox.engine.loops(),
        sandbox.clock.now(),
        sandbox.clock.speed,
        (runtime.name, runtime.available()),
        health.Proxy(why_not=proxy.available(), rejected=proxy.rejected(), remark=_remark(sandbox)),
        disk,
    )
    metadata = sandbox.drivers.metadata
    return (*found, health.metadata_part(metadata.available(), supported=metadata.certificate() is not None))


NAMES_NOT_PUBLISHED = "the port of http://<DNSName>/ was not free when the sandbox started: use the other addresses (sandbox status)"


def _remark(sandbox: Sandbox) -> str:
    """Which ports of all load balancers are not available."""
    problems, settings = sandbox.drivers.proxy.problems(), sandbox.settings
    found = [problems[name] for name in ("front", "names") if name in problems]
    if settings.topology == "compose" and settings.names_port and not settings.published_names_port:
        found.append(NAMES_NOT_PUBLISHED)
    return "; ".join(found)


def _set_speed(sandbox: Sandbox, speed: float) -> None:
    sandbox.clock.set_speed(speed)
    sandbox.engine.clock_changed()
    summary = f"the clock runs at speed {speed:g}"
    sandbox.journal.record(Event(source="sandbox.control", detail_type="Clock Speed Changed", summary=summary, detail={"speed": speed}))


def _reset(sandbox: Sandbox) -> None:
    """Clears the AWS state and all faults; the controllers then remove the machines."""
    sandbox.faults.clear_all()
    with LOCK:
        if caller.current().hung_up:
            raise ConnectionAbortedError("the caller of reset closed the connection before it started")
        state.reset()
    sandbox.engine.wake()
