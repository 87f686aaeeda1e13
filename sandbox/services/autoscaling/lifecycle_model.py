"""The states of a group's members and of its target group attachments, and the tables of their transitions. Pure.

The tables are drawn in ARCHITECTURE.md (`make docs`). decide/lifecycle.py chooses the moves; state/writes.py makes them.
"""

from collections.abc import Mapping
from enum import Enum

from sandbox.core.persisted import persisted


class LifecycleState(Enum):
    """ASG-78. TRANSITIONS has the states that groups here use; the others belong to warm pools and root volume replacement."""

    PENDING = "Pending"
    PENDING_WAIT = "Pending:Wait"
    PENDING_PROCEED = "Pending:Proceed"
    QUARANTINED = "Quarantined"
    IN_SERVICE = "InService"
    TERMINATING = "Terminating"
    TERMINATING_WAIT = "Terminating:Wait"
    TERMINATING_PROCEED = "Terminating:Proceed"
    TERMINATING_RETAINED = "Terminating:Retained"
    TERMINATED = "Terminated"
    DETACHING = "Detaching"
    DETACHED = "Detached"
    ENTERING_STANDBY = "EnteringStandby"
    STANDBY = "Standby"
    REPLACING_ROOT_VOLUME = "ReplacingRootVolume"
    REPLACING_ROOT_VOLUME_WAIT = "ReplacingRootVolume:Wait"
    REPLACING_ROOT_VOLUME_PROCEED = "ReplacingRootVolume:Proceed"
    ROOT_VOLUME_REPLACED = "RootVolumeReplaced"
    WARMED_PENDING = "Warmed:Pending"
    WARMED_PENDING_WAIT = "Warmed:Pending:Wait"
    WARMED_PENDING_PROCEED = "Warmed:Pending:Proceed"
    WARMED_PENDING_RETAINED = "Warmed:Pending:Retained"
    WARMED_TERMINATING = "Warmed:Terminating"
    WARMED_TERMINATING_WAIT = "Warmed:Terminating:Wait"
    WARMED_TERMINATING_PROCEED = "Warmed:Terminating:Proceed"
    WARMED_TERMINATING_RETAINED = "Warmed:Terminating:Retained"
    WARMED_TERMINATED = "Warmed:Terminated"
    WARMED_STOPPED = "Warmed:Stopped"
    WARMED_RUNNING = "Warmed:Running"
    WARMED_HIBERNATED = "Warmed:Hibernated"

    @property
    def counts_toward_desired_capacity(self) -> bool:
        """The group compares these with its desired capacity: no standby (ASG-73), and no members that are leaving."""
        return self in _COUNTED

    @property
    def has_left(self) -> bool:
        """The member has left the group and is no longer listed (ASG-71, ASG-81)."""
        return self in _LEFT

    @property
    def is_draining(self) -> bool:
        """Deregistered from the target groups, and waiting for the end of the deregistration delay."""
        return self in _DRAINING

    @property
    def is_pending(self) -> bool:
        return self in _PENDING

    @property
    def is_terminating(self) -> bool:
        return self in _TERMINATING

    @property
    def is_leaving(self) -> bool:
        """On its way out of the group: terminating, or detaching."""
        return self.is_terminating or self is LifecycleState.DETACHING

    @property
    def is_changing(self) -> bool:
        """The group itself makes the next transition: look again soon."""
        return self in _CHANGING

    @property
    def is_waiting(self) -> bool:
        """For its lifecycle hooks (ASG-89)."""
        return self in _WAITING


class Move(Enum):
    """What causes a transition of a member."""

    WAIT = "waits for lifecycle hooks"
    COMPLETE = "lifecycle hooks over"
    ENTER_SERVICE = "running and registered"
    FAIL = "launch failed"
    TAKE_OUT = "taken out of service"
    PROCEED = "drained"
    LEAVE = "instance terminated"
    DETACH = "detached by a user"
    ENTER_STANDBY = "put in standby by a user"
    EXIT_STANDBY = "taken out of standby by a user"


