"""FIS: ExperimentTemplate. Its physical id is the template's id. Names of targets and actions are the template's own."""

from collections.abc import Mapping
from typing import Any

from sandbox.services.cloudformation.resources import tags
from sandbox.services.cloudformation.resources.base import Call, Status, Wanted
from sandbox.services.cloudformation.resources.kind import Kind, ready_or_gone, table
from sandbox.services.cloudformation.resources.parameters import Properties, changed
from sandbox.services.cloudformation.resources.structures import Modelled, Structure

ABSENT_MEANS: dict[str, Any] = {"Targets": {}, "ExperimentOptions": {"EmptyTargetResolutionMode": "fail"}}
"""What a property means that an update takes out of the stack's template."""

MODELLED: Mapping[str, Structure] = {name: Modelled() for name in ("Actions", "StopConditions", "Tags", "Targets")}


class ExperimentTemplate(Kind):
    type_name, service, tagging = "AWS::FIS::ExperimentTemplate", "fis", tags.FIS
    properties = table(
        "",
        "Actions Description ExperimentOptions ExperimentReportConfiguration LogConfiguration RoleArn StopConditions Tags Targets",
    )
    required = frozenset({"Description", "RoleArn", "StopConditions", "Targets"})
    attributes = frozenset({"Id"})
    structures = MODELLED

    def make(self, call: Call, wanted: Wanted) -> str:
        given = {"Actions": {}, **_parameters(wanted.properties)}
        made = self.send(call, wanted, "create_experiment_template", given, tags=tags.merged(wanted), clientToken=wanted.client_token)
        return str(made["experimentTemplate"]["id"])

    def change(self, call: Call, physical_id: str, old: Wanted, new: Wanted) -> None:
        names = changed(old.properties, new.properties) - {"Tags"}
        given = {name: new.properties.get(name, ABSENT_MEANS.get(name)) for name in names}
        if options := given.get("ExperimentOptions"):
            given["ExperimentOptions"] = {name: value for name, value in options.items() if name != "AccountTargeting"}
        if given:
            self.send(call, new, "update_experiment_template", {k: v for k, v in given.items() if v is not None}, id=physical_id)

    def remove(self, call: Call, physical_id: str, old: Wanted) -> None:
        call("fis", "delete_experiment_template", id=physical_id)

    def seen(self, call: Call, physical_id: str, wanted: Wanted) -> Status:
        return ready_or_gone(call("fis", "get_experiment_template", id=physical_id)["experimentTemplate"], Id="id")

    def tagged(self, physical_id: str, call: Call) -> str:
        return str(call("fis", "get_experiment_template", id=physical_id)["experimentTemplate"]["arn"])


def _parameters(properties: Properties) -> dict[str, Any]:
    return {name: value for name, value in properties.items() if name != "Tags"}


TYPES = (ExperimentTemplate(),)
