"""The log of the control plane, wherever it runs."""

from sandbox.core.errors import UserError
from sandbox.launch import compose
from sandbox.launch.daemon import log_file
from sandbox.launch.running import RunningSandbox
from sandbox.settings import Settings


def control_log(settings: Settings, newest: int) -> list[str]:
    """The newest lines, oldest first. Raises UserError when no sandbox was started with this state folder."""
    record = RunningSandbox.read(settings)
    if record and record.topology == "compose":
        return compose.logs(settings, newest)
    file = log_file(settings)
    if not file.exists():
        raise UserError(f"There is no log file {file}: no sandbox was started with this state folder.", "sandbox up")
    return file.read_text(errors="replace").splitlines()[-newest:]
