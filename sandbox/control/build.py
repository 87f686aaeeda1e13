"""Connects /_sandbox to a built sandbox: provides each value of control/surface.py."""

import time
from collections.abc import Callable

from sandbox.aws import seams, state
from sandbox.aws.catalogue import listing
from sandbox.aws.context import LOCK
from sandbox.control import endpoints, health, rates
from sandbox.control.access_log import AccessLog
from sandbox.control.surface import ControlSurface
from sandbox.core import caller
from sandbox.core.control import Scope
from sandbox.core.events import Event
from sandbox.parts import Sandbox
from sandbox.services.sns.state.mailbox import Mailbox


def control_surface(sandbox: Sandbox, disk: Callable[[], health.Disk]) -> ControlSurface:
    """`disk` reports what is not saved in the state folder."""
    drivers, mailbox = sandbox.drivers, Mailbox()
    access_log, request_rates = AccessLog(), rates.Rates(_virtual_seconds(sandbox) if drivers.simulated else time.monotonic)
    drivers.proxy.on_access(access_log.take)
    drivers.proxy.on_access(request_rates.take)
    elbv2 = sandbox.transport.client("elbv2", Scope(sandbox.settings.account, sandbox.settings.region))
    return ControlSurface(
        settings=sandbox.settings,
        clock=sandbox.clock,
        journal=sandbox.journal,
        access_log=access_log,
        rates=request_rates,
        health=lambda: _health(sandbox, disk()),
        loops=sandbox.engine.loops,
        seams=seams.installed,
        services=lambda: [listing.as_json(each) for each in listing.services(sandbox.gateway.added_services)],
        endpoints=lambda: endpoints.read(elbv2, drivers.proxy.local_address, drivers.proxy.problems),
        containers=drivers.runtime.containers,
        console=drivers.runtime.console_output,
        cpu=lambda: rates.cpu(drivers.meter, sandbox.clock),
        mailbox=lambda to: [mail.as_json() for mail in mailbox.messages(to)],
        set_speed=lambda speed: _set_speed(sandbox, speed),
        faults=sandbox.faults,
        reset=lambda: _reset(sandbox),
        runtime=drivers.runtime.name,
    )


def _virtual_seconds(sandbox: Sandbox) -> Callable[[], float]:
    return lambda: sandbox.clock.now().timestamp()


def _health(sandbox: Sandbox, disk: health.Disk) -> tuple[health.Part, ...]:
    runtime, proxy = sandbox.drivers.runtime, sandbox.drivers.proxy
    return health.parts(
        sandbox.engine.loops(),
        sandbox.clock.now(),
        sandbox.clock.speed,
        (runtime.name, runtime.available()),
        health.Proxy(why_not=proxy.available(), rejected=proxy.rejected(), remark=_remark(sandbox)),
        disk,
    )


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
