"""Makes, changes and deletes single resources as a stack does, in a sandbox in virtual time."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from sandbox.core.errors import ApiError, Retry
from sandbox.services.cloudformation.resources.base import Call, Gone, InProgress, Ready, ResourceType, Wanted
from sandbox.services.cloudformation.resources.registry import find
from tests.support.virtual import HERE, VirtualSandbox

STACK_ID = "arn:aws:cloudformation:us-east-1:123456789012:stack/shop/0a1b2c3d"
LONGEST = 1800  # seconds of sandbox time within which everything is ready or gone


@dataclass
class Made:
    """One resource that exists."""

    kind: ResourceType
    physical_id: str
    wanted: Wanted
    attributes: dict[str, Any]

    @property
    def ref(self) -> str:
        return self.kind.reference(self.physical_id)


@dataclass
class Workbench:
    """`make` and `change` return when the resource is ready; `clear` deletes everything, newest first."""

    sandbox: VirtualSandbox
    made: list[Made] = field(default_factory=list)
    attempts: Iterator[int] = field(default_factory=lambda: iter(range(10_000)))

    @property
    def call(self) -> Call:
        return Call(self.sandbox.sandbox.transport, HERE)

    def wanted(self, logical_id: str, properties: dict[str, Any], stack_tags: dict[str, str] | None = None) -> Wanted:
        own = {"stack-name": "shop", "stack-id": STACK_ID, "logical-id": logical_id}
        tags = {f"aws:cloudformation:{name}": value for name, value in own.items()}
        return Wanted(logical_id, "shop", STACK_ID, properties, tags | (stack_tags or {}), token=str(next(self.attempts)))

    def make(self, type_name: str, logical_id: str | None = None, /, **properties: Any) -> Made:
        kind = find(type_name)
        assert kind is not None, type_name
        assert properties.keys() <= kind.properties.keys(), "the engine would refuse them"
        assert kind.required <= properties.keys(), "the engine would ask for them"
        wanted = self.wanted(logical_id or f"My{type_name.rsplit(':', 1)[1]}{len(self.made)}", properties)
        made = Made(kind, kind.create(self.call, wanted), wanted, {})
        self.made.append(made)
        self._settle(made)
        return made

    def change(self, made: Made, _stack_tags: dict[str, str] | None = None, /, **properties: Any) -> None:
        """Properties that are None are taken out."""
        merged = {name: value for name, value in (dict(made.wanted.properties) | properties).items() if value is not None}
        new = replace(made.wanted, properties=merged, tags=dict(made.wanted.tags) | (_stack_tags or {}), token=str(next(self.attempts)))
        made.physical_id = self._tried(lambda: made.kind.update(self.call, made.physical_id, made.wanted, new)) or made.physical_id
        made.wanted = new
        self._settle(made)

    def delete(self, made: Made) -> None:
        self.made.remove(made)
        if self._tried(lambda: made.kind.delete(self.call, made.physical_id, made.wanted)) == Gone():
            return
        for _ in range(LONGEST):
            status = made.kind.look(self.call, made.physical_id, made.wanted)
            if isinstance(status, Gone):
                break
            self.sandbox.run(1)
        else:
            raise AssertionError(f"{made.physical_id} stays: {status}")
        made.kind.delete(self.call, made.physical_id, made.wanted)  # what is gone already is fine

    def clear(self) -> None:
        for made in reversed(list(self.made)):
            self.delete(made)

    def _settle(self, made: Made) -> None:
        for _ in range(LONGEST):
            status = made.kind.look(self.call, made.physical_id, made.wanted)
            if isinstance(status, Ready):
                made.attributes = dict(status.attributes)
                assert made.attributes.keys() == made.kind.attributes, "what the type announces"
                return
            assert isinstance(status, InProgress), status
            self.sandbox.run(1)
        raise AssertionError(f"{made.physical_id} is never ready: {status}")

    def _tried(self, step: Any) -> Any:
        for _ in range(LONGEST):
            try:
                return step()
            except Retry as later:
                self.sandbox.run(later.after.total_seconds())
            except ApiError as error:
                if error.code != "DependencyViolation":
                    raise
                self.sandbox.run(5)
        raise AssertionError("never done")
