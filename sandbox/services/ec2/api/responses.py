"""EC2's operations where moto's response differs from AWS's: states as they are, counts, tokens, monitoring, console output."""

import base64
from functools import partial
from http import HTTPStatus
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.responses import EC2Response

from sandbox.aws.context import LOCK, context
from sandbox.aws.http.calls import READ_ONLY
from sandbox.aws.seams import adds, replaces, swap_response
from sandbox.core.errors import ApiError, DriverUnavailable
from sandbox.services.ec2 import errors
from sandbox.services.ec2.api import launch_options, launches, tags
from sandbox.services.ec2.api.fleets import FleetResponse
from sandbox.services.ec2.api.images.own import OwnImageResponse
from sandbox.services.ec2.api.instance_events import InstanceEventsResponse
from sandbox.services.ec2.api.launches import LaunchRequest
from sandbox.services.ec2.api.metadata_options import MetadataOptionsResponse
from sandbox.services.ec2.api.paging import Page, cut, lists_of, take_page
from sandbox.services.ec2.api.security_groups import SecurityGroupResponse
from sandbox.services.ec2.api.templates import TemplateResponse
from sandbox.services.ec2.api.undo import undo
from sandbox.services.ec2.api.validation.operations import check
from sandbox.services.ec2.application.api.responses import ApplicationStatusResponse
from sandbox.services.ec2.state.ids import ids_of
from sandbox.services.ec2.state.tokens import Token

CHANGING_STATES = {
    "RebootInstances": "rebootable",
    "StartInstances": "startable",
    "StopInstances": "stoppable",
    "TerminateInstances": "terminable",
}
"""Operations whose checks are a method of our backend."""
DONE_IN_PART = ("TerminateInstances",)
"""An error of these does not take back what was done before it (EC2-8)."""
STATES_AS_THEY_ARE = "EC2-4: the response has the state before and now, also where nothing changed"


