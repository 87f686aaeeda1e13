"""The safety lever: engaged, it stops what runs and lets nothing start (FIS-12)."""

from sandbox.services.fis import errors
from sandbox.services.fis.model import LEVER_ID, SafetyLever
from sandbox.services.fis.state import writes
from sandbox.services.fis.state.store import FisBackend
from sandbox.services.fis.status_model import LeverMove, LeverStatus


def arn(backend: FisBackend) -> str:
    return f"arn:aws:fis:{backend.region_name}:{backend.account_id}:safety-lever/{LEVER_ID}"


def find(backend: FisBackend, lever_id: str) -> SafetyLever:
    """By id or ARN. Raises ApiError if there is none."""
    if lever_id not in (LEVER_ID, arn(backend)):
        raise errors.no_lever(lever_id)
    return backend.lever


def update(backend: FisBackend, lever_id: str, status: str, reason: str) -> SafetyLever:
    """What it is already it stays."""
    lever = find(backend, lever_id)
    if status == LeverStatus.ENGAGED.value:
        if lever.status is not LeverStatus.DISENGAGED:
            return lever
        return writes.move_lever(backend, LeverMove.ENGAGE if backend.active() else LeverMove.ENGAGE_AT_ONCE, reason)
    if lever.status is LeverStatus.ENGAGING:
        raise errors.lever_engaging()
    return lever if lever.status is LeverStatus.DISENGAGED else writes.move_lever(backend, LeverMove.DISENGAGE, reason)
