"""MetadataOptions of a request: values that AWS accepts (IMDS-4, IMDS-6), and tags that can be in the metadata."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.core.errors import ApiError
from sandbox.services.ec2 import errors

VALUES = {
    "HttpEndpoint": ("enabled", "disabled"),
    "HttpProtocolIpv6": ("enabled", "disabled"),
    "HttpTokens": ("optional", "required"),
    "InstanceMetadataTags": ("enabled", "disabled"),
}
HOPS = range(1, 65)
TAG_KEY = re.compile(r"[0-9a-zA-Z\-_+=,.@:]{1,255}")
RESERVED = (".", "..", "_index")


def check_options(options: Mapping[str, Any]) -> None:
    """Raises ApiError; NotImplementedError for what the metadata service here does not have."""
    for name, allowed in VALUES.items():
        if options.get(name) is not None and options[name] not in allowed:
            raise errors.wrong_value(str(options[name]), name)
    if options.get("HttpProtocolIpv6") == "enabled":
        raise NotImplementedError("the IPv6 endpoint of the metadata service")
    hops = options.get("HttpPutResponseHopLimit")
    if hops is not None and int(hops) not in HOPS:
        raise errors.wrong_hop_limit(int(hops), HOPS[0], HOPS[-1])


def check_tag_keys(keys: Iterable[str]) -> None:
    """Of an instance whose tags are in its metadata: they are parts of paths."""
    for key in keys:
        if not TAG_KEY.fullmatch(key) or key in RESERVED:
            text = (
                f"'{key}' is not a valid tag key. Tag keys must match pattern ([0-9a-zA-Z\\-_+=,.@:]{{1,255}}), "
                "and must not be a reserved name ('.', '..', '_index')"
            )
            raise ApiError("InvalidParameterValue", text)