@swap_response("ec2")
class SandboxEC2Response(
    TemplateResponse,
    OwnImageResponse,
    FleetResponse,
    InstanceEventsResponse,
    SecurityGroupResponse,
    MetadataOptionsResponse,
    ApplicationStatusResponse,
    EC2Response,
):
    _page: Page | None = None  # of the request that is being answered
    _filters: tags.TagFilters | None = None
    _token: Token | None = None
    _before: set[str] | None = None  # the ids that there were, of a request that changes something

    @replaces(why="moto makes objects while it still checks, and keeps what it cannot describe: check first, and undo what is refused")
    def call_action(self) -> Any:
        operation = self._get_action()
        dry_run = bool(self.params.pop("DryRun", False))
        self._token = Token.of(operation, self.params)
        try:
            if (earlier := self._earlier()) is not None:
                return earlier
            self._page = take_page(operation, self.params)
            check(operation, self.ec2_backend, self.params)
            self._filters = tags.take_filters(operation, self.params)
            if self._filters is not None and self._page is None:
                self._page = Page(operation=operation, lists=lists_of(operation))
            if dry_run and not operation.startswith(READ_ONLY):
                self._dry_run(operation)
        except ServiceException as error:  # of moto's backend; moto turns into an answer what its own operations raise
            raise ApiError(error.code, error.message) from error
        return self._read(dry_run) if operation.startswith(READ_ONLY) else self._change()

    def _change(self) -> Any:
        named = {} if self._get_action() in DONE_IN_PART else self.params
        restore, before = undo(self.ec2_backend, named), ids_of(self.ec2_backend)
        self._before = before
        try:
            status, headers, body = super().call_action()
        except BaseException:
            restore()
            raise
        if status >= HTTPStatus.BAD_REQUEST:
            restore()
            return status, headers, body
        tags.forget_deleted(self.ec2_backend, before)
        if self._token is not None and self._get_action() != "RunInstances":
            self._token.keep(self.ec2_backend, context().clock.now(), str(body))
        return status, headers, body

    def _earlier(self) -> Any:
        """The answer to the same request, when it was answered before (EC2-53). None: it is new."""
        answered = None if self._token is None else self._token.earlier(self.ec2_backend, context().clock.now())
        if answered is None:
            return None
        if answered.body:
            return int(HTTPStatus.OK), {**self.response_headers, "Content-Type": "text/xml"}, answered.body
        return self.serialized(ActionResult(self.ec2_backend.launched(answered.made[0])))

    def _read(self, dry_run: bool) -> Any:
        """A read that would fail has its own error, also with DryRun."""
        status, headers, body = super().call_action()
        if dry_run and status < HTTPStatus.BAD_REQUEST:
            raise errors.dry_run()
        return status, headers, body

    def _dry_run(self, operation: str) -> None:
        """EC2-51: the checks are made, and nothing else. Raises ApiError, always."""
        if operation == "RunInstances":
            self.run_instances(dry_run=True)
        if operation in CHANGING_STATES:
            getattr(self.ec2_backend, CHANGING_STATES[operation])(self._get_param("InstanceIds", []))
        raise errors.dry_run()

    @replaces(why="EC2-50, EC2-58: moto knows the pages and TagSpecifications of a few operations")
    def serialized(self, action_result: ActionResult) -> Any:
        if self._before is not None and not isinstance(action_result.result, Exception):
            tags.tag_new(self.ec2_backend, self._before, self._get_action(), self.params)
        if self._page is not None and isinstance(action_result.result, dict):
            keep = list if self._filters is None else partial(self._filters.keep, self.ec2_backend)
            return super().serialized(ActionResult(cut(self._page, action_result.result, keep)))
        return super().serialized(action_result)

    # ---- lifecycle ------------------------------------------------------------------------------------------------------------------

    @replaces(why="MaxCount, ClientToken, and the parameters that moto drops, of each instance")
    def run_instances(self, dry_run: bool = False) -> ActionResult:
        with launches.launching(self._launch_request(dry_run)):
            for name in (
                "BlockDeviceMappings",
                "IamInstanceProfile",
            ):  # moto has a root device or not, and a profile for the first instance
                self.params.pop(name, None)
            return super().run_instances()

    def _launch_request(self, dry_run: bool) -> LaunchRequest:
        minimum, maximum = int(self._get_param("MinCount", 1)), int(self._get_param("MaxCount", 1))
        if not 1 <= minimum <= maximum:
            raise errors.wrong_counts(minimum, maximum)
        return LaunchRequest(
            minimum=minimum,
            maximum=maximum,
            parameters=dict(self.params),
            token=self._token,
            dry_run=dry_run,
        )

    @replaces(why=STATES_AS_THEY_ARE)
    def start_instances(self) -> ActionResult:
        return _changes("StartingInstances", self.ec2_backend.start_instances(self._get_param("InstanceIds", [])))

    @replaces(why=f"{STATES_AS_THEY_ARE}; Force (EC2-5)")
    def stop_instances(self) -> ActionResult:
        force = bool(self._get_param("Force", False) or self._get_param("SkipOsShutdown", False))
        return _changes("StoppingInstances", self.ec2_backend.stop_instances(self._get_param("InstanceIds", []), force=force))

    @replaces(why=f"{STATES_AS_THEY_ARE}; Auto Scaling and load balancers learn of it by themselves, not in this call")
    def terminate_instances(self) -> ActionResult:
        return _changes("TerminatingInstances", self.ec2_backend.terminate_instances(self._get_param("InstanceIds", [])))

    # ---- monitoring and console -----------------------------------------------------------------------------------------------------

    @replaces(why="EC2-20: moto's is not implemented")
    def monitor_instances(self) -> ActionResult:
        return self._monitoring("enabled", "pending")

    @replaces(why="EC2-20: moto's is not implemented")
    def unmonitor_instances(self) -> ActionResult:
        return self._monitoring("disabled", "disabling")

    def _monitoring(self, state: str, answer: str) -> ActionResult:
        instances = self.ec2_backend.set_monitoring(self._get_param("InstanceIds", []), state)
        return ActionResult({"InstanceMonitorings": [{"InstanceId": i.id, "Monitoring": {"State": answer}} for i in instances]})

    @replaces(why="EC2-56: moto shows a constant")
    def describe_instance_credit_specifications(self) -> ActionResult:
        """Of the named instances, or of all that are unlimited; of burstable types only."""
        ids = self._get_param("InstanceIds", [])
        instances = self.ec2_backend.get_multi_instances_by_id(ids) if ids else self.ec2_backend.all_instances()
        shown = [(one.id, launch_options.credits_now(one)) for one in instances]
        wanted = ("standard", "unlimited") if ids else ("unlimited",)
        found = [{"InstanceId": one, "CpuCredits": credits} for one, credits in shown if credits in wanted]
        return ActionResult({"InstanceCreditSpecifications": found})

    @adds(why="EC2-56: Terraform changes the credit option of an instance")
    def modify_instance_credit_specification(self) -> ActionResult:
        done, failed = [], []
        for wanted in self._get_param("InstanceCreditSpecifications", []):
            instance_id = wanted.get("InstanceId") or ""
            if refusal := launch_options.change_credits(self.ec2_backend, instance_id, wanted.get("CpuCredits") or ""):
                failed.append({"InstanceId": instance_id, "Error": {"Code": refusal.code, "Message": refusal.message}})
            else:
                done.append({"InstanceId": instance_id})
        return ActionResult({"SuccessfulInstanceCreditSpecifications": done, "UnsuccessfulInstanceCreditSpecifications": failed})

    @replaces(why="the output of the instance's own machine")
    def get_console_output(self) -> ActionResult:
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

    # ---- attributes -------------------------------------------------------------------------------------------------------------------

    @replaces(why="UD-11 and shutdown behavior; moto takes an attribute that it does not know for an empty list of security groups")
    def modify_instance_attribute(self) -> ActionResult:
        instance_id = self._get_param("InstanceId")
        if behavior := self._get_param("InstanceInitiatedShutdownBehavior.Value"):
            self.ec2_backend.modify_instance_attribute(instance_id, "instance_initiated_shutdown_behavior", behavior)
            return EmptyResult()
        if (raw := self._get_param("UserData.Value")) is not None:  # a blob: the SDK has encoded it, the parser decoded it
            text = base64.b64encode(raw if isinstance(raw, bytes) else raw.encode()).decode()
            self.ec2_backend.modify_instance_attribute(instance_id, "user_data", text)
            return EmptyResult()
        if not set(self.params) - {"InstanceId"}:
            raise errors.nothing_to_modify()
        answer = super().modify_instance_attribute()
        self.ec2_backend.note_devices(instance_id)
        return answer


def _changes(list_name: str, changed: list[tuple[Any, Any]]) -> ActionResult:
    return ActionResult(
        {list_name: [{"InstanceId": i.id, "CurrentState": i.instance_state, "PreviousState": before} for i, before in changed]}
    )
