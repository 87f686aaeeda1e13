"""What the API shows of application status checks: their definitions, associations, results, and the application status of an instance."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sandbox.services.ec2.application.api.backend import Associated, Suppressed
from sandbox.services.ec2.application.decide.status import state_of
from sandbox.services.ec2.application.model import (
    INTERVAL,
    ApplicationStatusCheck,
    AppliedCheck,
    CheckReason,
    InstanceStatus,
    TargetTag,
)
from sandbox.services.ec2.application.state import status

Row = dict[str, Any]


def definition(check: ApplicationStatusCheck, labels: Mapping[str, str], deleted_at: datetime | None = None) -> Row:
    """ApplicationStatusCheckResponseObject. `labels`: the tags of the check itself."""
    settings = check.settings
    return {
        "ApplicationStatusCheckId": check.check_id,
        "Aggregation": settings.aggregation.value,
        "HealthCheckPaths": [],
        "Protocol": settings.protocol.value,
        "Port": settings.port,
        "Path": settings.path,
        "DeviceIndex": 0,
        "IpVersion": "ipv4",
        "IpScope": "private",
        "Interval": int(INTERVAL.total_seconds()),
        "Timeout": int(settings.timeout.total_seconds()),
        "FailureThreshold": settings.failure_threshold,
        "SuccessThreshold": settings.success_threshold,
        "StatusCodeMatcher": settings.matcher,
        "InitializationGracePeriodSeconds": int(settings.grace.total_seconds()),
        "LastUpdatedAt": check.modified_at or check.created_at,
        "TargetTagAssociations": [{"Key": tag.key, "Value": tag.value} for tag in check.tags],
        "Tags": _tags(labels),
        "CreationTime": check.created_at,
        "ModifyTime": check.modified_at,
        "DeletionTime": deleted_at,
    }


def associations(check: ApplicationStatusCheck) -> list[Row]:
    """ApplicationStatusCheckAssociationObject."""
    its = {"ApplicationStatusCheckId": check.check_id}
    tags = [{**its, "AssociationType": "tag", "Key": tag.key, "Value": tag.value} for tag in check.tags]
    return [*tags, *({**its, "AssociationType": "instance-id", "Value": each} for each in check.instances)]


def association_results(check_id: str, results: list[Associated]) -> Row:
    done = [_association(check_id, each) for each in results if not each.reason]
    failed = [{**_association(check_id, each), "Reason": each.reason} for each in results if each.reason]
    return {"SuccessfulResults": done, "UnsuccessfulResults": failed}


def _association(check_id: str, result: Associated) -> Row:
    target = result.target
    kind, value = ("EC2TAG", f"{target.key}={target.value}") if isinstance(target, TargetTag) else ("INSTANCE_ID", target)
    return {"ApplicationStatusCheckId": check_id, "AssociationType": kind, "AssociationValue": value}


def suppression_results(results: list[Suppressed]) -> Row:
    done = [_suppressed(each) for each in results if not each.reason]
    failed = [{**_suppressed(each), "Reason": each.reason} for each in results if each.reason]
    return {"SuccessfulResults": done, "UnsuccessfulResults": failed}


def _suppressed(result: Suppressed) -> Row:
    times = result.suppression and {"SuppressAt": result.suppression.since, "ResumeAt": result.suppression.until}
    return {"InstanceId": result.instance_id, **(times or {})}


# ---- an instance -------------------------------------------------------------------------------------------------------------------------


def status_of(instance: Any, now: datetime) -> Row:
    """InstanceApplicationStatus."""
    return {
        "InstanceId": instance.id,
        "AvailabilityZone": instance.availability_zone,
        "AvailabilityZoneId": instance.availability_zone_id,
        "ApplicationStatus": _application_status(status(instance, now)),
        "Tags": _tags(instance.ec2_backend.tags.get(instance.id, {})),
    }


def _application_status(found: InstanceStatus) -> Row:
    """ApplicationStatus (EC2-84)."""
    return {
        "Status": found.status.value,
        "StatusTimeStamp": found.probed_at,
        "StatusSince": found.since,
        "ResumeAt": found.resumes_at,
        "Details": [_detail(each) for each in found.checks],
    }


def _detail(check: AppliedCheck) -> Row:
    """ApplicationStatusDetail."""
    result = check.result
    return {
        "ApplicationStatusCheckId": check.check_id,
        "CheckUpdateTime": check.updated_at,
        "Aggregation": check.settings.aggregation.value,
        "Status": state_of(check).value,
        "StatusTimeStamp": result and result.probed_at,
        "StatusSince": result and result.since,
        "Reason": _reason(result.reason) if result and result.reason else None,
    }


def _reason(reason: CheckReason) -> Row:
    protocol = reason.protocol.value.upper() if reason.protocol else None
    return {"Code": reason.code.value, "StatusCode": reason.status_code, "Protocol": protocol}


def _tags(labels: Mapping[str, str]) -> list[Row]:
    return [{"Key": key, "Value": value} for key, value in labels.items()]
