"""The operations of application status checks (EC2-81 to EC2-86)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.core.responses import ActionResult
from moto.ec2.responses import EC2Response

from sandbox.aws.context import context
from sandbox.aws.seams import adds
from sandbox.services.ec2.api import filters
from sandbox.services.ec2.application import errors
from sandbox.services.ec2.application.api import described
from sandbox.services.ec2.application.api.backend import Target
from sandbox.services.ec2.application.api.described import Row
from sandbox.services.ec2.application.api.validation import settings_of
from sandbox.services.ec2.application.model import TargetTag

LACKS = "moto has no application status checks"
Getter = Callable[[Row], Any]
OF_CHECKS: Mapping[str, Getter] = {"aggregation": lambda row: row["Aggregation"]}
OF_ASSOCIATIONS: Mapping[str, Getter] = {"association-type": lambda row: row["AssociationType"]}
OF_STATUSES: Mapping[str, Getter] = {
    "availability-zone-id": lambda row: row["AvailabilityZoneId"],
    "status": lambda row: row["ApplicationStatus"]["Status"],
}
"""Filters of each operation that describes."""


class ApplicationStatusResponse(EC2Response):
    # ---- definitions -----------------------------------------------------------------------------------------------------------------

    @adds(why=LACKS)
    def create_application_status_check(self) -> ActionResult:
        check = self.ec2_backend.create_application_check(settings_of(self.params))
        labels = {tag["Key"]: tag["Value"] for each in self._get_param("TagSpecifications", []) for tag in each["Tags"]}
        if labels:
            self.ec2_backend.create_tags([check.check_id], labels)
        return ActionResult({"ApplicationStatusCheck": described.definition(check, labels)})

    @adds(why=LACKS)
    def modify_application_status_check(self) -> ActionResult:
        before = self.ec2_backend.sandbox_application_checks[self._check_id()]
        check = self.ec2_backend.modify_application_check(before.check_id, settings_of(self.params, before.settings))
        return ActionResult({"ApplicationStatusCheck": described.definition(check, self._labels(check.check_id))})

    @adds(why=LACKS)
    def delete_application_status_check(self) -> ActionResult:
        deleted = self.ec2_backend.delete_application_check(self._check_id())
        return ActionResult({"ApplicationStatusCheck": described.definition(deleted.check, deleted.labels, deleted.deleted_at)})

    @adds(why=LACKS)
    def describe_application_status_checks(self) -> ActionResult:
        active = self.ec2_backend.sandbox_application_checks
        rows = {check_id: described.definition(check, self._labels(check_id)) for check_id, check in active.items()}
        if self._get_param("IncludeAll", False):
            deleted = self.ec2_backend.deleted_application_checks()
            rows |= {each.check.check_id: described.definition(each.check, each.labels, each.deleted_at) for each in deleted}
        wanted = self._get_param("ApplicationStatusCheckIds", []) or list(rows)
        if unknown := next((check_id for check_id in wanted if check_id not in rows), None):
            raise errors.unknown_check(unknown)
        return ActionResult({"ApplicationStatusChecks": self._filtered(OF_CHECKS, [rows[each] for each in wanted])})

    # ---- associations ----------------------------------------------------------------------------------------------------------------

    @adds(why=LACKS)
    def associate_application_status_check(self) -> ActionResult:
        results = self.ec2_backend.associate_application_check(self._check_id(), self._targets())
        return ActionResult(described.association_results(self._check_id(), results))

    @adds(why=LACKS)
    def disassociate_application_status_check(self) -> ActionResult:
        results = self.ec2_backend.disassociate_application_check(self._check_id(), self._targets())
        return ActionResult(described.association_results(self._check_id(), results))

    @adds(why=LACKS)
    def describe_application_status_check_associations(self) -> ActionResult:
        checks = self.ec2_backend.sandbox_application_checks
        wanted = self._get_param("ApplicationStatusCheckIds", []) or list(checks)
        rows = [row for check_id in wanted for row in described.associations(checks[check_id])]
        return ActionResult({"Associations": self._filtered(OF_ASSOCIATIONS, rows)})

    def _targets(self) -> Sequence[Target]:
        tags = self._get_param("TargetTagAssociations", [])
        return [TargetTag(key=tag["Key"], value=tag.get("Value") or "") for tag in tags] or self._instance_ids()

    # ---- instances -------------------------------------------------------------------------------------------------------------------

    @adds(why=LACKS)
    def describe_application_status(self) -> ActionResult:
        """Of the named instances, or of all that run."""
        ids, now = self._get_param("InstanceIds", []), context().clock.now()
        backend = self.ec2_backend
        found = backend.get_multi_instances_by_id(ids) if ids else [each for each in backend.all_instances() if each.state == "running"]
        rows = self._filtered(OF_STATUSES, [described.status_of(instance, now) for instance in found])
        return ActionResult({"ApplicationStatuses": {"Instances": rows}})

    @adds(why=LACKS)
    def enable_application_status_check_suppression(self) -> ActionResult:
        seconds = self._get_param("DurationSeconds")
        duration = None if seconds is None else timedelta(seconds=int(seconds))
        return ActionResult(described.suppression_results(self.ec2_backend.suppress_application_checks(self._instance_ids(), duration)))

    @adds(why=LACKS)
    def disable_application_status_check_suppression(self) -> ActionResult:
        return ActionResult(described.suppression_results(self.ec2_backend.resume_application_checks(self._instance_ids())))

    # ---- requests --------------------------------------------------------------------------------------------------------------------

    def _check_id(self) -> str:
        return str(self._get_param("ApplicationStatusCheckId"))

    def _instance_ids(self) -> list[str]:
        return list(dict.fromkeys(self._get_param("InstanceIds", [])))

    def _labels(self, check_id: str) -> Mapping[str, str]:
        labels: Mapping[str, str] = self.ec2_backend.tags.get(check_id, {})
        return labels

    def _filtered(self, table: Mapping[str, Getter], rows: Iterable[Row]) -> list[Row]:
        wanted = {each["Name"]: each.get("Values") or [] for each in self._get_param("Filters", [])}
        filters.check(table, wanted)
        return [row for row in rows if all(filters.one_of(table[name](row), values) for name, values in wanted.items())]
