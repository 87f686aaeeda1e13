"""The Commands of virtual time: the world's script says what a command does. Its report comes when its virtual time has passed."""

from datetime import timedelta

from sandbox.drivers.commands.base import CommandReport, CommandRequest
from sandbox.drivers.requester import Requester
from sandbox.drivers.runtime import simulated
from sandbox.drivers.runtime.commands import CommandEnd, CommandResult, MachineCommand
from sandbox.drivers.runtime.simulated import SimulatedRuntime
from sandbox.drivers.world import World


class SimulatedCommands(Requester[CommandReport]):
    def __init__(self, world: World, runtime: SimulatedRuntime) -> None:
        super().__init__()
        self._world, self._runtime = world, runtime
        self._running: dict[str, tuple[CommandRequest, int]] = {}  # key → request, and the machine's boot in which it runs
        self._closed = False

    def start(self, request: CommandRequest) -> None:
        if request.key in self._running:
            return
        self._results.begin(request)
        command = MachineCommand(argv=request.argv, timeout=request.timeout.total_seconds(), directory=request.directory)
        machine = self._world.machines.get(request.instance_id)
        self._running[request.key] = (request, machine.boots if machine else 0)
        try:
            scripted = self._runtime.scripted(request.instance_id, command)
        except KeyError:
            self._later(request, timedelta(0), None)
            return
        self._later(request, min(scripted.duration, request.timeout), simulated.result(scripted, command.timeout))

    def cancel(self, key: str) -> None:
        if key in self._running:
            self._later(self._running[key][0], timedelta(0), CommandResult(end=CommandEnd.CANCELED))

    def is_running(self, key: str) -> bool:
        return key in self._running

    def close(self) -> None:
        super().close()
        self._running.clear()

    def _later(self, request: CommandRequest, after: timedelta, result: CommandResult | None) -> None:
        self._world.at(self._world.clock.now() + after, lambda: self._end(request, result))

    def _end(self, request: CommandRequest, result: CommandResult | None) -> None:
        _, boot = self._running.pop(request.key, (None, 0))
        machine = self._world.machines.get(request.instance_id)
        if result is not None and (machine is None or not machine.running or machine.boots != boot):
            result = CommandResult(end=CommandEnd.LOST, detail="the machine ended while the command ran")
        at = self._world.clock.now()
        self._results.end(CommandReport(key=request.key, number=request.number, at=at, result=result))
