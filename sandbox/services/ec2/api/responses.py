"""EC2's operations where moto's response differs from AWS's: states as they are, counts, tokens, monitoring, console output."""

import base64
from http import HTTPStatus
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.responses import EC2Response
from moto.ec2.utils import parse_user_data

from sandbox.aws.context import LOCK, context
from sandbox.aws.http.calls import READ_ONLY
from sandbox.aws.seams import replaces, swap_response
from sandbox.core.errors import DriverUnavailable
from sandbox.services.ec2 import errors
from sandbox.services.ec2.api import launches
from sandbox.services.ec2.api.launches import LaunchRequest
from sandbox.services.ec2.api.undo import undo
from sandbox.services.ec2.api.validation.operations import check

SMALLEST_PAGE, LARGEST_PAGE = 5, 1000
STATES_AS_THEY_ARE = "EC2-4: the response has the state before and now, also where nothing changed"


@swap_response("ec2")
class SandboxEC2Response(EC2Response):
    @replaces(why="moto makes objects while it still checks, and keeps what it cannot describe: check first, and undo what is refused")
    def call_action(self) -> Any:
        operation, backend = self._get_action(), self.ec2_backend
        check(operation, backend, self.params)
        if operation.startswith(READ_ONLY):
            return super().call_action()
        restore = undo(backend)
        try:
            status, headers, body = super().call_action()
        except BaseException:
            restore()
            raise
        if status >= HTTPStatus.BAD_REQUEST:
            restore()
        return status, headers, body

    # ---- lifecycle ------------------------------------------------------------------------------------------------------------------

    @replaces(why="MaxCount, ClientToken, DisableApiTermination and Monitoring, which moto drops")
    def run_instances(self) -> ActionResult:
        request = self._launch_request()
        earlier = self.ec2_backend.launched_before(request)
        if earlier is not None:
            return ActionResult(earlier)
        with launches.launching(request):
            return super().run_instances()

    def _launch_request(self) -> LaunchRequest:
        minimum, maximum = int(self._get_param("MinCount", 1)), int(self._get_param("MaxCount", 1))
        if not 1 <= minimum <= maximum:
            raise errors.wrong_counts(minimum, maximum)
        rest = {name: value for name, value in self.params.items() if name != "ClientToken"}
        return LaunchRequest(
            minimum=minimum,
            maximum=maximum,
            disable_api_termination=self._get_param("DisableApiTermination"),
            monitoring=self._get_param("Monitoring.Enabled"),
            token=self._get_param("ClientToken"),
            fingerprint=repr(sorted(rest.items())),
        )

    @replaces(why=STATES_AS_THEY_ARE)
    def start_instances(self) -> ActionResult:
        self.error_on_dryrun()
        return _changes("StartingInstances", self.ec2_backend.start_instances(self._get_param("InstanceIds", [])))

    @replaces(why=f"{STATES_AS_THEY_ARE}; Force (EC2-5)")
    def stop_instances(self) -> ActionResult:
        self.error_on_dryrun()
        force = bool(self._get_param("Force", False) or self._get_param("SkipOsShutdown", False))
        return _changes("StoppingInstances", self.ec2_backend.stop_instances(self._get_param("InstanceIds", []), force=force))

    @replaces(why=f"{STATES_AS_THEY_ARE}; Auto Scaling and load balancers learn of it by themselves, not in this call")
    def terminate_instances(self) -> ActionResult:
        self.error_on_dryrun()
        return _changes("TerminatingInstances", self.ec2_backend.terminate_instances(self._get_param("InstanceIds", [])))

    @replaces(why="a page's size, and a NextToken that was never issued: moto answers an internal error")
    def describe_instances(self) -> ActionResult:
        size = self._get_param("MaxResults")
        if size is not None and not SMALLEST_PAGE <= int(size) <= LARGEST_PAGE:
            raise errors.wrong_page_size(int(size), SMALLEST_PAGE, LARGEST_PAGE)
        token = self._get_param("NextToken")
        if token and token not in self.ec2_backend.reservations:
            raise errors.wrong_token()
        return super().describe_instances()

    # ---- monitoring and console -----------------------------------------------------------------------------------------------------

    @replaces(why="EC2-20: moto's is not implemented")
    def monitor_instances(self) -> ActionResult:
        return self._monitoring("enabled", "pending")

    @replaces(why="EC2-20: moto's is not implemented")
    def unmonitor_instances(self) -> ActionResult:
        return self._monitoring("disabled", "disabling")

    def _monitoring(self, state: str, answer: str) -> ActionResult:
        self.error_on_dryrun()
        instances = self.ec2_backend.set_monitoring(self._get_param("InstanceIds", []), state)
        return ActionResult({"InstanceMonitorings": [{"InstanceId": i.id, "Monitoring": {"State": answer}} for i in instances]})

    @replaces(why="the output of the instance's own machine")
    def get_console_output(self) -> ActionResult:
        self.error_on_dryrun()
        with LOCK:  # the gateway calls this operation without it, for the runtime does I/O
            instance = self.ec2_backend.get_instance(self._get_param("InstanceId"))
        result: dict[str, Any] = {"InstanceId": instance.id, "Timestamp": context().clock.now()}
        try:
            output = context().machines.console_output(instance.id)
        except KeyError:  # no machine yet, or no longer: AWS leaves Output out
            return ActionResult(result)
        except DriverUnavailable as error:
            raise errors.unavailable(str(error)) from error
        return ActionResult({**result, "Output": base64.b64encode(output).decode()})

    # ---- attributes and templates -----------------------------------------------------------------------------------------------------

    @replaces(why="UD-11 and shutdown behavior; moto takes an attribute that it does not know for an empty list of security groups")
    def modify_instance_attribute(self) -> ActionResult:
        instance_id = self._get_param("InstanceId")
        if behavior := self._get_param("InstanceInitiatedShutdownBehavior.Value"):
            self.error_on_dryrun()
            self.ec2_backend.modify_instance_attribute(instance_id, "instance_initiated_shutdown_behavior", behavior)
            return EmptyResult()
        if (raw := self._get_param("UserData.Value")) is not None:  # a blob: the SDK has encoded it, the parser decoded it
            self.error_on_dryrun()
            text = base64.b64encode(raw if isinstance(raw, bytes) else raw.encode()).decode()
            self.ec2_backend.modify_instance_attribute(instance_id, "user_data", text)
            return EmptyResult()
        if not set(self.params) - {"InstanceId", "DryRun"}:
            raise errors.nothing_to_modify()
        return super().modify_instance_attribute()

    @replaces(why="UD-1 and base64 check in later versions as in the first; SourceVersion")
    def create_launch_template_version(self) -> ActionResult:
        data = self._get_param("LaunchTemplateData", {})
        if "UserData" in data:
            data["UserData"] = parse_user_data(data["UserData"])
            launches.check_user_data(data["UserData"], "InvalidUserData.Malformed")
        self.params["LaunchTemplateData"] = {**self._source_version(), **data}
        return super().create_launch_template_version()

    def _source_version(self) -> dict[str, Any]:
        number, name = self._get_param("SourceVersion"), self._get_param("LaunchTemplateName")
        if not number:
            return {}
        backend = self.ec2_backend
        template = backend.get_launch_template_by_name(name) if name else backend.get_launch_template(self._get_param("LaunchTemplateId"))
        return dict(template.get_version(number).data)


def _changes(list_name: str, changed: list[tuple[Any, Any]]) -> ActionResult:
    return ActionResult(
        {list_name: [{"InstanceId": i.id, "CurrentState": i.instance_state, "PreviousState": before} for i, before in changed]}
    )
