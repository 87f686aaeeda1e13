"""What a template may ask for besides targets and actions, and the parts of it that are not here."""

import re
from collections.abc import Mapping
from typing import Any

from sandbox.services.fis import errors

Given = Mapping[str, Any]
SCHEMA_VERSION = 2
GROUP_ARN = re.compile(r"arn:aws[a-z-]*:logs:[a-z0-9-]+:\d{12}:log-group:[\w.#/-]+(:\*)?")


def check(given: Given) -> None:
    """Refuses by name what would be kept without effect (FIS-13)."""
    if (given.get("experimentOptions") or {}).get("accountTargeting") == "multi-account":
        raise errors.not_supported("an experiment in several accounts (accountTargeting multi-account)")
    if given.get("experimentReportConfiguration"):
        raise errors.not_supported("an experiment report (experimentReportConfiguration)")
    if (given.get("logConfiguration") or {}).get("s3Configuration"):
        raise errors.not_supported("an experiment log in Amazon S3 (logConfiguration; it can be in CloudWatch Logs)")


def log_group_arn(given: Given, default: str | None) -> str | None:
    """An empty log configuration means none (FIS-13)."""
    if "logConfiguration" not in given:
        return default
    asked = given["logConfiguration"]
    if not asked.get("cloudWatchLogsConfiguration"):
        return None
    if asked.get("logSchemaVersion") != SCHEMA_VERSION:
        raise errors.invalid(f"The log schema version is not supported. Specify {SCHEMA_VERSION} and try again.")  # (U)
    arn = str(asked["cloudWatchLogsConfiguration"]["logGroupArn"])
    if not GROUP_ARN.fullmatch(arn):
        raise errors.invalid(
            f"The log group ARN {arn} is not valid. Specify the ARN of a log group, which ends with :*, and try again."
        )  # (U)
    return arn


def empty_target_resolution_mode(given: Given, default: str) -> str:
    return str((given.get("experimentOptions") or {}).get("emptyTargetResolutionMode", default))
