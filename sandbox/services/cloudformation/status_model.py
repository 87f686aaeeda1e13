"""The states of stacks and of their resources, with AWS's names."""

from enum import Enum

from sandbox.core.persisted import persisted


@persisted("cloudformation.StackStatus")
class StackStatus(Enum):
    CREATE_IN_PROGRESS = "CREATE_IN_PROGRESS"
    CREATE_FAILED = "CREATE_FAILED"
    CREATE_COMPLETE = "CREATE_COMPLETE"
    ROLLBACK_IN_PROGRESS = "ROLLBACK_IN_PROGRESS"
    ROLLBACK_FAILED = "ROLLBACK_FAILED"
    ROLLBACK_COMPLETE = "ROLLBACK_COMPLETE"
    DELETE_IN_PROGRESS = "DELETE_IN_PROGRESS"
    DELETE_FAILED = "DELETE_FAILED"
    DELETE_COMPLETE = "DELETE_COMPLETE"
    UPDATE_IN_PROGRESS = "UPDATE_IN_PROGRESS"
    UPDATE_COMPLETE_CLEANUP_IN_PROGRESS = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
    UPDATE_COMPLETE = "UPDATE_COMPLETE"
    UPDATE_FAILED = "UPDATE_FAILED"
    UPDATE_ROLLBACK_IN_PROGRESS = "UPDATE_ROLLBACK_IN_PROGRESS"
    UPDATE_ROLLBACK_FAILED = "UPDATE_ROLLBACK_FAILED"
    UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS = "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"
    UPDATE_ROLLBACK_COMPLETE = "UPDATE_ROLLBACK_COMPLETE"
    REVIEW_IN_PROGRESS = "REVIEW_IN_PROGRESS"

    @property
    def is_running(self) -> bool:
        """An operation runs: the controller has something to do."""
        return self.value.endswith("_IN_PROGRESS") and self is not StackStatus.REVIEW_IN_PROGRESS

    @property
    def is_cleaning_up(self) -> bool:
        return self.value.endswith("_CLEANUP_IN_PROGRESS")

    @property
    def is_removing(self) -> bool:
        """Its resources are being deleted."""
        return self in (StackStatus.DELETE_IN_PROGRESS, StackStatus.ROLLBACK_IN_PROGRESS)

    @property
    def may_update(self) -> bool:
        return self in UPDATABLE


UPDATABLE = (
    StackStatus.CREATE_COMPLETE,
    StackStatus.UPDATE_COMPLETE,
    StackStatus.UPDATE_ROLLBACK_COMPLETE,
    StackStatus.CREATE_FAILED,
    StackStatus.UPDATE_FAILED,
)


@persisted("cloudformation.ResourceStatus")
class ResourceStatus(Enum):
    CREATE_IN_PROGRESS = "CREATE_IN_PROGRESS"
    CREATE_FAILED = "CREATE_FAILED"
    CREATE_COMPLETE = "CREATE_COMPLETE"
    UPDATE_IN_PROGRESS = "UPDATE_IN_PROGRESS"
    UPDATE_FAILED = "UPDATE_FAILED"
    UPDATE_COMPLETE = "UPDATE_COMPLETE"
    DELETE_IN_PROGRESS = "DELETE_IN_PROGRESS"
    DELETE_FAILED = "DELETE_FAILED"
    DELETE_COMPLETE = "DELETE_COMPLETE"
    DELETE_SKIPPED = "DELETE_SKIPPED"

    @property
    def is_in_progress(self) -> bool:
        return self.value.endswith("_IN_PROGRESS")

    @property
    def is_complete(self) -> bool:
        return self in (ResourceStatus.CREATE_COMPLETE, ResourceStatus.UPDATE_COMPLETE)

    @property
    def is_failed(self) -> bool:
        return self.value.endswith("_FAILED")

    @property
    def is_gone(self) -> bool:
        return self in (ResourceStatus.DELETE_COMPLETE, ResourceStatus.DELETE_SKIPPED)

    def ended(self, well: bool) -> "ResourceStatus":
        """The last state of the step in progress: CREATE_IN_PROGRESS → CREATE_COMPLETE or CREATE_FAILED."""
        verb = self.value.split("_")[0]
        return ResourceStatus(f"{verb}_{'COMPLETE' if well else 'FAILED'}")


@persisted("cloudformation.OnFailure")
class OnFailure(Enum):
    ROLLBACK = "ROLLBACK"
    DELETE = "DELETE"
    DO_NOTHING = "DO_NOTHING"
