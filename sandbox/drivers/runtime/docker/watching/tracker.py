"""What the Docker runtime knows about each instance's container: the latest inspection, the verb that was requested last, and who is told
when that changes. Thread-safe; its lock is never held during I/O.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from sandbox.core.clock import Clock
from sandbox.drivers.runtime.base import Container, ContainerState, Impairment, LaunchSpec, UserDataResult
from sandbox.drivers.runtime.docker.engine import DockerEngine
from sandbox.drivers.runtime.docker.values import ContainerInfo
from sandbox.drivers.runtime.docker.watching.snapshot import UP, Pending, TrackedContainer, observed, reachable


class ContainerTracker:
    """`on_created(instance_id)`: called for a container that an earlier control plane created and never started. `on_boot(instance_id)`:
    for each boot of a machine with user data, also when it is found running."""

    def __init__(self, clock: Clock, engine: DockerEngine, *, on_created: Callable[[str], None], on_boot: Callable[[str], None]) -> None:
        self._clock, self._engine, self._on_created, self._on_boot = clock, engine, on_created, on_boot
        self._tracked: dict[str, TrackedContainer] = {}
        self._lock = threading.Lock()
        self._refreshing = threading.Lock()  # one inspection at a time: an older response never replaces a newer one
        self._callbacks: list[Callable[[str], None]] = []

    def on_change(self, callback: Callable[[str], None]) -> None:
        self._callbacks.append(callback)

    def notify(self, instance_id: str) -> None:
        for callback in self._callbacks:
            callback(instance_id)

    # ---- reads -------------------------------------------------------------------------------------------------------------------------

    def containers(self) -> Mapping[str, Container]:
        with self._lock:
            return {instance_id: observed(instance_id, tracked) for instance_id, tracked in self._tracked.items()}

    def reachable(self, instance_id: str) -> bool | None:
        with self._lock:
            tracked = self._tracked.get(instance_id)
            return reachable(tracked) if tracked else None

    def runs(self, instance_id: str) -> bool:
        with self._lock:
            tracked = self._tracked.get(instance_id)
            return tracked is not None and observed(instance_id, tracked).state is ContainerState.RUNNING

    def awaits_launch(self, instance_id: str) -> bool:
        """False when it was removed, or its removal was requested, before its launch began."""
        with self._lock:
            tracked = self._tracked.get(instance_id)
            return tracked is not None and tracked.pending is not Pending.REMOVING

    def inspected(self) -> set[str]:
        """The instances whose container Docker has reported."""
        with self._lock:
            return {instance_id for instance_id, tracked in self._tracked.items() if tracked.info is not None}

    def specs(self) -> list[LaunchSpec]:
        """Of the instances that have a container."""
        with self._lock:
            return [each.info.spec for each in self._tracked.values() if each.info and each.info.spec]

    def with_container(self, container_id: str | None) -> list[str]:
        """The instance ids of that container: one, or none."""
        with self._lock:
            return [i for i, tracked in self._tracked.items() if tracked.info and tracked.info.container_id == container_id]

    # ---- requests ----------------------------------------------------------------------------------------------------------------------

    def add(self, instance_id: str) -> int | None:
        """→ the number of its launch request; None when the instance is known."""
        with self._lock:
            if instance_id in self._tracked:
                return None
            tracked = self._tracked[instance_id] = TrackedContainer()
            return tracked.request(Pending.STARTING)

    def request(self, instance_id: str, pending: Pending, states: tuple[ContainerState, ...]) -> int | None:
        """→ the number of the request. None when there is no such container, or when it is not in one of these states: the verb is done, in
        progress or not applicable."""
        with self._lock:
            tracked = self._tracked.get(instance_id)
            if tracked is None or observed(instance_id, tracked).state not in states:
                return None
            return tracked.request(pending)

    def complete(self, instance_id: str, number: int, failed: str | None, *, image_missing: bool = False) -> None:
        with self._lock:
            if tracked := self._tracked.get(instance_id):
                tracked.complete(number, failed)
                tracked.image_missing = image_missing
        self.notify(instance_id)

    def request_impairment(self, instance_id: str, impairment: Impairment) -> bool:
        """→ whether there is something to carry out: not when it has that impairment, or does not run."""
        with self._lock:
            tracked = self._tracked.get(instance_id)
            seen = observed(instance_id, tracked) if tracked else None
            if tracked is None or seen is None or seen.state is not ContainerState.RUNNING:
                return False
            done = tracked.wanted == impairment if tracked.impairing else seen.impairment == impairment
            tracked.wanted = impairment
            tracked.impairing += 0 if done else 1
            return not done

    def wanted_impairment(self, instance_id: str) -> Impairment | None:
        """The one that was requested last."""
        with self._lock:
            tracked = self._tracked.get(instance_id)
            return tracked.wanted if tracked else None

    def complete_impairment(self, instance_id: str, failed: str | None) -> None:
        with self._lock:
            if tracked := self._tracked.get(instance_id):
                tracked.impairing, tracked.impairment_error = max(0, tracked.impairing - 1), failed
        self.notify(instance_id)

    # ---- what Docker reports -----------------------------------------------------------------------------------------------------------

    def refresh(self, instance_id: str) -> None:
        """Inspects one container, updates the snapshot, and notifies when it changed."""
        with self._refreshing:
            info = self._engine.inspect(instance_id)
            with self._lock:
                before = self._tracked.get(instance_id)
                seen = observed(instance_id, before) if before else None
                if info is None:
                    now = None if before is None or before.info or before.pending is Pending.REMOVING else seen
                    if now is None:
                        self._tracked.pop(instance_id, None)
                else:
                    tracked = self._tracked.setdefault(instance_id, TrackedContainer(orphan=True))
                    self._update(tracked, info)
                    now = observed(instance_id, tracked)
        if before is None and now and info and info.status == "created" and not info.error:
            self._on_created(instance_id)
        if now and info and info.status in UP and info.spec and info.spec.user_data and now.boots != (seen.boots if seen else 0):
            self._on_boot(instance_id)
        if now != seen:
            self.notify(instance_id)

    def mark_exited(self, instance_id: str, when: datetime, exit_code: int) -> None:
        """Updates the snapshot from Docker's event at `when` (real time), unless the container was started again since. Docker would answer
        an inspect call only after it has taken the network down."""
        with self._lock:
            tracked = self._tracked.get(instance_id)
            if tracked is None or tracked.info is None or tracked.info.status not in UP or when < tracked.info.started_at:
                return
            self._update(tracked, replace(tracked.info, status="exited", exit_code=exit_code))
        self.notify(instance_id)

    def mark_out_of_memory(self, instance_id: str, when: datetime) -> None:
        """Docker reports at `when` (real time) that the kernel killed a process of the container. The container may go on without it."""
        with self._lock:
            if tracked := self._tracked.get(instance_id):
                tracked.oom_kills.append(when)
        self.notify(instance_id)

    def started(self, instance_id: str) -> datetime:
        """When the boot that runs now began (real time). Raises KeyError when none runs."""
        with self._lock:
            tracked = self._tracked.get(instance_id)
            if tracked is None or tracked.info is None or tracked.info.status not in UP:
                raise KeyError(instance_id)
            return tracked.info.started_at

    def set_user_data(self, instance_id: str, result: UserDataResult | None) -> None:
        with self._lock:
            if tracked := self._tracked.get(instance_id):
                tracked.user_data = result
        if result:
            self.notify(instance_id)

    def mark_disk_full(self, instance_id: str, written: int) -> None:
        """It was frozen, because it had written so many bytes."""
        with self._lock:
            if tracked := self._tracked.get(instance_id):
                tracked.disk_full = written >> 20
        self.notify(instance_id)

    def oom_kills(self, instance_id: str) -> tuple[tuple[datetime, ...], int | None]:
        """When they were (real time), and the memory of the machine in MiB."""
        with self._lock:
            tracked = self._tracked.get(instance_id)
            if tracked is None or tracked.info is None:
                return (), None
            return tuple(tracked.oom_kills), tracked.info.memory >> 20 or None

    def _update(self, tracked: TrackedContainer, info: ContainerInfo) -> None:
        tracked.update(info, self._clock, datetime.now(UTC))
