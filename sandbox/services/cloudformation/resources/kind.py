"""What most resource types share. A type is a table of its properties and a few calls: subclasses of `Kind` in types/."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sandbox.core.errors import ApiError
from sandbox.services.cloudformation.resources import parameters, structures, tags
from sandbox.services.cloudformation.resources.base import CALLER, Call, Gone, Incomplete, Ready, Requires, Status, Wanted
from sandbox.services.cloudformation.resources.parameters import Unfit
from sandbox.services.cloudformation.resources.structures import Structure

MISSING = ("NotFound", "NotFoundException", "NoSuchEntity", "NonExistentQueue", "QueueDoesNotExist", "NoSuchBucket", "ParameterNotFound")
"""Ends of the codes of all services for something that does not exist."""


def table(replacement: str = "", unchanged: str = "", interrupted: str = "") -> Mapping[str, Requires]:
    """Properties by what their update requires: replacement, no interruption, some interruptions."""
    return (
        dict.fromkeys(replacement.split(), Requires.REPLACEMENT)
        | dict.fromkeys(unchanged.split(), Requires.NO_INTERRUPTION)
        | dict.fromkeys(interrupted.split(), Requires.SOME_INTERRUPTION)
    )


def is_missing(error: ApiError) -> bool:
    return error.code.endswith(MISSING)


class Kind:
    """A resource type (base.ResourceType). Subclasses say what differs."""

    type_name: str
    service: str
    properties: Mapping[str, Requires]
    required: frozenset[str] = frozenset()
    attributes: frozenset[str] = frozenset()
    name_property: str | None = None
    capability: str | None = None
    tagging: tags.Tagging | None = None
    structures: Mapping[str, Structure] = {}  # of properties whose names mean something else in other types

    # ---- what the engine calls -----------------------------------------------------------------------------------------------------

    def problems(self, properties: Mapping[str, Any]) -> Iterator[str]:
        for name in sorted(self.required - properties.keys()):
            yield f"#: required key [{name}] not found"
        yield from structures.problems(properties, self.structures)

    def create(self, call: Call, wanted: Wanted) -> str:
        physical_id = self.make(call, wanted)
        try:
            self.complete(call, physical_id, wanted)
        except ApiError as error:
            raise Incomplete(physical_id, error) from error
        return physical_id

    def update(self, call: Call, physical_id: str, old: Wanted, new: Wanted) -> str | None:
        self.change(call, physical_id, old, new)
        self.retag(call, physical_id, tags.merged(old), tags.merged(new))
        return None

    def delete(self, call: Call, physical_id: str, old: Wanted) -> Gone | None:
        try:
            self.remove(call, physical_id, old)
        except ApiError as error:
            if not is_missing(error):
                raise
            return Gone()
        return None

    def look(self, call: Call, physical_id: str, wanted: Wanted) -> Status:
        try:
            return self.seen(call, physical_id, wanted)
        except ApiError as error:
            if is_missing(error):
                return Gone()
            raise

    def reference(self, physical_id: str) -> str:
        return physical_id

    # ---- what subclasses say -------------------------------------------------------------------------------------------------------

    def make(self, call: Call, wanted: Wanted) -> str:
        """The operation after which it exists. → its physical id."""
        raise NotImplementedError

    def complete(self, call: Call, physical_id: str, wanted: Wanted) -> None:
        """What `make`'s operation has no parameters for."""

    def change(self, call: Call, physical_id: str, old: Wanted, new: Wanted) -> None:
        """All but its tags."""

    def remove(self, call: Call, physical_id: str, old: Wanted) -> None:
        """An error that it does not exist is fine."""
        raise NotImplementedError

    def seen(self, call: Call, physical_id: str, wanted: Wanted) -> Status:
        """An error that it does not exist means Gone."""
        raise NotImplementedError

    def retag(self, call: Call, physical_id: str, old: Mapping[str, str], new: Mapping[str, str]) -> None:
        if self.tagging:
            self.tagging.change(call, self.tagged(physical_id, call), old, new)

    def tagged(self, physical_id: str, call: Call) -> str:
        """What the tagging operations of the service take for it."""
        return physical_id

    # ---- helpers -------------------------------------------------------------------------------------------------------------------

    def send(self, call: Call, wanted: Wanted, operation: str, given: Mapping[str, Any], **fixed: Any) -> dict[str, Any]:
        """An operation of the type's service with `given`, parts of the template in any JSON types, and `fixed`, which fit already."""
        client = call.clients.client(self.service, call.scope, CALLER)
        shape = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[operation]).input_shape
        try:
            fitting = parameters.fitted(dict(given), shape)
        except Unfit as unfit:
            raise parameters.refused(wanted.logical_id, unfit) from None
        return call(self.service, operation, **fitting, **fixed)

    def refuse_existing(self, wanted: Wanted, exists: Callable[[str], object]) -> None:
        """For operations that would take over what has the template's name already. `exists` gets the name. A generated name is new."""
        name = parameters.text(wanted.properties.get(self.name_property or "", ""))
        if not name:
            return
        try:
            found = exists(name)
        except ApiError as error:
            if not is_missing(error):
                raise
            return
        if found:
            raise ApiError("AlreadyExists", f"{name} already exists")

    def name(self, wanted: Wanted, limit: int, suffix: str = "") -> str:
        """The name in the template, or the one that CloudFormation makes."""
        given = wanted.properties.get(self.name_property or "")
        return parameters.text(given) if given is not None else wanted.generated_name(limit - len(suffix)) + suffix


def first(found: list[dict[str, Any]]) -> dict[str, Any] | None:
    return found[0] if found else None


def one(found: list[dict[str, Any]]) -> dict[str, Any]:
    """The only thing that was asked for by its id; a service may answer with none instead of an error."""
    if not found:
        raise ApiError("NotFound", "It does not exist.")
    return found[0]


def ready_or_gone(found: Mapping[str, Any] | None, *names: str, **renamed: str) -> Status:
    """Ready with those attributes of the description. A name in `renamed` is the description's: DefaultVersionNumber="DefaultVersion"."""
    if found is None:
        return Gone()
    return Ready(parameters.pick(found, *names, **renamed))
