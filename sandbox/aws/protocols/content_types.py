"""The content type of JSON responses. moto gives that of the model's first protocol, which for CloudWatch is CBOR, and sends `text`."""

from collections.abc import Callable
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.core.serialize import JSONSerializer

from sandbox.aws.function_seams import wrap_function


@wrap_function(
    "moto.core.serialize", "BaseJSONSerializer._get_protocol_specific_content_type", why="`text`, for services with several protocols"
)
def content_type(theirs: Callable[[Any], str], self: Any) -> str:
    if not isinstance(self, JSONSerializer):
        return theirs(self)
    version = self.operation_model.service_model.metadata.get("jsonVersion", "1.0")
    return str(self.APPLICATION_AMZ_JSON.format(version=version))
