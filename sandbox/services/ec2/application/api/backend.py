"""What EC2's backend keeps of application status checks, and does at a request: create, modify, delete, associate, suppress.

Requests were checked before (validation.py). An association or suppression succeeds or fails by itself (EC2-82, EC2-85).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.ec2.models import EC2Backend
from moto.ec2.utils import random_id

from sandbox.aws.context import context
from sandbox.aws.seams import adds
from sandbox.services.ec2.application import errors, state
from sandbox.services.ec2.application.model import (
    ID_PREFIX,
    KEPT_DELETED,
    ApplicationStatusCheck,
    CheckSettings,
    DeletedCheck,
    Suppression,
    TargetTag,
)

MOST_OF_CHECK, MOST_OF_ACCOUNT = 50, 200  # associations
Target = TargetTag | str
"""What a check is associated with: a tag, or the id of an instance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Associated:
    """What became of one association. `reason` "": it succeeded."""

    target: Target
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppressed:
    """What became of one instance. `reason` "": it succeeded."""

    instance_id: str
    suppression: Suppression | None
    reason: str = ""


class ApplicationChecks(EC2Backend):
    """The part of our backend that has application status checks."""

    sandbox_application_checks: dict[str, ApplicationStatusCheck]
    sandbox_deleted_checks: list[DeletedCheck]

    @adds(why="EC2-81: moto has no application status checks")
    def create_application_check(self, settings: CheckSettings) -> ApplicationStatusCheck:
        check = ApplicationStatusCheck(check_id=random_id(ID_PREFIX), settings=settings, created_at=context().clock.now())
        self.sandbox_application_checks[check.check_id] = check
        return check

    @adds(why="EC2-81: moto has no application status checks")
    def modify_application_check(self, check_id: str, settings: CheckSettings) -> ApplicationStatusCheck:
        return self._put(replace(self.sandbox_application_checks[check_id], settings=settings, modified_at=context().clock.now()))

    @adds(why="EC2-86: it is shown for a while after it was deleted")
    def delete_application_check(self, check_id: str) -> DeletedCheck:
        now = context().clock.now()
        check = replace(self.sandbox_application_checks.pop(check_id), tags=(), instances=())
        deleted = DeletedCheck(check=check, deleted_at=now, labels=dict(self.tags.get(check_id, {})))
        self.sandbox_deleted_checks = [*self.deleted_application_checks(), deleted]
        return deleted

    @adds(why="EC2-86: what IncludeAll shows")
    def deleted_application_checks(self) -> list[DeletedCheck]:
        now = context().clock.now()
        return [each for each in self.sandbox_deleted_checks if now - each.deleted_at < KEPT_DELETED]

    @adds(why="EC2-82: moto has no application status checks")
    def associate_application_check(self, check_id: str, targets: Iterable[Target]) -> list[Associated]:
        results = []
        for target in targets:
            reason = self._refusal(self.sandbox_application_checks[check_id], target)
            if not reason:
                self._put(_with(self.sandbox_application_checks[check_id], target))
            results.append(Associated(target=target, reason=reason))
        return results

    @adds(why="EC2-82: moto has no application status checks")
    def disassociate_application_check(self, check_id: str, targets: Iterable[Target]) -> list[Associated]:
        results = []
        for target in targets:
            check = self.sandbox_application_checks[check_id]
            known = target in (*check.tags, *check.instances)
            if known:
                self._put(_without(check, target))
            results.append(Associated(target=target, reason="" if known else errors.NOT_ASSOCIATED))
        return results

    @adds(why="EC2-85: moto has no application status checks")
    def suppress_application_checks(self, instance_ids: Sequence[str], duration: timedelta | None) -> list[Suppressed]:
        now = context().clock.now()
        asked = Suppression(since=now, until=now + duration if duration is not None else None)
        results = []
        for instance_id in instance_ids:
            reason = self._unknown(instance_id)
            if not reason:
                state.suppress(self.get_instance(instance_id), asked)
            results.append(Suppressed(instance_id=instance_id, suppression=asked, reason=reason))
        return results

    @adds(why="EC2-85: moto has no application status checks")
    def resume_application_checks(self, instance_ids: Sequence[str]) -> list[Suppressed]:
        return [self._resume(instance_id) for instance_id in instance_ids]

    def _resume(self, instance_id: str) -> Suppressed:
        if reason := self._unknown(instance_id):
            return Suppressed(instance_id=instance_id, suppression=None, reason=reason)
        now, instance = context().clock.now(), self.get_instance(instance_id)
        known: Suppression | None = instance.sandbox.application.suppression
        if known is None or not known.active(now):
            return Suppressed(instance_id=instance_id, suppression=None, reason=errors.NOT_SUPPRESSED)
        ended = replace(known, until=now, over=True)
        state.suppress(instance, ended)
        return Suppressed(instance_id=instance_id, suppression=ended)

    def _put(self, check: ApplicationStatusCheck) -> ApplicationStatusCheck:
        self.sandbox_application_checks[check.check_id] = check
        return check

    def _refusal(self, check: ApplicationStatusCheck, target: Target) -> str:
        """Why the check cannot be associated with it; "": it can."""
        if isinstance(target, str) and (unknown := self._unknown(target)):
            return unknown
        if target in (*check.tags, *check.instances):
            return errors.ASSOCIATED
        if len(check.tags) + len(check.instances) >= MOST_OF_CHECK:
            return errors.no_more_of_check(MOST_OF_CHECK)
        if sum(len(each.tags) + len(each.instances) for each in self.sandbox_application_checks.values()) >= MOST_OF_ACCOUNT:
            return errors.no_more_of_account(MOST_OF_ACCOUNT)
        return ""

    def _unknown(self, instance_id: str) -> str:
        instance: Any = state.find_in(self, instance_id)
        if instance is None:
            return errors.unknown_instance(instance_id)
        return errors.TERMINATED if instance.state == "terminated" else ""


def _with(check: ApplicationStatusCheck, target: Target) -> ApplicationStatusCheck:
    if isinstance(target, str):
        return replace(check, instances=(*check.instances, target))
    return replace(check, tags=(*check.tags, target))


def _without(check: ApplicationStatusCheck, target: Target) -> ApplicationStatusCheck:
    tags = tuple(each for each in check.tags if each != target)
    return replace(check, tags=tags, instances=tuple(each for each in check.instances if each != target))
