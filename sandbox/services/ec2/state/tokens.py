"""Client tokens: what each request with a ClientToken was answered with, so that the same request again makes nothing twice (EC2-53).

Kept on moto's backend, so that a retry after a restart is recognised too. Bounded in number and in time.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.core.persisted import Values, persisted
from sandbox.services.ec2 import errors
from sandbox.services.ec2.state.ids import exists

KEPT_FOR = timedelta(hours=24)  # (U)
MOST = 2000
NOT_KNOWN = datetime.max.replace(tzinfo=UTC)  # when it was, in an older file: kept until there are too many
NOT_COMPARED = ("ClientToken", "DryRun")
ID = re.compile(r">([a-z][a-z-]*-[0-9a-f]{8,17})<")


@persisted("ec2.Answered")
@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """One request. `made`: the ids of what it made; `body`: what it was answered with, "" for a launch, which is described anew."""

    fingerprint: str  # all other parameters; "": not known, of an older file
    at: datetime
    made: tuple[str, ...]
    body: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """The ClientToken of a request. Tokens of different operations are different."""

    key: str
    fingerprint: str

    @classmethod
    def of(cls, operation: str, parameters: Mapping[str, Any]) -> "Token | None":
        """None: the request has none."""
        if not parameters.get("ClientToken"):
            return None
        compared = {name: value for name, value in parameters.items() if name not in NOT_COMPARED}
        return cls(key=f"{operation} {parameters['ClientToken']}", fingerprint=json.dumps(compared, sort_keys=True, default=str))

    def earlier(self, backend: Any, now: datetime) -> Answered | None:
        """What the token was answered with. None: it is new, or what it made is no longer there. IdempotentParameterMismatch when the
        request was another one."""
        answered: Answered | None = backend.sandbox_answered.get(self.key)
        if answered is None or now - answered.at > KEPT_FOR or not all(exists(backend, one) for one in answered.made):
            return None
        if answered.fingerprint not in ("", self.fingerprint):
            raise errors.token_reused()
        return answered

    def keep(self, backend: Any, now: datetime, body: str) -> None:
        made = tuple(one for one in dict.fromkeys(ID.findall(body)) if one not in self.fingerprint and exists(backend, one))
        self._put(backend, Answered(fingerprint=self.fingerprint, at=now, made=made, body=body))

    def keep_launch(self, backend: Any, now: datetime, reservation_id: str) -> None:
        self._put(backend, Answered(fingerprint=self.fingerprint, at=now, made=(reservation_id,)))

    def _put(self, backend: Any, answered: Answered) -> None:
        kept = backend.sandbox_answered
        kept.pop(self.key, None)
        kept[self.key] = answered
        for key in [key for key, one in kept.items() if answered.at - one.at > KEPT_FOR] + list(kept)[:-MOST]:
            kept.pop(key, None)


def from_older(values: Values) -> Values:
    """Migration: `sandbox_tokens` had launches only, by the token alone, and their parameters in another form."""
    if "sandbox_tokens" not in values:
        return values
    launches = values["sandbox_tokens"].items()
    answered = {f"RunInstances {token}": Answered(fingerprint="", at=NOT_KNOWN, made=(made,)) for token, (_, made) in launches}
    return {**{name: value for name, value in values.items() if name != "sandbox_tokens"}, "sandbox_answered": answered}
