"""From a request to a fault: what is checked, what is kept for the next control plane, and what is refused in which words."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sandbox.core.clock import VirtualClock
from sandbox.core.errors import UserError
from sandbox.core.journal import Journal
from sandbox.core.ports import FaultRequest
from sandbox.faults import catalogue
from sandbox.faults.context import FaultContext
from sandbox.faults.injector import FaultInjector
from sandbox.faults.kind import INSTANCES, Injection, Kind, Reach
from sandbox.faults.model import BaseEffect, Effect, Fault
from sandbox.faults.parameters import PERCENT, Choice, Duration, Parameter
from sandbox.faults.registry import Conflict, FaultRegistry
from sandbox.faults.store import FileStore, MemoryStore, Saved
from tests.support.services.faults import FakeInventory, fault_context, instance

NOON = datetime(2026, 5, 7, 12, 0, tzinfo=UTC)
LOG: list[str] = []


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted(BaseEffect):
    """Writes down what happens to it."""

    kind: str
    targets: tuple[str, ...]

    def apply(self) -> None:
        LOG.append(f"apply {self.kind}")

    def undo(self) -> None:
        LOG.append(f"undo {self.kind}")


def _make(name: str, **more: object) -> Kind:
    def make(injection: Injection, context: FaultContext) -> Effect:
        return Noted(kind=name, targets=injection.names)

    return Kind(**{"name": name, "does": "Breaks.", "targets": INSTANCES, "make": make, **more})  # type: ignore[arg-type]


KINDS = {
    kind.name: kind
    for kind in (
        _make("smash", reach=Reach.INSTANCES_NOW),
        _make("haze", reach=Reach.INSTANCES_EVER, parameters=(Parameter(name="percent", parser=PERCENT, means="haze", required=True),)),
        _make(
            "wobble",
            parameters=(
                Parameter(name="every", parser=Duration(), means="period", default=timedelta(seconds=10)),
                Parameter(name="way", parser=Choice(("up", "down")), means="direction", default="up"),
            ),
            distinct_by=("way",),
        ),
        _make("burst", momentary=True, reach=Reach.INSTANCES_NOW),
        _make("grounded", cannot={"simulated": "there is no ground."}),
    )
}


@dataclass
class Bench:
    store: MemoryStore | FileStore = field(default_factory=MemoryStore)
    now: datetime = NOON

    def __post_init__(self) -> None:
        self.clock = VirtualClock(self.now)
        self.journal = Journal(self.clock)
        known = [instance("i-1", group="web"), instance("i-2", "us-east-1b", "web"), instance("i-3", state="stopped")]
        self.inventory = FakeInventory(known, ("web", "empty"))
        self.timers: list[datetime] = []
        self.registry = FaultRegistry(self.clock, self.journal, lambda when, callback: self.timers.append(when), self.store)
        self.injector = FaultInjector(
            self.registry, lambda: fault_context(self.clock, self.journal, self.inventory, registry=self.registry)
        )

    def begin(self, kind: str, *targets: str, duration: timedelta | None = None, **parameters: object) -> Fault:
        return self.injector.begin(FaultRequest(kind=kind, targets=targets, parameters=parameters, duration=duration))


@pytest.fixture(autouse=True)
def _kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "KINDS", KINDS)
    LOG.clear()


def test_a_zone_and_a_group_stand_for_the_instances_that_they_have_now() -> None:
    bench = Bench()
    assert bench.begin("smash", "us-east-1b").instances == ("i-2",)
    assert bench.begin("wobble", "web").instances == ()


def test_a_zone_is_known_by_its_id_too() -> None:
    assert Bench().begin("smash", "use1-az2").targets == ("us-east-1b",)


def test_a_fault_has_its_parameters_with_the_defaults_of_those_that_were_not_given() -> None:
    assert Bench().begin("wobble", "i-1", way="down").parameters == {"every": "10s", "way": "down"}


REFUSED: dict[str, tuple[str, tuple[str, ...], dict[str, object], str]] = {
    "an unknown kind": ("smesh", ("i-1",), {}, "There is no kind of fault 'smesh'. Did you mean smash?"),
    "no target": ("smash", (), {}, "smash needs a target: instance, Auto Scaling group or Availability Zone."),
    "an unknown instance": ("smash", ("i-9",), {}, "There is no instance 'i-9'."),
    "an unknown name": ("smash", ("wab",), {}, "There is no instance, Auto Scaling group or Availability Zone 'wab'."),
    "a stopped instance": ("smash", ("i-3",), {}, "i-3 is stopped: smash needs one that is running."),
    "a group without instances": ("smash", ("empty",), {}, "empty has no instance that is running, so there is nothing to break."),
    "an unknown parameter": ("smash", ("i-1",), {"force": 1}, "smash has no parameter 'force': it has none."),
    "a missing parameter": ("haze", ("i-1",), {}, r"haze needs the parameter percent \(haze\)."),
    "a number out of range": ("haze", ("i-1",), {"percent": 101}, "Invalid percent 101 of haze: expected a number, 0 to 100."),
    "a text for a number": ("haze", ("i-1",), {"percent": "half"}, "Invalid percent 'half' of haze: expected a number, 0 to 100."),
    "true for a number": ("haze", ("i-1",), {"percent": True}, "Invalid percent True of haze"),
    "an unknown choice": ("wobble", ("i-1",), {"way": "left"}, "Invalid way 'left' of wobble: expected up or down."),
    "a number for a duration": ("wobble", ("i-1",), {"every": 10}, "Invalid every 10 of wobble: expected a duration in quotes"),
    "what the runtime cannot": ("grounded", ("i-1",), {}, "grounded is not possible in the simulated runtime: there is no ground."),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_request_that_is_not_valid_is_refused_and_changes_nothing(case: str) -> None:
    kind, targets, parameters, sentence = REFUSED[case]
    bench = Bench()
    with pytest.raises(UserError, match=sentence) as refused:
        bench.begin(kind, *targets, **parameters)
    assert refused.value.next_command
    assert (bench.registry.active(), bench.journal.events(), LOG) == ((), (), [])


@pytest.mark.parametrize("duration", [timedelta(0), timedelta(seconds=-1), timedelta(days=8)])
def test_a_duration_that_is_out_of_range_is_refused(duration: timedelta) -> None:
    with pytest.raises(UserError, match="Invalid duration of smash: expected one above 0s, at most 7d"):
        Bench().begin("smash", "i-1", duration=duration)


def test_a_momentary_fault_has_no_duration_and_is_over_when_it_has_begun() -> None:
    bench = Bench()
    with pytest.raises(UserError, match="burst happens at once and is not undone"):
        bench.begin("burst", "i-1", duration=timedelta(minutes=1))
    fault = bench.begin("burst", "web")
    assert (fault.until, fault.instances, bench.registry.active(), LOG) == (NOON, ("i-1", "i-2"), (), ["apply burst"])


@pytest.mark.parametrize("second", ["i-1", "us-east-1a", "use1-az1", "web"])
def test_two_faults_of_one_kind_on_one_thing_are_refused(second: str) -> None:
    bench = Bench()
    bench.begin("smash", "i-1")
    with pytest.raises(Conflict, match=r"fault-1 \(smash\) is active on i-1 already") as refused:
        bench.begin("smash", second)
    assert refused.value.next_command == "sandbox fault clear fault-1"


def test_another_kind_another_target_or_another_distinct_parameter_is_no_conflict() -> None:
    bench = Bench()
    bench.begin("smash", "i-1")
    bench.begin("smash", "i-2")
    bench.begin("haze", "i-1", percent=5)
    bench.begin("wobble", "web", way="up")
    bench.begin("wobble", "web", way="down")
    assert len(bench.registry.active()) == 5


def test_the_protocol_of_services_clears_twice_and_knows_what_is_active() -> None:
    bench = Bench()
    fault_id = bench.injector.inject(FaultRequest(kind="smash", targets=("i-1",)))
    seen = [bench.injector.is_active(fault_id)]
    for _ in range(2):
        bench.injector.clear(fault_id)
        seen.append(bench.injector.is_active(fault_id))
    assert seen == [True, False, False]


def test_a_token_returns_the_fault_that_was_made_with_it_while_it_is_active(tmp_path: Path) -> None:
    request = FaultRequest(kind="smash", targets=("i-1",), token="action-1")
    Bench(FileStore(tmp_path / "faults.json")).injector.inject(request)
    later = Bench(FileStore(tmp_path / "faults.json"))
    later.injector.take_up()
    seen = [later.injector.inject(request)]
    later.injector.clear(seen[0])
    seen.append(later.injector.inject(request))
    assert seen == ["fault-1", "fault-2"]


# ---- the next control plane ------------------------------------------------------------------------------------------------------------


def test_a_fault_with_time_left_is_continued_under_its_id_until_its_end(tmp_path: Path) -> None:
    first = Bench(FileStore(tmp_path / "faults.json"))
    fault = first.begin("wobble", "web", duration=timedelta(minutes=10), way="down")
    later = Bench(FileStore(tmp_path / "faults.json"), NOON + timedelta(minutes=4))
    later.injector.take_up()
    (found,) = later.registry.active()
    assert (found.id, found.targets, found.parameters, found.since, found.until) == (
        fault.id, fault.targets, fault.parameters, NOON, NOON + timedelta(minutes=10),
    )  # fmt: skip
    assert later.timers == [NOON + timedelta(minutes=10)]
    assert later.begin("smash", "i-1").id == "fault-2"


def test_a_fault_whose_end_has_passed_is_undone_at_the_start(tmp_path: Path) -> None:
    Bench(FileStore(tmp_path / "faults.json")).begin("wobble", "web", duration=timedelta(minutes=10))
    later = Bench(FileStore(tmp_path / "faults.json"), NOON + timedelta(minutes=11))
    LOG.clear()
    later.injector.take_up()
    assert (later.registry.active(), LOG) == ((), ["undo wobble"])
    assert later.journal.events()[-1].summary == "fault-1 (wobble on web (every 10s, way up)) ended while no control plane was running"
    assert later.store.read().faults == ()


def test_a_fault_continues_although_its_target_is_gone(tmp_path: Path) -> None:
    Bench(FileStore(tmp_path / "faults.json")).begin("smash", "web")
    later = Bench(FileStore(tmp_path / "faults.json"))
    later.inventory.known.clear()
    later.inventory.group_names = ()
    later.injector.take_up()
    later.registry.clear("fault-1")
    assert LOG[-1] == "undo smash"


def test_a_fault_that_this_release_does_not_know_is_named_and_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Bench(FileStore(tmp_path / "faults.json")).begin("smash", "i-1")
    monkeypatch.setattr(catalogue, "KINDS", {})
    later = Bench(FileStore(tmp_path / "faults.json"))
    later.injector.take_up()
    assert "fault-1 (smash on i-1) of an earlier run could not be continued" in later.journal.events()[-1].summary


def test_a_file_that_cannot_be_read_is_set_aside(tmp_path: Path) -> None:
    file = tmp_path / "faults.json"
    file.write_text('{"newest": 1, "faults": [{')
    assert FileStore(file).read() == Saved()
    assert [each.name for each in tmp_path.iterdir()] == ["faults.unreadable"]


@dataclass
class FullDisk(MemoryStore):
    full: bool = True

    def write(self, saved: Saved) -> None:
        if self.full:
            raise OSError(28, "No space left on device")
        self.saved = saved


def test_what_cannot_be_saved_is_not_broken() -> None:
    bench = Bench(FullDisk())
    with pytest.raises(UserError, match=r"The fault cannot be saved, so nothing was broken: No space left on device\."):
        bench.begin("smash", "i-1")
    assert (bench.registry.active(), LOG) == ((), ["undo smash"])


def test_a_fault_is_undone_although_its_end_cannot_be_saved() -> None:
    store = FullDisk(full=False)
    bench = Bench(store)
    fault = bench.begin("smash", "i-1")
    store.full = True
    bench.registry.clear(fault.id)
    assert (bench.registry.active(), bench.registry.ending(), LOG) == ((), (), ["apply smash", "undo smash"])
