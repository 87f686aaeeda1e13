"""FIS's operations. moto's service only keeps what callers send, so it is not used.

Handlers only translate: checks are in api/validation/, changes in api/templates.py, experiments.py, tags.py and safety_lever.py.
"""

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.core.responses import ActionResult

from sandbox.aws.http.dispatcher import declare_service
from sandbox.aws.requests.own_response import OwnResponse
from sandbox.services.fis import errors
from sandbox.services.fis.action_model import ABSENT, ACTIONS, RESOURCE_TYPES
from sandbox.services.fis.api import experiments, pages, safety_lever, tags, templates, views
from sandbox.services.fis.model import LEVER_ID, Experiment
from sandbox.services.fis.state.store import FisBackend, fis_backends

WHY = "FIS-8: moto's experiments end as completed, and nothing happens"
OTHER_ACCOUNTS = "a target account configuration (experiments act in their own account only)"


@declare_service("fis", why=WHY)
class FisResponse(OwnResponse):
    service = "fis"

    @property
    def _backend(self) -> FisBackend:
        found: FisBackend = fis_backends[self.current_account][self.region]
        return found

    # ---- templates ---------------------------------------------------------------------------------------------------------------------

    def create_experiment_template(self) -> ActionResult:
        return ActionResult({"experimentTemplate": views.template(templates.create(self._backend, self._given))})

    def get_experiment_template(self) -> ActionResult:
        return ActionResult({"experimentTemplate": views.template(templates.find(self._backend, self._given["id"]))})

    def update_experiment_template(self) -> ActionResult:
        return ActionResult({"experimentTemplate": views.template(templates.update(self._backend, self._given))})

    def delete_experiment_template(self) -> ActionResult:
        return ActionResult({"experimentTemplate": views.template(templates.delete(self._backend, self._given["id"]))})

    def list_experiment_templates(self) -> ActionResult:
        return self._page("experimentTemplates", [views.template_summary(each) for each in self._backend.templates.values()])

    # ---- experiments -------------------------------------------------------------------------------------------------------------------

    def start_experiment(self) -> ActionResult:
        return self._experiment(experiments.start(self._backend, self._given))

    def get_experiment(self) -> ActionResult:
        return self._experiment(experiments.find(self._backend, self._given["id"]))

    def stop_experiment(self) -> ActionResult:
        return self._experiment(experiments.stop(self._backend, self._given["id"]))

    def list_experiments(self) -> ActionResult:
        wanted = self._given.get("experimentTemplateId")
        found = [each for each in self._backend.experiments.values() if wanted in (None, each.template_id)]
        return self._page("experiments", [views.experiment_summary(each, self.current_account) for each in found])

    def list_experiment_resolved_targets(self) -> ActionResult:
        found = views.resolved_targets(experiments.find(self._backend, self._given["experimentId"]))
        wanted = self._given.get("targetName")
        return self._page("resolvedTargets", [each for each in found if wanted in (None, each["targetName"])])

    def _experiment(self, found: Experiment) -> ActionResult:
        return ActionResult({"experiment": views.experiment(found, self.current_account)})

    # ---- actions and resource types ----------------------------------------------------------------------------------------------------

    def list_actions(self) -> ActionResult:
        return self._page("actions", [views.action_summary(each, self.region, self.current_account) for each in ACTIONS.values()])

    def get_action(self) -> ActionResult:
        action_id = self._given["id"]
        if action_id in ABSENT:
            raise errors.not_supported(f"the action {action_id}")
        if action_id not in ACTIONS:
            raise errors.no_action_type(action_id)
        return ActionResult({"action": views.action_type(ACTIONS[action_id], self.region, self.current_account)})

    def list_target_resource_types(self) -> ActionResult:
        return self._page("targetResourceTypes", [views.resource_type_summary(each) for each in RESOURCE_TYPES.values()])

    def get_target_resource_type(self) -> ActionResult:
        resource_type = self._given["resourceType"]
        if resource_type not in RESOURCE_TYPES:
            raise errors.no_resource_type(resource_type)
        return ActionResult({"targetResourceType": views.resource_type(RESOURCE_TYPES[resource_type])})

    # ---- the safety lever --------------------------------------------------------------------------------------------------------------

    def get_safety_lever(self) -> ActionResult:
        safety_lever.find(self._backend, self._given["id"])
        return self._lever()

    def update_safety_lever_state(self) -> ActionResult:
        wanted = self._given["state"]
        safety_lever.update(self._backend, self._given["id"], wanted["status"], wanted["reason"])
        return self._lever()

    def _lever(self) -> ActionResult:
        return ActionResult({"safetyLever": views.safety_lever(self._backend.lever, LEVER_ID, safety_lever.arn(self._backend))})

    # ---- tags --------------------------------------------------------------------------------------------------------------------------

    def tag_resource(self) -> ActionResult:
        tags.add(self._backend, self._given["resourceArn"], self._given["tags"])
        return ActionResult({})

    def untag_resource(self) -> ActionResult:
        backend, arn = self._backend, self._given["resourceArn"]
        tags.remove(backend, arn, self._given.get("tagKeys") or tags.of(backend, arn))  # without keys: all of them
        return ActionResult({})

    def list_tags_for_resource(self) -> ActionResult:
        return ActionResult({"tags": dict(tags.of(self._backend, self._given["resourceArn"]))})

    # ---- other accounts ----------------------------------------------------------------------------------------------------------------

    def _refuse_other_accounts(self) -> ActionResult:
        raise errors.not_supported(OTHER_ACCOUNTS)

    create_target_account_configuration = _refuse_other_accounts
    update_target_account_configuration = _refuse_other_accounts
    delete_target_account_configuration = _refuse_other_accounts
    get_target_account_configuration = _refuse_other_accounts
    get_experiment_target_account_configuration = _refuse_other_accounts

    def list_target_account_configurations(self) -> ActionResult:
        templates.find(self._backend, self._given["experimentTemplateId"])
        return ActionResult({"targetAccountConfigurations": []})

    def list_experiment_target_account_configurations(self) -> ActionResult:
        experiments.find(self._backend, self._given["experimentId"])
        return ActionResult({"targetAccountConfigurations": []})

    def _page(self, member: str, found: list[views.View]) -> ActionResult:
        page, token = pages.page(found, self._given)
        return ActionResult({member: list(page)} | ({"nextToken": token} if token else {}))
