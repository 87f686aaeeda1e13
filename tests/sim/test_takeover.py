"""What a control plane takes over: the clock, and a state that may not be readable."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sandbox import takeover
from sandbox.aws import state, state_file
from sandbox.aws.state_file import Header
from sandbox.core.clock import Reading
from sandbox.core.events import Event
from sandbox.takeover import Start
from sandbox.wiring import build
from tests.support import AMI, Fleet, VirtualSandbox, virtual_sandbox

NOON = datetime(2026, 5, 7, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


# ---- the clock -------------------------------------------------------------------------------------------------------------------------


def saved_with(clock: Reading | None, path: Path) -> Path:
    state_file.write(path, Header(clock=clock), b"")
    return path


def an_event(at: datetime) -> Event:
    return Event(source="test", detail_type="Test", summary="", at=at, id="e000001")


CLOCK = Reading(at=NOON + 60 * MINUTE, wall=NOON, speed=60, configured=1)


@pytest.mark.parametrize(
    ("clock", "event", "expected"),
    [
        (CLOCK, None, Start(at=NOON + 120 * MINUTE, speed=60)),
        (CLOCK, NOON + 90 * MINUTE, Start(at=NOON + 120 * MINUTE, speed=60)),
        (CLOCK, NOON + 300 * MINUTE, Start(at=NOON + 300 * MINUTE, speed=60)),  # after the last save, or the machine's clock was set back
        (None, None, Start(at=NOON + MINUTE, speed=1)),
        (None, NOON + 300 * MINUTE, Start(at=NOON + 300 * MINUTE, speed=1)),
    ],
)
def test_time_goes_on_and_never_back(clock: Reading | None, event: datetime | None, expected: Start, tmp_path: Path) -> None:
    saved = saved_with(clock, tmp_path / "state.bin")
    earlier = [an_event(event)] if event else []
    assert takeover.start(saved, earlier, configured=1, wall=NOON + MINUTE) == expected


def test_without_a_state_it_is_the_machine_s_time(tmp_path: Path) -> None:
    assert takeover.start(tmp_path / "none", [], configured=5, wall=NOON) == Start(at=NOON, speed=5)


def test_the_clock_is_read_where_the_rest_of_the_file_is_damaged(tmp_path: Path) -> None:
    saved = saved_with(CLOCK, tmp_path / "state.bin")
    saved.write_bytes(saved.read_bytes() + b"damage")
    assert takeover.start(saved, [], configured=1, wall=NOON) == Start(at=NOON + 60 * MINUTE, speed=60)


# ---- a state that cannot be read ---------------------------------------------------------------------------------------------------------


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def garble(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


def of_another_moto(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b'"moto": "', b'"moto": "9.', 1))


def overwrite(path: Path) -> None:
    path.write_text("not a state")


def empty(path: Path) -> None:
    path.write_bytes(b"")


def succeed(on: VirtualSandbox, saved: Path) -> VirtualSandbox:
    """The control plane that comes after, on the same machines."""
    earlier = on.sandbox.journal.events()
    on.sandbox.close()
    again = build(on.sandbox.settings, virtual=True, start=on.now(), world=on.world)
    takeover.take_up(again, earlier, saved)
    return VirtualSandbox(again)


def titles(on: VirtualSandbox) -> list[str]:
    return [event.detail_type for event in on.sandbox.journal.events()]


@pytest.fixture
def fleet() -> Fleet:
    made = Fleet(virtual_sandbox()).make()
    assert made.on.until(made.well, 180)
    return made


@pytest.mark.parametrize("damage", [truncate, garble, of_another_moto, overwrite, empty])
def test_it_is_set_aside_and_what_it_ran_goes_on(damage: Callable[[Path], None], fleet: Fleet, tmp_path: Path) -> None:
    saved = tmp_path / "state.bin"
    state.save(saved)
    damage(saved)
    content, machines = saved.read_bytes(), set(fleet.on.world.machines)
    on = succeed(fleet.on, saved)
    aside = tmp_path / "state.bin.set-aside-1"
    assert (aside.read_bytes(), saved.exists()) == (content, False)
    told = next(event for event in on.sandbox.journal.events() if event.detail_type == "State Set Aside")
    assert told.detail["file"] == str(aside) and "It is kept as state.bin.set-aside-1" in told.summary
    on.run(600)
    assert set(on.world.machines) == machines and all(machine.running for machine in on.world.machines.values())
    assert titles(on).count("Orphan Left Alone") == len(machines) == 3
    assert on.client("ec2").describe_instances()["Reservations"] == []


def test_it_stays_so_after_the_next_restart(fleet: Fleet, tmp_path: Path) -> None:
    saved = tmp_path / "state.bin"
    overwrite(saved)
    on = succeed(fleet.on, saved)
    on.run(60)
    state.save(saved)
    on = succeed(on, saved)
    on.run(600)
    assert len(on.world.machines) == 3


def test_a_new_instance_has_its_life_beside_them(fleet: Fleet, tmp_path: Path) -> None:
    saved = tmp_path / "state.bin"
    overwrite(saved)
    on = succeed(fleet.on, saved)
    made = on.client("ec2").run_instances(ImageId=AMI, InstanceType="t3.micro", MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    on.run(60)
    assert len(on.world.machines) == 4
    on.client("ec2").terminate_instances(InstanceIds=[made])
    on.run(60)
    assert len(on.world.machines) == 3


@pytest.mark.parametrize("path", ["/_sandbox/reset", "/moto-api/reset"])
def test_a_reset_removes_them(path: str, fleet: Fleet, tmp_path: Path) -> None:
    saved = tmp_path / "state.bin"
    overwrite(saved)
    on = succeed(fleet.on, saved)
    on.run(60)
    assert len(on.world.machines) == 3
    post(on, path)
    on.run(60)
    assert dict(on.world.machines) == {}


def post(on: VirtualSandbox, path: str) -> None:
    from tests.support.aws import request

    status, _, _ = request(on.sandbox.gateway, "POST", path, b"", HTTP_X_SANDBOX_CLIENT="test")
    assert status == 200


def test_put_back_it_is_taken_up_with_its_machines(fleet: Fleet, tmp_path: Path) -> None:
    """A release that can read it finds everything as it was."""
    saved = tmp_path / "state.bin"
    state.save(saved)
    good = saved.read_bytes()
    overwrite(saved)
    on = succeed(fleet.on, saved)
    on.run(60)
    saved.write_bytes(good)
    on = succeed(on, saved)
    again = fleet.after(on)
    assert on.until(again.well, 60) is not None
    assert len(on.world.machines) == 3
