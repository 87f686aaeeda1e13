"""The jobs that the workers of the process runtime carry out: boot, reboot, end, remove, and to end the application only. Each raises
SandboxError with the sentence that becomes the instance's state reason.
"""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from sandbox.core.clock import Clock
from sandbox.core.errors import SandboxError
from sandbox.drivers.runtime.base import UNIMPAIRED, Container, ContainerState, Impairment, LaunchSpec
from sandbox.drivers.runtime.process import boot_plan, boot_texts, processes, user_data
from sandbox.drivers.runtime.process.boot_plan import BootPlan
from sandbox.drivers.runtime.process.instances import Instance, Instances
from sandbox.drivers.runtime.process.processes import InstanceProcess
from sandbox.drivers.runtime.process.records import Record, Records
from sandbox.drivers.runtime.process.surroundings import NOTHING_AROUND, Surroundings
from sandbox.drivers.runtime.user_data.effect import application_starts
from sandbox.drivers.runtime.user_data.results import BootResult
from sandbox.drivers.runtime.user_data.watch import ResultWatch

HTTP = 80
BESIDE_A_COMMAND = "The process runtime does not run user data beside the command of an AMI"


class ProcessJobs:
    """`http`: the port of an application on its instance's loopback address; None: any free port. `app`: the folder of the application."""

    def __init__(
        self,
        clock: Clock,
        instances: Instances,
        records: Records,
        *,
        http: int | None,
        app: Path,
        surroundings: Surroundings = NOTHING_AROUND,
    ) -> None:
        self._clock, self._instances, self._records = clock, instances, records
        self._http, self._app, self._surroundings = http, app, surroundings
        self._mark = {processes.MARK: records.mark}
        self._results = ResultWatch(self._result, instances.set_user_data)

    def boot(self, instance: Instance) -> None:
        if instance.container.state is ContainerState.REMOVING:
            return
        if image := instance.record.spec.image:
            raise SandboxError(f"The process runtime cannot run the container image {image}. next: sandbox up --runtime docker")
        boot = instance.record.boots + 1
        port = self._port(instance.record)
        process = self._first_process(instance.record, boot, port)
        self._save(instance, replace(instance.record, port=port, boots=boot), process)
        with self._instances.lock:
            instance.process = process
            if instance.container.state is ContainerState.STARTING:
                instance.container = replace(
                    instance.container,
                    state=ContainerState.RUNNING,
                    boots=boot,
                    started_at=self._clock.now(),
                    exit_code=None,
                    error=None,
                    impairment=UNIMPAIRED,
                    user_data=None,
                )
        self._instances.notify(instance.instance_id)
        self._instances.watch(instance, process)
        self._expect_result(instance)

    def reboot(self, instance: Instance) -> None:
        if instance.process:
            instance.process.end(force=False)
        self._end_the_rest(instance)
        self.boot(instance)

    def end(self, instance: Instance, *, force: bool) -> None:
        code = instance.process.end(force=force) if instance.process else instance.container.exit_code
        self._end_the_rest(instance)
        self._instances.exited(instance, instance.process, code)
        if instance.container.state is ContainerState.STOPPING:
            self._instances.update(instance, state=ContainerState.EXITED, exit_code=code)

    def kill_now(self, instance_id: str) -> None:
        """A forced stop ends a graceful stop that still waits."""
        instance = self._instances.get(instance_id)
        if instance and instance.process and instance.container.state is ContainerState.STOPPING:
            with suppress(ProcessLookupError):
                instance.process.kill()

    def remove(self, instance: Instance) -> None:
        if instance.process:
            instance.process.end(force=True)
        self._end_the_rest(instance)
        self._records.remove(instance.instance_id)
        self._instances.remove(instance.instance_id)

    def _end_the_rest(self, instance: Instance) -> None:
        """It takes long with many processes, so it is done only where user data ran."""
        if instance.record.spec.user_data and self._records.home(instance.instance_id).is_dir():
            processes.kill_left(self._records.mark, instance.instance_id)

    def end_application(self, instance: Instance) -> None:
        """Another process takes its place, so that the machine goes on."""
        ended = instance.process
        if ended is None or instance.container.state is not ContainerState.RUNNING:
            return
        with self._records.open_console(instance.instance_id) as console:
            machine = processes.idle(self._mark, console)
        self._save(instance, instance.record, machine)
        with self._instances.lock:
            instance.process = machine
        ended.end(force=True)
        self._instances.watch(instance, machine)
        self._instances.notify(instance.instance_id)

    def adopt(self, record: Record) -> None:
        """An instance of an earlier control plane."""
        process = processes.find(record.pid, record.created)
        found = Container(
            instance_id=record.spec.instance_id,
            state=ContainerState.RUNNING if process else ContainerState.EXITED,
            started_at=self._clock.now() - process.age() * self._clock.speed if process else None,
            boots=record.boots,
            orphan=True,
            impairment=Impairment(frozen=process is not None and process.frozen()),
        )
        instance = Instance(record, found, process)
        self._instances.add(instance)
        if process:
            self._instances.watch(instance, process)
            self._expect_result(instance)

    def close(self) -> None:
        self._results.close()

    def _expect_result(self, instance: Instance) -> None:
        if instance.record.spec.user_data:
            self._results.expect(instance.instance_id)

    def _result(self, instance_id: str) -> BootResult | None:
        if self._instances.running(instance_id) is None:
            raise KeyError(instance_id)
        return user_data.read_result(self._records.home(instance_id))

    def _port(self, record: Record) -> int:
        if self._http is None:
            return record.port or processes.free_port(record.host)
        return self._http + record.spec.port - HTTP

    def _first_process(self, record: Record, boot: int, port: int) -> InstanceProcess:
        """Not every instance has user data, and not all user data can run here (boot_plan.py)."""
        spec, home = record.spec, self._records.home(record.spec.instance_id)
        plan = _plan(spec, boot)
        environment = {**self._surroundings.environment(spec), **self._mark}
        with self._records.open_console(spec.instance_id) as console:
            console.write(boot_texts.message(spec, boot, plan).encode())
            if plan and plan.runs:
                own = {"HOST": record.host, "PORT": str(port)}
                return user_data.start(plan, boot, environment | own, console, home)
            if plan:
                user_data.report_not_run(plan, home)
            if spec.command is not None:
                processes.check_port(record.host, port, spec.instance_id)
                return processes.run_command(spec.command, environment | {"PORT": str(port), "HOST": record.host}, console)
            if not application_starts(spec.user_data, boot):
                return processes.idle(self._mark, console)
            processes.check_port(record.host, port, spec.instance_id)
            return processes.serve(self._app, record.host, port, environment, console)

    def _save(self, instance: Instance, record: Record, process: InstanceProcess) -> None:
        instance.record = replace(record, pid=process.pid, created=process.created)
        self._records.save(instance.record)


def _plan(spec: LaunchSpec, boot: int) -> BootPlan | None:
    """Of the user data; None: there is none."""
    if not spec.user_data:
        return None
    if spec.command is not None:
        return BootPlan(refused=(BESIDE_A_COMMAND,) if boot == 1 else ())
    return boot_plan.plan(spec.user_data, boot)
