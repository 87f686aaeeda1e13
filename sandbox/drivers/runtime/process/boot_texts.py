"""The lines in the console log of an instance at a boot."""

from datetime import UTC, datetime

from sandbox.drivers.runtime.base import LaunchSpec
from sandbox.drivers.runtime.process.boot_plan import BootPlan
from sandbox.drivers.runtime.user_data.effect import application_starts


def message(spec: LaunchSpec, boot: int, plan: BootPlan | None) -> str:
    """`plan`: of the user data; None: there is none."""
    if spec.command:
        text = "the command starts"
    elif plan is None:
        text = "the application starts"
    elif plan.runs:
        text = "user data runs as the sandbox's own account, in the instance's folder"
    elif application_starts(spec.user_data, boot):
        text = "user data is not run; the image's application starts in its place"
    elif boot > 1:
        text = "user data runs at the first boot only; nothing starts the application"
    else:
        text = "user data is not run; there is no application"
    problems = [warning(module, problem) for module, problem in plan.problems()] if plan else []
    return "\n".join((f"boot {boot} of {spec.instance_id}: {text}", *problems, ""))


def warning(module: str, text: str) -> str:
    """A line of cloud-init's log (UD-4)."""
    now = datetime.now(UTC)
    return f"{now:%Y-%m-%d %H:%M:%S},{now.microsecond // 1000:03} - {module}[WARNING]: {text}"
