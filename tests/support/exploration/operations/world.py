"""What happens to machines, networks, capacity and the control plane, without any request."""

import random
from datetime import timedelta

from sandbox.core.errors import ApiError
from sandbox.drivers.delivery.simulated import Behaviour
from sandbox.drivers.world import App
from tests.support.exploration.account import Account
from tests.support.exploration.registry import operation
from tests.support.fleet import ZONES
from tests.support.services import faults

DURATIONS = (5, 60, 400)  # seconds
CALLS = (
    ("ec2", "RunInstances"),
    ("ec2", "TerminateInstances"),
    ("elbv2", "RegisterTargets"),
    ("elbv2", "DeregisterTargets"),
    ("sns", "Publish"),
)


@operation
def kill_machine(account: Account, pick: random.Random) -> None:
    """docker kill."""
    account.on.runtime.crash(account.machine(pick).instance_id)


@operation
def remove_machine(account: Account, pick: random.Random) -> None:
    """docker rm --force."""
    account.on.runtime.terminate(account.machine(pick).instance_id)


@operation
def shut_down_from_inside(account: Account, pick: random.Random) -> None:
    account.on.runtime.crash(account.machine(pick).instance_id, exit_code=0)


@operation
def application_ends(account: Account, pick: random.Random) -> None:
    account.machine(pick).app = App.DOWN


@operation
def application_hangs(account: Account, pick: random.Random) -> None:
    account.machine(pick).app = App.HANGING


@operation
def application_fails(account: Account, pick: random.Random) -> None:
    account.machine(pick).status_code = 500


@operation
def application_recovers(account: Account, pick: random.Random) -> None:
    machine = account.machine(pick)
    machine.app, machine.status_code = App.UP, 200


@operation
def machine_is_impaired(account: Account, pick: random.Random) -> None:
    account.machine(pick).impaired = True


@operation
def machine_is_busy(account: Account, pick: random.Random) -> None:
    account.machine(pick).cpu_percent = pick.choice([2.0, 60.0, 95.0])


@operation
def machines_boot_slowly(account: Account, pick: random.Random) -> None:
    account.world.boot_time = timedelta(seconds=pick.choice([0.6, 30, 200]))


@operation
def zone_is_cut(account: Account, pick: random.Random) -> None:
    account.fleet.cut_off(*account.fleet.zones_cut_off(), pick.choice(ZONES))


@operation
def zone_is_back(account: Account, pick: random.Random) -> None:
    back = pick.choice(ZONES)
    account.fleet.cut_off(*(zone for zone in account.fleet.zones_cut_off() if zone != back))


@operation
def no_capacity(account: Account, pick: random.Random) -> None:
    """In one zone or in all of them."""
    short = {*ZONES} if pick.random() < 0.3 else {pick.choice(ZONES)}
    account.world.launch_error = lambda zone: "Insufficient capacity." if zone in short else None


@operation
def capacity_again(account: Account, pick: random.Random) -> None:
    account.world.launch_error = lambda zone: None


@operation
def subscriber_breaks(account: Account, pick: random.Random) -> None:
    subscriber = account.subscriber()
    subscriber.behaviour = pick.choice(list(Behaviour))
    subscriber.status_code = pick.choice([200, 500])


@operation
def zone_has_no_capacity(account: Account, pick: random.Random) -> None:
    """RunInstances is refused, until the fault ends by itself."""
    effect = faults.no_capacity(pick.choice(ZONES), "We currently do not have sufficient capacity.")
    account.faults.inject(effect, "a zone without capacity", timedelta(seconds=pick.choice(DURATIONS)))


@operation
def host_is_unreachable(account: Account, pick: random.Random) -> None:
    effect = faults.HostsDown(targets=(account.machine(pick).instance_id,))
    account.faults.inject(effect, "a host that fails", timedelta(seconds=pick.choice(DURATIONS)))


@operation
def api_calls_fail(account: Account, pick: random.Random) -> None:
    """Those of users and those of the controllers."""
    service, name = pick.choice(CALLS)
    error = ApiError(pick.choice(["RequestLimitExceeded", "Throttling"]), "Request limit exceeded.", 400)
    account.faults.inject(faults.api_errors(error, service, name), "calls fail", timedelta(seconds=pick.choice(DURATIONS)))


@operation
def control_plane_restarts(account: Account, pick: random.Random) -> None:
    account.restart()
