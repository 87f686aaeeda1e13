"""The instance refreshes of a group: stored, updated, and observed with the states of their alarms (ASG-100 to ASG-104)."""

from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.cloudwatch.models import cloudwatch_backends
from moto.core.exceptions import ServiceException

from sandbox.aws.backends import find
from sandbox.core.journal import Journal
from sandbox.services.autoscaling.refresh_model import DesiredTemplate, ObservedRefresh, Refresh, RefreshStatus
from sandbox.services.autoscaling.state.clients import scope_of
from sandbox.services.autoscaling.state.store import HISTORY, active_refresh


def update(group: Any, refresh: Refresh) -> None:
    """Stores it, new or changed. When it has succeeded, its desired configuration becomes the group's."""
    refreshes = group.sandbox.refreshes
    refreshes[refresh.id] = refresh
    for old in [r for r in refreshes.values() if r.end is not None and r.start < refresh.start - HISTORY]:
        del refreshes[old.id]
    if refresh.status is RefreshStatus.SUCCESSFUL and refresh.desired:
        _configure(group, refresh.desired)


def _configure(group: Any, desired: DesiredTemplate) -> None:
    specification = {"LaunchTemplateId": desired.id} | ({"Version": desired.version} if desired.version else {})
    try:
        group._set_launch_configuration("", specification, None)
    except ServiceException:  # the template was deleted after the last launch: the group keeps what it has
        return
    group.launch_config, group.launch_configuration_name = None, None


def observed_refresh(group: Any, journal: Journal) -> ObservedRefresh | None:
    refresh = active_refresh(group)
    if refresh is None:
        return None
    names = refresh.preferences.alarms
    return ObservedRefresh(
        refresh=refresh, alarms=alarm_states(group.autoscaling_backend, names), causes={name: journal.latest(name) for name in names}
    )


def alarm_states(backend: Any, names: tuple[str, ...]) -> dict[str, str]:
    """Name → state, of the alarms of the Region that exist; metric alarms and composite ones."""
    cloudwatch = find(cloudwatch_backends, scope_of(backend))
    alarms = cloudwatch.alarms if cloudwatch else {}
    return {name: str(alarms[name].state_value) for name in names if name in alarms}
