"""MetadataOptions of instances (IMDS-4 to IMDS-7): what a launch asks for over the account's defaults, and their change while it runs.

They are `pending` until the metadata service obeys them; metadata_controller.py then marks them `applied`.
"""

from collections.abc import Mapping
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.core.responses import ActionResult
from moto.ec2.models import EC2Backend
from moto.ec2.models.instances import MetadataOptions
from moto.ec2.responses import EC2Response

from sandbox.aws.seams import adds, replaces
from sandbox.services.ec2 import errors
from sandbox.services.ec2.api.validation.metadata_options import check_options, check_tag_keys
from sandbox.services.ec2.model import InstanceState

ATTRIBUTES = {
    "HttpEndpoint": "http_endpoint",
    "HttpProtocolIpv6": "http_protocol_ipv6",
    "HttpPutResponseHopLimit": "http_put_response_hop_limit",
    "HttpTokens": "http_tokens",
    "InstanceMetadataTags": "instance_metadata_tags",
}
"""Option → attribute of moto's MetadataOptions."""
DEFAULTS = ("HttpEndpoint", "HttpPutResponseHopLimit", "HttpTokens", "InstanceMetadataTags")
OF_NEW_IMAGES = {"HttpTokens": "required", "HttpPutResponseHopLimit": 2}  # IMDS-6, IMDS-7
NO_PREFERENCE = ("no-preference", -1)
GONE = (InstanceState.SHUTTING_DOWN, InstanceState.TERMINATED)


def of_launch(backend: Any, image: Any, asked: Mapping[str, Any]) -> dict[str, Any]:
    """MetadataOptions of a launch: the request's, or its template's, over the account's defaults, over those of the image. State is pending
    (IMDS-7)."""
    of_image = OF_NEW_IMAGES if vars(image).get("imds_support") == "v2.0" else {}
    return {**of_image, **backend.sandbox_metadata_defaults, **(asked.get("MetadataOptions") or {}), "State": "pending"}


class MetadataOptionsBackend(EC2Backend):
    """The part of our backend that has them."""

    sandbox_metadata_defaults: dict[str, Any]

    @replaces(why="IMDS-7: options that are not named stay as they are; pending until the service obeys them")
    def modify_instance_metadata_options(self, instance_id: str, *args: Any, **given: Any) -> Any:
        instance = self.get_instance(instance_id)
        if instance.lifecycle_state in GONE:
            raise errors.options_of_terminated(instance_id)
        changed = dict(vars(instance.metadata_options))
        changed |= {attribute: given[attribute] for attribute in ATTRIBUTES.values() if given.get(attribute) is not None}
        if changed["instance_metadata_tags"] == "enabled":
            check_tag_keys(self.tags.get(instance_id, {}))
        options = MetadataOptions()
        vars(options).update(changed | {"state": "pending"})
        instance.metadata_options = options
        return options

    @adds(why="IMDS-7: the account's defaults")
    def modify_instance_metadata_defaults(self, given: Mapping[str, Any]) -> None:
        for name, value in given.items():
            if value in NO_PREFERENCE:
                self.sandbox_metadata_defaults.pop(name, None)
            else:
                self.sandbox_metadata_defaults[name] = value


class MetadataOptionsResponse(EC2Response):
    """The part of our response class that has them."""

    @replaces(why="IMDS-6: the hop limit has a range; moto resets options that are not named")
    def modify_instance_metadata_options(self) -> ActionResult:
        given = {name: self._get_param(name) for name in ATTRIBUTES if self._get_param(name) is not None}
        if not given:
            raise errors.nothing_to_modify()
        check_options(given)
        instance_id = self._get_param("InstanceId")
        attributes = {ATTRIBUTES[name]: value for name, value in given.items()}
        options = self.ec2_backend.modify_instance_metadata_options(instance_id, **attributes)
        return ActionResult({"InstanceId": instance_id, "InstanceMetadataOptions": options})

    @adds(why="IMDS-7: the account's defaults")
    def modify_instance_metadata_defaults(self) -> ActionResult:
        given = {name: self._get_param(name) for name in DEFAULTS if self._get_param(name) is not None}
        check_options({name: value for name, value in given.items() if value not in NO_PREFERENCE})
        self.ec2_backend.modify_instance_metadata_defaults(given)
        return ActionResult({"Return": True})

    @adds(why="IMDS-7: the account's defaults")
    def get_instance_metadata_defaults(self) -> ActionResult:
        return ActionResult({"AccountLevel": {**self.ec2_backend.sandbox_metadata_defaults, "ManagedBy": "account"}})
