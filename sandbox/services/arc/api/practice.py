"""Zonal autoshift and practice runs: what their operations check and change (ARC-6, ARC-7)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sandbox.aws.context import context
from sandbox.core.control import Scope
from sandbox.services.arc import errors
from sandbox.services.arc.api.validation import practice as practice_validation
from sandbox.services.arc.api.validation import requests
from sandbox.services.arc.decide import practice, starting
from sandbox.services.arc.model import PRACTICE_RUN, PracticeConfiguration, Resource, ResourceSettings, ShiftType, Start, ZonalShift
from sandbox.services.arc.state import applied, conditions, writes
from sandbox.services.arc.state.store import ArcBackend

Changed = tuple[Resource, ResourceSettings]


def create(backend: ArcBackend, scope: Scope, given: Mapping[str, Any]) -> Changed:
    resource = _managed(scope, given)
    settings = backend.settings_of(resource.arn)
    if settings.practice is not None:
        raise errors.practice_configuration_exists(resource.arn)
    made = practice_validation.configuration(given, scope)
    return _store(backend, resource, replace(settings, practice=made, configured=context().clock.now(), practiced=None))


def update(backend: ArcBackend, scope: Scope, given: Mapping[str, Any]) -> Changed:
    resource = _managed(scope, given)
    settings = backend.settings_of(resource.arn)
    made = practice_validation.configuration(given, scope, _configured(resource, settings))
    return _store(backend, resource, replace(settings, practice=made))


def delete(backend: ArcBackend, scope: Scope, given: Mapping[str, Any]) -> Changed:
    resource = _managed(scope, given)
    settings = backend.settings_of(resource.arn)
    _configured(resource, settings)
    if settings.autoshift:
        raise errors.autoshift_enabled(resource.arn)
    return _store(backend, resource, replace(settings, practice=None, configured=None))


def enable_autoshift(backend: ArcBackend, scope: Scope, given: Mapping[str, Any]) -> Changed:
    """ENABLED needs a configuration of practice runs (ARC-6)."""
    resource = _managed(scope, given)
    settings, enabled = backend.settings_of(resource.arn), given["zonalAutoshiftStatus"] == "ENABLED"
    if enabled:
        _configured(resource, settings)
    return _store(backend, resource, replace(settings, autoshift=enabled))


def start(backend: ArcBackend, scope: Scope, given: Mapping[str, Any]) -> ZonalShift:
    """An on-demand practice run. The controller checks the capacity next, before any traffic moves (ARC-8)."""
    resource = _managed(scope, given)
    configuration = _configured(resource, backend.settings_of(resource.arn))
    starting.check_zone(resource, given["awayFrom"])
    comment = requests.comment(given)
    starting.check_others(resource.arn, ShiftType.PRACTICE_RUN, applied.active(backend, resource))
    refused = practice.obstacle(configuration, conditions.alarms(resource, configuration), context().clock.now())
    if refused is not None:
        raise refused
    asked = Start(resource=resource, type=ShiftType.PRACTICE_RUN, away_from=given["awayFrom"], duration=PRACTICE_RUN, comment=comment)
    return writes.start(backend, asked)


def _managed(scope: Scope, given: Mapping[str, Any]) -> Resource:
    resource = requests.resource(given["resourceIdentifier"], scope)
    starting.check_opt_in(resource)
    return resource


def _configured(resource: Resource, settings: ResourceSettings) -> PracticeConfiguration:
    if settings.practice is None:
        raise errors.no_practice_configuration(resource.arn)
    return settings.practice


def _store(backend: ArcBackend, resource: Resource, settings: ResourceSettings) -> Changed:
    backend.settings[resource.arn] = settings
    return resource, settings
