"""All checks by name."""

from collections.abc import Mapping

from sandbox.learn.checks.behaviour import BEHAVIOUR
from sandbox.learn.checks.changes import CHANGES
from sandbox.learn.checks.model import Check
from sandbox.learn.checks.resources import RESOURCES

CHECKS: Mapping[str, Check] = {check.name: check for check in (*RESOURCES, *BEHAVIOUR, *CHANGES)}
