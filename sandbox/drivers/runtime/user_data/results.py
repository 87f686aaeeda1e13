"""Reads result.json, which a boot leaves when user data is over: cloud-init's file, with one key more, `sandbox`. Pure."""

import json
from dataclasses import dataclass

from sandbox.drivers.runtime.base import UserDataResult, UserDataState

LONGEST = 1000  # characters of a reason: the file is written inside the instance, so its content is not trusted


@dataclass(frozen=True, slots=True, kw_only=True)
class BootResult:
    finished: float  # seconds since the epoch
    user_data: UserDataResult | None  # None: there is none, or nothing of it was due in this boot


def read(text: str) -> BootResult | None:
    """None when it is not written by a boot of our image."""
    try:
        found = json.loads(text)["sandbox"]
        state, finished = found["state"], float(found["finished"])
        reason = " ".join(str(found["reason"]).split())[:LONGEST]
        result = None if state is None else UserDataResult(state=UserDataState(state), reason=reason, finished=finished)
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return BootResult(finished=finished, user_data=result)
