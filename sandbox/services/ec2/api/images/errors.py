"""EC2's errors about AMIs, with AWS's codes and texts (EC2-70). services/ec2/errors.py has those about everything else."""

from sandbox.core.errors import ApiError


def image_not_available(image_id: str, state: str) -> ApiError:
    return ApiError("InvalidAMIID.Unavailable", f"AMI '{image_id}' is {state}, and cannot be run")  # EC2-70


def image_name_taken(name: str, image_id: str) -> ApiError:
    return ApiError("InvalidAMIName.Duplicate", f"AMI name {name} is already in use by AMI {image_id}")  # EC2-70


def malformed_image_name() -> ApiError:
    text = "AMI names must be between 3 and 128 characters long, and may contain letters, numbers, '(', ')', '.', '-', '/' and '_'"
    return ApiError("InvalidAMIName.Malformed", text)


def unknown_location(location: str) -> ApiError:
    text = (
        f"The manifest {location} cannot be read. The sandbox has no AMIs in Amazon S3: ImageLocation is docker://<container image>"
        " or command://<shell command>."
    )
    return ApiError("InvalidManifest", text)


def no_disk_now(instance_id: str) -> ApiError:
    text = f"The instance '{instance_id}' is not in a state from which an image can be created."  # formed like its siblings (U)
    return ApiError("IncorrectInstanceState", text)


def no_root_snapshot() -> ApiError:
    return ApiError("InvalidBlockDeviceMapping", "No root snapshot specified in device mapping.")  # EC2-70


def unknown_snapshot(snapshot_id: str) -> ApiError:
    return ApiError("InvalidSnapshot.NotFound", f"The snapshot '{snapshot_id}' does not exist.")


def snapshot_in_use(snapshot_id: str, image_id: str) -> ApiError:
    return ApiError("InvalidSnapshot.InUse", f"The snapshot {snapshot_id} is currently in use by {image_id}")


def unsupported(sentence: str) -> ApiError:
    return ApiError("UnsupportedOperation", sentence)
