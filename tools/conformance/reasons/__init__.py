"""Why a test of moto's fails against the sandbox, in one line: from the sandbox's error, or from the tables of this folder."""

import re
from collections.abc import Mapping

from tools.conformance.reasons import autoscaling, cloudformation, cloudwatch, ec2, elbv2, sns, sqs
from tools.conformance.suites import FailedTest

ERROR = re.compile(
    r"An error occurred \((?P<code>[\w.]+)\) when calling the (?P<operation>\w+) operation(?: \(.*?\))?: (?P<message>.*)", re.S
)
UNSUPPORTED = re.compile(r"The sandbox does not support \w+ of [\w-]+ \((?P<why>.*)\)", re.S)
MOST = 200  # characters of an error
OURS_TO_EXPLAIN = {"InternalFailure", "InternalError", "ServiceUnavailable"}

BY_NAME: Mapping[str, str] = {
    **autoscaling.REASONS,
    **cloudformation.REASONS,
    **cloudwatch.REASONS,
    **ec2.REASONS,
    **elbv2.REASONS,
    **sns.REASONS,
    **sqs.REASONS,
}
"""Tests that fail at an assertion: the name, without parameters or with them → the reason."""


def reason(test: FailedTest) -> str | None:
    """None: the failure is not explained."""
    if known := BY_NAME.get(test.name) or BY_NAME.get(test.name.split("[")[0]):
        return known
    found = ERROR.search(test.message)
    if found is None or found["code"] in OURS_TO_EXPLAIN:
        return None
    if found["code"] == "NotImplemented":
        why = UNSUPPORTED.search(found["message"])
        return f"Not supported: {found['operation']}{': ' + _short(why['why']) if why else ''}"
    return f"AWS refuses it: {found['operation']} returns {found['code']}: {_short(found['message'])}"


def _short(text: str) -> str:
    """The first lines, without the ids of this run."""
    plain = re.sub(r"\b(i|sg|vpc|subnet|vol|eni|lt|igw|rtb|ami|eipalloc|acl|snap)-[0-9a-f]{8,17}\b", r"\1-…", " ".join(text.split()))
    plain = re.sub(r"\b[0-9a-f]{16,}\b|\b[0-9a-f]{8}-[0-9a-f-]{27}\b", "…", plain)
    return plain if len(plain) <= MOST else plain[:MOST].rstrip() + " …"
