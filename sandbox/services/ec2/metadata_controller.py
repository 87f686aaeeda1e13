"""The loop of the metadata service: one key for each instance. It publishes what an instance reads about itself when that has changed.

The gateway wakes it after each request, the journal when an event names an instance, and the service when it serves something new.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sandbox.aws.context import context
from sandbox.core.control import Action, Decision, Scope, Shell
from sandbox.core.events import Event
from sandbox.core.journal import Journal
from sandbox.drivers.metadata.base import Metadata
from sandbox.services.ec2.actions import ApplyOptions, IssueCredentials, PublishDocument, WithdrawDocument
from sandbox.services.ec2.decide.metadata.publication import decide
from sandbox.services.ec2.metadata_model import MetadataMemory, ObservedMetadata
from sandbox.services.ec2.model import InstanceState
from sandbox.services.ec2.state import credentials, snapshot
from sandbox.services.ec2.state.metadata import read_facts

ORPHANS = Scope("-", "-")  # documents without an instance have no account that we know
SOURCES = ("aws.ec2", "aws.autoscaling")


class MetadataController(Shell[ObservedMetadata, MetadataMemory]):
    name = "ec2-metadata"

    def __init__(self, journal: Journal, metadata: Metadata) -> None:
        super().__init__(journal)
        self._metadata = metadata
        self._keys: dict[str, str] = {}  # instance id → key, replaced as a whole: other threads read it
        metadata.on_change(self._wake)
        journal.on_event(self._on_event)

    def keys(self) -> Iterable[str]:
        self._keys = {instance.id: scope.key(instance.id) for scope, instance in snapshot.known()}
        orphans = () if snapshot.state_lost() else [i for i in self._metadata.served() if i not in self._keys]
        return (*self._keys.values(), *(ORPHANS.key(i) for i in sorted(orphans)))

    def has(self, key: str) -> bool:
        scope, instance_id = Scope.split(key)
        return instance_id in self._metadata.served() if scope == ORPHANS else snapshot.find(scope, instance_id) is not None

    def _wake(self, instance_id: str) -> None:
        """The service calls it, in its own thread."""
        if key := self._keys.get(instance_id):
            context().wake(self.name, key)

    def _on_event(self, event: Event) -> None:
        if event.source in SOURCES:
            for resource in event.resources:
                self._wake(resource)

    def observe(self, key: str, now: datetime) -> ObservedMetadata | None:
        scope, instance_id = Scope.split(key)
        instance = None if scope == ORPHANS else snapshot.find(scope, instance_id)
        served = self._metadata.served().get(instance_id)
        if instance is None and served is None:
            return None
        if instance is None or instance.lifecycle_state is InstanceState.TERMINATED:
            return ObservedMetadata(instance_id=instance_id, facts=None, served=served)
        return ObservedMetadata(
            instance_id=instance_id,
            facts=read_facts(instance),
            served=served,
            options_pending=instance.metadata_options.state == "pending",
            cause=self.journal.latest(instance_id),
        )

    def decide(self, observed: ObservedMetadata, memory: MetadataMemory | None, now: datetime) -> Decision[MetadataMemory]:
        return decide(observed, memory, now)

    def act(self, key: str, action: Action, now: datetime) -> None:
        scope, instance_id = Scope.split(key)
        instance: Any = None if scope == ORPHANS else snapshot.find(scope, instance_id)
        match action:
            case PublishDocument():
                self._metadata.publish(action.document)
            case WithdrawDocument():
                self._metadata.withdraw(instance_id)
            case IssueCredentials():
                credentials.issue(instance, action.role_arn, action.lifetime, now)
            case ApplyOptions():
                instance.metadata_options.state = "applied"
