"""Requests that wait for the next file of an access log, and the files in S3 (LBM-7). Written through S3's API of this sandbox.

Best effort, as on AWS: requests that no file has yet are lost with the process, and beyond MOST the oldest are dropped.
"""

import gzip
import threading
from collections import deque
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from sandbox.aws.context import context
from sandbox.core.control import Scope
from sandbox.drivers.proxy.access_line import line
from sandbox.drivers.proxy.base import AccessRecord
from sandbox.services.elbv2.decide import access_logs

CALLER = "elasticloadbalancing"
MOST = 100_000  # requests of a load balancer
TEST_FILE = "ELBAccessLogTestFile"
TEST_TEXT = "Enable AccessLog for ELB: {load_balancer}"


class PendingRequests:
    """By load balancer ("app/<name>/<id>"). Thread-safe; `add` is registered with Proxy.on_access."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._records: dict[str, deque[AccessRecord]] = {}

    def keep(self, load_balancers: Collection[str]) -> None:
        """Only requests of these are kept."""
        with self._lock:
            self._records = {name: self._records.get(name) or deque(maxlen=MOST) for name in load_balancers}

    def add(self, records: Iterable[AccessRecord]) -> None:
        with self._lock:
            if not self._records:
                return
            for record in records:
                if (pending := self._records.get(record.load_balancer)) is not None:
                    pending.append(record)

    def any(self, load_balancer: str) -> bool:
        with self._lock:
            return bool(self._records.get(load_balancer))

    def take(self, load_balancer: str) -> list[AccessRecord]:
        with self._lock:
            pending = self._records.get(load_balancer)
            taken = list(pending or ())
            if pending:
                pending.clear()
            return taken


def write(scope: Scope, observed: access_logs.ObservedAccessLog, end: datetime, records: Sequence[AccessRecord]) -> str | None:
    """Why the file could not be written; None: it was."""
    text = "".join(f"{line(record)}\n" * record.count for record in records)
    random = f"{context().random.getrandbits(40):08x}"[:8]
    name = access_logs.key(scope, observed.prefix, observed.load_balancer, end, random)
    return _put(scope, observed.bucket, name, gzip.compress(text.encode()))


def write_test_file(scope: Scope, bucket: str, prefix: str, load_balancer: str) -> str | None:
    """AWS writes one when access logs are switched on, and refuses when it cannot."""
    name = f"{access_logs.folder(scope, prefix)}/{TEST_FILE}"
    return _put(scope, bucket, name, TEST_TEXT.format(load_balancer=load_balancer).encode())


def _put(scope: Scope, bucket: str, key: str, body: bytes) -> str | None:
    s3: Any = context().clients.client("s3", scope, CALLER)
    try:
        s3.put_object(Bucket=bucket, Key=key, Body=body)
    except ClientError as error:
        return str(error.response["Error"].get("Message") or error.response["Error"]["Code"])
    return None
