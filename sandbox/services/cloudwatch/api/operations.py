"""What the operations of CloudWatch's responses share: the backend, times and page sizes of requests."""

import math

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.cloudwatch.responses import CloudWatchResponse

from sandbox.core.control import Scope
from sandbox.services.cloudwatch.api.assembly import SandboxCloudWatch
from sandbox.services.cloudwatch.api.validation.metrics import epoch
from sandbox.services.cloudwatch.errors import invalid_value, missing

MAX_RECORDS = 100


class Operations(CloudWatchResponse):
    use_raw_body = True  # CBOR is not text

    @property
    def _backend(self) -> SandboxCloudWatch:
        backend: SandboxCloudWatch = self.cloudwatch_backend
        return backend

    @property
    def _here(self) -> Scope:
        return Scope(self.current_account, self.region)

    def _page_size(self, default: int) -> int:
        size = int(self._get_param("MaxRecords") or default)
        if not 1 <= size <= MAX_RECORDS:
            raise invalid_value(f"The value {size} for parameter MaxRecords is invalid.")
        return size

    def _time(self, parameter: str) -> int:
        """Whole seconds since 1970 (CW-6)."""
        given = self._get_param(parameter)
        if not given:
            raise missing(parameter)
        return math.floor(epoch(given))
