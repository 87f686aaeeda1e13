"""What decisions about logins may contain."""

from dataclasses import dataclass

from sandbox.core.control import Action
from sandbox.services.instance_connect.model import Login


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallKey(Action):
    """Puts the key of the instance's key pair into its machine, and starts its SSH server."""

    instance_id: str
    boot: int
    login: Login
