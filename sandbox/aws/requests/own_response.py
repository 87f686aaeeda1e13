"""The response class of a service that moto lacks, or of which nothing of moto's is used: who asks, and what was given."""

from collections.abc import Mapping
from typing import Any, ClassVar

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.core.responses import BaseResponse

from sandbox.core.control import Scope


class OwnResponse(BaseResponse):
    service: ClassVar[str]
    """The name of botocore's model of the service."""

    def __init__(self) -> None:
        super().__init__(service_name=self.service)
        self.automated_parameter_parsing = True

    @property
    def _scope(self) -> Scope:
        return Scope(self.current_account, self.region)

    @property
    def _given(self) -> Mapping[str, Any]:
        """The parameters that the request has, by the names of the model. A null counts as absent."""
        found: Mapping[str, Any] = self._get_params()
        return {name: value for name, value in found.items() if value is not None}
