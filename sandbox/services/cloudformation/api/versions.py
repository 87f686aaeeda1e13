"""What a stack is to be made from: a request's template, parameters, tags and capabilities, checked before anything changes."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import unquote, urlsplit

from botocore.exceptions import ClientError

from sandbox.aws.context import context
from sandbox.core.control import Scope
from sandbox.services.cloudformation import errors
from sandbox.services.cloudformation.api.validation import existence, requests
from sandbox.services.cloudformation.decide.template import environments, parameters, references, rules, schemas, templates
from sandbox.services.cloudformation.model import Stack, Version
from sandbox.services.cloudformation.resources.base import CALLER, Call
from sandbox.services.cloudformation.resources.registry import find
from sandbox.services.cloudformation.template_model import Template

LONGEST_BODY, LONGEST_FILE = 51_200, 1_048_576  # CFN-3


def call_of(scope: Scope) -> Call:
    return Call(context().clients, scope)


def template_text(scope: Scope, given: Mapping[str, Any], previous: Stack | None = None) -> str:
    """From TemplateBody, TemplateURL or the stack's own template. Raises ApiError unless exactly one is given."""
    body, url, use_previous = given.get("TemplateBody"), given.get("TemplateURL"), bool(given.get("UsePreviousTemplate"))
    if sum(map(bool, (body, url, use_previous))) != 1:
        raise errors.one_template_source()
    if use_previous:
        if previous is None:
            raise errors.invalid("UsePreviousTemplate cannot be used for a new stack")
        return previous.version.template_body
    if url:
        return _from_s3(scope, str(url))
    text = str(body)
    if len(text.encode()) > LONGEST_BODY:
        raise errors.too_long(text, "templateBody", LONGEST_BODY)
    return text


def _from_s3(scope: Scope, url: str) -> str:
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme in ("http", "https") and not (".s3" in host or host.startswith("s3") or _is_local(host)):
        raise errors.invalid(f"S3 error: Domain name specified in {host.split('.')[0]} is not a valid S3 domain")
    bucket, key = _bucket_and_key(host, unquote(parts.path).lstrip("/"))
    if parts.scheme not in ("http", "https") or not bucket or not key:
        raise errors.invalid("TemplateURL must be a supported URL.")
    try:
        answer = context().clients.client("s3", scope, CALLER).get_object(Bucket=bucket, Key=key)
    except ClientError as error:
        raise errors.invalid(f"S3 error: {error.response['Error'].get('Message', error)}") from error
    content = answer["Body"].read()
    if len(content) > LONGEST_FILE:
        raise errors.invalid(f"Template may not exceed {LONGEST_FILE} bytes in size.")
    return str(content.decode(errors="replace"))


def _is_local(host: str) -> bool:
    """The sandbox itself, as its S3 answers here."""
    return host == "localhost" or host.endswith(".localhost") or "." not in host or host.replace(".", "").isdigit()


def _bucket_and_key(host: str, path: str) -> tuple[str, str]:
    if ".s3" in host:  # https://bucket.s3.us-east-1.amazonaws.com/key
        return host.split(".s3", maxsplit=1)[0], path
    bucket, _, key = path.partition("/")
    return bucket, key


def checked_template(text: str) -> Template:
    """CFN-1 to CFN-6. Raises ApiError, or NotImplementedError for what the sandbox does not have."""
    template = templates.parse(text)
    schemas.check_types(template)
    references.check(template)
    schemas.check(template, find)
    return template


def version(
    scope: Scope, given: Mapping[str, Any], names: environments.Names, exports: Mapping[str, str], previous: Stack | None = None
) -> Version:
    """`previous`: the stack that is updated; None: a new one."""
    requests.check(given)
    text = template_text(scope, given, previous)
    template = checked_template(text)
    requests.resource_types(template.types, given.get("ResourceTypes") or [])
    before = previous.version if previous else None
    values = parameters.values(template, requests.parameters(given.get("Parameters") or []), before.parameters if before else None)
    call = call_of(scope)
    resolved = existence.ssm_values(call, template, values)
    parameters.check(template, {**values, **resolved})
    existence.check(call, template, {**values, **resolved})
    schemas.check_capabilities(template, find, given.get("Capabilities") or [])
    made = Version(
        template_body=text,
        parameters=values,
        resolved=resolved,
        tags=requests.tags(given["Tags"]) if given.get("Tags") is not None else dict(before.tags) if before else {},
        capabilities=tuple(given.get("Capabilities") or ()),
        notification_arns=_notification_arns(given, before),
        role_arn=given.get("RoleARN") or (before.role_arn if before else None),
        zones=_zones(call, template),
    )
    env = environments.base(template, made, names, exports)
    rules.check(template, env)
    environments.check(template, env)
    return replace(made, imports=environments.imports(template, env))


def _notification_arns(given: Mapping[str, Any], before: Version | None) -> tuple[str, ...]:
    if given.get("NotificationARNs") is None:
        return before.notification_arns if before else ()
    return tuple(arn for arn in given["NotificationARNs"] if arn)


def _zones(call: Call, template: Template) -> dict[str, tuple[str, ...]]:
    """For Fn::GetAZs: the zones with a default subnet, or all if there is none."""
    if next(references.arguments(dict(template.document), "Fn::GetAZs"), None) is None:
        return {}
    subnets = call("ec2", "describe_subnets", Filters=[{"Name": "default-for-az", "Values": ["true"]}])["Subnets"]
    zones = sorted({subnet["AvailabilityZone"] for subnet in subnets})
    if not zones:
        zones = sorted(zone["ZoneName"] for zone in call("ec2", "describe_availability_zones")["AvailabilityZones"])
    return {call.scope.region: tuple(zones)}
