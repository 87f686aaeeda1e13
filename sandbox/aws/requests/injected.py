"""What active faults do to one API call: the gateway asks for its error before it is carried out, and delays its answer afterwards."""

import re
import threading

from sandbox.aws.active_faults import ApiCall
from sandbox.aws.backends import walk
from sandbox.aws.context import context
from sandbox.aws.http.calls import Call
from sandbox.aws.http.wsgi import ACCOUNT, Environ
from sandbox.core import caller

TEMPORARY_KEY = re.compile(r"Credential=(ASIA[A-Z0-9]{16})/")
"""The access key of temporary credentials, in the header Authorization (IAM identifiers)."""
SERVICE_LINKED = {"autoscaling": "autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"}
"""Services of the sandbox that call others with a service-linked role."""


def as_faults_see_it(call: Call, role: str | None) -> ApiCall:
    return ApiCall(service=call.service, operation=call.operation, parameters=call.parameters, role=role, internal=call.caller is not None)


def role_of(call: Call, environ: Environ) -> str | None:
    """The ARN of the IAM role that sends the call: one that was assumed with STS, or the service-linked role of an AWS service."""
    if call.caller in SERVICE_LINKED:
        return f"arn:aws:iam::{environ.get(ACCOUNT)}:role/aws-service-role/{SERVICE_LINKED[call.caller]}"
    key = TEMPORARY_KEY.search(environ.get("HTTP_AUTHORIZATION", ""))
    return _assumed(key[1]) if key else None


def delay(call: ApiCall) -> None:
    """Waits as long as the active faults say. Called without the lock, in the thread of the request; ends when the caller hangs up."""
    seconds = context().faults.api_delay(call).total_seconds()
    if call.internal or seconds <= 0:
        return
    over = threading.Event()
    with caller.current().woken_by(over.set):
        if caller.current().patient:
            over.wait(seconds)


def _assumed(access_key: str) -> str | None:
    from moto.sts.models import sts_backends  # noqa: PLC0415 - only such a caller needs it

    found = (backend.get_assumed_role_from_access_key(access_key) for _, backend in walk(sts_backends))
    return next((role.role_arn for role in found if role), None)
