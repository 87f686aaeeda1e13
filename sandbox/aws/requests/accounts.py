"""The AWS account of a request. A 12-digit access key id is the account, so that several people share one sandbox without setting it up.

Access keys that IAM or STS of the sandbox made belong to the account that made them. Any other access key ("test") means the sandbox's
own account (SANDBOX_ACCOUNT). moto has no account of a key that it did not make, and takes 123456789012.
"""

import re

from sandbox.aws.backends import walk
from sandbox.aws.context import LOCK, context
from sandbox.aws.http.wsgi import ACCOUNT, Environ
from sandbox.core.identity.owner import ACCOUNT_ID

SIGNED = re.compile(r"Credential=([^/\s,]+)/|^AWS ([^:\s]+):")
"""The access key in the header Authorization, of signature version 4 and 2."""
IN_QUERY = re.compile(r"(?:^|&)(?:X-Amz-Credential=([^%/&]+)(?:%2F|/)|AWSAccessKeyId=([^&]+))")
"""The access key of a presigned URL."""
MADE = ("AKIA", "ASIA")
"""How the access keys begin that IAM and STS make."""
MOTO_HEADER = "HTTP_X_MOTO_ACCOUNT_ID"
"""moto's own way to name the account."""


def with_account(environ: Environ) -> Environ:
    """The request with its account; one that has it already is returned unchanged."""
    if environ.get(ACCOUNT):
        return environ
    named = environ.get(MOTO_HEADER, "")
    return environ | {ACCOUNT: named if ACCOUNT_ID.fullmatch(named) else account_of(access_key(environ))}


def access_key(environ: Environ) -> str:
    """ "" when the request is not signed."""
    found = SIGNED.search(environ.get("HTTP_AUTHORIZATION", "")) or IN_QUERY.search(environ.get("QUERY_STRING", ""))
    return next((group for group in found.groups() if group), "") if found else ""


def account_of(key: str) -> str:
    """The account that an access key belongs to."""
    if ACCOUNT_ID.fullmatch(key):
        return key
    return (_made_here(key) if key.startswith(MADE) else None) or context().settings.account


def _made_here(key: str) -> str | None:
    """The account whose IAM or STS made the access key."""
    from moto.iam.models import iam_backends  # noqa: PLC0415 - loaded at the first use of IAM

    with LOCK:
        return next((scope.account for scope, backend in walk(iam_backends) if key in backend.access_keys), None)
