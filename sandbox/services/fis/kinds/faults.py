"""Actions that are faults for a while: no capacity, no network, API errors (FIS-24 to FIS-26, FIS-33).

A subclass says which faults; each ends by itself after the action's duration, also if FIS does not run then.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from sandbox.core.errors import UserError
from sandbox.core.ports import FaultRequest
from sandbox.services.fis.decide.observed import Broken, Done, Going, Look
from sandbox.services.fis.kinds.base import Reach, Refusal, lasting, names, undone
from sandbox.services.fis.model import CONFIGURATION_FAILURE, INVALID_TARGET, Run
from sandbox.services.fis.parameter_model import duration, listed


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One fault, as long as the action."""

    kind: str
    targets: tuple[str, ...]
    parameters: Mapping[str, object] = field(default_factory=dict)


class FaultAction:
    def wanted(self, reach: Reach, run: Run, targets: tuple[str, ...]) -> Iterator[Wanted]:
        """Raises Refusal."""
        raise NotImplementedError

    def begin(self, reach: Reach, run: Run, targets: tuple[str, ...]) -> Run:
        begun = lasting(run, reach, duration(run.action.parameters["duration"]))
        wanted = tuple(self.wanted(reach, run, targets))
        ids: list[str] = []
        for number, each in enumerate(wanted):
            try:
                ids.append(reach.faults.inject(_request(reach, begun, each, number)))
            except UserError as error:
                for fault_id in ids:
                    reach.faults.clear(fault_id)
                raise Refusal(error.message, CONFIGURATION_FAILURE) from error
        return replace(begun, faults=tuple(ids))

    def look(self, reach: Reach, run: Run) -> Look:
        if run.undone:
            return Done()
        ended = [each for each in run.faults if not reach.faults.is_active(each)]
        if ended and run.until is not None and reach.now < run.until:
            reason = f"{', '.join(ended)} of the action ended before the action's duration was over."
            return Broken(reason=reason, code=INVALID_TARGET)
        return Going()

    def undo(self, reach: Reach, run: Run) -> Run:
        for fault_id in run.faults:
            reach.faults.clear(fault_id)
        return undone(run)


def _request(reach: Reach, run: Run, wanted: Wanted, number: int) -> FaultRequest:
    assert run.until is not None
    return FaultRequest(
        kind=wanted.kind,
        targets=wanted.targets,
        parameters=wanted.parameters,
        duration=run.until - reach.now,
        summary=f"action {run.name} of experiment {reach.experiment_id} ({run.action.action_id})",
        cause=run.event,
        token=f"{reach.experiment_id}/{run.name}/{number}",
    )


class GroupCapacity(FaultAction):
    """FIS-24. Groups with a launch configuration are not affected on AWS, so they are refused."""

    def wanted(self, reach: Reach, run: Run, targets: tuple[str, ...]) -> Iterator[Wanted]:
        groups = names(targets)
        found = reach.call.pages("autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups", AutoScalingGroupNames=list(groups))
        without = [each["AutoScalingGroupName"] for each in found if each.get("LaunchConfigurationName")]
        if without:
            text = f"The Auto Scaling groups {', '.join(without)} have no launch template, so the action does not affect them."
            raise Refusal(text, INVALID_TARGET)
        yield _no_capacity(run, {"groups": ",".join(groups)})


class CallerCapacity(FaultAction):
    """FIS-25."""

    def wanted(self, reach: Reach, run: Run, targets: tuple[str, ...]) -> Iterator[Wanted]:
        yield _no_capacity(run, {"roles": ",".join(targets)})


def _no_capacity(run: Run, scope: Mapping[str, object]) -> Wanted:
    given = run.action.parameters
    percent = int(given.get("percentage", "100"))
    return Wanted(kind="no-capacity", targets=listed(given["availabilityZoneIdentifiers"]), parameters={**scope, "percent": percent})


class DisruptConnectivity(FaultAction):
    """FIS-26. Traffic inside a subnet still passes, as it does under a network ACL."""

    def wanted(self, reach: Reach, run: Run, targets: tuple[str, ...]) -> Iterator[Wanted]:
        if run.action.parameters["scope"] == "all":
            yield Wanted(kind="zone-blackhole", targets=names(targets))
        else:
            yield Wanted(kind="zone-partition", targets=names(targets), parameters={"direction": "cross-zone"})


API_ERRORS = {
    "internal": ("InternalError", "An internal error has occurred."),
    "throttle": ("RequestLimitExceeded", "Request limit exceeded."),
    "unavailable": ("Unavailable", "The service is unavailable. Please try again shortly."),
}
"""What EC2 answers."""


class ApiErrors(FaultAction):
    """FIS-33."""

    def __init__(self, what: str) -> None:
        self._code, self._message = API_ERRORS[what]

    def wanted(self, reach: Reach, run: Run, targets: tuple[str, ...]) -> Iterator[Wanted]:
        given = run.action.parameters
        values = {"code": self._code, "message": self._message, "percent": int(given["percentage"]), "roles": ",".join(targets)}
        yield Wanted(
            kind="api-error", targets=(given["service"],), parameters={**values, "operation": ",".join(listed(given["operations"]))}
        )
