"""aws:ec2:stop-instances, terminate-instances, reboot-instances (FIS-20 to FIS-22)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from sandbox.core.errors import Retry
from sandbox.services.fis.decide.observed import Broken, Done, Going, Look
from sandbox.services.fis.kinds.base import Reach, lasting, names, undone
from sandbox.services.fis.model import INVALID_TARGET, Run
from sandbox.services.fis.parameter_model import duration, true

GONE = ("terminated", "shutting-down")
SOON = timedelta(seconds=1)


class StopInstances:
    def begin(self, reach: Reach, run: Run, targets: tuple[str, ...]) -> Run:
        instances = names(targets)
        reach.call("ec2", "stop_instances", InstanceIds=list(instances))
        after = run.action.parameters.get("startInstancesAfterDuration")
        return lasting(replace(run, instances=instances), reach, duration(after) if after else None)

    def look(self, reach: Reach, run: Run) -> Look:
        states = states_of(reach, run)
        if run.until is None:  # they stay stopped
            return Done() if all(state in ("stopped", *GONE) for state in states.values()) else Going()
        if not run.undone:
            return Going()
        if (gone := _gone(states)) and not true(run.action.parameters.get("completeIfInstancesTerminated")):  # AZ-8
            return Broken(reason=f"The instances {gone} were terminated before they could be started again.", code=INVALID_TARGET)
        if stopped := ", ".join(each for each, state in states.items() if state == "stopped"):
            return Broken(reason=f"The instances {stopped} did not start again.", code=INVALID_TARGET)
        return Done() if all(state in ("running", *GONE) for state in states.values()) else Going()

    def undo(self, reach: Reach, run: Run) -> Run:
        """The post action: a stopped instance is started again, if the action was asked to."""
        if run.until is None:
            return undone(run)
        states = states_of(reach, run)
        if any(state == "stopping" for state in states.values()):
            raise Retry("the instances are stopping", SOON)
        stopped = [each for each, state in states.items() if state == "stopped"]
        if stopped:
            reach.call("ec2", "start_instances", InstanceIds=stopped)
        return undone(run)


class TerminateInstances:
    def begin(self, reach: Reach, run: Run, targets: tuple[str, ...]) -> Run:
        instances = names(targets)
        reach.call("ec2", "terminate_instances", InstanceIds=list(instances))
        return replace(run, instances=instances)

    def look(self, reach: Reach, run: Run) -> Look:
        return Done() if all(state == "terminated" for state in states_of(reach, run).values()) else Going()

    def undo(self, reach: Reach, run: Run) -> Run:
        return undone(run)


class RebootInstances:
    """Asynchronous: the request is all that the action does (EC2-6)."""

    def begin(self, reach: Reach, run: Run, targets: tuple[str, ...]) -> Run:
        instances = names(targets)
        reach.call("ec2", "reboot_instances", InstanceIds=list(instances))
        return replace(run, instances=instances)

    def look(self, reach: Reach, run: Run) -> Look:
        return Done()

    def undo(self, reach: Reach, run: Run) -> Run:
        return undone(run)


def states_of(reach: Reach, run: Run) -> Mapping[str, str]:
    """Instance id → state. An instance that is no longer listed was terminated long ago (EC2-9)."""
    if not run.instances:
        return {}
    filters = [{"Name": "instance-id", "Values": list(run.instances)}]
    reservations = reach.call.pages("ec2", "describe_instances", "Reservations", Filters=filters)
    found = {each["InstanceId"]: each["State"]["Name"] for reservation in reservations for each in reservation["Instances"]}
    return {instance_id: found.get(instance_id, "terminated") for instance_id in run.instances}


def _gone(states: Mapping[str, str]) -> str:
    return ", ".join(each for each, state in states.items() if state in GONE)
