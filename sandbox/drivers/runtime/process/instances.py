"""What the process runtime knows about each instance: its record, its observed state, and its process while it runs. Thread-safe. One
thread for each process waits for its end, and tells it here.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from sandbox.drivers.runtime.base import UNIMPAIRED, Container, ContainerState, LaunchSpec, UserDataResult
from sandbox.drivers.runtime.process.processes import InstanceProcess
from sandbox.drivers.runtime.process.records import Record

UNAFFECTED = (ContainerState.STOPPING, ContainerState.REMOVING, ContainerState.STARTING)
"""The end of a process is expected in these states, and does not change them."""


@dataclass
class Instance:
    record: Record
    container: Container
    process: InstanceProcess | None = None  # None: it does not run

    @property
    def instance_id(self) -> str:
        return self.record.spec.instance_id


class Instances:
    """`lock` guards the instances and what they contain; it is held for microseconds."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._known: dict[str, Instance] = {}
        self._callbacks: list[Callable[[str], None]] = []
        self._ends: list[Callable[[str], None]] = []
        self._closed = False

    def on_end(self, callback: Callable[[str], None]) -> None:
        """Called with the instance id when the process of a machine has ended, before anything else is told."""
        self._ends.append(callback)

    def on_change(self, callback: Callable[[str], None]) -> None:
        self._callbacks.append(callback)

    def notify(self, instance_id: str) -> None:
        for callback in self._callbacks:
            callback(instance_id)

    def close(self) -> None:
        """The ends of processes are not told any more."""
        self._closed = True

    # ---- reads -------------------------------------------------------------------------------------------------------------------------

    def all(self) -> tuple[Instance, ...]:
        with self.lock:
            return tuple(self._known.values())

    def get(self, instance_id: str) -> Instance | None:
        with self.lock:
            return self._known.get(instance_id)

    def running(self, instance_id: str) -> Instance | None:
        with self.lock:
            found = self._known.get(instance_id)
            return found if found and found.container.state is ContainerState.RUNNING else None

    def containers(self) -> Mapping[str, Container]:
        with self.lock:
            return {instance_id: instance.container for instance_id, instance in self._known.items()}

    # ---- changes -----------------------------------------------------------------------------------------------------------------------

    def add(self, instance: Instance) -> bool:
        """→ False when there is one with that id."""
        with self.lock:
            return self._known.setdefault(instance.instance_id, instance) is instance

    def remove(self, instance_id: str) -> None:
        with self.lock:
            self._known.pop(instance_id, None)
        self.notify(instance_id)

    def request(self, instance_id: str, state: ContainerState, when: tuple[ContainerState, ...]) -> bool:
        """Puts an instance that is in one of the states `when` into `state`. → whether it was in one of them."""
        with self.lock:
            instance = self._known.get(instance_id)
            if instance is None or instance.container.state not in when:
                return False
            instance.container = replace(instance.container, state=state, error=None)
            return True

    def update(self, instance: Instance, *, state: ContainerState, exit_code: int | None = None, error: str | None = None) -> None:
        with self.lock:
            instance.container = replace(instance.container, state=state, exit_code=exit_code, error=error, impairment=UNIMPAIRED)
        self.notify(instance.instance_id)

    def set_user_data(self, instance_id: str, result: UserDataResult | None) -> None:
        with self.lock:
            instance = self._known.get(instance_id)
            if instance is None or instance.container.user_data == result:
                return
            instance.container = replace(instance.container, user_data=result)
        self.notify(instance_id)

    # ---- ends of processes -------------------------------------------------------------------------------------------------------------

    def watch(self, instance: Instance, process: InstanceProcess) -> None:
        """One thread per process waits in the kernel until the process ends."""
        name = f"wait-{instance.instance_id}"
        threading.Thread(target=lambda: self.exited(instance, process, process.wait()), name=name, daemon=True).start()

    def exited(self, instance: Instance, process: InstanceProcess | None, code: int | None) -> None:
        with self.lock:
            if process is None or instance.process is not process or self._closed:
                return
            instance.process = None
            expected = instance.container.state in UNAFFECTED  # now: until the callbacks return, it may have booted again
        for callback in self._ends:
            callback(instance.instance_id)
        if not expected:
            self.update(instance, state=ContainerState.EXITED, exit_code=code)


def starting(spec: LaunchSpec, host: str) -> Instance:
    """A new one, that listens on the loopback address `host`."""
    return Instance(Record(spec=spec, host=host), Container(instance_id=spec.instance_id, state=ContainerState.STARTING))
