"""CloudFormation's operations. moto's engine is not used: it creates without our validation, at once, and does not update.

Handlers only translate: checks are in api/validation/ and api/versions.py, changes in api/stacks.py and api/change_sets.py. Operations
about what the sandbox does not have (drift, stack sets, registries) are refused in api/refusals.py.
"""

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.core.responses import ActionResult, EmptyResult

from sandbox.aws.http.dispatcher import declare_service
from sandbox.services.cloudformation import errors
from sandbox.services.cloudformation.api import change_sets, pages, rollbacks, stacks, versions, views
from sandbox.services.cloudformation.api.refusals import RefusedOperations
from sandbox.services.cloudformation.api.validation import requests
from sandbox.services.cloudformation.decide import plans
from sandbox.services.cloudformation.decide.template import templates
from sandbox.services.cloudformation.model import Resource, Stack
from sandbox.services.cloudformation.state import snapshot
from sandbox.services.cloudformation.state.store import CloudFormationBackend, cloudformation_backends

WHY = "CFN-12: moto's engine creates at once and without our validation, and cannot update"


@declare_service("cloudformation", why=WHY)
class CloudFormationResponse(RefusedOperations):
    service = "cloudformation"

    @property
    def _backend(self) -> CloudFormationBackend:
        found: CloudFormationBackend = cloudformation_backends[self.current_account][self.region]
        return found

    # ---- stacks ------------------------------------------------------------------------------------------------------------------------

    def create_stack(self) -> ActionResult:
        return ActionResult({"StackId": stacks.create(self._backend, self._given)})

    def update_stack(self) -> ActionResult:
        return ActionResult({"StackId": stacks.update(self._backend, self._given)})

    def delete_stack(self) -> ActionResult:
        stacks.delete(self._backend, self._given)
        return EmptyResult()

    def cancel_update_stack(self) -> ActionResult:
        rollbacks.cancel_update(self._backend, self._given)
        return EmptyResult()

    def continue_update_rollback(self) -> ActionResult:
        rollbacks.continue_rollback(self._backend, self._given)
        return ActionResult({})

    def rollback_stack(self) -> ActionResult:
        return ActionResult({"StackId": rollbacks.roll_back(self._backend, self._given)})

    def signal_resource(self) -> ActionResult:
        stacks.signal(self._backend, self._given)
        return EmptyResult()

    def update_termination_protection(self) -> ActionResult:
        return ActionResult({"StackId": stacks.set_termination_protection(self._backend, self._given)})

    def set_stack_policy(self) -> ActionResult:
        stacks.set_policy(self._backend, self._given)
        return EmptyResult()

    def get_stack_policy(self) -> ActionResult:
        stack = stacks.existing(self._backend, self._given["StackName"])
        return ActionResult({} if stack.policy is None else {"StackPolicyBody": stack.policy})

    def describe_stacks(self) -> ActionResult:
        given = self._given
        name = given.get("StackName")
        found = [stacks.named(self._backend, name)] if name else list(reversed(self._backend.live()))
        page, token = pages.page(found, given)
        return ActionResult({"Stacks": [views.stack(stack) for stack in page], "NextToken": token})

    def list_stacks(self) -> ActionResult:
        given = self._given
        wanted = given.get("StackStatusFilter") or []
        found = [s for s in reversed(self._backend.stacks.values()) if not wanted or s.status.value in wanted]
        page, token = pages.page(found, given)
        return ActionResult({"StackSummaries": [views.summary(stack) for stack in page], "NextToken": token})

    # ---- events and resources ----------------------------------------------------------------------------------------------------------

    def describe_stack_events(self) -> ActionResult:
        given = self._given
        if not given.get("StackName"):
            raise errors.too_short("", "stackName", 1)
        stack = self._backend.find(given["StackName"])
        if stack is None:
            raise errors.no_stack_named(given["StackName"])
        page, token = pages.page(list(reversed(self._backend.events.get(stack.id, []))), given)
        return ActionResult({"StackEvents": [views.event(stack, event) for event in page], "NextToken": token})

    def describe_stack_resource(self) -> ActionResult:
        given = self._given
        stack = self._stack_named("StackName")
        resource = stack.resources.get(given["LogicalResourceId"])
        if resource is None:
            raise errors.no_such_resource(given["LogicalResourceId"], stack.name)
        return ActionResult({"StackResourceDetail": views.resource_detail(stack, resource)})

    def describe_stack_resources(self) -> ActionResult:
        given = self._given
        name, physical_id = given.get("StackName"), given.get("PhysicalResourceId")
        if bool(name) == bool(physical_id):
            raise errors.invalid("Exactly one of StackName or PhysicalResourceId must be specified")
        stack = self._stack_named("StackName") if name else self._owner(str(physical_id))
        wanted = given.get("LogicalResourceId")
        found = [r for r in _resources(stack) if not wanted or r.logical_id == wanted]
        return ActionResult({"StackResources": [views.resource(stack, r, "Timestamp", with_stack=True) for r in found]})

    def list_stack_resources(self) -> ActionResult:
        stack = self._stack_named("StackName")
        page, token = pages.page(_resources(stack), self._given)
        shown = [views.resource(stack, r, "LastUpdatedTimestamp", with_stack=False) for r in page]
        return ActionResult({"StackResourceSummaries": shown, "NextToken": token})

    def _stack_named(self, parameter: str) -> Stack:
        """Stack with that name or id; a deleted one by its id only."""
        return stacks.named(self._backend, self._given[parameter])

    def _owner(self, physical_id: str) -> Stack:
        for stack in self._backend.live():
            if any(resource.physical_id == physical_id for resource in stack.resources.values()):
                return stack
        raise errors.invalid(f"Stack for {physical_id} does not exist")

    def list_exports(self) -> ActionResult:
        backend = self._backend
        found = [
            {"ExportingStackId": stack.id, "Name": output.export_name, "Value": output.value}
            for stack in backend.live()
            for output in stack.outputs
            if output.export_name is not None
        ]
        page, token = pages.page(sorted(found, key=lambda export: str(export["Name"])), self._given)
        return ActionResult({"Exports": page, "NextToken": token})

    def list_imports(self) -> ActionResult:
        name, backend = self._given["ExportName"], self._backend
        if name not in snapshot.exports(backend):
            raise errors.invalid(f"Export '{name}' does not exist.")
        found = [stack.name for stack in backend.live() if name in stack.imports]
        if not found:
            raise errors.invalid(f"Export '{name}' is not imported by any stack.")
        page, token = pages.page(found, self._given)
        return ActionResult({"Imports": page, "NextToken": token})

    # ---- templates ---------------------------------------------------------------------------------------------------------------------

    def validate_template(self) -> ActionResult:
        text = versions.template_text(self._scope, self._given)
        return ActionResult(views.validated(versions.checked_template(text)))

    def get_template(self) -> ActionResult:
        given = self._given
        requests.check(given)
        name = given.get("ChangeSetName") or ""
        if name and not name.startswith("arn:") and not given.get("StackName"):
            raise errors.invalid("StackName is a required parameter.")
        if name:
            text = change_sets.find(self._backend, given).version.template_body
        elif given.get("StackName"):
            text = stacks.named(self._backend, given["StackName"]).version.template_body
        else:
            raise errors.invalid("StackName is required if ChangeSetName is not specified.")
        return ActionResult({"TemplateBody": text, "StagesAvailable": ["Original", "Processed"]})

    def get_template_summary(self) -> ActionResult:
        given = self._given
        if given.get("StackName"):
            stack = stacks.named(self._backend, given["StackName"])
            if not stack.version.template_body:
                raise errors.invalid("GetTemplateSummary cannot be called on REVIEW_IN_PROGRESS stacks.")
            text = stack.version.template_body
        else:
            text = versions.template_text(self._scope, given)
        return ActionResult(views.template_summary(templates.parse(text)))

    # ---- change sets -------------------------------------------------------------------------------------------------------------------

    def create_change_set(self) -> ActionResult:
        made = change_sets.create(self._backend, self._given)
        return ActionResult({"Id": made.id, "StackId": made.stack_id})

    def describe_change_set(self) -> ActionResult:
        found = change_sets.find(self._backend, self._given)
        changes = [change if self._given.get("IncludePropertyValues") else plans.without_values(change) for change in found.changes]
        page, token = pages.page(changes, self._given)
        stack = self._backend.stacks[found.stack_id]
        return ActionResult({**views.change_set(stack, found), "Changes": page, "NextToken": token})

    def list_change_sets(self) -> ActionResult:
        stack = stacks.existing(self._backend, self._given["StackName"])
        page, token = pages.page(change_sets.of_stack(self._backend, stack), self._given)
        return ActionResult({"Summaries": [views.change_set_summary(stack, each) for each in page], "NextToken": token})

    def execute_change_set(self) -> ActionResult:
        change_sets.execute(self._backend, self._given)
        return ActionResult({})

    def delete_change_set(self) -> ActionResult:
        change_sets.delete(self._backend, self._given)
        return ActionResult({})


def _resources(stack: Stack) -> list[Resource]:
    """The stack's resources, and those that a clean-up still has to delete."""
    return [*stack.resources.values(), *(r for r in stack.discarded if r.logical_id not in stack.resources)]
