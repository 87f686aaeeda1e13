"""What the loop of application status checks may do."""

from dataclasses import dataclass

from sandbox.core.control import Action
from sandbox.drivers.probe.base import ProbeRequest
from sandbox.services.ec2.application.model import ApplicationExtra


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep(Action):
    """Writes what is known of the instance: results and suppression."""

    kept: ApplicationExtra


@dataclass(frozen=True, slots=True, kw_only=True)
class StartProbe(Action):
    request: ProbeRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetProbe(Action):
    """Its check no longer applies, or the instance no longer runs."""

    key: str
