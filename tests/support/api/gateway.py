"""What the tests of the gateway share: how clients ask, the errors that they see, and the calls in the journal."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.aws import Aws

FORM = "application/x-www-form-urlencoded"


def error_of(failed: pytest.ExceptionInfo[ClientError]) -> tuple[int, str, str]:
    answer: Any = failed.value.response
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"], answer["Error"]["Message"]


CLIENT = {"HTTP_X_SANDBOX_CLIENT": "curl"}


def called(aws: Aws, name: str) -> Any:
    found = [e for e in aws.journal.events() if e.detail.get("eventName") == name and e.detail_type == "AWS API Call via CloudTrail"]
    assert len(found) == 1
    return found[0]
