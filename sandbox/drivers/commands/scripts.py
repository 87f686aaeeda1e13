"""A short program inside a machine, for a request of the AWS API that waits for it: `RunScript` of core/ports.py."""

from sandbox.core.ports import ScriptOutcome
from sandbox.drivers.runtime.base import Runtime
from sandbox.drivers.runtime.commands import CommandEnd, MachineCommand


def run(runtime: Runtime, instance_id: str, argv: tuple[str, ...], seconds: float) -> ScriptOutcome:
    """Raises KeyError if the machine does not run or is frozen, DriverUnavailable if the runtime does not answer."""
    result = runtime.run_command(instance_id, MachineCommand(argv=argv, timeout=seconds))
    if result.end is CommandEnd.EXITED:
        return ScriptOutcome(code=result.exit_code, told=result.stderr.decode(errors="replace").strip())
    return ScriptOutcome(code=None, told=result.detail or result.end.value)
