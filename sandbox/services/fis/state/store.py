"""Where templates and experiments are kept: a backend for each account and Region, like moto's, so that it is saved and reset like theirs.

Data without decisions: state/snapshot.py reads it, state/writes.py and the API operations change it.
"""

from datetime import datetime
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.core.base_backend import BackendDict, BaseBackend

from sandbox.aws import state
from sandbox.core.persisted import persisted
from sandbox.services.fis.model import RECORDS_KEPT, Experiment, SafetyLever, Template

TOKENS_KEPT = 1_000


@persisted("fis.Backend")
class FisBackend(BaseBackend):
    """`templates`, `experiments`: by id, the oldest first. `tokens`: operation and client token → digest of the request, id."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.templates: dict[str, Template] = {}
        self.experiments: dict[str, Experiment] = {}
        self.tokens: dict[str, tuple[str, str]] = {}
        self.lever = SafetyLever()

    def active(self) -> list[Experiment]:
        return [each for each in self.experiments.values() if each.status.is_active]

    def forget_old(self, now: datetime) -> None:
        """Records of experiments are kept 120 days (FIS-7), and the newest client tokens."""
        old = [each.id for each in self.experiments.values() if each.ended is not None and now - each.ended > RECORDS_KEPT]
        for experiment_id in old:
            del self.experiments[experiment_id]
        for token in list(self.tokens)[:-TOKENS_KEPT]:
            del self.tokens[token]


fis_backends: Any = BackendDict(FisBackend, "ec2")  # where EC2 is
state.keep("fis", __name__, "fis_backends")
