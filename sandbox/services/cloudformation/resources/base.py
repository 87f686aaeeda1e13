"""What the stack engine sees of a resource type: names and update rules of its properties, and how to make, change, delete and look at one.

A type calls the same API operations as a user does (`Call`), and keeps nothing: what it must know is in `Wanted` and in the API's answers.
No method waits. create, update and delete start the work, and `look` says when it is done. delete and look may be repeated; create and
update only after a Retry: the engine keeps the lock from a call until it has recorded the result, so a saved state has both or neither.

Errors that the methods raise, and what the engine does with them:

ApiError      the API refused: the resource failed with this reason; while deleting, DependencyViolation and the like are tried again
Incomplete    an ApiError of `create` after the resource exists: keep its physical id, so that the rollback deletes it
Retry         something else must pass first (an instance must stop): call the same method again after `after`
"""

import hashlib
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Protocol

from botocore.exceptions import ClientError, ParamValidationError

from sandbox.core.control import Scope
from sandbox.core.errors import ApiError
from sandbox.core.ports import Clients

CALLER = "cloudformation"
"""The name under which the journal shows the calls."""
ALPHABET = string.ascii_uppercase + string.digits
RANDOM_LENGTH = 12
NAME_LIMIT = 255


class Requires(Enum):
    """What an update of a property requires, as AWS's resource reference says ("Update requires")."""

    NO_INTERRUPTION = "No interruption"
    SOME_INTERRUPTION = "Some interruptions"
    REPLACEMENT = "Replacement"


@dataclass(frozen=True)
class Call:
    """The API operations of one account and Region."""

    clients: Clients
    scope: Scope

    def __call__(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """The answer of an operation: call("ec2", "create_vpc", CidrBlock="10.0.0.0/16"). Raises ApiError with the API's code and text."""
        client = self.clients.client(service, self.scope, CALLER)
        try:
            answer: dict[str, Any] = getattr(client, operation)(**parameters)
        except ClientError as error:
            told = error.response["Error"]
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
            raise ApiError(told.get("Code", "InternalFailure"), told.get("Message", ""), status) from error
        except ParamValidationError as error:  # a property of the wrong type, or an unknown one inside another
            raise ApiError("ValidationError", str(error).removeprefix("Parameter validation failed:\n")) from error
        return answer


class Incomplete(ApiError):
    """`create` failed after the resource came into being. `physical_id` is the one to delete in the rollback."""

    def __init__(self, physical_id: str, cause: ApiError) -> None:
        super().__init__(cause.code, cause.message, cause.status)
        self.physical_id = physical_id


@dataclass(frozen=True)
class Wanted:
    """A resource as the template wants it.

    properties  evaluated: no intrinsic function is left, AWS::NoValue is absent. Scalars may have any JSON type ("80" and 80 are the same)
    tags        the stack's tags and the aws:cloudformation:* ones; a type that has tags adds those of its property Tags, which win
    token       the same for each repeat of one create or update; it makes generated names and client tokens
    replaces    the physical id that this one will replace; None: it is new
    """

    logical_id: str
    stack_name: str
    stack_id: str
    properties: Mapping[str, Any]
    tags: Mapping[str, str] = field(default_factory=dict)
    token: str = ""
    replaces: str | None = None

    @property
    def client_token(self) -> str:
        """For parameters such as ClientToken: 32 characters."""
        return hashlib.sha256(f"{self.stack_id}/{self.logical_id}/{self.token}".encode()).hexdigest()[:32]

    def generated_name(self, limit: int = NAME_LIMIT) -> str:
        """AWS's name for a resource that the template does not name: stack-LogicalId-1A2B3C4D5E6F, cut to `limit` characters.

        As on AWS, the stack's name and the logical id are shortened, never the random part."""
        random = _random(f"{self.stack_id}/{self.logical_id}/{self.token}")
        room = max(limit - RANDOM_LENGTH - 2, 2)
        logical = self.logical_id[: max(room - len(self.stack_name), room // 2)]
        return f"{self.stack_name[: room - len(logical)]}-{logical}-{random}"


def _random(seed: str) -> str:
    number = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:16], "big")
    letters = []
    for _ in range(RANDOM_LENGTH):
        number, place = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[place])
    return "".join(letters)


@dataclass(frozen=True)
class Ready:
    """The resource is what was wanted. `attributes`: what Fn::GetAtt can read; a name with a dot is one attribute (`Endpoint.Address`)."""

    attributes: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class InProgress:
    """Not yet: look again. `reason`: what it waits for, in AWS's words where it has some."""

    reason: str = ""


@dataclass(frozen=True)
class Failed:
    """It will not become ready by itself. `reason` is AWS's."""

    reason: str


@dataclass(frozen=True)
class Gone:
    """It does not exist, or not any more. `reason`: why, where AWS says it (an instance that terminated by itself)."""

    reason: str = ""


Status = Ready | InProgress | Failed | Gone


class ResourceType(Protocol):
    """One type of a template's resources.

    properties     every supported property, and what its update requires; any other is refused by its name
    required       those that a template must give
    name_property  the property that names the resource: a template that sets it needs CAPABILITY_NAMED_IAM where `capability` is set,
                   and cannot replace the resource without a new name; None: the type has no names, or none that must be unique
    capability     "CAPABILITY_IAM" or None
    """

    @property
    def type_name(self) -> str: ...
    @property
    def properties(self) -> Mapping[str, Requires]: ...
    @property
    def required(self) -> frozenset[str]: ...
    @property
    def name_property(self) -> str | None: ...
    @property
    def capability(self) -> str | None: ...
    @property
    def attributes(self) -> frozenset[str]:
        """The names that Fn::GetAtt can read, for the check of a template before anything is made."""
        ...

    def problems(self, properties: Mapping[str, Any]) -> Iterator[str]:
        """Why these properties cannot be used, in CloudFormation's words: missing ones, wrong types. The others methods expect none."""
        ...

    def create(self, call: Call, wanted: Wanted) -> str:
        """Starts to make it and returns its physical id. What has the template's name for it already is refused, not taken over."""
        ...

    def update(self, call: Call, physical_id: str, old: Wanted, new: Wanted) -> str | None:
        """Starts to change it from `old` to `new`; called when no changed property requires a replacement, or only tags changed.

        → the new physical id of the few that get one by an update without interruption (an association with a route table); else None."""
        ...

    def delete(self, call: Call, physical_id: str, old: Wanted) -> Gone | None:
        """Starts to delete it. What is gone already is fine. → Gone: the stack has nothing to wait for; None: look until it is Gone."""
        ...

    def look(self, call: Call, physical_id: str, wanted: Wanted) -> Status:
        """Its state now, read from the API."""
        ...

    def reference(self, physical_id: str) -> str:
        """What Ref returns."""
        ...
