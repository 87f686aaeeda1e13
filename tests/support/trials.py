"""A fleet under watch: made, put through a plan of faults, and left in peace until it is well again."""

from tests.support.fleet import Fleet
from tests.support.trouble import Deed, Trouble
from tests.support.virtual import VirtualSandbox
from tests.support.watch import Watch

PEACE = 45 * 60  # virtual seconds: launches retried after 10 minutes, replacements one at a time, draining, one rebalance


def fleet_of(sandbox: VirtualSandbox) -> tuple[Fleet, Watch]:
    watch = Watch(sandbox, "web")
    fleet = Fleet(sandbox).make()
    sandbox.run(15, watch.look)
    assert fleet.well()
    return fleet, watch


def suffer(fleet: Fleet, watch: Watch, plan: list[Deed]) -> Trouble:
    trouble = Trouble(fleet)
    for planned in plan:
        trouble.do(planned)
        fleet.on.run(planned.then_wait, watch.look)
        assert watch.violations == [], str(planned)
    return trouble


def recovers(fleet: Fleet, watch: Watch, trouble: Trouble) -> None:
    trouble.peace()
    fleet.on.run(60, watch.look)  # the last fault is noticed by then

    def well() -> bool:
        trouble.put_back()
        return fleet.well()

    assert fleet.on.until(well, PEACE, step=20) is not None, (fleet.described(), fleet.health())
    assert watch.violations == []
    assert [a["Description"] for a in fleet.activities() if "EndTime" not in a] == []
    running = {i for i, machine in fleet.on.world.machines.items() if machine.running}
    assert running - trouble.detached == set(fleet.members())
