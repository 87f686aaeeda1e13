"""What tests share. A test module imports nothing from another test module: what two of them need is here, one file per subject."""

from tests.support.fleet import AMI, ZONES, Fleet
from tests.support.rules import rule
from tests.support.virtual import HERE, VirtualSandbox, virtual_sandbox

__all__ = ["AMI", "HERE", "ZONES", "Fleet", "VirtualSandbox", "rule", "virtual_sandbox"]