TRANSITIONS: Mapping[tuple[LifecycleState, Move], LifecycleState] = {
    (LifecycleState.PENDING, Move.ENTER_SERVICE): LifecycleState.IN_SERVICE,  # ASG-79
    (LifecycleState.PENDING, Move.FAIL): LifecycleState.TERMINATED,
    (LifecycleState.PENDING, Move.TAKE_OUT): LifecycleState.TERMINATING,
    (LifecycleState.PENDING, Move.WAIT): LifecycleState.PENDING_WAIT,  # ASG-79
    (LifecycleState.PENDING_WAIT, Move.COMPLETE): LifecycleState.PENDING_PROCEED,
    (LifecycleState.PENDING_WAIT, Move.TAKE_OUT): LifecycleState.TERMINATING,  # ASG-90
    (LifecycleState.PENDING_PROCEED, Move.ENTER_SERVICE): LifecycleState.IN_SERVICE,
    (LifecycleState.PENDING_PROCEED, Move.TAKE_OUT): LifecycleState.TERMINATING,
    (LifecycleState.IN_SERVICE, Move.TAKE_OUT): LifecycleState.TERMINATING,
    (LifecycleState.ENTERING_STANDBY, Move.TAKE_OUT): LifecycleState.TERMINATING,
    (LifecycleState.STANDBY, Move.TAKE_OUT): LifecycleState.TERMINATING,
    (LifecycleState.DETACHING, Move.TAKE_OUT): LifecycleState.TERMINATING,  # the group was force-deleted meanwhile
    (LifecycleState.TERMINATING, Move.PROCEED): LifecycleState.TERMINATING_PROCEED,  # ASG-80
    (LifecycleState.TERMINATING, Move.WAIT): LifecycleState.TERMINATING_WAIT,  # ASG-80
    (LifecycleState.TERMINATING_WAIT, Move.COMPLETE): LifecycleState.TERMINATING_PROCEED,
    (LifecycleState.TERMINATING_PROCEED, Move.LEAVE): LifecycleState.TERMINATED,
    (LifecycleState.IN_SERVICE, Move.DETACH): LifecycleState.DETACHING,  # ASG-71
    (LifecycleState.STANDBY, Move.DETACH): LifecycleState.DETACHING,
    (LifecycleState.DETACHING, Move.PROCEED): LifecycleState.DETACHED,
    (LifecycleState.IN_SERVICE, Move.ENTER_STANDBY): LifecycleState.ENTERING_STANDBY,  # ASG-73
    (LifecycleState.ENTERING_STANDBY, Move.PROCEED): LifecycleState.STANDBY,
    (LifecycleState.STANDBY, Move.EXIT_STANDBY): LifecycleState.PENDING,
}

_LEFT = frozenset({LifecycleState.TERMINATED, LifecycleState.DETACHED})
_DRAINING = frozenset({LifecycleState.TERMINATING, LifecycleState.DETACHING, LifecycleState.ENTERING_STANDBY})
_TERMINATING = frozenset({LifecycleState.TERMINATING, LifecycleState.TERMINATING_WAIT, LifecycleState.TERMINATING_PROCEED})
_PENDING = frozenset({LifecycleState.PENDING, LifecycleState.PENDING_WAIT, LifecycleState.PENDING_PROCEED})
_WAITING = frozenset({LifecycleState.PENDING_WAIT, LifecycleState.TERMINATING_WAIT})
_COUNTED = _PENDING | {LifecycleState.IN_SERVICE}
_CHANGING = _DRAINING | {LifecycleState.PENDING, LifecycleState.PENDING_PROCEED, LifecycleState.TERMINATING_PROCEED}


@persisted("autoscaling.AttachmentState")
class AttachmentState(Enum):
    """ASG-82."""

    ADDING = "Adding"
    ADDED = "Added"
    IN_SERVICE = "InService"
    REMOVING = "Removing"
    REMOVED = "Removed"


class AttachmentMove(Enum):
    REGISTER = "all instances registered"
    PASS = "one instance passed its health checks"
    DETACH = "detached by a user"
    DRAIN = "all instances deregistered"


ATTACHMENT_TRANSITIONS: Mapping[tuple[AttachmentState, AttachmentMove], AttachmentState] = {
    (AttachmentState.ADDING, AttachmentMove.REGISTER): AttachmentState.ADDED,
    (AttachmentState.ADDED, AttachmentMove.PASS): AttachmentState.IN_SERVICE,
    (
        AttachmentState.IN_SERVICE,
        AttachmentMove.PASS,
    ): AttachmentState.IN_SERVICE,  # attached at creation
    (AttachmentState.ADDING, AttachmentMove.DETACH): AttachmentState.REMOVING,
    (AttachmentState.ADDED, AttachmentMove.DETACH): AttachmentState.REMOVING,
    (AttachmentState.IN_SERVICE, AttachmentMove.DETACH): AttachmentState.REMOVING,
    (AttachmentState.REMOVING, AttachmentMove.DRAIN): AttachmentState.REMOVED,
}
